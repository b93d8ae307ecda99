"""卷内清单: what the volume holds, piece by piece, with the page where each begins (DA/T 22-2015's columns)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.platypus import Flowable
from reportlab.platypus.doctemplate import IndexingFlowable

from training.dossiers.fonts import visible
from training.dossiers.pdf.style import Column, table

_COLUMNS = (
    Column("顺序号", 38, "c"),
    Column("编号", 30, "c"),
    Column("责任者", 0.3),
    Column("题名", 0.7),
    Column("日期", 58, "c"),
    Column("页号", 34, "r"),
    Column("备注", 96),
)


@dataclass(frozen=True)
class Piece:
    """`heading` is what its first page is headed with; "" for what is not shown in the PDF."""

    code: str
    by: str
    title: str
    on: str
    heading: str
    remark: str = ""


class Volume(IndexingFlowable):  # type: ignore[misc]
    """The list as a table; it learns the pages from the headings of the pass before, as the contents do."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._pieces = pieces
        self._pages: dict[str, int] = {}
        self._found: dict[str, int] = {}
        self._rows: Flowable | None = None

    def beforeBuild(self) -> None:  # noqa: N802
        self._pages, self._found, self._rows = self._found, {}, None

    def isSatisfied(self) -> bool:  # noqa: N802
        return self._pages == self._found

    def notify(self, kind: str, stuff: tuple[Any, ...]) -> None:
        if kind == "TOCEntry":
            self._found.setdefault(stuff[1], stuff[2])

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        [self._rows] = table(_COLUMNS, [self._line(*piece) for piece in enumerate(self._pieces, 1)])
        size: tuple[float, float] = self._rows.wrap(available_width, available_height)
        return size

    def split(self, available_width: float, available_height: float) -> list[Flowable]:
        pieces: list[Flowable] = self._rows.split(available_width, available_height) if self._rows else []
        return pieces

    def draw(self) -> None:
        if self._rows:
            self._rows.drawOn(self.canv, 0, 0)

    def _line(self, number: int, piece: Piece) -> tuple[str, ...]:
        page = self._pages.get(visible(piece.heading))
        return (
            str(number),
            piece.code,
            piece.by,
            piece.title,
            piece.on,
            str(page) if page else "—",
            piece.remark,
        )
