"""Terms in working days: known answers, and what holds for any day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.core.working_days import (
    end_of_term,
    full_working_days,
    holiday,
    is_published,
    is_worked_instead,
    is_working_day,
)

KNOWN = st.dates(date(2019, 1, 1), date(2026, 12, 1))


@pytest.mark.parametrize(
    ("posted", "ends", "next_working_day"),
    [
        (date(2019, 9, 30), date(2019, 10, 12), date(2019, 10, 14)),
        (date(2020, 4, 24), date(2020, 4, 30), date(2020, 5, 6)),
        (date(2020, 6, 8), date(2020, 6, 15), date(2020, 6, 16)),
    ],
)
def test_five_full_working_days_end_where_the_calendar_says(posted, ends, next_working_day):
    assert end_of_term(posted, 5) == ends
    assert end_of_term(posted, 6) == next_working_day


@given(KNOWN, st.integers(1, 30))
def test_a_term_holds_as_many_full_working_days_as_it_says(posted, length):
    ends = end_of_term(posted, length)

    assert is_working_day(ends)
    assert full_working_days(posted, ends + timedelta(days=1)) == length


def test_holidays_have_names_and_days_worked_instead_are_working_days():
    assert holiday(date(2021, 5, 3)) == "劳动节"
    assert holiday(date(2021, 5, 10)) == ""
    assert is_worked_instead(date(2021, 5, 8))
    assert not is_worked_instead(date(2021, 5, 10))


def test_a_year_without_an_arrangement_counts_monday_to_friday_and_says_so():
    monday = date(2090, 1, 2)
    assert not is_published(monday)
    assert is_working_day(monday)
    assert not is_working_day(monday - timedelta(days=1))
    assert holiday(monday) == ""
