"""What people may say afterwards, numbers that are missing, clocks that jump, people in two places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.attendance.reckoning import LessonTime
from training.attendance.rules import (
    Run,
    Sighting,
    Tick,
    clash_groups,
    clock_jumped,
    lesson_at,
    uncovered,
    window,
    within_make_up_share,
)

DAY = date(2021, 5, 18)
NINE = datetime(2021, 5, 18, 1, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """`minutes` after nine."""
    return NINE + timedelta(minutes=minutes)


def lesson(number: int, start: float, end: float) -> LessonTime:
    return LessonTime(number, number, DAY, "am", at(start), at(end))


FIRST, SECOND = lesson(1, 0, 90), lesson(2, 100, 190)


# Where a time may lie


@pytest.mark.parametrize(
    ("kind", "opens", "closes"), [("sign_in", -60, 90), ("sign_out", 0, 450), ("check", 0, 90)]
)
def test_a_time_said_afterwards_lies_where_the_station_would_have_taken_it(
    kind: str, opens: float, closes: float
) -> None:
    assert window(kind, FIRST) == (at(opens), at(closes))


@pytest.mark.parametrize(
    ("kind", "minutes", "number"),
    [
        ("sign_in", -60, 1),
        ("sign_in", 90, 1),
        ("sign_in", 91, 2),
        ("sign_in", 191, None),
        ("sign_in", -61, None),
        ("sign_out", 50, 1),
        ("sign_out", 100, 2),
        ("sign_out", 190 + 360, 2),
        ("sign_out", 190 + 361, None),
        ("sign_out", -1, None),
    ],
)
def test_a_sign_in_on_paper_is_the_first_lessons_that_takes_it_and_a_sign_out_the_lasts(
    kind: str, minutes: float, number: int | None
) -> None:
    found = lesson_at(kind, [FIRST, SECOND], at(minutes))
    assert (found and found.id) == number


@dataclass(frozen=True)
class Share:
    make_up_share: float


@pytest.mark.parametrize(
    ("people", "rostered", "allowed"),
    [
        (0, 12, True),
        (1, 12, False),
        (1, 20, True),
        (2, 40, True),
        (3, 40, False),
        (3, 59, False),
        (3, 60, True),
    ],
)
def test_five_percent_of_a_class_is_put_right_without_the_bureau(
    people: int, rostered: int, allowed: bool
) -> None:
    assert within_make_up_share(people, rostered, Share(0.05)) is allowed


# Numbers that are missing

numbers = st.integers(1, 30)
runs = st.tuples(numbers, numbers).map(lambda pair: Run(min(pair), max(pair)))


@given(runs, st.lists(runs, max_size=6))
def test_what_is_left_of_a_hole_is_exactly_what_nobody_explained(hole: Run, covers: list[Run]) -> None:
    left = uncovered(hole, covers)

    explained = {number for run in covers for number in range(run.first, run.last + 1)}
    missing = [number for number in range(hole.first, hole.last + 1) if number not in explained]
    assert [number for run in left for number in range(run.first, run.last + 1)] == missing
    assert all(one.last + 1 < other.first for one, other in pairwise(left))


# Clocks

BOOT, ANOTHER = UUID(int=1), UUID(int=2)


def tick(seconds: float, monotonic: float, boot: UUID = BOOT) -> Tick:
    return Tick(NINE + timedelta(seconds=seconds), boot, round(1000 * monotonic))


@pytest.mark.parametrize(
    ("before", "after", "jumped"),
    [
        (tick(0, 0), tick(60, 60), False),
        (tick(0, 0), tick(62, 60), False),  # a few steps of NTP
        (tick(0, 0), tick(62.001, 60), True),
        (tick(0, 0), tick(57.999, 60), True),
        (tick(0, 0), tick(-3600, 60), True),
        (tick(0, 0), tick(3600, 3600), False),
        (tick(0, 500), tick(3600, 3, ANOTHER), False),
        (tick(0, 500), tick(-0.001, 3, ANOTHER), True),
    ],
)
def test_a_clock_that_was_moved_between_two_events_shows(before: Tick, after: Tick, jumped: bool) -> None:
    assert clock_jumped(before, after) is jumped


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(-2, 2))
def test_an_honest_clock_never_jumps_however_far_it_is_off(offset: float, later: float, drift: float) -> None:
    assert not clock_jumped(tick(offset, 0), tick(offset + later + 0.999 * drift, later))


# In two places


def sighting(key: str, minutes: float = -5, /, **changes: object) -> Sighting:
    return replace(Sighting(key, 1, "sign_in", at(minutes), key, 1, FIRST), **changes)


def keys(groups: list[tuple[Sighting, ...]]) -> list[list[str]]:
    return [[one.key for one in group] for group in groups]


def test_six_stations_that_saw_the_same_person_are_one_clash_with_six_pieces_of_evidence() -> None:
    assert keys(clash_groups(sighting(name) for name in "abcdef")) == [list("abcdef")]


def test_their_sign_outs_belong_to_the_same_clash() -> None:
    seen = [sighting(name) for name in "ab"]
    left = [sighting(f"{name} out", 90, kind="sign_out", station=name) for name in "ab"]

    assert keys(clash_groups([*seen, *left])) == [["a", "b", "a out", "b out"]]


def test_in_by_one_door_and_out_by_another_is_no_clash() -> None:
    assert clash_groups([sighting("front"), sighting("back", 90, kind="sign_out")]) == []


def test_two_people_at_two_stations_are_no_clash() -> None:
    assert clash_groups([sighting("a"), sighting("b", trainee=2)]) == []


def test_two_lessons_at_the_same_time_in_two_sessions_are_a_clash_even_hours_apart() -> None:
    other = sighting("b", 80, session=2, lesson=lesson(9, 60, 150))
    assert keys(clash_groups([sighting("a"), other])) == [["a", "b"]]


def test_nobody_leaves_one_class_and_enters_another_elsewhere_within_ten_minutes() -> None:
    out = sighting("a", 90, kind="sign_out")
    next_class = sighting("b", 100, session=2, lesson=lesson(9, 100, 190))

    assert keys(clash_groups([out, next_class])) == [["a", "b"]]
    assert clash_groups([out, replace(next_class, at=at(101))]) == []
    assert clash_groups([out, replace(next_class, station="a")]) == []  # the next class in the same room


def test_what_was_written_by_hand_clashes_with_another_session_and_not_with_its_own() -> None:
    by_hand = sighting("hand", station="", session=2, lesson=lesson(9, 0, 90))

    assert keys(clash_groups([sighting("a"), by_hand])) == [["a", "hand"]]
    assert clash_groups([sighting("a"), replace(by_hand, session=1, lesson=FIRST)]) == []


def test_clashes_of_the_morning_and_of_the_afternoon_are_two() -> None:
    afternoon = lesson(2, 300, 390)
    seen = [sighting(name) for name in "ab"]
    again = [sighting(f"{name}2", 295, station=name, lesson=afternoon) for name in "ab"]

    assert keys(clash_groups([*seen, *again])) == [["a", "b"], ["a2", "b2"]]
