"""How sure a sample is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.reporting.intervals import wilson


@pytest.mark.parametrize(
    ("hits", "asked", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (8, 10, 0.4902, 0.9433),
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I: case 1
        (15, 148, 0.0624, 0.1605),  # case 2
        (0, 20, 0.0, 0.1611),  # case 3
        (1, 29, 0.0061, 0.1718),  # case 4
    ],
)
def test_the_interval_is_that_of_the_textbook(hits: int, asked: int, low: float, high: float) -> None:
    found = wilson(hits, asked)

    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_nobody_asked_is_no_interval() -> None:
    assert wilson(0, 0) is None


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_lies_in_its_interval_and_the_interval_between_0_and_1(sample: tuple[int, int]) -> None:
    hits, asked = sample
    found = wilson(hits, asked)

    assert found is not None
    assert 0 <= found.low <= hits / asked <= found.high <= 1
