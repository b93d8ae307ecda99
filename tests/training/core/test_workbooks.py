import re
import zipfile
import zlib
from io import BytesIO

import pytest
from openpyxl import Workbook

from training.core.workbooks import MAX_CELLS, WorkbookError, check_workbook

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def workbook(cells: dict[str, object]) -> bytes:
    book, stream = Workbook(), BytesIO()
    for place, value in cells.items():
        book.active[place] = value
    book.save(stream)
    return stream.getvalue()


GOOD = workbook({"A1": "姓名", "B2": 1})


def repacked(parts: dict[str, bytes], original: bytes = GOOD) -> bytes:
    """The workbook with some parts replaced or added."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(original)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *parts]):
            new.writestr(name, parts[name] if name in parts else old.read(name))
    return stream.getvalue()


def sheet(rows: bytes) -> bytes:
    namespace = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<worksheet xmlns="%b"><sheetData>%b</sheetData></worksheet>' % (namespace, rows)


SHEET1 = "xl/worksheets/sheet1.xml"


def code_of(data: bytes) -> str:
    with pytest.raises(WorkbookError) as refused:
        check_workbook(data)
    assert re.search("请", refused.value.message)
    return refused.value.code


def test_a_workbook_passes() -> None:
    check_workbook(GOOD)
    check_workbook(repacked({"xl/media/image1.png": b"\x89PNG\r\n\x1a\n<row"}))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (OLE + b"\0" * 500, "old_excel"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        ("姓名,身份证号\n".encode(), "not_workbook"),
        (b"PK\x03\x04 and then nothing", "broken"),
        (GOOD[: len(GOOD) // 2], "broken"),
        (GOOD + bytes(11_000_000), "too_large"),
        (repacked({"xl/vbaProject.bin": OLE}), "macros"),
        (repacked({SHEET1: sheet(b"<row><c></row>")}), "broken"),
        (repacked({SHEET1: sheet(b'<row r="x"/>')}), "broken"),
        (repacked({SHEET1: sheet(b'<row><c r="1A"><v>1</v></c></row>')}), "broken"),
    ],
)
def test_what_is_no_workbook_is_called_by_its_name(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_a_word_file_with_another_name_is_recognised() -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", "<document/>")
    assert code_of(stream.getvalue()) == "word_file"


def test_any_other_package_is_no_workbook() -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("photo.txt", "hello")
    assert code_of(stream.getvalue()) == "not_workbook"


def test_a_zip_bomb_is_refused() -> None:
    assert code_of(repacked({"xl/bomb.xml": b"\0" * 110_000_000})) == "zip_bomb"


def test_a_zip_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb, size = repacked({"xl/bomb.xml": b"\0" * 110_000_000}), (110_000_000).to_bytes(4, "little")
    assert code_of(bomb.replace(size, (10).to_bytes(4, "little"))) == "zip_bomb"


def test_millions_of_cells_in_a_small_file_are_refused() -> None:
    assert code_of(repacked({SHEET1: sheet(b"<row>" + b"<c/>" * 3_100_000 + b"</row>")})) == "zip_bomb"


def test_two_cells_at_opposite_corners_do_not_become_a_rectangle_of_500_gigabytes() -> None:
    assert code_of(workbook({"A1": "姓名", "XFD1048576": "x"})) == "too_wide"


def test_cells_that_do_not_say_where_they_are_are_counted() -> None:
    wide = b"<row>" + b"<c><v>1</v></c>" * 3000 + b"</row>"
    long = b"<row><c><v>1</v></c></row>" * (MAX_CELLS // 3000 + 1)
    assert code_of(repacked({SHEET1: sheet(wide + long)})) == "too_wide"


def test_empty_cells_with_a_border_far_down_do_no_harm() -> None:
    check_workbook(repacked({SHEET1: sheet(b'<row r="1048576"><c r="XFD1048576" s="1"/></row>')}))


def test_a_damaged_part_is_told_from_a_good_one() -> None:
    data = bytearray(GOOD)
    with zipfile.ZipFile(BytesIO(GOOD)) as archive:
        start = archive.getinfo(SHEET1).header_offset + 30 + len(SHEET1)
    data[start : start + 20] = zlib.compress(b"nonsense" * 9)[:20]
    assert code_of(bytes(data)) == "broken"
