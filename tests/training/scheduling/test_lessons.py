"""Making a timetable, by several people at the same time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import CLASS_DAY
from training.accounts.choices import Role
from training.core.errors import InvalidInputError, InvalidTransitionError, TrainingError
from training.core.models import AuditEvent
from training.demo.scenery import FARMERS_PLAN
from training.institutions.models import Instructor
from training.scheduling.choices import SessionStatus
from training.scheduling.errors import ChangedMeanwhileError, ClashError, GoneMeanwhileError
from training.scheduling.lessons import add_lesson, change_lesson, copy_day, move_day, remove_lesson
from training.scheduling.models import Lesson, TrainingSession, Venue
from training.scheduling.queries import check
from training.scheduling.rules import refusals
from training.scheduling.running import cancel_session
from training.scheduling.services import plan_session, submit_session
from training.scheduling.venues import add_venue

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
COUNTY = ZoneInfo("Asia/Shanghai")
BOTH = pytest.mark.parametrize("what", ["instructor", "venue", "training_session"])


def plan_of(county: Any, **changes: Any) -> dict[str, Any]:
    return {
        "on": date(2021, 5, 20),
        "start": time(9),
        "end": time(11),
        "topic": "网购平台介绍",
        "instructor_id": county.instructors[0].pk,
        "venue_id": county.session.lessons.earliest("pk").venue_id,
        "actor": county.actor(CLERK),
    } | changes


def another_session(county: Any) -> TrainingSession:
    return plan_session(
        county.institution.pk,
        agreement_id=county.session.agreement_id,
        plan=FARMERS_PLAN,
        actor=county.actor(CLERK),
    )


def timetable(session: TrainingSession) -> list[tuple[Any, ...]]:
    rows = session.lessons.order_by("starts_at")
    return [
        (
            row.sequence,
            row.on,
            row.starts_at,
            row.ends_at,
            row.topic,
            row.practical,
            row.instructor_id,
            row.venue_id,
        )
        for row in rows
    ]


# One after the other


def test_lessons_are_numbered_as_they_come_in_time(county: Any) -> None:
    early = add_lesson(county.session.pk, **plan_of(county, on=date(2021, 5, 17)))

    assert early.sequence == 1
    assert [row[0] for row in timetable(county.session)] == [1, 2, 3]
    remove_lesson(early.pk, actor=county.actor(CLERK))
    assert [row[0] for row in timetable(county.session)] == [1, 2]


def test_a_change_is_refused_like_a_new_lesson_and_leaves_everything(county: Any) -> None:
    first, second = county.session.lessons.all()
    before, trail = timetable(county.session), AuditEvent.objects.count()

    with pytest.raises(ClashError) as refused:
        change_lesson(
            county.session.pk,
            second.pk,
            version=1,
            **plan_of(county, on=CLASS_DAY, start=time(10), end=time(12)),
        )

    assert "第1课次" in str(refused.value)
    assert refused.value.details["codes"] == ["instructor_taken", "venue_taken"]
    assert (timetable(county.session), AuditEvent.objects.count()) == (before, trail)
    assert first.version == 1


def test_a_change_over_somebody_else_s_is_refused_in_words(county: Any) -> None:
    lesson = county.session.lessons.first()
    change_lesson(county.session.pk, lesson.pk, version=1, **plan_of(county))

    with pytest.raises(ChangedMeanwhileError, match="2021-05-20 09:00–11:00 网购平台介绍 · 罗明远"):
        change_lesson(county.session.pk, lesson.pk, version=1, **plan_of(county, on=date(2021, 5, 21)))
    lesson.refresh_from_db()
    assert (lesson.on, lesson.version) == (date(2021, 5, 20), 2)


def test_a_change_of_what_is_gone_is_refused_in_words(county: Any) -> None:
    lesson = county.session.lessons.first()
    remove_lesson(lesson.pk, actor=county.actor(HEAD))

    with pytest.raises(GoneMeanwhileError):
        change_lesson(county.session.pk, lesson.pk, version=1, **plan_of(county))


def test_what_was_handed_in_is_not_changed_any_more(county: Any) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))
    lesson, before = county.session.lessons.first(), timetable(county.session)

    for act in (
        lambda: change_lesson(county.session.pk, lesson.pk, version=1, **plan_of(county)),
        lambda: copy_day(county.session.pk, day=CLASS_DAY, to=date(2021, 5, 20), actor=county.actor(CLERK)),
        lambda: move_day(county.session.pk, day=CLASS_DAY, to=date(2021, 5, 20), actor=county.actor(CLERK)),
    ):
        with pytest.raises(InvalidTransitionError):
            act()
    assert timetable(county.session) == before


def test_a_day_without_lessons_can_not_be_copied(county: Any) -> None:
    with pytest.raises(InvalidInputError, match="2021-05-19 没有课次。"):
        copy_day(county.session.pk, day=date(2021, 5, 19), to=CLASS_DAY, actor=county.actor(CLERK))


def test_a_day_s_lessons_may_change_places_with_their_own_old_times(county: Any) -> None:
    """Moved by a day, none of them meets what it was before."""
    moved = move_day(county.session.pk, day=CLASS_DAY, to=date(2021, 5, 19), actor=county.actor(CLERK))

    assert [lesson.version for lesson in moved] == [2, 2]
    assert {row[1] for row in timetable(county.session)} == {date(2021, 5, 19)}


MOMENTS = st.tuples(
    st.integers(0, 2), st.integers(8, 19), st.integers(1, 3), st.integers(0, 1), st.integers(0, 1)
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MOMENTS, max_size=6), st.lists(MOMENTS, max_size=4), st.integers(0, 2), st.integers(0, 3))
def test_copying_a_day_makes_no_clash_and_loses_nothing(
    county: Any, own: list[tuple], others: list[tuple], day: int, to: int
) -> None:
    """Whatever stands in the two timetables: the copy is whole and possible, or there is none and it says why."""
    with transaction.atomic():
        add_venue(county.institution.pk, name="二楼", address="x", seats=9, actor=county.actor(CLERK))
        other = another_session(county)
        for session, moments in ((county.session, own), (other, others)):
            for moment in moments:
                _try_to_add(county, session, moment)
        _copy_and_compare(county, date(2021, 5, 20 + day), date(2021, 5, 20 + to))
        transaction.set_rollback(True)


def _try_to_add(county: Any, session: TrainingSession, moment: tuple[int, int, int, int, int]) -> None:
    day, hour, length, who, where = moment
    plan = plan_of(
        county,
        on=date(2021, 5, 20 + day),
        start=time(hour),
        end=time(hour + length),
        instructor_id=county.instructors[who].pk,
        venue_id=list(Venue.objects.filter(institution=county.institution).order_by("pk"))[where].pk,
    )
    with suppress(ClashError):
        add_lesson(session.pk, **plan)


def _copy_and_compare(county: Any, day: date, to: date) -> None:
    before = timetable(county.session)
    wanted = [(row[2] + (to - day), row[3] + (to - day), *row[4:]) for row in before if row[1] == day]
    try:
        copies = copy_day(county.session.pk, day=day, to=to, actor=county.actor(CLERK))
    except InvalidInputError:
        assert timetable(county.session) == before
        return
    after = timetable(county.session)
    assert [(copy.starts_at, copy.ends_at, copy.topic, copy.practical, copy.instructor_id, copy.venue_id) for copy in copies] == wanted  # fmt: skip
    assert sorted(row[1:] for row in after) == sorted(
        [row[1:] for row in before] + [(to, *row) for row in wanted]
    )
    assert [row[0] for row in after] == list(range(1, len(after) + 1))
    lessons = list(county.session.lessons.select_related("instructor", "venue", "training_session__rule_set"))
    assert not any(refusals(said) for said in check(lessons, county.actor(CLERK)))


# What the database holds by itself


def raw(county: Any, session: TrainingSession, **changes: Any) -> Lesson:
    """A row past every check, an hour into the session's first lesson and sharing nothing with it."""
    start = datetime(2021, 5, 18, 10, tzinfo=COUNTY)
    values = {
        "training_session": session,
        "sequence": 50,
        "on": CLASS_DAY,
        "starts_at": start,
        "ends_at": start + timedelta(hours=1),
        "topic": "x",
        "instructor": county.instructors[1],
        "venue": add_venue(
            county.institution.pk, name="二楼", address="x", seats=9, actor=county.actor(CLERK)
        ),
    }
    return Lesson(**values | changes)


