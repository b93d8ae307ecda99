"""Whatever happens, in whatever order: once it has been counted, what is kept is what a recount says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.training.reporting.recounting import kept, recounted
from training.core.actor import SYSTEM
from training.core.audit import record
from training.demo.description import describe
from training.demo.scenery import add_county_staff
from training.demo.seeding import seed
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.people.models import Trainee
from training.programmes.preset_file import load_preset
from training.programmes.services import load_programme
from training.reporting.counting import refresh
from training.scheduling.choices import SessionStatus
from training.scheduling.models import Lesson, TrainingSession

PLACES = 60


def one_of(model: type[Model], which: int, **among: Any) -> Any:
    rows = model._default_manager.filter(**among).order_by("pk")
    return rows[which % rows.count()]


def decided(status: EnrolmentStatus) -> Callable[[int, int], Any]:
    def decide(which: int, _how: int) -> Any:
        place = one_of(Enrolment, which)
        Enrolment.objects.filter(pk=place.pk).update(status=status)
        return place

    return decide


def session_enters(which: int, how: int) -> Any:
    session = one_of(TrainingSession, which)
    status = list(SessionStatus)[how % len(SessionStatus)]
    TrainingSession.objects.filter(pk=session.pk).update(status=status)
    return session


def session_is_replanned(which: int, how: int) -> Any:
    session = one_of(TrainingSession, which)
    other = one_of(TrainingSession, how)
    TrainingSession.objects.filter(pk=session.pk).update(
        class_type=("general", "practical")[how % 2], agreement=other.agreement
    )
    return session


def lesson_is_moved(which: int, how: int) -> Any:
    lesson = one_of(Lesson, which)
    Lesson.objects.filter(pk=lesson.pk).update(on=lesson.on + timedelta(days=how * 9))
    return lesson


def lessons_go(which: int, _how: int) -> Any:
    session = one_of(TrainingSession, which)
    session.lessons.filter(events__isnull=True, evidence__isnull=True).delete()
    return session


def trainee_moves(which: int, how: int) -> Any:
    trainee = one_of(Trainee, which)
    township, village = (("琴江镇", "大畲村"), ("小松镇", "大畲村"), ("", ""))[how % 3]
    Trainee.objects.filter(pk=trainee.pk).update(township=township, village=village)
    return trainee


def trainee_turns_out_to_be_another(which: int, how: int) -> Any:
    place, trainee = one_of(Enrolment, which), one_of(Trainee, how)
    there = Enrolment.objects.filter(training_session=place.training_session, trainee=trainee)
    if not there.exists():
        Enrolment.objects.filter(pk=place.pk).update(trainee=trainee)
    return place


def somebody_is_added(which: int, how: int) -> Any:
    session, trainee = one_of(TrainingSession, which), one_of(Trainee, how)
    if session.enrolments.filter(trainee=trainee).exists():
        return session
    number = session.enrolments.order_by("-number")[0].number + 1
    return Enrolment.objects.create(
        training_session=session, trainee=trainee, number=number, group=("farmer", "")[how % 2]
    )


FACTS = {
    "completed": decided(EnrolmentStatus.COMPLETED),
    "incomplete": decided(EnrolmentStatus.INCOMPLETE),
    "withdrawn": decided(EnrolmentStatus.WITHDRAWN),
    "session": session_enters,
    "plan": session_is_replanned,
    "lesson": lesson_is_moved,
    "no lessons": lessons_go,
    "moved": trainee_moves,
    "merged": trainee_turns_out_to_be_another,
    "added": somebody_is_added,
}


@pytest.fixture
def seeded(db: None) -> Any:
    preset = load_preset("shicheng")
    programme = load_programme(preset, actor=SYSTEM)
    description = describe(preset, renci=PLACES, seed=4, half_way=True)
    seed(programme, add_county_staff(programme, "s-"), description, prefix="s-")
    return programme


def first_institution(programme: Any) -> str:
    return str(programme.institutions.earliest("pk").pk)


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(FACTS)), st.integers(0, 200), st.integers(0, 200), st.booleans()),
        min_size=1,
        max_size=25,
    )
)
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_after_any_facts_what_is_kept_is_what_a_recount_says(
    seeded: Any, facts: list[tuple[str, int, int, bool]]
) -> None:
    """Each fact is on record, and counted at once or together with those that follow."""
    with transaction.atomic():
        for fact, which, how, counted_at_once in facts:
            record(SYSTEM, "something.done", FACTS[fact](which, how))
            if counted_at_once:
                refresh()
        refresh()

        some = {("programme", ""), ("township", "琴江镇"), ("institution", first_institution(seeded))}
        assert kept(seeded, among=some) == recounted(seeded, among=some)
        transaction.set_rollback(True)
