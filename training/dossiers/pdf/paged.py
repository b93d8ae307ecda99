"""A document that knows how many pages it has before it draws the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product

from reportlab.platypus import BaseDocTemplate, Flowable

_MOST_PASSES = 8


class Paged(BaseDocTemplate):  # type: ignore[misc]
    """Lays its story out until page numbers and contents stand still, then draws it once.

    `drawing` is false while it only looks where everything goes: what is dear to draw and takes the same room
    in any case need not be drawn then. `total` is the number of pages of the pass before.
    """

    drawing = True
    total = 0

    def write(self, story: Sequence[Flowable]) -> int:
        """Lay out, draw and save; gives the number of pages."""
        self._indexingFlowables = [flowable for flowable in story if flowable.isIndexing()]
        self._doSave = 0
        for entry, contents in product(self.entries(story), self._indexingFlowables):
            contents.notify("TOCEntry", entry)
        for turn in range(_MOST_PASSES):
            self.drawing = turn > 0
            settled = self._pass(story) and self.page == self.total
            self.total = self.page
            if settled and self.drawing:
                break
        self.canv.save()
        return int(self.page)

    def entries(self, story: Sequence[Flowable]) -> Iterable[tuple[int, str, int, str]]:
        """What the contents will list, without pages: as long as they will be, they need one look less."""
        return ()

    def _pass(self, story: Sequence[Flowable]) -> bool:
        """Whether the contents were right already."""
        undo: list[tuple[Callable[..., object], object, str]] = []
        self._multiBuildEdits = (
            undo.append
        )  # ReportLab marks what it has put off once; each pass is the first
        for flowable in self._indexingFlowables:
            flowable.beforeBuild()
        self.build([*story])
        for function, *arguments in undo:
            function(*arguments)
        for flowable in self._indexingFlowables:
            flowable.afterBuild()
        return all(flowable.isSatisfied() for flowable in self._indexingFlowables)