@pytest.fixture
def shared(county: Any) -> Callable[[str], dict[str, Any]]:
    """What a row must have in common with the session's first lesson to be refused."""
    first = county.session.lessons.first()
    return lambda what: {what: getattr(first, what)}


@BOTH
def test_the_database_refuses_two_at_once(county: Any, shared: Any, what: str) -> None:
    other = another_session(county)

    with pytest.raises(IntegrityError), transaction.atomic():
        raw(county, other, **shared(what)).save()
    raw(county, other).save()  # with nothing in common it is no clash


@BOTH
def test_the_database_refuses_moving_one_onto_another(county: Any, shared: Any, what: str) -> None:
    lesson = raw(county, another_session(county), **shared(what))
    lesson.starts_at = lesson.starts_at.replace(hour=18)
    lesson.ends_at = lesson.starts_at + timedelta(hours=1)
    lesson.save()

    with pytest.raises(IntegrityError), transaction.atomic():
        Lesson.objects.filter(pk=lesson.pk).update(starts_at=lesson.starts_at.replace(hour=10))
    Lesson.objects.filter(pk=lesson.pk).update(topic="y", practical=True)


def test_touching_ends_are_no_overlap_to_the_database_either(county: Any) -> None:
    first = county.session.lessons.first()
    lesson = raw(county, county.session, instructor=first.instructor, venue=first.venue)
    lesson.starts_at, lesson.ends_at = first.ends_at, first.ends_at + timedelta(hours=1)
    lesson.save()


