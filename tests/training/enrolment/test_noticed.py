"""What the software notices about a plan: class days and terms against the calendar."""

from __future__ import annotations

from datetime import date

import pytest

from training.enrolment.noticed import PlannedLesson, notices
from training.programmes.preset_file import load_preset

RULES = load_preset("shicheng")


@pytest.mark.parametrize(
    ("on", "submitted_on", "said"),
    [
        (date(2021, 5, 3), date(2021, 4, 20), [(False, "2021-05-03 是法定假日（劳动节）。")]),
        (date(2021, 5, 8), date(2021, 4, 20), [(True, "2021-05-08 是调休上班日。")]),
        (date(2021, 5, 6), date(2021, 4, 28), []),
        (
            date(2090, 5, 8),
            date(2090, 4, 20),
            [(True, "2090-05-08 那一年的节假日安排还没有公布，按周一至周五算工作日。")],
        ),
    ],
)
def test_class_days_are_held_against_the_calendar(
    on: date, submitted_on: date, said: list[tuple[bool, str]]
) -> None:
    lessons = [PlannedLesson("x", 90, 60, on)]
    found = notices(RULES, RULES.categories[0].code, lessons, [], submitted_on)

    assert [(notice.well, notice.text) for notice in found[-len(said) :] if said] == said


@pytest.mark.parametrize(("submitted_on", "well"), [(date(2021, 4, 30), False), (date(2021, 4, 26), True)])
def test_the_lead_counts_full_working_days_and_no_holidays(submitted_on: date, well: bool) -> None:
    """From 30 April to 8 May 2021 lie 6 and 7 May only: the five days before are 劳动节."""
    lessons = [PlannedLesson("x", 90, 60, date(2021, 5, 8))]
    found = notices(RULES, RULES.categories[0].code, lessons, [], submitted_on)

    assert [notice.well for notice in found if "开课，中间" in notice.text] == [well]
