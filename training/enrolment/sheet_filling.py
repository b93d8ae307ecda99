"""Many rows into a sheet that is made already, as XML: six times as fast as cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.utils import get_column_letter

SHEET = "xl/worksheets/sheet1.xml"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def fill_sheet(
    book: bytes, rows: Iterable[Sequence[str]], *, first_row: int, formula_starts: tuple[str, ...]
) -> bytes:
    """Put `rows` in place of the two samples that stand at the end of the book's first sheet.

    The first sample says how a cell of each column looks, the second how one looks whose text begins like
    a formula. Every cell is text, but for a number in the first column.
    """
    target = BytesIO()
    with ZipFile(BytesIO(book)) as made, ZipFile(target, "w", ZIP_DEFLATED) as filled:
        for entry in made.infolist():
            part = made.read(entry)
            if entry.filename == SHEET:
                part = _filled(part.decode(), rows, first_row, formula_starts).encode()
            filled.writestr(entry, part, ZIP_DEFLATED)
    return target.getvalue()


def _filled(
    sheet: str, rows: Iterable[Sequence[str]], first_row: int, formula_starts: tuple[str, ...]
) -> str:
    sheet = re.sub("<dimension [^>]*>", "", sheet)
    begin, end = sheet.index(f'<row r="{first_row}"'), sheet.index("</sheetData>")
    plain, quoted = (_looks(part) for part in sheet[begin:end].split("</row>")[:2])
    lines = (
        _line(row, texts, [quoted if text.startswith(formula_starts) else plain for text in texts])
        for row, texts in enumerate(rows, start=first_row)
    )
    return sheet[:begin] + "".join(lines) + sheet[end:]


def _looks(row: str) -> list[str]:
    """The style of each cell, as its attribute."""
    return [found[0] if (found := re.search(r' s="\d+"', cell)) else "" for cell in row.split("<c ")[1:]]


def _line(row: int, texts: Sequence[str], looks: Sequence[Sequence[str]]) -> str:
    return f'<row r="{row}">{"".join(_cells(row, texts, looks))}</row>'


def _cells(row: int, texts: Sequence[str], looks: Sequence[Sequence[str]]) -> Iterator[str]:
    for index, text in enumerate(texts):
        place = f'r="{get_column_letter(index + 1)}{row}"'
        if not text:
            continue
        if index == 0 and text.isascii() and text.isdecimal():
            yield f"<c {place}><v>{text}</v></c>"
        else:
            said = escape(_NOT_IN_XML.sub("", text))
            yield f'<c {place}{looks[index][index]} t="inlineStr"><is><t xml:space="preserve">{said}</t></is></c>'
