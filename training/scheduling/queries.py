"""Timetables as the rules see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _

from training.core.actor import Actor, All
from training.institutions.queries import one_person, teaching_fault
from training.programmes.preset import Preset
from training.scheduling.models import Lesson, TrainingSession, Venue
from training.scheduling.rules import Finding, Frame, LessonSlot, Place, findings

People = Mapping[int, int]
"""Instructors' rows to one number for each person, where two rows are known to be one."""


def slot_of(
    lesson: Lesson, zone: ZoneInfo, actor: Actor, people: People = MappingProxyType({})
) -> LessonSlot:
    """As the rules see it; another institution's lesson has no name for this actor."""
    hidden = _is_hidden(lesson, actor)
    return LessonSlot(
        label=label_of(lesson, actor),
        session=lesson.training_session_id,
        starts_at=lesson.starts_at.astimezone(zone),
        ends_at=lesson.ends_at.astimezone(zone),
        instructor=(people.get(lesson.instructor_id, lesson.instructor_id), lesson.instructor.name),
        venue=place_of(lesson.venue),
        hidden=hidden,
    )


def planned_slot(lesson: Lesson, zone: ZoneInfo, actor: Actor, people: People) -> LessonSlot:
    """Also with what the instructor lacks for the day; reads their proofs."""
    return replace(slot_of(lesson, zone, actor, people), fault=teaching_fault(lesson.instructor, lesson.on))


def place_of(venue: Venue) -> Place:
    here = venue.latitude, venue.longitude
    point = (float(here[0]), float(here[1])) if here[0] is not None and here[1] is not None else None
    return Place(venue.pk, venue.name, venue.seats, venue.area_m2, point, venue.retired_on)


def _is_hidden(lesson: Lesson, actor: Actor) -> bool:
    reach = actor.reach.get("institution", frozenset())
    return not isinstance(reach, All) and lesson.training_session.institution_id not in reach


def label_of(lesson: Lesson, actor: Actor) -> str:
    """What it is called before this actor."""
    if _is_hidden(lesson, actor):
        return _("其他机构的课次")
    said = {"code": lesson.training_session.code, "number": lesson.sequence}
    return _("%(code)s 第%(number)s课次") % said


def lessons_beside(
    planned: Collection[Lesson], people: People, *, ignoring: Collection[int] = ()
) -> QuerySet[Any]:
    """The live lessons of the same days that these may collide with, wherever in the county.

    `people` as `one_person` gives it.

    Not `visible_to` anybody: a shared venue is also taken by an institution one does not see. What is shown
    of such a lesson, `slot_of` decides.
    """
    rows: QuerySet[Any] = Lesson.objects.filter(
        Q(instructor__in={lesson.instructor_id for lesson in planned} | set(people))
        | Q(venue__in={lesson.venue_id for lesson in planned})
        | Q(training_session__in={lesson.training_session_id for lesson in planned}),
        live=True,
        on__in={lesson.on for lesson in planned},
    )
    return rows.exclude(pk__in=ignoring).select_related("training_session", "instructor", "venue")


def check(planned: Collection[Lesson], actor: Actor, *, people: int = 0) -> list[list[Finding]]:
    """What the rules say of each, beside all others and beside one another; three queries,
    and some for whoever teaches for two institutions.

    They are of one session and need not be saved. Saved ones are judged as they are given, not as stored.
    """
    if not planned:
        return []
    persons = one_person({lesson.instructor_id for lesson in planned})
    ignored = [lesson.pk for lesson in planned if lesson.pk]
    beside = list(lessons_beside(planned, persons, ignoring=ignored))
    return _judge(planned, beside, persons, actor, people)


def check_all(
    plans: Sequence[tuple[TrainingSession, Collection[Lesson]]], actor: Actor
) -> dict[int, list[Finding]]:
    """The same of several saved timetables by session, everything about one in a row; three queries."""
    planned = [lesson for _session, lessons in plans for lesson in lessons]
    persons = one_person({lesson.instructor_id for lesson in planned})
    beside = list(lessons_beside(planned, persons))
    found = {}
    for session, lessons in plans:
        for lesson in lessons:
            lesson.training_session = session
        days = {lesson.on for lesson in lessons}
        others = [row for row in beside if row.training_session_id != session.pk and row.on in days]
        found[session.pk] = [finding for said in _judge(lessons, others, persons, actor) for finding in said]
    return found


def _judge(
    planned: Collection[Lesson], beside: Iterable[Lesson], persons: People, actor: Actor, people: int = 0
) -> list[list[Finding]]:
    if not planned:
        return []
    rules = next(iter(planned)).training_session.rule_set.rules
    zone, frame = ZoneInfo(rules.timezone), frame_of(rules, people)
    prefetch_related_objects([lesson.instructor for lesson in planned], "proofs")
    others = [slot_of(lesson, zone, actor, persons) for lesson in beside]
    slots = [planned_slot(lesson, zone, actor, persons) for lesson in planned]
    return [
        findings(slot, [*others, *slots[:number], *slots[number + 1 :]], frame)
        for number, slot in enumerate(slots)
    ]


def frame_of(rules: Preset, people: int) -> Frame:
    planning = rules.planning
    return Frame(
        rules.window, rules.attendance.unit_minutes, people, planning.travel_kmh, planning.seats_are_limit
    )


def slots_of(lessons: Iterable[Lesson], zone: ZoneInfo, actor: Actor) -> list[LessonSlot]:
    return [slot_of(lesson, zone, actor) for lesson in lessons]


def other_forms(session: TrainingSession) -> str:
    """What the plan says besides its main form, by name."""
    rules = session.rule_set.rules
    return _("、").join(rules.form(code).name for code in session.other_forms if code != session.form)


def minutes_by_kind(lessons: Iterable[Lesson]) -> Mapping[str, int]:
    """Theory and practice apart."""
    totals = {"theory": 0, "practical": 0}
    for lesson in lessons:
        totals["practical" if lesson.practical else "theory"] += lesson.minutes
    return totals
