"""Charts are geometry: what is higher is drawn higher, and nothing leaves the frame."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from training.reporting.charts import Bar, Line, LineChart, bars, scale


def chart(*values: list[int | None]) -> LineChart:
    labels = [f"2021-{month:02}" for month in range(1, len(values[0]) + 1)]
    return LineChart("图", "说明", "人次", labels, [Line(str(n), line) for n, line in enumerate(values)])


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=40))
def test_no_mark_leaves_the_frame_and_more_is_higher(values: list[int]) -> None:
    drawn = chart([*values]).drawn[0]

    assert all(0 <= mark.x <= 640 and 0 <= mark.y <= 240 for mark in drawn.marks)
    ordered = sorted(zip(values, drawn.marks, strict=True))
    assert [mark.y for _value, mark in ordered] == sorted((mark.y for mark in drawn.marks), reverse=True)


@given(st.floats(0.001, 10**9))
def test_the_scale_is_of_round_numbers_and_holds_the_highest(highest: float) -> None:
    steps = scale(highest)

    assert steps[0] == 0
    assert steps[-1] >= highest * (1 - 1e-9)
    assert 3 <= len(steps) <= 6


def test_what_is_not_known_is_left_out_and_stands_in_the_table_as_nothing() -> None:
    it = chart([1, None, 3], [2, 2])

    assert len(it.drawn[0].marks) == 2
    assert list(it.rows) == [("2021-01", [1, 2]), ("2021-02", [None, 2]), ("2021-03", [3, None])]


def test_the_last_month_always_has_its_label() -> None:
    it = chart(list(range(27)))

    assert it.captions[-1].label == it.labels[-1]
    assert len(it.captions) <= 8


def test_the_longest_bar_fills_the_whole() -> None:
    drawn = bars([Bar("甲", 40), Bar("乙", 10), Bar("丙", 0)])

    assert [bar.width for bar in drawn] == [Decimal(100), Decimal(25), Decimal(0)]
    assert bars([]) == []
