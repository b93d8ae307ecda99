"""Codes on scanned paper: the page of a PDF or a photo, drawn and read. Pure: bytes in, texts out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import product
from typing import Any, Final

import cv2
import numpy as np
import pikepdf
import pypdfium2
from PIL import Image, ImageOps

from training.core.uploads import PDF

POINTS: Final = 72  # an inch
READ_DPI, SHOWN_DPI = 200, 72
LONGEST: Final = 3600  # pixels; A4 at 300 dpi
SCALES: Final = (1, 2, 3)
CORNER: Final = (0.3, 0.22)  # of the width and height of a page


def page_count(content_type: str, data: bytes) -> int:
    """`data` has passed `check_upload`."""
    if content_type != PDF:
        return 1
    with pypdfium2.PdfDocument(data) as pdf:
        return len(pdf)


def read_codes(content_type: str, data: bytes) -> Iterator[list[str]]:
    """For each page the texts of the codes that could be read on it."""
    for number in range(1, page_count(content_type, data) + 1):
        yield codes_in(draw_page(content_type, data, number, dpi=READ_DPI))


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


def codes_in(page: Image.Image) -> list[str]:
    """Texts of the QR codes: the large one in a corner, else whatever rows of a sheet without it can be read.

    Only as many as are needed to know the page, so nobody waits for the rest.
    """
    grey = np.asarray(page)
    return _in_a_corner(grey) or _anywhere(grey)


def _in_a_corner(grey: Any) -> list[str]:
    """By two detectors at three sizes: together they read every page from 150 dpi on, alone two thirds."""
    detectors = (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector())
    for scale, detector, corner in product(SCALES, detectors, _corners(grey)):
        seen = cv2.resize(corner, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        with suppress(cv2.error):  # of a smudge it took for a code
            if text := detector.detectAndDecode(seen)[0]:
                return [text]
    return []


def _corners(grey: Any) -> list[Any]:
    """Where the code is however the sheet lay, the top right first."""
    height, width = grey.shape
    shares = CORNER if height > width else CORNER[::-1]
    across, down = int(width * shares[0]), int(height * shares[1])
    return [grey[:down, -across:], grey[-down:, :across], grey[:down, :across], grey[-down:, -across:]]


def _anywhere(grey: Any) -> list[str]:
    with suppress(cv2.error):
        _ok, texts, _where, _straight = cv2.QRCodeDetector().detectAndDecodeMulti(grey)
        return [text for text in texts if text]
    return []


def page_alone(content_type: str, data: bytes, number: int) -> bytes:
    """One page as a file; of what has only one, the very bytes."""
    if page_count(content_type, data) == 1:
        return data
    target = BytesIO()
    with pikepdf.open(BytesIO(data)) as whole, pikepdf.new() as single:
        single.pages.append(whole.pages[number - 1])
        single.save(target, deterministic_id=True)
    return target.getvalue()
