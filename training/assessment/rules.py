"""Scores and their average. Plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

LOWEST, HIGHEST = Decimal(1), Decimal(5)
CENT = Decimal("0.01")
ANONYMOUS_FROM = 3
"""An average of fewer answers shows the instructor who said what."""


def is_score(value: Decimal) -> bool:
    """From 1 to 5, halves and hundredths too."""
    return LOWEST <= value <= HIGHEST


def weighted_mean(parts: Iterable[tuple[int, Decimal]]) -> Decimal | None:
    """Of (answers, average) pairs, each weighing as many as answered; None for none."""
    rows = list(parts)
    answers = sum(count for count, _mean in rows)
    if not answers:
        return None
    return (sum((count * mean for count, mean in rows), Decimal(0)) / answers).quantize(CENT)
