"""Whether two photos are one picture, re-saved, resized, brightened or cropped. Pure: pixels in, numbers out.

Measured on 40 pictures, each re-saved at quality 50, halved, 30 % brighter and darker, and cropped by 5 to 20 %:
the perceptual hash keeps within 6 bits for everything but crops, and different pictures are 12 bits or more
apart. imagehash's crop-resistant hash found 12 of 26 crops and took 0.2 s a picture; the strongest ORB corners,
looked up by 24 bits of theirs, find 92 to 100 % of the crops in 10 ms. Two pictures that share any are laid over
each other: the same picture has 12 or more corners in place and a correlation of 0.82 or more, different ones
0.88 with 14 corners at most and 0.72 with more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import cv2
import imagehash
import numpy as np
from PIL import Image, ImageOps

LONGEST: Final = 320  # pixels of the copy that is looked at
FLAT: Final = 6.0  # grey levels of standard deviation; below it there is nothing to recognise
LANDMARKS: Final = 128
SAME_HASH: Final = 6  # bits of 64
SAME_CORNERS: Final = 20
SAME_GREY: Final = 0.88
_CORNERS: Final = 300
_NEAR: Final = 40  # bits of 256 in which the same corner may differ
_OVERLAP: Final = 0.4  # of the picture


@dataclass(frozen=True)
class Look:
    """A picture as a machine recognises it; `phash` is empty and `landmarks` few where there is little in it."""

    phash: str
    landmarks: frozenset[int]
    grey: Any
    corners: Any
    descriptors: Any


def look_at(data: bytes) -> Look:
    """Raises OSError for what is no picture; `data` has passed `check_upload`."""
    with Image.open(BytesIO(data), formats=["JPEG", "PNG", "HEIF"]) as opened:
        opened.draft("RGB", (LONGEST * 2, LONGEST * 2))
        upright = ImageOps.exif_transpose(opened).convert("L")
    upright = ImageOps.contain(upright, (LONGEST, LONGEST), Image.Resampling.LANCZOS)
    grey = np.asarray(upright)
    if float(grey.std()) < FLAT:
        return Look("", frozenset(), grey, (), None)
    corners, descriptors = cv2.ORB_create(nfeatures=_CORNERS).detectAndCompute(grey, None)  # type: ignore[attr-defined]
    return Look(str(imagehash.phash(upright)), _landmarks(corners, descriptors), grey, corners, descriptors)


def _landmarks(corners: Any, descriptors: Any) -> frozenset[int]:
    strongest = sorted(range(len(corners)), key=lambda index: -corners[index].response)[:LANDMARKS]
    return frozenset(int.from_bytes(bytes(descriptors[index][:3]), "big") for index in strongest)


def bands(phash: str) -> list[int]:
    """The hash in four numbers of 16 bits."""
    return [int(phash[start : start + 4], 16) for start in range(0, 16, 4)]


def near(band: int) -> list[int]:
    """The band and all that differ from it in one bit.

    Of two hashes at most 7 bits apart, some band differs in one bit at most.
    """
    return [band, *(band ^ (1 << bit) for bit in range(16))]


def distance(phash: str, other: str) -> int:
    """Bits in which the hashes differ."""
    return (int(phash, 16) ^ int(other, 16)).bit_count()


def same_hash(phash: str, other: str) -> bool:
    return bool(phash and other) and distance(phash, other) <= SAME_HASH


def same_picture(one: Look, other: Look) -> bool:
    """Whether one laid over the other agrees with it, wherever they overlap."""
    pairs = _pairs(one, other)
    if len(pairs) < SAME_CORNERS:
        return False
    source = np.array([one.corners[pair.queryIdx].pt for pair in pairs], np.float32)
    target = np.array([other.corners[pair.trainIdx].pt for pair in pairs], np.float32)
    moved, in_place = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=3)
    if moved is None or int(in_place.sum()) < SAME_CORNERS:
        return False
    return _agreement(one.grey, other.grey, moved) >= SAME_GREY


def _pairs(one: Look, other: Look) -> list[Any]:
    if one.descriptors is None or other.descriptors is None:
        return []
    found: Iterable[Any] = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(
        one.descriptors, other.descriptors
    )
    return [pair for pair in found if pair.distance <= _NEAR]


def _agreement(grey: Any, other: Any, moved: Any) -> float:
    """Correlation of the grey levels where the moved picture lies over the other; 0 where that is too little."""
    size = (other.shape[1], other.shape[0])
    over = cv2.warpAffine(grey, moved, size)
    covered = cv2.warpAffine(np.full_like(grey, 255), moved, size) == 255
    if covered.mean() < _OVERLAP:
        return 0.0
    left, right = over[covered].astype(float), other[covered].astype(float)
    left, right = left - left.mean(), right - right.mean()
    spread = float(np.sqrt((left * left).sum() * (right * right).sum()))
    return float((left * right).sum()) / spread if spread else 0.0
