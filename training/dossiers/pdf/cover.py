"""The cover: what this is, the nine cells, the seal, and where to check it."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from reportlab.lib.enums import TA_CENTER
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from training.dossiers.facts import ItemFacts
from training.dossiers.fonts import BOLD, REGULAR, visible
from training.dossiers.pdf.style import (
    BODY,
    GREY,
    INK,
    LEFT,
    NOTE,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    PAPER,
    RIGHT,
    RULE,
    SEAL,
    TINT,
    WIDTH,
)
from training.dossiers.pdf.style import paragraph as plain
from training.dossiers.seal import SealNote

_CELL_WIDTH, _CELL_HEIGHT, _GAP = 112.0, 52.0, 5.0
_GRID_WIDTH = 3 * _CELL_WIDTH + 2 * _GAP
_GRID_HEIGHT = 3 * _CELL_HEIGHT + 2 * _GAP
_SIDE = WIDTH - _GRID_WIDTH - 16
_GRID_TOP = 348.0
_TITLE = BODY.clone("cover-title", fontName=BOLD, fontSize=17, leading=25, alignment=TA_CENTER)


@dataclass(frozen=True)
class Cover:
    """Everything the cover says, already in words."""

    mark: str
    programme: str
    title: str
    lines: tuple[tuple[str, str], ...]
    items: tuple[ItemFacts, ...]
    verify_url: str
    seal: SealNote | None
    sealed_on: str

    def draw(self, canvas: Canvas) -> None:
        self._head(canvas)
        self._facts(canvas)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 9.5)
        canvas.drawString(LEFT, _GRID_TOP + 9, self._completeness())
        for index, item in enumerate(self.items[:9]):
            column, row = index % 3, index // 3
            x = LEFT + column * (_CELL_WIDTH + _GAP)
            _draw_cell(canvas, item, x, _GRID_TOP - (row + 1) * _CELL_HEIGHT - row * _GAP)
        self._stamp(canvas)
        self._check(canvas)

    def _completeness(self) -> str:
        complete = sum(item.complete for item in self.items)
        return f"档案各项　齐全 {complete} / {len(self.items)}"

    def _head(self, canvas: Canvas) -> None:
        top = PAGE_HEIGHT - 60
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(2.2)
        canvas.line(LEFT, top, PAGE_WIDTH - RIGHT, top)
        canvas.setLineWidth(0.5)
        canvas.line(LEFT, top - 4, PAGE_WIDTH - RIGHT, top - 4)
        _spaced(canvas, self.mark, top - 32, BOLD, 12, 1.5)
        canvas.setFillColor(GREY)
        _spaced(canvas, self.programme, top - 52, REGULAR, 9.5, 0.3, fill=GREY)
        _spaced(canvas, "培训档案", top - 118, BOLD, 40, 14)
        title = plain(self.title, _TITLE)
        _, height = title.wrap(WIDTH - 40, 100)
        title.drawOn(canvas, LEFT + 20, top - 140 - height)

    def _facts(self, canvas: Canvas) -> None:
        y = PAGE_HEIGHT - 268.0
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.5)
        for label, value in self.lines:
            shown = _fitted(value, WIDTH - 80)
            height = max(shown.height, 14)
            canvas.setFillColor(GREY)
            canvas.setFont(REGULAR, 9.5)
            canvas.drawString(LEFT + 4, y - 11, label)
            shown.drawOn(canvas, LEFT + 76, y - height)
            y -= height + 4
            canvas.line(LEFT, y, PAGE_WIDTH - RIGHT, y)
            y -= 3.5

    def _stamp(self, canvas: Canvas) -> None:
        """A square, never round: it must not be taken for an official seal of an office."""
        x, y = LEFT + _GRID_WIDTH + 16, _GRID_TOP - _GRID_HEIGHT
        colour = SEAL if self.seal else GREY
        canvas.setStrokeColor(colour)
        canvas.setFillColor(colour)
        canvas.setLineWidth(2.2 if self.seal else 0.8)
        canvas.rect(x + 1, y + 1, _SIDE - 2, _GRID_HEIGHT - 2)
        if not self.seal:
            _centred(canvas, "未封存", x, y + _GRID_HEIGHT / 2 + 6, BOLD, 20)
            _centred(canvas, "草稿，不作补贴依据", x, y + _GRID_HEIGHT / 2 - 14, REGULAR, 8)
            return
        canvas.setLineWidth(0.7)
        canvas.rect(x + 5, y + 5, _SIDE - 10, _GRID_HEIGHT - 10)
        _centred(canvas, "已封", x, y + 116, BOLD, 34)
        _centred(canvas, "存档", x, y + 74, BOLD, 34)
        canvas.line(x + 16, y + 58, x + _SIDE - 16, y + 58)
        _centred(canvas, self.sealed_on, x, y + 42, REGULAR, 9)
        by = plain(self.seal.sealed_by, NOTE.clone("by", textColor=SEAL, alignment=TA_CENTER, leading=11))
        _, height = by.wrap(_SIDE - 16, 24)
        by.drawOn(canvas, x + 8, y + 36 - height)

    def _check(self, canvas: Canvas) -> None:
        size, y = 62.0, BOTTOM_OF_CHECK
        draw_qr(canvas, self.verify_url, LEFT, y, size)
        words = ["扫码核验，或在任一电脑上离线核验：yidang-verify dossier.zip", self.verify_url]
        if self.seal:
            words.append(f"封存公钥指纹 {self.seal.fingerprint}")
        words.append("本 PDF 与原始文件、签名事件一并收入 dossier.zip；真伪以 zip 包核验结果为准。")
        text = canvas.beginText(LEFT + size + 12, y + size - 10)
        text.setFont(REGULAR, 8)
        text.setFillColor(GREY)
        text.setLeading(14)
        text.textLines([visible(line) for line in words])
        canvas.drawText(text)


BOTTOM_OF_CHECK = 74.0


def _fitted(text: str, width: float) -> Paragraph:
    shown = plain(text, BODY.clone("cover-value", fontSize=10, leading=14))
    shown.wrap(width, 60)
    return shown


def _draw_cell(canvas: Canvas, item: ItemFacts, x: float, y: float) -> None:
    """One of the nine: ink when complete, paper with a red edge when something is missing."""
    canvas.setStrokeColor(INK if item.complete else SEAL)
    canvas.setFillColor(INK if item.complete else PAPER)
    canvas.setLineWidth(0.8)
    canvas.rect(x, y, _CELL_WIDTH, _CELL_HEIGHT, fill=1)
    canvas.setFillColor(PAPER if item.complete else INK)
    canvas.setFont(BOLD, 13)
    canvas.drawString(x + 8, y + _CELL_HEIGHT - 19, item.code)
    canvas.setFont(REGULAR, 8)
    canvas.setFillColor(TINT if item.complete else SEAL)
    state = "齐全" if item.complete else f"缺 {max(len(item.findings), 1)} 处"
    canvas.drawRightString(x + _CELL_WIDTH - 8, y + _CELL_HEIGHT - 17, state)
    colour = PAPER if item.complete else INK
    title = plain(item.title, BODY.clone("cell-title", fontSize=8.5, leading=11, textColor=colour))
    room, needs = _CELL_WIDTH - 16, canvas.stringWidth(visible(item.title), REGULAR, 8.5)
    _, height = title.wrap(room if needs <= room else min(room, needs / 2 + 8.5), 24)  # two even lines
    title.drawOn(canvas, x + 8, y + 7 if height > 12 else y + 10)


def draw_qr(canvas: Canvas, content: str, x: float, y: float, size: float) -> None:
    rows = list(segno.make(content, error="m", micro=False).matrix)
    module = size / len(rows)
    canvas.setFillColor(INK)
    path = canvas.beginPath()
    for row, cells in enumerate(rows):
        for column, dark in enumerate(cells):
            if dark:
                path.rect(x + column * module, y + size - (row + 1) * module, module, module)
    canvas.drawPath(path, stroke=0, fill=1)


def _centred(canvas: Canvas, text: str, x: float, y: float, font: str, size: float) -> None:
    canvas.setFont(font, size)
    canvas.drawCentredString(x + _SIDE / 2, y, visible(text))


def _spaced(
    canvas: Canvas, text: str, y: float, font: str, size: float, space: float, *, fill: object = INK
) -> None:
    """A centred line with space between its characters."""
    shown = visible(text)
    width = canvas.stringWidth(shown, font, size) + space * (len(shown) - 1)
    canvas.setFillColor(fill)
    canvas.setFont(font, size)
    canvas.drawString((PAGE_WIDTH - width) / 2, y, shown, charSpace=space)
