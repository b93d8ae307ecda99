"""Single pages of what was handed in: counted, drawn, cut out. Pure: bytes in, pictures or bytes out."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import pikepdf
import pypdfium2
from PIL import Image, ImageOps

from training.core.uploads import JPEG, PDF, UploadError, check_upload

POINTS: Final = 72  # an inch
READ_DPI, SHOWN_DPI = 200, 72
LONGEST: Final = 3600  # pixels; A4 at 300 dpi
LOOKED_INTO: Final = 40  # pages
SMALLEST: Final = 400  # pixels of a photo's shorter side; less is a stamp or a logo


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


def page_picture(data: bytes, longest: int, number: int = 1) -> bytes:
    """A page of a PDF as JPEG, no larger than `longest` pixels; nothing where it can't be drawn or is none."""
    try:
        with pypdfium2.PdfDocument(data) as pdf:
            page = pdf[number - 1]
            drawn: Image.Image = page.render(scale=longest / max(page.get_size())).to_pil().convert("RGB")
    except (pypdfium2.PdfiumError, IndexError):
        return b""
    target = BytesIO()
    drawn.save(target, "JPEG", quality=85)
    return target.getvalue()


def page_photos(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Page from 1 and JPEG of the pages that are one large photo, as scanners and telephones make them.

    The first `LOOKED_INTO` pages only; what can't be read is passed over.
    """
    with pikepdf.open(BytesIO(data)) as pdf:
        for number, page in enumerate(pdf.pages[:LOOKED_INTO], start=1):
            images = list(page.get_images().values())
            if len(images) == 1 and (photo := _photo(images[0])):
                yield number, photo


def _photo(image: Any) -> bytes:
    try:
        data: bytes = image.read_raw_bytes() if image.get("/Filter") == "/DCTDecode" else b""
        if not data or min(int(image.Width), int(image.Height)) < SMALLEST:
            return b""
        check_upload("page.jpg", data, allow={JPEG})
    except (UploadError, pikepdf.PdfError, AttributeError, TypeError):
        return b""
    return data


def page_alone(content_type: str, data: bytes, number: int) -> bytes:
    """One page as a file; of what has only one, the very bytes."""
    if page_count(content_type, data) == 1:
        return data
    target = BytesIO()
    with pikepdf.open(BytesIO(data)) as whole, pikepdf.new() as single:
        single.pages.append(whole.pages[number - 1])
        single.save(target, deterministic_id=True)
    return target.getvalue()
