"""The red stamp that stands where a PDF is signed, as a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.enums import TA_CENTER
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from training.dossiers.fonts import BOLD, REGULAR, visible
from training.dossiers.pdf.style import BODY, SEAL

_NAME = BODY.clone("stamp-name", fontName=BOLD, alignment=TA_CENTER, textColor=SEAL)
_SIZES = (15.0, 13.0, 11.0, 9.5, 8.0)


@dataclass(frozen=True)
class Stamp:
    """What it says: whose, what for, when, and small print (a test certificate says so here)."""

    name: str
    title: str
    moment: str
    small: str

    def draw(self, width: float, height: float) -> bytes:
        """A square, never round: it must not be taken for an official seal of an office. Sizes in points."""
        target = BytesIO()
        canvas = Canvas(
            target, pagesize=(width, height), invariant=1, initialFontName=REGULAR, initialFontSize=8
        )
        side = min(width, height)
        canvas.translate((width - side) / 2, (height - side) / 2)
        canvas.setStrokeColor(SEAL)
        canvas.setFillColor(SEAL)
        canvas.setLineWidth(2)
        canvas.rect(1.5, 1.5, side - 3, side - 3)
        canvas.setLineWidth(0.6)
        canvas.rect(5, 5, side - 10, side - 10)
        self._name(canvas, side)
        for size, share, text in (
            (9.0, 0.36, self.title),
            (7.5, 0.24, self.moment),
            (6.0, 0.13, self.small),
        ):
            canvas.setFont(REGULAR, size)
            canvas.drawCentredString(side / 2, side * share, visible(text))
        canvas.save()
        return target.getvalue()

    def _name(self, canvas: Canvas, side: float) -> None:
        """In the largest size that fits above the middle."""
        for size in _SIZES:
            shown = Paragraph(
                visible(self.name), _NAME.clone(f"stamp-{size}", fontSize=size, leading=size * 1.25)
            )
            _, height = shown.wrap(side - 20, side)
            if height <= side * 0.42:
                break
        shown.drawOn(canvas, 10, side * 0.70 - height / 2)