def test_a_cancelled_session_s_lessons_hold_nothing_and_can_not_come_back(county: Any, shared: Any) -> None:
    lesson = county.session.lessons.first()
    cancel_session(county.session.pk, reason="场地漏水", actor=county.actor(HEAD))
    lesson.refresh_from_db()
    assert (lesson.live, lesson.version) == (False, 2)

    raw(county, another_session(county), **shared("venue")).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Lesson.objects.filter(pk=lesson.pk).update(live=True)


def test_stopping_sets_free_as_cancelling_does(approved: Any) -> None:
    approved.session.enter(SessionStatus.RUNNING)
    approved.session.enter(SessionStatus.STOPPED)

    assert set(approved.session.lessons.values_list("live", flat=True)) == {False}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "TEST_POSTGRES_URL" in os.environ, reason="SQLite builds its tables anew; PostgreSQL does not"
)
def test_a_migration_that_builds_the_table_anew_keeps_the_database_refusing() -> None:
    call_command("migrate", "scheduling", "0006", verbosity=0)
    call_command("migrate", verbosity=0)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'scheduling_lesson'"
        )
        names = {name for (name,) in cursor.fetchall()}
    assert names == {
        f"lesson_{what}_free_{event}"
        for what in ("instructor", "person", "venue", "session")
        for event in ("insert", "update")
    }


# At the same moment


def outcome(act: Callable[[], Any]) -> str:
    try:
        act()
    except TrainingError as refused:
        return str(refused)
    except IntegrityError:
        return "refused by the database"
    finally:
        connections.close_all()
    return "done"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_plan_the_same_hour_at_once_one_is_told_of_the_other(county: Any) -> None:
    sessions = [another_session(county), another_session(county)]

    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(outcome, lambda pk=session.pk: add_lesson(pk, **plan_of(county)))
            for session in sessions
        ]
        answers = sorted(answer.result() for answer in asked)
    assert answers[0] == "done"
    assert "授课人罗明远这段时间在SC-2020-TR-F-00" in answers[1]
    assert Lesson.objects.filter(on=date(2021, 5, 20)).count() == 1


@pytest.mark.postgres
@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="row locks: TEST_POSTGRES_URL is not set")
@pytest.mark.django_db(transaction=True)
def test_the_second_of_two_open_transactions_waits_and_is_refused(county: Any) -> None:
    """Not by our locks: these rows are written past every service."""
    first = raw(county, another_session(county))
    second = raw(county, another_session(county), venue=first.venue, instructor=add_third(county))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first.save()
            rival = pool.submit(outcome, second.save)
            done, _waiting = wait([rival], timeout=0.5)
            assert not done
        assert rival.result() == "refused by the database"


@pytest.mark.postgres
@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="row locks: TEST_POSTGRES_URL is not set")
@pytest.mark.django_db(transaction=True)
def test_what_only_the_database_could_see_is_said_as_the_check_says_it(county: Any) -> None:
    first, other = raw(county, another_session(county)), another_session(county)
    first.starts_at = first.starts_at.replace(hour=18)
    first.ends_at = first.starts_at + timedelta(hours=1)
    plan = plan_of(county, on=CLASS_DAY, start=time(18), end=time(18, 30), venue_id=first.venue_id)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first.save()
            rival = pool.submit(outcome, lambda: add_lesson(other.pk, **plan))
            done, _waiting = wait([rival], timeout=0.5)
            assert not done
        assert rival.result() == "二楼这段时间被SC-2020-TR-F-002 第50课次占用"


def add_third(county: Any) -> Instructor:
    return Instructor.objects.create(institution=county.institution, name="第三人", title="讲师", profile="x")
