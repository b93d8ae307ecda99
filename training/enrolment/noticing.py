"""What the software notices about a session before a person decides on it.

The application's page shows it, `submit_session` and `approve_session` act on it: one and the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.timezone import localdate

from training.core import clock
from training.core.actor import Actor
from training.courses.queries import lesson_parts, parts
from training.courses.rules import Notice, gaps, topic_lines
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.enrolment.noticed import PlannedLesson, notices, timetable_notices, verification
from training.people.queries import verified_groups
from training.scheduling.choices import SETTLED
from training.scheduling.models import Lesson, TrainingSession
from training.scheduling.queries import check_all, frame_of, slots_of
from training.scheduling.rules import Finding, crowded, double_booked, short_of_stations
from training.stations.choices import StationStatus
from training.stations.models import Station

SAID_OF_THE_PLAN: Final = frozenset(
    {"holiday", "worked_instead", "unpublished", "capacity", "may_not_teach", "outside_window"}
)
"""What `notices` says of a whole timetable in its own words."""


def people_on(session: TrainingSession) -> int:
    return session.enrolments.filter(ON_ROSTER).count()


def around(session: TrainingSession, lessons: Collection[Lesson], actor: Actor) -> list[Finding]:
    """Trainees and stations that these lessons want in two places."""
    return around_all([(session, lessons)], actor)[session.pk]


def around_all(
    plans: Sequence[tuple[TrainingSession, Collection[Lesson]]], actor: Actor
) -> dict[int, list[Finding]]:
    """The same for several sessions by id, in five queries; sessions come with rule set and institution.

    Not `visible_to` the actor: a person may be on the roster of an institution the actor does not see, which
    is said without naming it.
    """
    days = {lesson.on for _session, lessons in plans for lesson in lessons}
    sessions = [session.pk for session, _lessons in plans]
    rosters = _rosters(sessions)
    named = {trainee: name for people in rosters.values() for trainee, name in people.items()}
    elsewhere = _rosters_with_lessons(named, days)
    institutions = {session.institution_id for session, _lessons in plans}
    others = Lesson.objects.filter(
        Q(training_session__in=elsewhere) | Q(training_session__institution__in=institutions),
        live=True,
        on__in=days,
    ).select_related("training_session", "instructor", "venue")
    beside, stations = list(others), _stations(institutions)
    return {
        session.pk: _around(session, lessons, beside, elsewhere, rosters[session.pk], stations, actor)
        for session, lessons in plans
    }


def _around(
    session: TrainingSession,
    lessons: Collection[Lesson],
    beside: Sequence[Lesson],
    elsewhere: Mapping[int, set[int]],
    roster: Mapping[int, str],
    stations: Mapping[int, int],
    actor: Actor,
) -> list[Finding]:
    zone = ZoneInfo(session.rule_set.rules.timezone)
    own = slots_of(lessons, zone, actor)
    days = {lesson.on for lesson in lessons}
    others = [row for row in beside if row.training_session_id != session.pk and row.on in days]
    colleagues = [row for row in others if row.training_session.institution_id == session.institution_id]
    slots = slots_of(others, zone, actor)
    settled = {row.training_session_id for row in others if row.training_session.status in SETTLED}
    people = (
        (roster[pk], slot) for slot in slots for pk in elsewhere.get(slot.session, set()) & roster.keys()
    )
    return [
        *double_booked(own, sorted(people, key=lambda place: place[0]), settled),
        *short_of_stations(
            own, slots_of(colleagues, zone, actor), stations.get(session.institution_id, 0), settled
        ),
    ]


def _rosters(sessions: Collection[int]) -> dict[int, dict[int, str]]:
    """Trainee ids and names by session."""
    found: dict[int, dict[int, str]] = {pk: {} for pk in sessions}
    places = Enrolment.objects.filter(ON_ROSTER, training_session__in=sessions).order_by("pk")
    for session, trainee, name in places.values_list("training_session", "trainee", "trainee__name"):
        found[session][trainee] = name
    return found


def _rosters_with_lessons(trainees: Collection[int], days: Collection[date]) -> dict[int, set[int]]:
    """Which of these people stand on which rosters that have lessons on these days."""
    there = Lesson.objects.filter(training_session=OuterRef("training_session"), live=True, on__in=days)
    places = Enrolment.objects.filter(ON_ROSTER, Exists(there), trainee__in=trainees).order_by("pk")
    found: dict[int, set[int]] = {}
    for session, trainee in places.values_list("training_session", "trainee"):
        found.setdefault(session, set()).add(trainee)
    return found


def _stations(institutions: Collection[int]) -> dict[int, int]:
    active = Station.objects.filter(institution__in=institutions, status=StationStatus.ACTIVE).order_by()
    return dict(active.values_list("institution").annotate(Count("pk")))


def too_many(session: TrainingSession, lessons: Collection[Lesson], actor: Actor) -> list[Finding]:
    """Where the roster is larger than the venue."""
    people, rules = people_on(session), session.rule_set.rules
    binding = frame_of(rules, people).seats_are_limit
    slots = slots_of(lessons, ZoneInfo(rules.timezone), actor)
    return [finding for slot in slots for finding in crowded(slot, people, binding=binding)]


def timetable_noticed(sessions: Sequence[Any], actor: Actor) -> dict[int, list[Finding]]:
    """What the rules say of whole timetables, each sentence once, without `SAID_OF_THE_PLAN`."""
    plans = [(session, list(session.lessons.all())) for session in sessions]
    found = around_all(plans, actor)
    for session, said in check_all(plans, actor).items():
        words = {finding.message: finding for finding in said if finding.code not in SAID_OF_THE_PLAN}
        found[session] = [*words.values(), *found[session]]
    return found


def outline_gaps(session: Any) -> list[Notice]:
    """Where the timetable is not what the session's outline says; nothing before there is either."""
    rules, timetable = session.rule_set.rules, lesson_parts(session.lessons.all())
    if session.outline is None or not timetable:
        return []
    unit = rules.attendance.unit_minutes
    found = topic_lines(rules.category(session.category), parts(session.outline, unit), timetable)
    return [Notice(False, text) for text in gaps(found, unit)]


