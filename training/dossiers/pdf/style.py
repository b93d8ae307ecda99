"""How a page looks: ink, paper, one red, and the few shapes everything is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer, Table, TableStyle

from training.dossiers.fonts import BOLD, REGULAR, visible
from training.dossiers.pdf.rows import PADDING, ROW, SIZE, Align, Grid, Look, Rows, heights, width_of

INK = HexColor(0x16263D)
GREY = HexColor(0x5F6B7A)
RULE = HexColor(0xC3CCD6)
TINT = HexColor(0xEFF2F6)
SEAL = HexColor(0xB3242B)
PALE = HexColor(0xF3E3E4)
PAPER = white

PAGE_WIDTH, PAGE_HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 20 * mm, 18 * mm, 24 * mm, 22 * mm
WIDTH = PAGE_WIDTH - LEFT - RIGHT

_HIGHEST_CELL = 500.0
_CUT = "（全文见包内 metadata.json）"
_LOOK = Look(INK, GREY, TINT, RULE)


def _style(name: str, size: float, **settings: Any) -> ParagraphStyle:
    settings = {"fontName": REGULAR, "leading": size * 1.5, "textColor": INK, "wordWrap": "CJK"} | settings
    return ParagraphStyle(name, fontSize=size, **settings)


BODY = _style("body", 9.5, spaceAfter=4)
NOTE = _style("note", 8, textColor=GREY, spaceAfter=4)
WARNING = _style("warning", 9, textColor=SEAL, spaceAfter=2)
PART = _style("part", 17, fontName=BOLD, leading=24, spaceAfter=2)
SECTION = _style("section", 11.5, fontName=BOLD, leading=17, spaceBefore=10, spaceAfter=5)
CELL = _style("cell", 8.5, leading=11.5)
_ALIGNED = {
    "l": CELL,
    "c": _style("cell-c", 8.5, leading=11.5, alignment=TA_CENTER),
    "r": _style("cell-r", 8.5, leading=11.5, alignment=TA_RIGHT),
}


@dataclass(frozen=True)
class Column:
    """A table's column; `width` in points, or a share of what is left when it is below 1."""

    title: str
    width: float
    align: Align = "l"


class Heading(Paragraph):  # type: ignore[misc]
    """A paragraph that the contents and the bookmarks list; level 0 is a part."""

    def __init__(self, text: str, level: int, style: ParagraphStyle | None = None) -> None:
        super().__init__(escape(visible(text)), style or (SECTION if level else PART))
        self.title = visible(text)
        self.level = level
        self.keepWithNext = 1


def paragraph(text: str, style: ParagraphStyle = BODY) -> Paragraph:
    """Plain text as a paragraph; line breaks are kept, nothing in it is markup."""
    return Paragraph(escape(visible(text)).replace("\n", "<br/>"), style)


def table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    *,
    total: Sequence[str] | None = None,
    row_height: float = ROW,
    muted: frozenset[int] = frozenset(),
) -> list[Flowable]:
    """Rows under a header that every page repeats; `muted` rows are grey, a row is never cut in two."""
    widths = _widths(columns)
    aligns = [column.align for column in columns]
    header = [_cell(column.title, width, "c") for column, width in zip(columns, widths, strict=True)]
    cells = [header] + [
        [_cell(text, width, align) for text, width, align in zip(line, widths, aligns, strict=True)]
        for line in (*rows, *([total] if total else []))
    ]
    grid = Grid(
        cells=cells,
        heights=heights(cells[:1], widths) + heights(cells[1:], widths, row_height),
        widths=widths,
        aligns=aligns,
        muted=frozenset(number + 1 for number in muted),
        has_total=total is not None,
        look=_LOOK,
    )
    return [Rows(grid)]


def fields(pairs: Sequence[tuple[str, str]], *, across: int = 2) -> list[Flowable]:
    """Labels with their values, `across` pairs a line; the last pair of an odd number spans the line."""
    label = 62.0
    value = WIDTH / across - label
    data: list[list[Any]] = []
    spans = []
    for start in range(0, len(pairs), across):
        line = list(pairs[start : start + across])
        wide = value if len(line) == across else WIDTH - label * len(line) - value * (len(line) - 1)
        row: list[Any] = []
        for index, (name, text) in enumerate(line):
            row += [name, _cell(text, wide if index == len(line) - 1 else value, "l")]
        if len(line) < across:
            spans.append(("SPAN", (len(row) - 1, len(data)), (-1, len(data))))
        data.append(row + [""] * (2 * across - len(row)))
    tints = [("BACKGROUND", (2 * n, 0), (2 * n, -1), TINT) for n in range(across)]
    greys = [("TEXTCOLOR", (2 * n, 0), (2 * n, -1), GREY) for n in range(across)]
    style = TableStyle([*_GRID, ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), *tints, *greys, *spans])
    # A tint under a span would show through: the span is painted last.
    for command in spans:
        style.add("BACKGROUND", command[1], command[2], PAPER)
    return [Table(data, [label, value] * across, style=style), Spacer(1, 6)]


FONT = ("FONTNAME", (0, 0), (-1, -1), REGULAR)
"""Every table needs it: an empty cell otherwise brings in Helvetica, not embedded."""

_GRID: list[tuple[Any, ...]] = [
    FONT,
    ("FONTSIZE", (0, 0), (-1, -1), 8.5),
    ("LEADING", (0, 0), (-1, -1), 11.5),
    ("TEXTCOLOR", (0, 0), (-1, -1), INK),
    ("GRID", (0, 0), (-1, -1), 0.4, RULE),
    ("BOX", (0, 0), (-1, -1), 0.8, INK),
    ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
    ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
]


def _widths(columns: Sequence[Column]) -> list[float]:
    left = WIDTH - sum(column.width for column in columns if column.width >= 1)
    return [column.width if column.width >= 1 else column.width * left for column in columns]


def _cell(text: str, width: float, align: Align) -> str | Paragraph:
    """A plain string where it fits on one line, which is many times faster than a paragraph."""
    shown, room = visible(text), width - 2 * PADDING
    # No character is wider than the font is high: most cells need no measuring.
    fits = len(shown) * SIZE <= room or width_of(shown, BOLD) <= room
    return shown if fits and "\n" not in shown else _lines(text, room, _ALIGNED[align])


def _lines(text: str, room: float, style: ParagraphStyle) -> Paragraph:
    """The text on several lines, cut where it would be higher than a page."""
    whole = paragraph(text, style)
    height = whole.wrap(room, PAGE_HEIGHT)[1]
    if height <= _HIGHEST_CELL:
        return whole
    return paragraph(f"{text[: int(len(text) * 0.9 * _HIGHEST_CELL / height)]}……{_CUT}", style)
