"""Months, shop links, grades and the words of an agreement."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.outcomes.choices import EvidenceGrade, OutcomeKind
from training.outcomes.rules import (
    grades_in,
    kind_of_rate,
    last_elapsed,
    months_in,
    months_later,
    months_of,
    shop_key,
)

DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))
MONTHS = st.integers(0, 36)


@given(day=DAYS, months=MONTHS)
def test_a_window_has_passed_from_exactly_the_days_up_to_the_last_elapsed(day: date, months: int) -> None:
    last = last_elapsed(day, months)

    assert months_later(last, months) <= day
    assert months_later(last + timedelta(days=1), months) > day


@given(start=DAYS, end=DAYS, months=MONTHS)
def test_within_so_many_months_is_what_the_database_counts(start: date, end: date, months: int) -> None:
    """The queries count months of 31 days; this is why they may."""

    def counted(day: date) -> int:
        return day.year * 372 + day.month * 31 + day.day

    assert (end <= months_later(start, months)) == (counted(end) <= counted(start) + 31 * months)


@given(day=DAYS, months=st.integers(1, 36))
def test_months_of_a_period_are_whole_and_follow_each_other(day: date, months: int) -> None:
    covered = months_of(day, months)

    assert covered[0] == day.replace(day=1)
    assert len({(month.year, month.month) for month in covered}) == months
    assert {month.day for month in covered} == {1}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://shop1.taobao.com/", "http://SHOP1.taobao.com?spm=a.b#x", True),
        ("https://www.example.cn/shop/7/", "example.cn/shop/7", True),
        ("https://a.cn/mall?mall_id=7&_t=1", "https://a.cn/mall?_t=2&mall_id=7", True),
        ("https://a.cn/mall?mall_id=7", "https://a.cn/mall?mall_id=8", False),
        ("https://a.cn/7", "https://a.cn/8", False),
    ],
)
def test_one_shop_has_one_key_however_its_link_was_copied(one: str, other: str, same: bool) -> None:
    assert (shop_key(one) == shop_key(other)) is same


@pytest.mark.parametrize(
    ("window", "months"),
    [
        ("结业后 6 个月内", 6),
        ("结业后3个月", 3),
        ("一年内", 12),
        ("2 年", 24),
        ("半年", 6),
        ("2021年6月前", None),
    ],
)
def test_the_window_of_an_agreement_is_read_from_its_words(window: str, months: int) -> None:
    assert months_in(window) == months


@pytest.mark.parametrize(
    ("formula", "declared"), [("创业 ÷ 结业", False), ("C 级证据也计入", True), ("不含 C 级", False)]
)
def test_declared_outcomes_count_only_where_an_agreement_says_so(formula: str, declared: bool) -> None:
    assert (EvidenceGrade.DECLARED in grades_in(formula)) is declared


@pytest.mark.parametrize(
    ("rate", "kind"),
    [
        ("创业率", OutcomeKind.STARTED_UP),
        ("创业转化率", OutcomeKind.STARTED_UP),
        ("就业率", OutcomeKind.EMPLOYED),
        ("满意度", None),
    ],
)
def test_a_rate_counts_what_its_name_says(rate: str, kind: OutcomeKind | None) -> None:
    assert kind_of_rate(rate) == kind
