"""What is wrong with a picture of somebody, as a code of `messages.py`; None: nothing.

Plain functions over a picture, so that the desk, the enrolment and `kiosk doctor` say the same. Of the
pictures that `docs/faces.md` names, the limits on light fault none.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.camera import Image

Box = tuple[int, int, int, int]
"""Top, right, bottom, left of a face in pixels, as face_recognition has it; may reach over the edges."""

SEARCHED = 640
"""Faces are searched for at this width; wider pictures are reduced first. Sizes here are at this width."""
SMALLEST = 80
"""Pixels across a face; below it the template is not worth much."""
BLURRED = 15.0
"""Variance of the Laplacian below which a face is too blurred."""
DARK, BRIGHT = 50.0, 225.0
"""Mean grey of a face, 0 to 255; the darkest face that was told apart well had 76."""
GLARE, GLARE_SHARE = 250, 0.3
"""A face of which so much is as good as white has lost its features there."""
BACKLIT = 90.0
"""So much brighter than the face the rest is: somebody stands before a window."""


def lone(faces: Sequence[Box]) -> str | None:
    """Exactly one face."""
    if not faces:
        return "face_none"
    return "face_many" if len(faces) > 1 else None


def size(box: Box) -> str | None:
    """Near enough; the box is one of a picture `SEARCHED` wide."""
    top, right, bottom, left = box
    return "face_small" if min(bottom - top, right - left) < SMALLEST else None


def sharpness(picture: Image, box: Box) -> str | None:
    """Edges are edges."""
    return "face_blurred" if cv2.Laplacian(_cut(_grey(picture), box), cv2.CV_64F).var() < BLURRED else None


def exposure(picture: Image, box: Box | None = None) -> str | None:
    """Light: on the face and on the rest, or on the whole where no face was found."""
    grey = _grey(picture)
    face = grey if box is None else _cut(grey, box)
    light = float(face.mean())
    if light < DARK and (box is None or not _is_backlit(grey, face)):
        return "face_dark"
    if light > BRIGHT or (face >= GLARE).mean() > GLARE_SHARE:
        return "face_bright"
    return "face_bright" if box is not None and _is_backlit(grey, face) else None


def _is_backlit(grey: Image, face: Image) -> bool:
    rest = (float(grey.sum()) - float(face.sum())) / max(1, grey.size - face.size)
    return rest - float(face.mean()) > BACKLIT


def _grey(picture: Image) -> Image:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _cut(grey: Image, box: Box) -> npt.NDArray[np.uint8]:
    top, right, bottom, left = (max(0, edge) for edge in box)
    return grey[top:bottom, left:right]