def _verified(sessions: Iterable[Any]) -> set[tuple[int, str]]:
    """(trainee, group) of whoever on these rosters has a group that is verified today."""
    people = [place.trainee_id for session in sessions for place in session.on_roster if place.group]
    return verified_groups(people, clock.today())


def with_plan(sessions: QuerySet[Any]) -> QuerySet[Any]:
    """Fetch with the sessions all that `notices_of` reads."""
    on_roster = Enrolment.objects.filter(ON_ROSTER).select_related("trainee")
    return sessions.select_related("institution__programme", "rule_set").prefetch_related(
        "lessons__instructor__proofs",
        "lessons__venue",
        "outline__rows",
        Prefetch("enrolments", on_roster, "on_roster"),
    )


def notices_of(sessions: Sequence[Any], actor: Actor) -> dict[int, tuple[Notice, ...]]:
    """By session, all there is to say before approving; of those read `with_plan`, or with more."""
    verified, timetabled = _verified(sessions), timetable_noticed(sessions, actor)
    return {
        session.pk: (*_about(session, verified), *timetable_notices(timetabled[session.pk]))
        for session in sessions
    }


def is_doubt(notice: Notice) -> bool:
    """Worth a question before approving."""
    return not notice.well and not notice.soft


def doubts_about(session: TrainingSession, actor: Actor) -> list[str]:
    """What stands in the way of approving it without a second thought, in words."""
    whole = with_plan(TrainingSession.objects.visible_to(actor)).get(pk=session.pk)
    return [notice.text for notice in notices_of([whole], actor)[whole.pk] if is_doubt(notice)]


def _about(session: Any, verified: set[tuple[int, str]]) -> tuple[Notice, ...]:
    planned = [
        PlannedLesson(lesson.topic, lesson.minutes, lesson.venue.seats, lesson.on, lesson.practical)
        for lesson in session.lessons.all()
    ]
    groups = [enrolment.group for enrolment in session.on_roster]
    submitted_on = localdate(session.submitted_at) if session.submitted_at else clock.today()
    open_groups = [
        place.group
        for place in session.on_roster
        if place.group and (place.trainee_id, place.group) not in verified
    ]
    return (
        *notices(session.rule_set.rules, session.category, planned, groups, submitted_on),
        *outline_gaps(session),
        verification(len(groups), len(open_groups)),
    )
