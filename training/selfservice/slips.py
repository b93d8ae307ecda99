"""Slips with a QR for each person, eight on an A4 page, to cut and hand out. Plain facts in, PDF out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from training.dossiers import fonts
from training.dossiers.fonts import BOLD, REGULAR
from training.dossiers.pdf.paper_register import Code
from training.dossiers.pdf.style import BODY, GREY, PAGE_HEIGHT, PAGE_WIDTH, RULE, paragraph

ACROSS: Final = 2
DOWN: Final = 4
_NAME = BODY.clone("slip-name", fontName=BOLD, fontSize=15, leading=21)
_TEXT = BODY.clone("slip-text", fontSize=9.5, leading=14)
_SMALL = BODY.clone("slip-small", fontSize=7.5, leading=11, textColor=GREY)


@dataclass(frozen=True)
class Slip:
    """`address` is for this one person."""

    number: int
    name: str
    address: str


@dataclass(frozen=True)
class SlipSheet:
    mark: str
    phones: str
    session: str
    until: str
    slips: Sequence[Slip]


def build_slips(sheet: SlipSheet, fonts_dir: Path) -> bytes:
    fonts.register(fonts_dir)
    target = BytesIO()
    canvas = Canvas(target, (PAGE_WIDTH, PAGE_HEIGHT), initialFontName=REGULAR, invariant=1, lang="zh-CN")
    canvas.setTitle(f"学员自己的页面 {sheet.session}")
    for place, slip in enumerate(sheet.slips):
        if place and place % (ACROSS * DOWN) == 0:
            canvas.showPage()
        _draw(canvas, sheet, slip, place % (ACROSS * DOWN))
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _draw(canvas: Canvas, sheet: SlipSheet, slip: Slip, place: int) -> None:
    width, height = PAGE_WIDTH / ACROSS, PAGE_HEIGHT / DOWN
    left, bottom = place % ACROSS * width, PAGE_HEIGHT - (place // ACROSS + 1) * height
    canvas.setStrokeColor(RULE)
    canvas.setDash(2, 3)
    canvas.rect(left, bottom, width, height)
    canvas.setDash()
    code = Code(slip.address, 34 * mm)
    code.drawOn(canvas, left + 8 * mm, bottom + (height - code.height) / 2)
    top = bottom + height - 9 * mm
    for text, style in _lines(sheet, slip):
        block = paragraph(text, style)
        _wide, high = block.wrapOn(canvas, width - 54 * mm, height)
        top -= high
        block.drawOn(canvas, left + 47 * mm, top)


def _lines(sheet: SlipSheet, slip: Slip) -> list[tuple[str, object]]:
    phones = f"监督电话　{sheet.phones}" if sheet.phones else ""
    return [
        (f"{slip.number}　{slip.name}", _NAME),
        ("扫码打开您自己的页面：说近况、要帮助、评课程、看我们存了您什么、改错、撤回同意。", _TEXT),
        (f"打开时要填身份证号或手机号后四位。只能用一次，{sheet.until} 前有效，请不要给别人。", _TEXT),
        (f"{sheet.mark}\n{sheet.session}\n{phones}", _SMALL),
    ]
