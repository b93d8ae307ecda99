"""Hours taken: always roster × lessons of what was handed in, and the database lets nobody be in two places."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import CLASS_DAY
from tests.training.enrolment.test_two_places import PEOPLE, attempt, beside, hand_in, submit
from training.accounts.choices import Role
from training.core.errors import TrainingError
from training.enrolment.bookings import book
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Booking
from training.enrolment.roster_changes import remove_person
from training.scheduling.changes import approve_lesson_change, request_lesson_change
from training.scheduling.choices import SessionStatus
from training.scheduling.errors import ClashError
from training.scheduling.models import TrainingSession
from training.scheduling.running import cancel_session, stop_session
from training.scheduling.services import approve_session, return_session, submit_session

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER


def taken(session: TrainingSession) -> list[tuple[Any, ...]]:
    return sorted(session.bookings.values_list("trainee", "lesson", "starts_at", "ends_at"))


def wanted(session: TrainingSession) -> list[tuple[Any, ...]]:
    """Roster × timetable, by plain loops."""
    session.refresh_from_db()
    if session.status not in ("submitted", "approved", "running"):
        return []
    people = session.enrolments.filter(ON_ROSTER).values_list("trainee", flat=True)
    lessons = session.lessons.filter(live=True).values_list("pk", "starts_at", "ends_at")
    return sorted((person, *lesson) for person in people for lesson in lessons)


# What a session goes through


def approve(county: Any) -> None:
    approve_session(county.session.pk, actor=county.actor(REVIEWER))


def send_back(county: Any) -> None:
    return_session(county.session.pk, reason="缺大纲", actor=county.actor(REVIEWER))


def cancel(county: Any) -> None:
    cancel_session(county.session.pk, reason="不办了", actor=county.actor(HEAD))


def stop(county: Any) -> None:
    stop_session(county.session.pk, reason="检查发现问题", actor=county.actor(Role.BUREAU_HEAD))


def move_lesson(county: Any) -> None:
    lesson = county.session.lessons.latest("starts_at")
    change = request_lesson_change(
        lesson.pk,
        on=CLASS_DAY + timedelta(days=1),
        start=time(14),
        end=time(16),
        instructor_id=lesson.instructor_id,
        venue_id=lesson.venue_id,
        reason="停电",
        actor=county.actor(CLERK),
    )
    approve_lesson_change(change.pk, actor=county.actor(REVIEWER))


def lose_somebody(county: Any) -> None:
    place = county.session.enrolments.filter(ON_ROSTER).first()
    remove_person(place.pk, reason="来不了", actor=county.actor(CLERK))


STEPS = (submit, approve, send_back, cancel, stop, move_lesson, lose_somebody)


def follow(county: Any, steps: list[Callable[[Any], Any]]) -> None:
    for step in steps:
        with suppress(TrainingError):
            step(county)
        assert taken(county.session) == wanted(county.session), step.__name__


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(STEPS), min_size=2, max_size=6))
def test_hours_are_taken_as_roster_and_timetable_say_whatever_happens(
    county: Any, steps: list[Callable[[Any], Any]]
) -> None:
    with transaction.atomic():
        follow(county, [submit, *steps])
        transaction.set_rollback(True)


def test_hours_are_taken_from_handing_in_to_the_end(county: Any) -> None:
    assert taken(county.session) == []

    follow(county, [submit, send_back, submit, approve, move_lesson, lose_somebody])
    assert len(taken(county.session)) == 11 * 2
    county.session.enter(SessionStatus.RUNNING)
    county.session.enter(SessionStatus.CLOSED)

    assert taken(county.session) == []


def test_booking_again_changes_nothing(county: Any) -> None:
    submit(county)
    before = list(Booking.objects.values())

    county.session.refresh_from_db()
    book(county.session)

    assert list(Booking.objects.values()) == before


def test_booking_takes_as_many_queries_for_many_people_as_for_few(
    county: Any, django_assert_num_queries: Any
) -> None:
    submit(county)
    county.session.refresh_from_db()
    Booking.objects.all().delete()

    with django_assert_num_queries(
        7
    ):  # what goes, what is there, people, lessons, and the rows in a savepoint
        book(county.session)
    assert len(taken(county.session)) == 12 * 2


# What the database refuses


def test_two_sessions_never_have_one_person_at_one_time(county: Any) -> None:
    submit(county)
    hour = county.session.bookings.first()
    theirs = beside(county)
    lesson = theirs.session.lessons.first()

    with pytest.raises(IntegrityError, match="booking_trainee_free"), transaction.atomic():
        Booking.objects.create(
            training_session=theirs.session,
            trainee=hour.trainee,
            lesson=lesson,
            starts_at=hour.ends_at - timedelta(minutes=1),
            ends_at=hour.ends_at + timedelta(hours=1),
        )
    Booking.objects.create(
        training_session=theirs.session,
        trainee=hour.trainee,
        lesson=lesson,
        starts_at=hour.ends_at,
        ends_at=hour.ends_at + timedelta(hours=1),
    )


def test_lessons_of_one_session_are_no_clash(county: Any) -> None:
    submit(county)
    hour = county.session.bookings.earliest("starts_at")
    other = county.session.lessons.exclude(pk=hour.lesson_id).get()
    Booking.objects.filter(lesson=other).delete()

    Booking.objects.create(
        training_session=county.session,
        trainee=hour.trainee,
        lesson=other,
        starts_at=hour.starts_at,
        ends_at=hour.ends_at,
    )


def test_what_only_the_database_saw_is_said_as_the_check_says_it(county: Any) -> None:
    theirs = beside(county)
    hand_in(theirs, [PEOPLE[0]])
    submit(theirs)
    TrainingSession.objects.filter(pk=county.session.pk).update(status="submitted")
    county.session.refresh_from_db()

    with pytest.raises(ClashError) as refused, transaction.atomic():
        book(county.session)

    assert (
        str(refused.value)
        == f"学员{PEOPLE[0].name}在其他机构的课次的名册上，{CLASS_DAY} 09:00 的课时间冲突。"
    )
    assert taken(county.session) == []


@pytest.mark.postgres
@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="row locks: TEST_POSTGRES_URL is not set")
@pytest.mark.django_db(transaction=True)
def test_of_two_who_hand_in_the_same_person_at_once_the_second_waits_and_is_refused(county: Any) -> None:
    theirs = beside(county)
    hand_in(theirs, [PEOPLE[0]])

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = TrainingSession.objects.select_for_update().get(pk=theirs.session.pk)
            first.enter(SessionStatus.SUBMITTED)
            rival = pool.submit(attempt, lambda: submit_session(county.session.pk, actor=county.actor(HEAD)))
            done, _waiting = wait([rival], timeout=0.5)
            assert not done
        assert PEOPLE[0].name in rival.result()
    assert wanted(county.session) == taken(county.session) == []
