"""Tables of plain text, drawn straight onto the page.

ReportLab's own Table keeps a style object for each cell and splits in quadratic time: a register of thousands
is several times slower with it, and takes a hundred times the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Literal, TypeAlias

from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.textobject import PDFTextObject
from reportlab.platypus import Flowable, Paragraph

from training.dossiers.fonts import BOLD, REGULAR

Cell: TypeAlias = str | Paragraph
Align = Literal["l", "c", "r"]

PADDING = 4.0
SIZE, LEADING = 8.5, 11.5
ROW = LEADING + 6.5
_DESCENT = 0.22 * SIZE + (LEADING - SIZE) / 2


@dataclass(frozen=True)
class Look:
    """The colours of a table: text, what counts less, header, thin lines, thick ones."""

    ink: Color
    muted: Color
    tint: Color
    rule: Color


@dataclass(frozen=True)
class Grid:
    """What all pieces of one broken table share; `cells[0]` is the header, heights and widths in points."""

    cells: Sequence[Sequence[Cell]]
    heights: Sequence[float]
    widths: Sequence[float]
    aligns: Sequence[Align]
    muted: frozenset[int]  # numbers of rows, the header being 0
    has_total: bool
    look: Look


class Rows(Flowable):  # type: ignore[misc]
    """Rows `start` to `stop` of a grid under its header."""

    def __init__(self, grid: Grid, start: int = 1, stop: int | None = None) -> None:
        super().__init__()
        self._grid = grid
        self._start, self._stop = start, len(grid.cells) if stop is None else stop
        self.width = sum(grid.widths)
        self.height = grid.heights[0] + sum(grid.heights[self._start : self._stop])

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        return self.width, self.height

    def split(self, available_width: float, available_height: float) -> list[Flowable]:
        """As many rows as fit and the rest; nothing when not one fits. A total never stands alone."""
        room, stop = available_height - self._grid.heights[0], self._start
        while stop < self._stop and self._grid.heights[stop] <= room:
            room -= self._grid.heights[stop]
            stop += 1
        if self._grid.has_total and stop == self._stop - 1 == len(self._grid.cells) - 1:
            stop -= 1
        if stop <= self._start:
            return []
        return [Rows(self._grid, self._start, stop), Rows(self._grid, stop, self._stop)]

    def draw(self) -> None:
        if not getattr(self.canv._doctemplate, "drawing", True):  # noqa: SLF001  see `Paged`
            return
        grid = self._grid
        shown = [0, *range(self._start, self._stop)]
        tops = [*accumulate((-grid.heights[n] for n in shown), initial=self.height)]
        lefts = [*accumulate(grid.widths, initial=0.0)]
        self._draw_lines(tops, lefts)
        text = self.canv.beginText()
        for row, top in zip(shown, tops, strict=False):
            self._write(text, row, top, lefts)
        self.canv.drawText(text)

    def _write(self, text: PDFTextObject, row: int, top: float, lefts: Sequence[float]) -> None:
        grid = self._grid
        last = grid.has_total and row == len(grid.cells) - 1
        font = BOLD if row == 0 or last else REGULAR
        height = grid.heights[row]
        baseline = top - (height + LEADING) / 2 + _DESCENT
        text.setFont(font, SIZE)
        text.setFillColor(grid.look.muted if row in grid.muted else grid.look.ink)
        for cell, left, width, align in zip(grid.cells[row], lefts, grid.widths, grid.aligns, strict=False):
            if isinstance(cell, Paragraph):
                taken = cell.height
                cell.drawOn(self.canv, left + PADDING, top - (height + taken) / 2)
            elif cell:
                aligned = "c" if row == 0 else align
                text.setTextOrigin(left + _indent(cell, font, width, aligned), baseline)
                text.textOut(cell)

    def _draw_lines(self, tops: Sequence[float], lefts: Sequence[float]) -> None:
        canvas, look = self.canv, self._grid.look
        right, bottom = lefts[-1], tops[-1]
        canvas.setFillColor(look.tint)
        canvas.rect(0, tops[1], right, tops[0] - tops[1], stroke=0, fill=1)
        canvas.setStrokeColor(look.rule)
        canvas.setLineWidth(0.4)
        canvas.lines([(0, top, right, top) for top in tops[2:-1]])
        canvas.lines([(left, tops[0], left, bottom) for left in lefts[1:-1]])
        canvas.setStrokeColor(look.ink)
        canvas.setLineWidth(0.8)
        canvas.rect(0, bottom, right, tops[0] - bottom)
        canvas.line(0, tops[1], right, tops[1])
        if self._grid.has_total and self._stop == len(self._grid.cells):
            canvas.line(0, tops[-2], right, tops[-2])


@lru_cache(maxsize=1 << 14)
def width_of(text: str, font: str) -> float:
    """In points; much of a register says the same again and again."""
    return float(stringWidth(text, font, SIZE))


def _indent(cell: str, font: str, width: float, align: Align) -> float:
    if align == "l":
        return PADDING
    spare = width - width_of(cell, font)
    return float(spare / 2 if align == "c" else spare - PADDING)


def heights(cells: Sequence[Sequence[Cell]], widths: Sequence[float], row: float = ROW) -> list[float]:
    """What each row takes, at least `row`; lays the paragraphs out."""
    return [
        max(row, *(_height(cell, width) for cell, width in zip(line, widths, strict=True))) for line in cells
    ]


def _height(cell: Cell, width: float) -> float:
    if isinstance(cell, str):
        return 0.0
    return float(cell.wrap(width - 2 * PADDING, 10_000)[1]) + 6.5
