"""Single pages of what was handed in: counted, drawn, cut out. Pure: bytes in, pictures or bytes out."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import pikepdf
import pypdfium2
from PIL import Image, ImageOps

from training.core.uploads import PDF

POINTS: Final = 72  # an inch
READ_DPI, SHOWN_DPI = 200, 72
LONGEST: Final = 3600  # pixels; A4 at 300 dpi


def page_count(content_type: str, data: bytes) -> int:
    """`data` has passed `check_upload`."""
    if content_type != PDF:
        return 1
    with pypdfium2.PdfDocument(data) as pdf:
        return len(pdf)


def draw_page(content_type: str, data: bytes, number: int, *, dpi: int = SHOWN_DPI) -> Image.Image:
    """Page `number` from 1, in grey, upright."""
    longest = LONGEST * dpi // READ_DPI
    if content_type != PDF:
        with Image.open(BytesIO(data), formats=["JPEG", "PNG", "HEIF"]) as opened:
            upright = ImageOps.exif_transpose(opened).convert("L")
        return ImageOps.contain(upright, (longest, longest)) if max(upright.size) > longest else upright
    with pypdfium2.PdfDocument(data) as pdf:
        page = pdf[number - 1]
        scale = min(dpi / POINTS, longest / max(page.get_size()))
        drawn: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
        return drawn


def first_page(data: bytes, longest: int) -> bytes:
    """The first page of a PDF as JPEG, no larger than `longest` pixels; nothing where it can't be drawn."""
    try:
        with pypdfium2.PdfDocument(data) as pdf:
            page = pdf[0]
            drawn: Image.Image = page.render(scale=longest / max(page.get_size())).to_pil().convert("RGB")
    except pypdfium2.PdfiumError:
        return b""
    target = BytesIO()
    drawn.save(target, "JPEG", quality=85)
    return target.getvalue()


def page_alone(content_type: str, data: bytes, number: int) -> bytes:
    """One page as a file; of what has only one, the very bytes."""
    if page_count(content_type, data) == 1:
        return data
    target = BytesIO()
    with pikepdf.open(BytesIO(data)) as whole, pikepdf.new() as single:
        single.pages.append(whole.pages[number - 1])
        single.save(target, deterministic_id=True)
    return target.getvalue()
