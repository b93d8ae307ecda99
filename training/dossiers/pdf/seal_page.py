"""签章页, the last page: who stands behind the dossier, with room for the two electronic seals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, NextPageTemplate, PageBreak

from training.dossiers.fonts import BOLD, REGULAR, visible
from training.dossiers.pdf.style import GREY, INK, LEFT, NOTE, RULE, WIDTH, Heading, paragraph

_GAP = 16.0
_BOX_WIDTH, _BOX_HEIGHT = (WIDTH - _GAP) / 2, 150.0
_BOTTOM = 440.0
_RIGHT_BOX = LEFT + _BOX_WIDTH + _GAP

SEAL_BOXES: Final[dict[str, tuple[int, float, float, float, float]]] = {
    "institution": (-1, LEFT, _BOTTOM, LEFT + _BOX_WIDTH, _BOTTOM + _BOX_HEIGHT),
    "bureau": (-1, _RIGHT_BOX, _BOTTOM, _RIGHT_BOX + _BOX_WIDTH, _BOTTOM + _BOX_HEIGHT),
}
"""Signature field -> page counted from the end, and its box (x1, y1, x2, y2) in points from the lower left."""

_SAID = (
    "下面两个方框留给培训机构和商务局的电子签章。签章是数字签名：在阅读器里点开，可以看到签名人、时间和证书。"
    "打印出来的图形本身不能证明真伪，请核对原文件或扫描封面的二维码。"
)


@dataclass(frozen=True)
class Signatory:
    """Who stands behind the dossier, already in words; `when` is empty while nobody does."""

    label: str
    name: str
    person: str
    when: str


def seal_page(draft: bool) -> list[Flowable]:
    """What flows on the page; the boxes are drawn by its template."""
    words = [paragraph(_SAID, NOTE)]
    if draft:
        words.append(paragraph("本件为草稿，未封存、未签章。", NOTE))
    return [NextPageTemplate("seals"), PageBreak(), Heading("签章页", 0), *words]


def draw_boxes(canvas: Canvas, signatories: dict[str, Signatory]) -> None:
    for field, signatory in signatories.items():
        _page, x1, y1, x2, y2 = SEAL_BOXES[field]
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.6)
        canvas.rect(x1, y1, x2 - x1, y2 - y1)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 10)
        canvas.drawString(x1, y2 + 26, visible(signatory.label))
        canvas.setFont(REGULAR, 9)
        name = paragraph(signatory.name, NOTE)
        _width, height = name.wrap(x2 - x1, 40)
        name.drawOn(canvas, x1, y2 + 22 - height)
        canvas.setFillColor(GREY)
        canvas.setFont(REGULAR, 8.5)
        canvas.drawString(x1, y1 - 16, visible(f"经办　{signatory.person or '—'}"))
        canvas.drawString(x1, y1 - 30, visible(f"时间　{signatory.when or '—'}"))
