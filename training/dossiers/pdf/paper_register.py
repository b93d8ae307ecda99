"""The blank paper register (纸质签到表): for the day nothing works.

Numbered rows with room for two signatures; the QR on each row opens the page where it is keyed in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

import segno
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from training.dossiers import fonts
from training.dossiers.fonts import BOLD, REGULAR, visible
from training.dossiers.pdf.printed import HALF_DAYS
from training.dossiers.pdf.style import (
    BOTTOM,
    CELL,
    FONT,
    GREY,
    INK,
    LEFT,
    NOTE,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT,
    RULE,
    TINT,
    WIDTH,
    paragraph,
)

HEAD = PAGE_HEIGHT - 13 * mm  # the title's line
ROW_HEIGHT = 14 * mm
QR_SIZE = 11.5 * mm
PAGE_CODE = 19 * mm
"""Large enough for a scan at 150 dpi: by it a sheet that comes back finds its session."""
COLUMNS = {
    "序号": 26, "姓名": 58, "身份证号": 92, "签到时间": 46, "签到签名": None, "签退时间": 46, "签退签名": None,
    "补录码": 15 * mm,
}  # fmt: skip
"""Widths in points; who signs shares what is left."""
SIGNED_BY = (
    "本人签名，不得代签；不会写字的按手印，由班主任写明协助人。两日内扫描上传补录，由另一人核准后计入，永远标“纸”。\n"
    "班主任（签字）：＿＿＿＿＿＿＿＿　　复核人（签字）：＿＿＿＿＿＿＿＿　　日期：＿＿＿＿＿＿＿＿"
)


@dataclass(frozen=True)
class PaperLine:
    number: int
    name: str
    id_number: str  # masked
    url: str


@dataclass(frozen=True)
class PaperSheet:
    """A half-day; `lessons` in words, `url` opens the page where the half-day is keyed in."""

    on: date
    half_day: str
    lessons: tuple[str, ...]
    lines: tuple[PaperLine, ...]
    url: str = ""


@dataclass(frozen=True)
class PaperRegister:
    mark: str
    session: str
    title: str
    institution: str
    phones: str
    sheets: tuple[PaperSheet, ...]


class Code(Flowable):  # type: ignore[misc]
    """A QR drawn as squares, so that any printer gives it sharp."""

    def __init__(self, content: str, size: float) -> None:
        super().__init__()
        self._rows = list(segno.make(content, error="m", micro=False).matrix)
        self.width = self.height = size

    def draw(self) -> None:
        cell = self.width / len(self._rows)
        path = self.canv.beginPath()
        for y, row in enumerate(self._rows):
            x = 0
            for dark, run in groupby(row):
                wide = len(list(run))
                if dark:
                    path.rect(x * cell, self.height - (y + 1) * cell, wide * cell, cell)
                x += wide
        self.canv.setFillColor(INK)
        self.canv.drawPath(path, stroke=0, fill=1)


def build_paper_register(register: PaperRegister, fonts_dir: Path) -> bytes:
    """All sheets. Paper comes apart: every page says what it belongs to and is signed for itself."""
    fonts.register(fonts_dir)
    target = BytesIO()
    canvas = Canvas(target, (PAGE_WIDTH, PAGE_HEIGHT), initialFontName=REGULAR, invariant=1, lang="zh-CN")
    canvas.setTitle(f"纸质签到表 {register.session}")
    for sheet in register.sheets:
        _draw_sheet(canvas, register, sheet)
    if not register.sheets:
        _place(canvas, paragraph("这一期还没有课程安排。"), HEAD)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _draw_sheet(canvas: Canvas, register: PaperRegister, sheet: PaperSheet) -> None:
    """The half-day's pages, numbered by themselves."""
    head = paragraph(
        "\n".join(
            (
                f"{register.session}　{register.title}　{register.institution}　名册 {len(sheet.lines)} 人",
                *sheet.lessons,
            )
        ),
        NOTE,
    )
    beside = WIDTH - (PAGE_CODE + 6 if sheet.url else 0)
    top = HEAD - 10 - max(head.wrap(beside, PAGE_HEIGHT)[1], PAGE_CODE if sheet.url else 0)
    signed_by = paragraph(SIGNED_BY, NOTE)
    room = top - BOTTOM - signed_by.wrap(WIDTH, PAGE_HEIGHT)[1] - 6
    a_page = max(1, int((room - 18) // ROW_HEIGHT))
    pages = max(1, math.ceil(len(sheet.lines) / a_page))
    for page in range(pages):
        _draw_furniture(canvas, register, sheet, f"第 {page + 1} 页 / 共 {pages} 页")
        _place(canvas, head, HEAD - 6, beside)
        if sheet.url:
            Code(sheet.url, PAGE_CODE).drawOn(canvas, PAGE_WIDTH - RIGHT - PAGE_CODE, HEAD - 6 - PAGE_CODE)
        table = _table(sheet.lines[page * a_page : (page + 1) * a_page])
        _place(canvas, signed_by, _place(canvas, table, top) - 6)
        canvas.showPage()


def _place(canvas: Canvas, flowable: Paragraph | Table, top: float, width: float = WIDTH) -> float:
    """Draw below `top`; gives where it ends."""
    _width, height = flowable.wrapOn(canvas, width, PAGE_HEIGHT)
    flowable.drawOn(canvas, LEFT, top - height)
    return float(top - height)


def _draw_furniture(canvas: Canvas, register: PaperRegister, sheet: PaperSheet, page: str) -> None:
    right = PAGE_WIDTH - RIGHT
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 13)
    canvas.drawString(LEFT, HEAD, f"签到名册（纸质）　{sheet.on:%Y-%m-%d} {HALF_DAYS[sheet.half_day]}")
    canvas.setFont(REGULAR, 8)
    canvas.drawRightString(right, HEAD, visible(register.mark))
    canvas.setStrokeColor(RULE)
    canvas.line(LEFT, BOTTOM - 10, right, BOTTOM - 10)
    canvas.setFillColor(GREY)
    if register.phones:
        canvas.drawString(LEFT, BOTTOM - 22, visible(f"监督电话 {register.phones}"))
    canvas.drawRightString(right, BOTTOM - 22, f"{register.session}　{sheet.on:%m-%d}　{page}")


def _table(lines: Sequence[PaperLine]) -> Table:
    rows: list[list[Any]] = [
        [
            str(line.number),
            paragraph(line.name, CELL),
            line.id_number,
            "",
            "",
            "",
            "",
            Code(line.url, QR_SIZE),
        ]
        for line in lines
    ]
    shares = [*COLUMNS.values()].count(None)
    left = (WIDTH - sum(width for width in COLUMNS.values() if width)) / shares
    style = TableStyle(
        [
            FONT,
            ("FONTNAME", (0, 0), (-1, 0), BOLD),
            ("FONTSIZE", (0, 0), (-1, -1), 8.5),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("BACKGROUND", (0, 0), (-1, 0), TINT),
            ("GRID", (0, 0), (-1, -1), 0.4, RULE),
            ("BOX", (0, 0), (-1, -1), 0.8, INK),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("ALIGN", (0, 0), (0, -1), "CENTER"),
            ("ALIGN", (-1, 0), (-1, -1), "CENTER"),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    heights = [18.0, *[ROW_HEIGHT] * len(rows)]
    widths = [width or left for width in COLUMNS.values()]
    return Table([[*COLUMNS], *rows], widths, heights, style=style)
