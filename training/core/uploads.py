"""What an uploaded file really is, before anything is kept.

The kind is read from the content, never from the name. The bytes are looked at, not changed.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pikepdf
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image

from training.core.pdf_safety import (
    MAX_PAGES,
    carries_program,
    runs_something,
    swells,
    swollen_picture,
)
from training.core.refusals import InputError
from training.core.workbooks import MAX_PACKED, WorkbookError, check_workbook

PDF = "application/pdf"
JPEG = "image/jpeg"
PNG = "image/png"
HEIC = "image/heic"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IMAGES = frozenset({JPEG, PNG, HEIC})
DOCUMENTS = IMAGES | {PDF}  # what can become a page of a dossier

MB = 1024 * 1024
MAX_BYTES = {PDF: 50 * MB, JPEG: 20 * MB, PNG: 20 * MB, HEIC: 20 * MB, XLSX: MAX_PACKED}
MAX_PIXELS = 60_000_000

KIND = {
    PDF: "PDF",
    JPEG: gettext_lazy("JPG 照片"),
    PNG: gettext_lazy("PNG 图片"),
    HEIC: gettext_lazy("HEIC 照片"),
    XLSX: gettext_lazy("Excel 表格（.xlsx）"),
}
SHRINK = {
    PDF: gettext_lazy("请用扫描软件以 200 dpi 重新扫描，或拆成几个文件上传。"),
    JPEG: gettext_lazy("请在手机或电脑上把照片压缩（长边 4000 像素以内）后再上传。"),
    PNG: gettext_lazy("请把图片另存为 JPG，或缩小（长边 4000 像素以内）后再上传。"),
    HEIC: gettext_lazy("请在手机或电脑上把照片压缩（长边 4000 像素以内）后再上传。"),
    XLSX: gettext_lazy("请新建空白表格，只复制需要的内容后再上传。"),
}
_FORMATS = ("JPEG", "PNG", "HEIF")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
_EXIF_ORIENTATION, _EXIF_DETAILS, _EXIF_GPS = 0x0112, 0x8769, 0x8825
_EXIF_TAKEN, _EXIF_OFFSET, _EXIF_MAKER, _EXIF_CAMERA = 0x9003, 0x9011, 0x010F, 0x0110
_FIRST_CAMERAS = 1990  # a year before is a clock that was never set
_PLACES = 2  # decimals of a degree: about a kilometre, enough to tell the county from another
_ON_ITS_SIDE = (5, 6, 7, 8)  # orientations turned by 90 degrees


class UploadError(InputError):
    """Codes: empty_file, wrong_kind, too_large, encrypted, broken, too_many_pixels, too_many_pages, bomb,
    active_content, embedded_program, and a workbook's."""


@dataclass(frozen=True)
class CheckedFile:
    """Width and height are pixels as seen upright.

    `taken_at` is the camera's word: aware when the photo names its offset, otherwise the camera's
    local time without a zone. `place` is latitude and longitude to a kilometre: where nobody lives can be read
    from it. All three are None or empty for a picture that went through a chat program, which is no fault.
    """

    content_type: str
    sha256: str
    size: int
    page_count: int | None = None
    width: int | None = None
    height: int | None = None
    taken_at: datetime | None = None
    camera: str = ""
    place: tuple[float, float] | None = None


def check_upload(name: str, data: bytes, *, allow: AbstractSet[str]) -> CheckedFile:
    """Accept a file of one of the content types in `allow`. Raises `UploadError`."""
    content_type = _sniffed(name, data)
    if content_type is None or content_type not in allow:
        raise _wrong_kind(name, allow)
    if len(data) > MAX_BYTES[content_type]:
        raise _too_large(name, len(data), content_type)
    digest = hashlib.sha256(data).hexdigest()
    if content_type == PDF:
        return CheckedFile(PDF, digest, len(data), page_count=_page_count(name, data))
    if content_type in IMAGES:
        (width, height), exif = _looked_at(name, data)
        details = exif.get_ifd(_EXIF_DETAILS)
        return CheckedFile(
            content_type,
            digest,
            len(data),
            width=width,
            height=height,
            taken_at=_taken_at(details.get(_EXIF_TAKEN), details.get(_EXIF_OFFSET)),
            camera=_camera(exif),
            place=_place(exif),
        )
    _check_workbook(name, data)
    return CheckedFile(XLSX, digest, len(data))


def _too_large(name: str, size: int, content_type: str) -> UploadError:
    return UploadError(
        "too_large",
        _("“%(name)s”有 %(size).1f MB，超过 %(kind)s 的上限 %(limit)d MB。%(advice)s")
        % {
            "name": name,
            "size": size / MB,
            "kind": KIND[content_type],
            "limit": MAX_BYTES[content_type] // MB,
            "advice": SHRINK[content_type],
        },
    )


def _sniffed(name: str, data: bytes) -> str | None:
    if not data:
        raise UploadError(
            "empty_file", _("“%(name)s”是空文件（0 字节），请重新选择文件上传。") % {"name": name}
        )
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return HEIC
    if b"%PDF-" in data[:1024]:
        return PDF
    starts = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG, b"PK\x03\x04": XLSX}
    return next((kind for start, kind in starts.items() if data.startswith(start)), None)


def _wrong_kind(name: str, allow: AbstractSet[str]) -> UploadError:
    wanted = _("、").join(str(words) for kind, words in KIND.items() if kind in allow)
    message = _("“%(name)s”的内容不是这里能用的格式，请换成：%(wanted)s。")
    if name.lower().endswith(".pdf"):
        message = _(
            "“%(name)s”不是 PDF 文件，只是扩展名写成了 .pdf。请从原来的软件导出 PDF 后再上传，"
            "这里可以上传：%(wanted)s。"
        )
    return UploadError("wrong_kind", message % {"name": name, "wanted": wanted})


