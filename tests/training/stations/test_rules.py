"""What is wrong with a station, and when it is worth saying."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.doctor import FREE_BYTES
from kiosk.report import StationReport
from tests.training.reports import MORNING, make_report
from training.attendance.ledger import CLOCK_TOLERANCE_MS
from training.stations.choices import Severity
from training.stations.rules import CLOCK_TOLERANCE, DISK_LOW, Known, alarms

NOW = MORNING
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOON, TOMORROW, NEXT_WEEK = NOW + HOUR, NOW + 20 * HOUR, NOW + 7 * DAY


def known(*, said: dict[str, Any] | None = None, **changes: Any) -> Known:
    """A station that is well and in contact, an hour before class; `said` changes its report."""
    report = make_report(**said or {})
    well = {
        "enrolled_at": NOW - 30 * DAY,
        "last_seen_at": NOW - MINUTE,
        "reported_at": NOW - MINUTE,
        "report": report,
        "next_lesson_at": SOON,
        "next_face_lesson_at": SOON,
        "roster_version": make_report().package_version,
    }
    return Known(**well | changes)


def told(station: Known) -> list[tuple[str, str]]:
    return [(alarm.code, alarm.severity.value) for alarm in alarms(station, NOW)]


def test_of_a_station_that_is_well_there_is_nothing_to_say() -> None:
    assert told(known()) == []


def test_of_one_that_was_enrolled_a_minute_ago_neither() -> None:
    assert told(Known(enrolled_at=NOW - MINUTE, next_lesson_at=SOON)) == []


@pytest.mark.parametrize(
    ("lesson", "severity"), [(SOON, "urgent"), (NOW - HOUR, "urgent"), (TOMORROW, "notice"), (None, "notice")]
)
def test_one_that_was_never_seen_is_urgent_when_class_is_near(lesson: datetime | None, severity: str) -> None:
    assert told(Known(enrolled_at=NOW - HOUR, next_lesson_at=lesson)) == [("never_seen", severity)]


@pytest.mark.parametrize(
    ("lesson", "silent_for", "alarm"),
    [
        (SOON, HOUR, [("silent", "urgent")]),
        (NOW - HOUR, HOUR, [("silent", "urgent")]),
        (SOON, 10 * MINUTE, []),
        (TOMORROW, 3 * DAY, []),
        (None, 300 * DAY, []),
    ],
    ids=["before class", "in class", "a short break", "switched off till tomorrow", "no class at all"],
)
def test_silence_is_wrong_only_around_a_class(
    lesson: datetime | None, silent_for: timedelta, alarm: list[Any]
) -> None:
    station = known(last_seen_at=NOW - silent_for, next_lesson_at=lesson, next_face_lesson_at=lesson)

    assert told(station) == alarm


def test_the_silent_are_told_what_to_do_and_by_when() -> None:
    (alarm,) = alarms(known(last_seen_at=NOW - 3 * HOUR), NOW)

    assert alarm.message == "05-18 09:40 有课，终端已经 3 小时没有联系：请到现场开机，接上网络。"


# The roster

OLD = {"package_version": "b" * 64, "package_at": NOW - 2 * DAY}


@pytest.mark.parametrize(("lesson", "codes"), [(SOON, 1), (TOMORROW, 1), (NEXT_WEEK, 0), (None, 0)])
@pytest.mark.parametrize(
    ("said", "code"), [(OLD, "roster_old"), ({"package_version": None, "package_at": None}, "roster_missing")]
)
def test_a_roster_that_is_old_or_missing_is_told_the_day_before(
    said: dict[str, Any], code: str, lesson: datetime | None, codes: int
) -> None:
    assert told(known(said=said, next_lesson_at=lesson)) == [(code, "urgent")] * codes


def test_what_the_server_would_send_being_unknown_nothing_is_said_of_the_roster() -> None:
    assert told(known(said=OLD, roster_version=None)) == []


def test_a_change_of_this_minute_is_on_its_way_to_a_station_in_contact() -> None:
    on_its_way = {"package_version": "b" * 64}

    assert told(known(said=on_its_way)) == []
    assert told(known(said=on_its_way, reported_at=NOW - HOUR)) == [("roster_old", "urgent")]
    assert told(known(said=on_its_way | {"package_at": NOW - HOUR})) == [("roster_old", "urgent")]
    assert told(known(said=on_its_way | {"unreadable": True})) == [("roster_old", "urgent")]


# The parts


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"reader": "reader_fault", "reader_detail": "no_answer"}, "reader_fault"),
        ({"reader": "reader_off"}, "reader_off"),
        ({"clock_offset_ms": 121_000}, "clock_off"),
        ({"clock_offset_ms": -3_600_000}, "clock_off"),
    ],
)
@pytest.mark.parametrize(("lesson", "severity"), [(TOMORROW, "urgent"), (NEXT_WEEK, "notice")])
def test_what_needs_a_technician_is_urgent_the_day_before(
    said: dict[str, Any], code: str, lesson: datetime, severity: str
) -> None:
    assert told(known(said=said, next_lesson_at=lesson)) == [(code, severity)]


@pytest.mark.parametrize("state", ["off", "stopped"])
@pytest.mark.parametrize(
    ("lesson", "alarm"), [(TOMORROW, [("camera_stopped", "urgent")]), (NEXT_WEEK, []), (None, [])]
)
def test_a_camera_is_missed_only_where_faces_are_compared(
    state: str, lesson: datetime | None, alarm: list[Any]
) -> None:
    assert told(known(said={"camera": state}, next_face_lesson_at=lesson)) == alarm


@pytest.mark.parametrize(
    "said",
    [
        {"reader": "reader_starting"},
        {"reader": "a word of a newer station"},
        {"camera": "starting"},
        {"clock_offset_ms": None},
        {"clock_offset_ms": -120_000},
        {"disk_free": DISK_LOW},
        {"pending": 9, "oldest_pending_at": NOW - 23 * HOUR},
        {"pending": 0, "oldest_pending_at": NOW - 9 * DAY},
    ],
)
def test_what_is_no_fault_is_not_called_one(said: dict[str, Any]) -> None:
    assert told(known(said=said)) == []


@pytest.mark.parametrize(
    ("said", "alarm"),
    [
        ({"disk_free": DISK_LOW - 1}, ("disk_low", "urgent")),
        ({"pending": 3, "oldest_pending_at": NOW - 25 * HOUR}, ("queue_old", "urgent")),
        ({"refused": 2}, ("refused", "notice")),
        ({"held": 2}, ("held", "notice")),
    ],
)
def test_what_puts_records_at_risk_does_not_wait_for_a_class(
    said: dict[str, Any], alarm: tuple[str, str]
) -> None:
    assert told(known(said=said, next_lesson_at=None, next_face_lesson_at=None)) == [alarm]


def test_a_station_too_old_to_talk_and_one_that_keeps_faces_are_urgent() -> None:
    assert told(known(upgrade_needed=True, faces_kept=2)) == [
        ("upgrade_needed", "urgent"),
        ("faces_kept", "urgent"),
    ]


def test_the_urgent_comes_first() -> None:
    assert told(known(said={"held": 1, "disk_free": 0})) == [("disk_low", "urgent"), ("held", "notice")]


def test_server_ledger_and_station_draw_their_lines_at_the_same_places() -> None:
    assert timedelta(milliseconds=CLOCK_TOLERANCE_MS) == CLOCK_TOLERANCE
    assert DISK_LOW == FREE_BYTES


moments = st.integers(0, 7_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))  # till 2191


@given(
    report=st.builds(
        StationReport, at=moments, package_at=st.none() | moments, oldest_pending_at=st.none() | moments
    ),
    last_seen=st.none() | moments,
    lesson=st.none() | moments,
    now=moments,
)
def test_whatever_a_station_says_something_sensible_is_made_of_it(
    report: StationReport, last_seen: datetime | None, lesson: datetime | None, now: datetime
) -> None:
    station = Known(
        now,
        last_seen,
        last_seen,
        report,
        next_lesson_at=lesson,
        next_face_lesson_at=lesson,
        roster_version="x",
    )
    found = alarms(station, now)

    assert len({alarm.code for alarm in found}) == len(found)
    assert all(alarm.severity in Severity and alarm.message for alarm in found)
