"""Making the timetable: services on lessons.

What the rules refuse is refused here, and once more by the database, which also sees what somebody else is
saving at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError, NotFoundError
from training.institutions.models import Instructor
from training.institutions.queries import one_person
from training.scheduling.choices import EDITABLE
from training.scheduling.errors import ChangedMeanwhileError, ClashError, GoneMeanwhileError
from training.scheduling.models import Lesson, TrainingSession, Venue
from training.scheduling.queries import check
from training.scheduling.rule_changes import follow_rules
from training.scheduling.rules import Finding, refusals
from training.scheduling.signals import answers, lessons_weighed
from training.scheduling.triggers import LESSONS

RENUMBERED_FROM: Final = 100_000  # beyond any timetable, so that no number is held twice on the way
CHANGED: Final = (
    "on",
    "starts_at",
    "ends_at",
    "topic",
    "practical",
    "instructor",
    "person",
    "venue",
    "version",
    "changed_at",
)


@dataclass(frozen=True)
class LessonPlan:
    """A lesson as somebody wants it; times are the county's."""

    on: date
    start: time
    end: time
    topic: str
    instructor_id: int
    venue_id: int
    practical: bool = False


def editable(session_id: int, actor: Actor) -> TrainingSession:
    """The session, locked, under the rules in force. Raises InvalidTransitionError once it has been handed in."""
    demand(actor, "session.plan")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status not in EDITABLE:
        raise InvalidTransitionError(_("本期已经提交，不能再改。需要改动时请商务局退回。"))
    follow_rules(session, actor)
    return session


def planned_lesson(session: TrainingSession, plan: LessonPlan, actor: Actor) -> Lesson:
    """Not saved yet. Raises NotFoundError for an instructor or a venue that is not the institution's to use."""
    lesson = Lesson(training_session=session)
    take_over(lesson, plan, actor)
    return lesson


def sketched_lesson(session: TrainingSession, typed: Mapping[str, Any], actor: Actor) -> Lesson:
    """As `planned_lesson`, of what is typed so far; what is missing is nobody's and nowhere, at midnight."""
    institution = session.institution
    instructor, venue = typed.get("instructor_id"), typed.get("venue_id")
    lesson = Lesson(
        training_session=session,
        instructor=Instructor.objects.fetch(actor, pk=instructor, institution=institution)
        if instructor
        else Instructor(pk=0),
        venue=Venue.objects.fetch(actor, pk=venue) if venue else Venue(pk=0, seats=0),
        topic=typed.get("topic") or "",
    )
    start = typed.get("start") or time.min
    _put_at(
        lesson, typed.get("on") or session.rule_set.rules.window.starts_on, start, typed.get("end") or start
    )
    return lesson


def take_over(lesson: Lesson, plan: LessonPlan, actor: Actor) -> None:
    institution = lesson.training_session.institution
    lesson.instructor = Instructor.objects.fetch(actor, pk=plan.instructor_id, institution=institution)
    if plan.venue_id != lesson.venue_id:  # where a lesson is already may have been retired since
        lesson.venue = Venue.objects.open_to(institution).fetch(actor, pk=plan.venue_id)
    lesson.topic, lesson.practical = plan.topic, plan.practical
    _put_at(lesson, plan.on, plan.start, plan.end)


def _put_at(lesson: Lesson, on: date, start: time, end: time) -> None:
    zone = ZoneInfo(lesson.training_session.rule_set.rules.timezone)
    lesson.on = on
    lesson.starts_at, lesson.ends_at = datetime.combine(on, start, zone), datetime.combine(on, end, zone)


@transaction.atomic
def add_lesson(session_id: int, *, actor: Actor, **plan: Any) -> Lesson:
    """Put a lesson into the timetable; `plan` has the fields of LessonPlan.

    Raises ClashError for what the rules refuse, naming the other lesson.
    """
    session = editable(session_id, actor)
    lesson = planned_lesson(session, LessonPlan(**plan), actor)
    refuse_what_can_not_be([lesson], actor)
    lesson.sequence = (session.lessons.aggregate(last=Max("sequence"))["last"] or 0) + 1
    with _the_same_words([lesson], actor):
        lesson.save()
    _renumber(session)
    lesson.refresh_from_db(fields=["sequence"])
    record(actor, "lesson.added", lesson)
    return lesson


