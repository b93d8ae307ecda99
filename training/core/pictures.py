"""A picture as it is shown; the original is kept as it came (`files.py`)."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from training.core.uploads import JPEG, PNG

LONGEST: Final = 2000
"""Pixels: enough to count heads, and a tenth of what a telephone makes of it. Counties have weak networks."""


THUMBNAIL: Final = 480
"""Pixels of a picture in a row of others, on a screen with two dots a pixel."""


def shown_as(content_type: str) -> str:
    """What `shown_copy` makes of it: no browser of a county hall shows HEIC."""
    return PNG if content_type == PNG else JPEG


def shown_copy(data: bytes, longest: int = LONGEST) -> bytes:
    """The picture upright, no larger than `longest`, in its colours, with nothing else in it: PNG or JPEG.

    `data` has passed `check_upload`. Raises OSError for what is no picture after all.
    """
    with Image.open(BytesIO(data), formats=["JPEG", "PNG", "HEIF"]) as image:
        kind = "PNG" if image.format == "PNG" else "JPEG"
        image.draft("RGB", (longest, longest))
        upright = ImageOps.exif_transpose(image)
    upright.thumbnail((longest, longest))
    if kind == "JPEG" and upright.mode not in ("RGB", "L"):
        upright = upright.convert("RGB")
    colours = upright.info.get("icc_profile")
    upright.info = {}  # EXIF, XMP and comments would be written again
    target = BytesIO()
    upright.save(target, kind, quality=85, icc_profile=colours)
    return target.getvalue()
