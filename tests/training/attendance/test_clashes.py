"""The same person at two places: every piece of evidence, one clash, one counted attendance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest

from tests.conftest import County
from tests.training.signing import Signer, append, attend, enrol, scan, send
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent
from training.attendance.queries import clashes, register
from training.attendance.services import approve_corrections, propose_correction, propose_void
from training.scheduling.models import Lesson, TrainingSession

REVIEWER, CLERK = Role.BUREAU_REVIEWER, Role.INSTITUTION_CLERK


def seen_at(county: Any, name: str, lesson: Lesson, people: list[Any]) -> Signer:
    """A station of its own that saw these people come and go."""
    station = enrol(county, name)
    attend(station, lesson, people)
    send(station)
    return station


def test_six_stations_offline_are_one_attendance_six_pieces_of_evidence_and_one_clash(
    approved: Any, lesson: Lesson, people: list[Any]
) -> None:
    stations = [enrol(approved, f"{number}号终端") for number in range(1, 7)]
    for number, station in enumerate(stations):
        scan(station, "sign_in", lesson, people[0], lesson.starts_at + timedelta(seconds=number))
        send(station)

    (clash,) = clashes([approved.session], approved.actor(REVIEWER))

    assert clash.trainee == people[0].trainee
    assert [piece.station.name for piece in clash.evidence] == [f"{number}号终端" for number in range(1, 7)]
    assert {piece.event.digest for piece in clash.evidence} == {station.head for station in stations}
    assert len(clash.stations) == 6
    page = register(approved.session)[0]
    assert page.present == 1
    assert page.lines[0].presence.flags == ("second_station",)


def test_one_person_in_two_classes_at_the_same_time_is_seen_by_who_sees_both(
    approved: Any, lesson: Lesson, people: list[Any], neighbour: Callable[..., County]
) -> None:
    other = neighbour()
    seen_at(approved, "一号终端", lesson, people[:1])
    seen_at(other, "二号终端", other.session.lessons.first(), list(other.session.enrolments.all())[:2])

    (clash,) = clashes([approved.session], approved.actor(REVIEWER))

    assert {session.pk for session in clash.sessions} == {approved.session.pk, other.session.pk}
    assert len(clash.evidence) == 4
    assert clashes(TrainingSession.objects.all(), approved.actor(REVIEWER)) == [clash]
    assert clashes([approved.session], approved.actor(CLERK)) == []
    assert clashes([approved.session], other.actor(CLERK)) == []


def test_one_class_after_the_other_is_no_clash_with_time_to_get_there(
    approved: Any, lesson: Lesson, people: list[Any], neighbour: Callable[..., County]
) -> None:
    other = neighbour(start=time(11, 30))
    seen_at(approved, "一号终端", lesson, people[:1])
    late = other.session.lessons.first()
    scanner = enrol(other, "二号终端")
    person = other.session.enrolments.first()
    scan(scanner, "sign_in", late, person, lesson.ends_at + timedelta(minutes=11))
    send(scanner)
    assert clashes([approved.session], approved.actor(REVIEWER)) == []

    scan(scanner, "sign_in", late, person, lesson.ends_at + timedelta(minutes=10))
    send(scanner)
    assert len(clashes([approved.session], approved.actor(REVIEWER))) == 1


@pytest.mark.parametrize("by", ["station", "hand"])
def test_a_record_that_was_taken_back_clashes_no_more(
    approved: Any, lesson: Lesson, people: list[Any], by: str
) -> None:
    seen_at(approved, "一号终端", lesson, people[:1])
    second = enrol(approved, "二号终端")
    scan(second, "sign_in", lesson, people[0], lesson.starts_at)
    send(second)
    assert len(clashes([approved.session], approved.actor(REVIEWER))) == 1

    wrong = AttendanceEvent.objects.get(station=second.station)
    if by == "station":
        append(second, "void", lesson.ends_at, session=approved.session.code, voids=wrong.event_id)
        send(second)
    else:
        void = propose_void(wrong.pk, reason="误刷", actor=approved.actor(CLERK))
        approve_corrections([void.pk], actor=approved.actor(REVIEWER))

    assert clashes([approved.session], approved.actor(REVIEWER)) == []


def test_a_make_up_clashes_with_a_class_elsewhere(
    approved: Any, clock: Any, lesson: Lesson, people: list[Any], neighbour: Callable[..., County]
) -> None:
    other = neighbour()
    seen_at(other, "二号终端", other.session.lessons.first(), [other.session.enrolments.first()])
    clock.set(lesson.ends_at)
    made = propose_correction(
        approved.session.pk,
        lesson_id=lesson.pk,
        enrolment_id=people[0].pk,
        kind="sign_in",
        happened_at=lesson.starts_at,
        reason="忘了带证",
        actor=approved.actor(CLERK),
    )
    assert clashes([approved.session], approved.actor(REVIEWER)) == []

    approve_corrections([made.pk], actor=approved.actor(REVIEWER))

    (clash,) = clashes([approved.session], approved.actor(REVIEWER))
    assert [piece.correction for piece in clash.evidence if piece.correction] == [made]


@pytest.mark.parametrize("count", [1, 5])
def test_clashes_take_a_constant_number_of_queries(
    approved: Any, lesson: Lesson, people: list[Any], count: int, django_assert_num_queries: Any
) -> None:
    for name in ("一号终端", "二号终端"):
        seen_at(approved, name, lesson, people[:count])
    actor = approved.actor(REVIEWER)

    with django_assert_num_queries(4):
        found = clashes([approved.session], actor)
        assert [len(clash.stations) for clash in found] == [2] * count
        assert all(
            piece.session.institution.name and piece.trainee.name for c in found for piece in c.evidence
        )