def _page_count(name: str, data: bytes) -> int:
    if swells(data):
        raise _bomb(name)
    try:
        with pikepdf.open(BytesIO(data), attempt_recovery=False) as pdf:
            if pdf.is_encrypted:
                raise _locked(name)
            pages = len(pdf.pages)
            _demand_paper(name, pdf, pages)
    except pikepdf.PasswordError as refused:
        raise _locked(name) from refused
    except (
        pikepdf.PdfError,
        RuntimeError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
    ) as refused:
        raise _broken(name) from refused
    if not pages:
        raise _broken(name)
    return pages


def _demand_paper(name: str, pdf: pikepdf.Pdf, pages: int) -> None:
    """Raises UploadError for a PDF that does more than be printed."""
    if pages > MAX_PAGES:
        message = _("“%(name)s”有 %(pages)d 页，超过上限 %(limit)d 页，请拆成几个文件后再上传。")
        raise UploadError("too_many_pages", message % {"name": name, "pages": pages, "limit": MAX_PAGES})
    if swollen_picture(pdf):
        raise _bomb(name)
    if runs_something(pdf):
        message = _(
            "“%(name)s”里带有脚本或会启动程序的动作，不能装入档案。请用“打印为 PDF”重新生成后再上传。"
        )
        raise UploadError("active_content", message % {"name": name})
    if carries_program(pdf):
        message = _(
            "“%(name)s”里夹带了程序文件，不能装入档案。请去掉附件（用“打印为 PDF”重新生成）后再上传。"
        )
        raise UploadError("embedded_program", message % {"name": name})


def _bomb(name: str) -> UploadError:
    return UploadError(
        "bomb",
        _("“%(name)s”展开后大得不正常，无法装入档案。请用“打印为 PDF”重新生成，或重新扫描后再上传。")
        % {"name": name},
    )


def _locked(name: str) -> UploadError:
    return UploadError(
        "encrypted",
        _("“%(name)s”加了密码或限制，无法装入档案。请去掉密码（用“打印为 PDF”重新生成）后再上传。")
        % {"name": name},
    )


def _broken(name: str) -> UploadError:
    return UploadError(
        "broken",
        _("“%(name)s”已损坏或不完整，打不开。请确认原文件能正常打开，重新导出或扫描后再上传。")
        % {"name": name},
    )


def _looked_at(name: str, data: bytes) -> tuple[tuple[int, int], Image.Exif]:
    """Width and height, and what the camera wrote; the whole picture is decoded, so that a cut-off one shows."""
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_many_pixels(name)
            exif = image.getexif()
            exif.get_ifd(_EXIF_DETAILS), exif.get_ifd(_EXIF_GPS)
            image.draft("RGB", (width // 8, height // 8))  # a JPEG is still read to its end
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise _too_many_pixels(name) from bomb
    except (
        OSError,
        EOFError,
        SyntaxError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        RuntimeError,
        struct.error,
    ) as refused:
        raise _broken(name) from refused
    if exif.get(_EXIF_ORIENTATION) in _ON_ITS_SIDE:
        width, height = height, width
    return (width, height), exif


def _too_many_pixels(name: str) -> UploadError:
    return UploadError(
        "too_many_pixels",
        _("“%(name)s”的像素太多（超过 %(limit)d 百万），请缩小（长边 4000 像素以内）后再上传。")
        % {"name": name, "limit": MAX_PIXELS // 1_000_000},
    )


def _taken_at(taken: object, offset: object) -> datetime | None:
    """EXIF writes '2021:05:07 09:12:33' and, if the camera knows, '+08:00'; often neither is sound."""
    for text, form in (
        (f"{taken}{offset}", "%Y:%m:%d %H:%M:%S%z"),
        (f"{taken}", "%Y:%m:%d %H:%M:%S"),
    ):
        with suppress(ValueError):
            taken = datetime.strptime(text.strip("\0 "), form)  # noqa: DTZ007  the zone is not in the file
            return taken if taken.year >= _FIRST_CAMERAS else None
    return None


def _camera(exif: Image.Exif) -> str:
    said = (exif.get(_EXIF_MAKER), exif.get(_EXIF_CAMERA))
    words = " ".join(part.strip("\0 ") for part in said if isinstance(part, str))
    return "".join(letter for letter in words if letter.isprintable())[:100]


def _place(exif: Image.Exif) -> tuple[float, float] | None:
    """Latitude and longitude in degrees, rounded to about a kilometre; None where they make no sense."""
    gps = exif.get_ifd(_EXIF_GPS)
    try:
        latitude = _degrees(gps[2]) * (-1 if gps.get(1) == "S" else 1)
        longitude = _degrees(gps[4]) * (-1 if gps.get(3) == "W" else 1)
    except (KeyError, ValueError, TypeError, ZeroDivisionError, OverflowError):
        return None
    sound = abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude, longitude) != (0, 0)
    return (round(latitude, _PLACES), round(longitude, _PLACES)) if sound else None


def _degrees(said: tuple[float, float, float]) -> float:
    degrees, minutes, seconds = (float(part) for part in said)
    return degrees + minutes / 60 + seconds / 3600


def _check_workbook(name: str, data: bytes) -> None:
    try:
        check_workbook(data)
    except WorkbookError as refused:
        message = _("“%(name)s”：%(problem)s") % {"name": name, "problem": refused.message}
        raise UploadError(refused.code, message) from refused
