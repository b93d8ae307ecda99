"""The document: page furniture, numbering, bookmarks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, KeepTogether, PageTemplate, TableStyle
from reportlab.platypus.tableofcontents import TableOfContents

from training.dossiers.fonts import BOLD, REGULAR, visible
from training.dossiers.pdf.cover import Cover, draw_qr
from training.dossiers.pdf.paged import Paged
from training.dossiers.pdf.seal_page import Signatory, draw_boxes
from training.dossiers.pdf.style import (
    BOTTOM,
    FONT,
    GREY,
    INK,
    LEFT,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    PALE,
    RIGHT,
    RULE,
    SEAL,
    TOP,
    WIDTH,
    Heading,
)

_CODE = 34.0
"""Side of the small code in the foot, in points."""
BODY_HEIGHT = PAGE_HEIGHT - TOP - BOTTOM


@dataclass(frozen=True)
class Furniture:
    """What stands on every page but the cover."""

    mark: str
    session: str
    phones: str
    printed: str
    verify_url: str
    draft: bool


class Document(Paged):
    """Numbers pages n of N, collects headings, and notes on which pages originals are drawn (`used`)."""

    def __init__(
        self,
        target: Path,
        cover: Cover,
        furniture: Furniture,
        signatories: dict[str, Signatory],
        *,
        title: str,
        on_page: Callable[[int, int], None],
    ) -> None:
        super().__init__(
            str(target),
            pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
            leftMargin=LEFT,
            rightMargin=RIGHT,
            topMargin=TOP,
            bottomMargin=BOTTOM,
            initialFontName=REGULAR,  # else an unused Helvetica comes in, not embedded
            initialFontSize=9,
            invariant=1,
            title=title,
            lang="zh-CN",
        )
        self.furniture = furniture
        self._on_page = on_page
        self.used: dict[str, set[int]] = defaultdict(set)
        self._headings = 0
        frame = Frame(LEFT, BOTTOM, WIDTH, BODY_HEIGHT, 0, 0, 0, 0, id="body")
        self.addPageTemplates(
            [
                PageTemplate("cover", [frame], onPage=lambda canvas, _: self._draw_cover(canvas, cover)),
                PageTemplate("body", [frame], onPage=lambda canvas, _: self._draw_furniture(canvas)),
                PageTemplate(
                    "seals", [frame], onPage=lambda canvas, _: self._draw_seals(canvas, signatories)
                ),
            ]
        )

    def entries(self, story: Sequence[Flowable]) -> Iterable[tuple[int, str, int, str]]:
        return (
            (heading.level, heading.title, 0, f"h{number}")
            for number, heading in enumerate(_headings(story), 1)
        )

    def beforeDocument(self) -> None:  # noqa: N802
        self._headings = 0
        self.used.clear()

    def afterPage(self) -> None:  # noqa: N802
        self._on_page(self.page, self.total)

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802
        if isinstance(flowable, Heading):
            self._headings += 1
            key = f"h{self._headings}"
            self.canv.bookmarkHorizontal(key, 0, self.frame._y + flowable.height)  # noqa: SLF001
            self.canv.addOutlineEntry(flowable.title, key, flowable.level, closed=flowable.level == 0)
            self.notify("TOCEntry", (flowable.level, flowable.title, self.page, key))

    def _draw_cover(self, canvas: Canvas, cover: Cover) -> None:
        canvas.bookmarkPage("cover")
        canvas.addOutlineEntry("封面", "cover", 0)
        if not self.drawing:
            return
        if self.furniture.draft:
            self._draw_draft(canvas)
        cover.draw(canvas)
        self._draw_foot(canvas, PAGE_WIDTH - RIGHT)  # the cover has its own code, and a larger one

    def _draw_seals(self, canvas: Canvas, signatories: dict[str, Signatory]) -> None:
        self._draw_furniture(canvas)
        draw_boxes(canvas, signatories)

    def _draw_furniture(self, canvas: Canvas) -> None:
        if not self.drawing:
            return
        if self.furniture.draft:
            self._draw_draft(canvas)
        top = PAGE_HEIGHT - TOP + 14
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.6)
        canvas.line(LEFT, top - 5, PAGE_WIDTH - RIGHT, top - 5)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 8)
        canvas.drawString(LEFT, top, visible(self.furniture.mark))
        canvas.setFillColor(GREY)
        canvas.setFont(REGULAR, 8)
        canvas.drawRightString(PAGE_WIDTH - RIGHT, top, visible(f"培训档案 {self.furniture.session}"))
        self._draw_foot(canvas, PAGE_WIDTH - RIGHT - _CODE - 6)
        self._draw_code(canvas)

    def _draw_code(self, canvas: Canvas) -> None:
        """Where to check it, on every page: one that is copied out of the dossier leads back to it."""
        if not canvas.hasForm("code"):
            canvas.beginForm("code", upperx=_CODE, uppery=_CODE)
            draw_qr(canvas, self.furniture.verify_url, 0, 0, _CODE)
            canvas.endForm()
        canvas.saveState()
        canvas.translate(PAGE_WIDTH - RIGHT - _CODE, BOTTOM - 12 - 3 - _CODE)
        canvas.doForm("code")
        canvas.restoreState()

    def _draw_draft(self, canvas: Canvas) -> None:
        """In the head, and across the page under everything, so pale that it hides nothing."""
        canvas.setFillColor(SEAL)
        canvas.setFont(BOLD, 9)
        canvas.drawCentredString(PAGE_WIDTH / 2, PAGE_HEIGHT - TOP + 14, "草稿　未封存")
        canvas.saveState()
        canvas.setFillColor(PALE)
        canvas.setFont(BOLD, 150)
        canvas.translate(PAGE_WIDTH / 2, PAGE_HEIGHT / 2)
        canvas.rotate(45)
        canvas.drawCentredString(0, -50, "草稿")
        canvas.restoreState()

    def _draw_foot(self, canvas: Canvas, right: float) -> None:
        line = BOTTOM - 12
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.6)
        canvas.line(LEFT, line, PAGE_WIDTH - RIGHT, line)
        canvas.setFillColor(GREY)
        canvas.setFont(REGULAR, 7.5)
        if self.furniture.phones:
            canvas.drawString(LEFT, line - 12, visible(f"监督电话 {self.furniture.phones}"))
        canvas.drawString(LEFT, line - 23, visible(f"数据截至 {self.furniture.printed}"))
        canvas.setFillColor(INK)
        canvas.setFont(REGULAR, 8.5)
        canvas.drawRightString(right, line - 12, f"第 {self.page} 页 / 共 {self.total} 页")


def _headings(story: Iterable[Flowable]) -> Iterator[Heading]:
    for flowable in story:
        if isinstance(flowable, Heading):
            yield flowable
        elif isinstance(flowable, KeepTogether):
            yield from _headings(flowable._content)  # noqa: SLF001  it has no other way in


def contents() -> TableOfContents:
    """The contents page: parts in bold, what is in them below."""
    part: dict[str, Any] = {"fontName": BOLD, "fontSize": 10.5, "leading": 14, "spaceBefore": 5}
    inside: dict[str, Any] = {"fontName": REGULAR, "fontSize": 9, "leading": 12, "leftIndent": 18}
    styles = [ParagraphStyle(f"toc{n}", textColor=INK, **look) for n, look in enumerate((part, inside))]
    paddings = {"LEFT": 0, "RIGHT": 0, "TOP": 2, "BOTTOM": 2}  # of a small dossier they fit one page
    style = [FONT, *((f"{side}PADDING", (0, 0), (-1, -1), points) for side, points in paddings.items())]
    return TableOfContents(
        levelStyles=styles, dotsMinLevel=0, rightColumnWidth=40, tableStyle=TableStyle(style)
    )
