"""Codes on scanned paper: the page of a PDF or a photo, drawn and read. Pure: bytes in, texts out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image

from training.uploads.pages import READ_DPI, draw_page, page_count

SCALES: Final = (1, 2, 3)
CORNER: Final = (0.3, 0.22)  # of the width and height of a page


def read_codes(content_type: str, data: bytes) -> Iterator[list[str]]:
    """For each page the texts of the codes that could be read on it."""
    for number in range(1, page_count(content_type, data) + 1):
        yield codes_in(draw_page(content_type, data, number, dpi=READ_DPI))


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