@transaction.atomic
def change_lesson(
    session_id: int, lesson_id: int, *, version: int | None = None, actor: Actor, **plan: Any
) -> Lesson:
    """`version` is the one that was looked at; None takes whatever is there.

    Raises ChangedMeanwhileError and GoneMeanwhileError when a colleague was faster, ClashError as `add_lesson`.
    """
    session = editable(session_id, actor)
    lesson = _still_there(session, lesson_id, version, actor)
    take_over(lesson, LessonPlan(**plan), actor)
    keep([lesson], actor)
    lesson.refresh_from_db(fields=["sequence"])
    record(actor, "lesson.changed", lesson)
    return lesson


def _still_there(session: TrainingSession, lesson_id: int, version: int | None, actor: Actor) -> Lesson:
    try:
        lesson: Lesson = Lesson.objects.select_related("instructor", "venue").lock(
            actor, pk=lesson_id, training_session=session
        )
    except NotFoundError as gone:
        raise GoneMeanwhileError from gone
    if version is not None and lesson.version != version:
        raise ChangedMeanwhileError(_in_words(lesson, session), lesson.version)
    lesson.training_session = session
    return lesson


def _in_words(lesson: Lesson, session: TrainingSession) -> str:
    zone = ZoneInfo(session.rule_set.rules.timezone)
    start, end = lesson.starts_at.astimezone(zone), lesson.ends_at.astimezone(zone)
    what = (lesson.topic, lesson.instructor.name, lesson.venue.name)
    return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M} {' · '.join(what)}"


@transaction.atomic
def remove_lesson(lesson_id: int, *, actor: Actor) -> TrainingSession:
    lesson: Lesson = Lesson.objects.fetch(actor, pk=lesson_id)
    session = editable(lesson.training_session_id, actor)
    removed = session.lessons.filter(pk=lesson_id).first()
    if removed is None:
        raise GoneMeanwhileError
    subject = Lesson(pk=lesson_id, training_session=session, sequence=removed.sequence, topic=removed.topic)
    removed.delete()
    _renumber(session)
    record(actor, "lesson.removed", subject)
    return session


@transaction.atomic
def copy_day(session_id: int, *, day: date, to: date, actor: Actor) -> list[Lesson]:
    """The day's lessons again on another day, all of them or, with ClashError, none."""
    session = editable(session_id, actor)
    originals = _lessons_on(session, day)
    copies = [_copied(lesson, to) for lesson in originals]
    refuse_what_can_not_be(copies, actor)
    first = (session.lessons.aggregate(last=Max("sequence"))["last"] or 0) + 1
    with _the_same_words(copies, actor):
        for number, lesson in enumerate(copies, first):
            lesson.sequence = number
            lesson.save()
    _renumber(session)
    record(actor, "lesson.day_copied", session, day=f"{day}", to=f"{to}", lessons=len(copies))
    return copies


def _copied(lesson: Lesson, to: date) -> Lesson:
    copy = Lesson(
        training_session=lesson.training_session,
        topic=lesson.topic,
        practical=lesson.practical,
        instructor=lesson.instructor,
        venue=lesson.venue,
    )
    _put_at(copy, to, *_times(lesson))
    return copy


def _times(lesson: Lesson) -> tuple[time, time]:
    zone = ZoneInfo(lesson.training_session.rule_set.rules.timezone)
    return lesson.starts_at.astimezone(zone).time(), lesson.ends_at.astimezone(zone).time()


@transaction.atomic
def move_day(session_id: int, *, day: date, to: date, actor: Actor) -> list[Lesson]:
    """The day's lessons on another day instead, all of them or, with ClashError, none."""
    session = editable(session_id, actor)
    lessons = _lessons_on(session, day)
    for lesson in lessons:
        _put_at(lesson, to, *_times(lesson))
    keep(lessons, actor)
    record(actor, "lesson.day_moved", session, day=f"{day}", to=f"{to}", lessons=len(lessons))
    return lessons


