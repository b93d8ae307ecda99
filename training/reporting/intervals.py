"""How sure a share is that was found in a sample."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple


class Interval(NamedTuple):
    """Bounds of a share, each from 0 to 1."""

    low: float
    high: float


def wilson(hits: int, asked: int, *, confidence: float = 0.95) -> Interval | None:
    """Wilson's score interval for `hits` of `asked`; None where nobody was asked.

    Unlike the textbook's ± it holds for small samples and for shares at 0 or 1 (Wilson 1927).
    """
    if not asked:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = hits / asked, z * z / asked
    middle = share + spread / 2
    half = z * sqrt(share * (1 - share) / asked + spread / (4 * asked))
    # At 0 and 1 the bound is exact; floats would put it a hair outside.
    low = 0.0 if hits == 0 else (middle - half) / (1 + spread)
    high = 1.0 if hits == asked else (middle + half) / (1 + spread)
    return Interval(low, high)
