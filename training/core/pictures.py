"""A picture as it is shown; the original is kept as it came (`files.py`)."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

LONGEST: Final = 2000
"""Pixels: enough to count heads, and a tenth of what a telephone makes of it. Counties have weak networks."""


def shown_copy(data: bytes) -> bytes:
    """The picture upright, no larger than `LONGEST`, in its own format and colours, with nothing else in it.

    `data` has passed `check_upload`. Raises OSError for what is no picture after all.
    """
    with Image.open(BytesIO(data), formats=["JPEG", "PNG"]) as image:
        kind = "PNG" if image.format == "PNG" else "JPEG"
        image.draft("RGB", (LONGEST, LONGEST))
        upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LONGEST, LONGEST))
    if kind == "JPEG" and upright.mode not in ("RGB", "L"):
        upright = upright.convert("RGB")
    colours = upright.info.get("icc_profile")
    upright.info = {}  # EXIF, XMP and comments would be written again
    target = BytesIO()
    upright.save(target, kind, quality=85, icc_profile=colours)
    return target.getvalue()
