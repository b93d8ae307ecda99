"""Working days of the People's Republic: weekends, statutory holidays and the days worked instead (调休).

The State Council publishes each year's arrangement late in the year before; `chinesecalendar` carries it.
A year that is not published yet counts Monday to Friday, and `is_published` says so.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import chinese_calendar

ONE_DAY = timedelta(days=1)


def is_published(day: date) -> bool:
    """Whether the holidays of that year are known."""
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True


@cache
def is_working_day(day: date) -> bool:
    """By the State Council's calendar; Monday to Friday in a year that is not published yet."""
    if not is_published(day):
        return day.weekday() < 5
    return bool(chinese_calendar.is_workday(day))


def holiday(day: date) -> str:
    """The Chinese name of the statutory holiday on a day off; "" on any other day."""
    if not is_published(day):
        return ""
    off, name = chinese_calendar.get_holiday_detail(day)
    return str(chinese_calendar.Holiday(name).chinese) if off and name else ""


def is_worked_instead(day: date) -> bool:
    """A Saturday or Sunday that is worked for a holiday (调休上班)."""
    return day.weekday() >= 5 and is_working_day(day)


def full_working_days(after: date, before: date) -> int:
    """Working days that lie wholly between the two days, neither counted."""
    days = (after + ONE_DAY * n for n in range(1, (before - after).days))
    return sum(is_working_day(day) for day in days)


def end_of_term(posted: date, working_days: int) -> date:
    """The last day of a term of so many full working days that begins the day after `posted`."""
    day = posted
    while working_days:
        day += ONE_DAY
        working_days -= is_working_day(day)
    return day