def _lessons_on(session: TrainingSession, day: date) -> list[Lesson]:
    lessons = list(session.lessons.filter(on=day).select_related("instructor", "venue"))
    if not lessons:
        raise InvalidInputError(_("%(day)s 没有课次。") % {"day": f"{day}"})
    for lesson in lessons:
        lesson.training_session = session
    return lessons


def keep(lessons: Sequence[Lesson], actor: Actor) -> None:
    """Save changed lessons of one session if the rules let them."""
    refuse_what_can_not_be(lessons, actor)
    with _the_same_words(lessons, actor):
        for lesson in lessons:
            lesson.version += 1
            lesson.changed_at = clock.now()
            lesson.save(update_fields=CHANGED)
    _renumber(lessons[0].training_session)


def refuse_what_can_not_be(lessons: Sequence[Lesson], actor: Actor) -> None:
    """Raises ClashError if the rules refuse any of these lessons of one session, saved or not."""
    refuse([finding for said in check(lessons, actor) for finding in said] + weigh(lessons, actor))


def weigh(lessons: Sequence[Lesson], actor: Actor) -> list[Finding]:
    """What the rooms above know of these lessons of one session: trainees, stations, seats."""
    if not lessons:
        return []
    session = lessons[0].training_session
    return answers(lessons_weighed, session=session, lessons=lessons, actor=actor)


def refuse(found: Iterable[Finding]) -> None:
    """Raises ClashError if any of these refuses."""
    if refused := refusals(found):
        raise _clash(refused)


def _clash(found: Iterable[Finding]) -> ClashError:
    """Each sentence once: two lessons that collide with each other say the same."""
    found = list({finding.message: finding for finding in found}.values())
    message = _("；").join(finding.message for finding in found)
    return ClashError(message, codes=[finding.code for finding in found])


@contextmanager
def _the_same_words(lessons: Sequence[Lesson], actor: Actor) -> Iterator[None]:
    """What the database refuses, said as the check says it: by now it can see what was in the way."""
    _name_persons(lessons)
    try:
        with transaction.atomic():
            yield
    except IntegrityError as refused:
        if not any(rule.name in str(refused) for rule in LESSONS):
            raise
        refuse_what_can_not_be(lessons, actor)
        raise ClashError(_("这段时间刚刚被别人排了课，请刷新后再排。")) from refused


def _name_persons(lessons: Sequence[Lesson]) -> None:
    """Say of lessons about to be saved who teaches them, where two institutions present that person.

    So of the lessons that are there already: a certificate may have come, or been refused, since they were
    saved. One that would clash goes without; whoever hands in either is told.
    """
    persons = one_person({lesson.instructor_id for lesson in lessons})
    for lesson in lessons:
        lesson.person = persons.get(lesson.instructor_id)
    if not persons:
        return
    there = Lesson.objects.filter(Q(instructor__in=persons) | Q(person__in=persons.values()), live=True)
    persons |= one_person(set(there.values_list("instructor", flat=True)))
    for saved in there.exclude(pk__in=[lesson.pk for lesson in lessons]).order_by("pk"):
        if saved.person != persons.get(saved.instructor_id):
            with suppress(IntegrityError), transaction.atomic():
                Lesson.objects.filter(pk=saved.pk).update(person=persons.get(saved.instructor_id))


def _renumber(session: TrainingSession) -> None:
    """第 N 课次 is the Nth in time, until the bureau has seen the numbers."""
    if session.status not in EDITABLE:
        return
    lessons = list(session.lessons.order_by("starts_at", "pk"))
    if [lesson.sequence for lesson in lessons] == list(range(1, len(lessons) + 1)):
        return
    session.lessons.update(sequence=F("sequence") + RENUMBERED_FROM)
    for number, lesson in enumerate(lessons, 1):
        lesson.sequence = number
    Lesson.objects.bulk_update(lessons, ["sequence"])
