"""Is this an .xlsx workbook, and one that is safe to open?

Readers of workbooks lay a sheet out as a full rectangle: two cells at opposite corners of a sheet ask
for 500 GB, and the process is gone before anything can be caught. So the extent is measured first,
on the XML itself, and what a part unpacks to is counted rather than believed.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO
from xml.parsers import expat

from django.utils.translation import gettext as _

from training.core.refusals import InputError

MAX_PACKED = 10 * 1024 * 1024  # bytes
MAX_UNPACKED = 100 * 1024 * 1024  # bytes
MAX_ELEMENTS = 3_000_000  # of XML in all parts together; 10,000 people make 300,000
MAX_CELLS = 5_000_000  # of the rectangle that holds everything on a sheet

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


class WorkbookError(InputError):
    """Codes: empty_file, too_large, encrypted, old_excel, word_file, macros, not_workbook, broken,
    zip_bomb, too_wide."""


def check_workbook(data: bytes) -> None:
    """Raise `WorkbookError` unless `data` is an .xlsx workbook of reasonable size."""
    _refuse_other_formats(data)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _refuse_other_packages(set(archive.namelist()))
            _measure(archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        OSError,
        ValueError,
    ) as broken:
        raise _broken() from broken
    except RuntimeError as locked:  # zipfile's word for an entry with a password
        raise _locked() from locked


def _locked() -> WorkbookError:
    return WorkbookError("encrypted", _("这个表格设了打开密码，请在 Excel 中取消密码、另存后再上传。"))


def _broken() -> WorkbookError:
    return WorkbookError(
        "broken",
        _("表格文件已损坏，打不开。请在 Excel 或 WPS 中打开原文件，另存后再上传。"),
    )


def _refuse_other_formats(data: bytes) -> None:
    if not data:
        raise WorkbookError("empty_file", _("文件是空的（0 字节），请重新选择文件上传。"))
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _locked()
        raise WorkbookError(
            "old_excel",
            _(
                "这是旧格式的文件（.xls 或 WPS 的 .et），请在 Excel 或 WPS 中打开，另存为“Excel 工作簿（.xlsx）”后再上传。"
            ),
        )
    if not data.startswith(b"PK\x03\x04"):
        raise WorkbookError(
            "not_workbook",
            _("这不是 Excel 表格。请用名册模板填写，保存为 .xlsx 文件后再上传。"),
        )
    if len(data) > MAX_PACKED:
        raise WorkbookError(
            "too_large",
            _("表格超过 %(limit)d MB。请新建空白表格，只复制需要的内容后再上传。")
            % {"limit": MAX_PACKED // 1024 // 1024},
        )


def _refuse_other_packages(names: set[str]) -> None:
    if "word/document.xml" in names:
        raise WorkbookError(
            "word_file",
            _("这是 Word 文件，只是改了扩展名。请把其中的表格复制到名册模板里，保存为 .xlsx 后再上传。"),
        )
    if "xl/workbook.xml" not in names:
        raise WorkbookError(
            "not_workbook",
            _("这不是 .xlsx 表格。请在 Excel 或 WPS 中另存为“Excel 工作簿（.xlsx）”后再上传。"),
        )
    if any(name.endswith("vbaProject.bin") for name in names):
        raise WorkbookError("macros", _("表格里带有宏。请另存为不带宏的“Excel 工作簿（.xlsx）”后再上传。"))


def _measure(archive: zipfile.ZipFile) -> None:
    left, extent = MAX_UNPACKED, _Extent()
    for entry in archive.infolist():
        entry.file_size = left + 2  # the header's figure is only the sender's word
        with archive.open(entry) as stream:
            part = stream.read(left + 1)
        left -= len(part)
        if left < 0:
            raise _bomb()
        extent.measure(part)


def _bomb() -> WorkbookError:
    return WorkbookError(
        "zip_bomb",
        _("表格解压后过大，无法处理。请新建空白表格，只把名册的内容复制过去（选择“粘贴值”）再上传。"),
    )


class _Extent:
    """The rectangle of a sheet's cells that hold something; other parts have none."""

    elements = 0

    def measure(self, part: bytes) -> None:
        self.row = self.column = self.rows = self.columns = 0
        parser = expat.ParserCreate()
        parser.StartElementHandler = self.start
        try:
            parser.Parse(part, True)
        except expat.ExpatError as wrong:
            # Pictures and the like are no XML; a damaged sheet might be read by someone more patient.
            if b"sheetData" in part:
                raise _broken() from wrong

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise _bomb()
        match tag.rpartition(":")[2]:
            case "row":
                self.row = int(attributes.get("r", self.row + 1))
                self.column = 0
            case "c":
                self.at(attributes.get("r"))
            case "v" | "f" | "is":
                self.holds_something()

    def at(self, reference: str | None) -> None:
        self.column += 1
        place = re.fullmatch(r"([A-Za-z]{1,3})([0-9]{1,7})", reference or "")
        if place:
            self.column = _column_number(place[1])
            self.row = int(place[2])
        elif reference is not None:
            raise _broken()

    def holds_something(self) -> None:
        self.rows = max(self.rows, self.row)
        self.columns = max(self.columns, self.column)
        if self.rows * self.columns > MAX_CELLS:
            raise WorkbookError(
                "too_wide",
                _("表格里远离名册的地方还有内容，范围过大。请新建空白表格，只把名册复制过去再上传。"),
            )


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
