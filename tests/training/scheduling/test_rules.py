"""What a timetable may not be, and what somebody should look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.scheduling.rules import (
    SPEED_KMH,
    Frame,
    LessonSlot,
    Place,
    clashes,
    crowded,
    distance_km,
    double_booked,
    findings,
    impossible_travel,
    near_china,
    over_the_fee,
    refusals,
    short_of_stations,
    unusual_time,
)

COUNTY = ZoneInfo("Asia/Shanghai")
NINE = datetime(2021, 5, 18, 9, tzinfo=COUNTY)
SHICHENG, GANZHOU = (26.326582, 116.342350), (25.831139, 114.933546)


@dataclass(frozen=True)
class Window:
    starts_on: date = date(2020, 4, 1)
    ends_on: date = date(2022, 6, 30)


FRAME = Frame(Window(), unit_minutes=45)


def slot(
    start: datetime = NINE, minutes: int = 90, *, who: int = 1, where: int = 1, session: int = 1
) -> LessonSlot:
    return LessonSlot(
        label=f"{session} 期 {start:%d %H:%M}",
        session=session,
        starts_at=start,
        ends_at=start + timedelta(minutes=minutes),
        instructor=(who, f"讲师{who}"),
        venue=Place(where, f"教室{where}", 60),
    )


def codes(found: list) -> list[str]:
    return [finding.code for finding in found]


SLOTS = st.builds(
    lambda day, minute, length, who, where, session: slot(
        NINE + timedelta(days=day, minutes=minute), length, who=who, where=where, session=session
    ),
    day=st.integers(0, 1),
    minute=st.integers(0, 300),
    length=st.integers(1, 240),
    who=st.integers(1, 3),
    where=st.integers(1, 3),
    session=st.integers(1, 3),
)


@given(SLOTS, SLOTS)
def test_lessons_overlap_exactly_when_they_have_a_minute_in_common(
    one: LessonSlot, other: LessonSlot
) -> None:
    def minutes(lesson: LessonSlot) -> set[datetime]:
        return {lesson.starts_at + timedelta(minutes=n) for n in range(lesson.minutes)}

    assert one.overlaps(other) == bool(minutes(one) & minutes(other))
    assert one.overlaps(other) == other.overlaps(one)


@given(SLOTS, SLOTS)
def test_a_clash_is_one_for_both_and_needs_something_in_common(one: LessonSlot, other: LessonSlot) -> None:
    shared = one.instructor == other.instructor or one.venue == other.venue or one.session == other.session

    assert codes(clashes(one, [other])) == codes(clashes(other, [one]))
    assert bool(clashes(one, [other])) == (one.overlaps(other) and shared)


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Urumqi")])
def test_the_same_moment_in_another_zone_is_the_same_moment(zone: ZoneInfo) -> None:
    there = replace(slot(), starts_at=NINE.astimezone(zone), ends_at=slot().ends_at.astimezone(zone))

    assert codes(clashes(slot(session=2), [there])) == ["instructor_taken", "venue_taken"]


def test_the_distance_between_two_county_towns_is_known() -> None:
    assert distance_km(SHICHENG, GANZHOU) == pytest.approx(151, abs=2)
    assert distance_km(None, GANZHOU) == 0


POINTS = st.tuples(st.floats(3, 54), st.floats(73, 136))


@given(POINTS, POINTS, POINTS)
def test_distances_are_distances(one: tuple, other: tuple, third: tuple) -> None:
    assert distance_km(one, one) == 0
    assert distance_km(one, other) == pytest.approx(distance_km(other, one))
    assert distance_km(one, third) <= distance_km(one, other) + distance_km(other, third) + 1e-6


@given(POINTS)
def test_of_two_numbers_in_the_wrong_order_no_place_in_the_country_comes_out(point: tuple) -> None:
    assert near_china(*point)
    assert not near_china(point[1], point[0])


@given(POINTS, POINTS, st.integers(0, 600))
def test_travel_is_impossible_when_the_crow_would_need_longer(here: tuple, there: tuple, gap: int) -> None:
    first = replace(slot(), venue=replace(slot().venue, point=here))
    second = replace(
        slot(first.ends_at + timedelta(minutes=gap), where=2), venue=Place(2, "远处", 60, point=there)
    )
    if second.on != first.on:
        return
    impossible = distance_km(here, there) / SPEED_KMH * 60 > gap

    for one, other in permutations((first, second)):
        assert codes(impossible_travel(one, [other])) == ["travel"] * impossible


def test_where_a_point_is_not_known_nobody_is_accused() -> None:
    near = replace(slot(), venue=replace(slot().venue, point=SHICHENG))

    assert impossible_travel(near, [slot(near.ends_at, where=2)]) == []


def test_the_travel_finding_says_how_far_and_how_long() -> None:
    first = replace(slot(), venue=replace(slot().venue, point=SHICHENG))
    second = replace(slot(first.ends_at + timedelta(minutes=30)), venue=Place(2, "赣州", 60, point=GANZHOU))

    (finding,) = impossible_travel(second, [first])

    assert finding.message == (
        "授课人讲师1从教室1到赣州直线 151.1 公里，按每小时 60 公里至少要 152 分钟，"
        "与1 期 18 09:00之间只有 30 分钟。"
    )
    assert not finding.refuses


@given(st.lists(st.integers(1, 120), min_size=1, max_size=4))
def test_more_than_four_hours_of_a_lecturer_in_a_half_day_are_noticed(lengths: list[int]) -> None:
    day = [slot(NINE.replace(hour=8) + timedelta(minutes=n), length) for n, length in enumerate(lengths)]

    found = over_the_fee(day[0], day[1:], 45)

    assert bool(found) == (sum(lengths) > 4 * 45)


def test_another_half_day_and_another_lecturer_are_paid_for_themselves() -> None:
    others = [slot(NINE.replace(hour=14), 180), slot(NINE, 180, who=2), slot(NINE + timedelta(days=1), 180)]

    assert over_the_fee(slot(minutes=180), others, 45) == []


@pytest.mark.parametrize(
    ("place", "people", "said"),
    [
        (Place(1, "x", 60), 60, []),
        (Place(1, "x", 60), 61, ["capacity"]),
        (Place(1, "x", 60, area_m2=36), 30, []),
        (Place(1, "x", 60, area_m2=36), 31, ["capacity"]),
        (Place(1, "x", 20, area_m2=360), 21, ["capacity"]),
    ],
)
def test_a_room_holds_its_seats_or_its_area_whichever_is_less(
    place: Place, people: int, said: list[str]
) -> None:
    assert codes(crowded(replace(slot(), venue=place), people)) == said


@pytest.mark.parametrize(
    ("start", "minutes", "said"),
    [
        (NINE, 90, []),
        (datetime(2021, 5, 18, 18, tzinfo=COUNTY), 60, []),
        (datetime(2021, 5, 18, 18, tzinfo=COUNTY), 61, ["evening"]),
        (datetime(2021, 5, 1, 9, tzinfo=COUNTY), 90, ["holiday"]),
        (datetime(2021, 5, 8, 9, tzinfo=COUNTY), 90, ["worked_instead"]),
        (datetime(2021, 5, 16, 9, tzinfo=COUNTY), 90, []),
        (datetime(2090, 5, 1, 9, tzinfo=COUNTY), 90, ["unpublished"]),
    ],
)
def test_unusual_days_and_evenings_are_noticed_and_not_refused(
    start: datetime, minutes: int, said: list[str]
) -> None:
    found = unusual_time(slot(start, minutes))

    assert codes(found) == said
    assert refusals(found) == []


def test_everything_that_refuses_comes_out_of_one_function() -> None:
    gone = replace(slot().venue, retired_on=date(2021, 5, 18))
    wrong = replace(slot(), venue=gone, fault="授课人讲师1还没有资质证明。")

    assert codes(findings(wrong, [slot(session=2)], FRAME)) == [
        "venue_retired",
        "may_not_teach",
        "instructor_taken",
        "venue_taken",
    ]
    assert codes(findings(slot(minutes=0), [], FRAME)) == ["backwards"]
    assert codes(refusals(findings(slot(NINE.replace(year=2019)), [], FRAME))) == ["outside_window"]


def test_a_venue_retired_later_still_takes_the_lesson() -> None:
    later = replace(slot().venue, retired_on=date(2021, 5, 19))

    assert refusals(findings(replace(slot(), venue=later), [], FRAME)) == []


def test_somebody_on_two_rosters_is_named_once_a_session() -> None:
    elsewhere = [
        ("李四", slot(NINE + timedelta(minutes=60), session=2)),
        ("李四", slot(NINE + timedelta(minutes=30), session=2)),
        ("李四", slot(NINE, session=3)),
        ("张三", slot(NINE + timedelta(minutes=90), session=2)),
    ]

    found = double_booked([slot()], elsewhere)

    assert [finding.message for finding in found] == [
        "学员李四在3 期 18 09:00的名册上，2021-05-18 09:00 的课时间冲突。",
        "学员李四在2 期 18 09:30的名册上，2021-05-18 09:30 的课时间冲突。",
    ]


@pytest.mark.parametrize(("stations", "said"), [(0, 0), (1, 1), (2, 1), (3, 0)])
def test_more_places_at_once_than_stations_are_noticed(stations: int, said: int) -> None:
    later, apart = slot(NINE + timedelta(minutes=60), where=2), slot(NINE + timedelta(minutes=75), where=3)

    assert len(short_of_stations([slot()], [later, apart], stations)) == said


def test_places_one_after_the_other_need_one_station() -> None:
    after = slot(slot().ends_at, where=2)

    assert short_of_stations([slot()], [after], 1) == []
