"""The register and what was put right in it, as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime

from training.attendance import queries as attendance
from training.attendance.choices import Flag, Method
from training.attendance.models import AttendanceEvent, Correction, LostRange
from training.core.actor import Actor
from training.core.errors import InvalidInputError
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.scheduling.choices import HalfDay, SessionStatus
from training.scheduling.models import TrainingSession
from training.stations.models import Station

HELD = frozenset({SessionStatus.APPROVED, SessionStatus.RUNNING, SessionStatus.CLOSED})
"""Sessions whose register may still change."""


def session_of(pk: int, actor: Actor) -> TrainingSession:
    sessions = TrainingSession.objects.select_related("institution__programme", "rule_set")
    session: TrainingSession = sessions.fetch(actor, pk=pk)
    return session


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    rows = Enrolment.objects.select_related(
        "trainee", "training_session__institution__programme", "training_session__rule_set"
    )
    enrolment: Enrolment = rows.fetch(actor, pk=pk)
    return enrolment


def event_of(pk: int, actor: Actor) -> AttendanceEvent:
    rows = AttendanceEvent.objects.select_related("station", "training_session", "enrolment__trainee")
    event: AttendanceEvent = rows.fetch(actor, pk=pk)
    return event


def correction_of(pk: int, actor: Actor) -> Correction:
    correction: Correction = attendance.corrections(actor).fetch(actor, pk=pk)  # type: ignore[attr-defined]
    return correction


def station_of(pk: Any, actor: Actor) -> Station:
    station: Station = Station.objects.select_related("institution").fetch(actor, pk=pk)
    return station


def lost_range_of(pk: int, actor: Actor) -> LostRange:
    lost: LostRange = attendance.lost_ranges(actor).fetch(actor, pk=pk)  # type: ignore[attr-defined]
    return lost


def roster_of(session: TrainingSession) -> list[Enrolment]:
    return list(session.enrolments.filter(ON_ROSTER).select_related("trainee"))


def half_days_of(session: TrainingSession) -> list[tuple[date, str]]:
    """The half-days of the timetable, in order."""
    return list(dict.fromkeys((lesson.on, str(lesson.half_day)) for lesson in session.lessons.all()))


def half_day_of(session: TrainingSession, chosen: str) -> tuple[date, str]:
    """`2021-05-18-am` as the URL has it, or the first; raises InvalidInputError without any lesson."""
    found = half_days_of(session)
    if not found:
        raise InvalidInputError("这一期还没有课次。")
    return next((half for half in found if f"{half[0]}-{half[1]}" == chosen), found[0])


def counted_events(enrolment: Enrolment, actor: Actor) -> QuerySet[Any]:
    """This person's signed records in this session, voided ones included, oldest first."""
    rows = AttendanceEvent.objects.visible_to(actor).filter(
        enrolment=enrolment, kind__in=attendance.COUNTED_KINDS
    )
    return rows.select_related("station", "lesson").prefetch_related("voided_by").order_by("captured_at")


def export_rows(register: attendance.SessionRegister) -> Iterator[tuple[Any, ...]]:
    """One row for each person and half-day, in the register's order."""
    for page in register.half_days:
        for line in page.lines:
            seen = line.presence
            yield (
                register.session.code,
                f"{page.on:%Y-%m-%d}",
                HalfDay(page.half_day).label,
                line.enrolment.number,
                line.enrolment.trainee.name,
                line.enrolment.trainee.masked_id_number,
                f"{localtime(seen.signed_in_at):%H:%M:%S}" if seen.signed_in_at else "",
                f"{localtime(seen.signed_out_at):%H:%M:%S}" if seen.signed_out_at else "",
                sum(seen.minutes.values()),
                Method(seen.method).label if seen.method else "",
                "、".join(str(Flag(flag).label) for flag in seen.flags),
            )


def search_corrections(actor: Actor, *, q: str, status: str, source: str, kind: str) -> QuerySet[Any]:
    rows = attendance.corrections(actor)
    if q:
        rows = rows.filter(
            Q(training_session__code__icontains=q)
            | Q(enrolment__trainee__name__icontains=q)
            | Q(reason__icontains=q)
        )
    exact = {"status": status, "source": source, "kind": kind}
    return rows.filter(**{name: value for name, value in exact.items() if value})


def export_correction_rows(rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            row.pk,
            row.training_session.code,
            row.lesson.sequence,
            row.enrolment.number if row.enrolment else "",
            row.enrolment.trainee.name if row.enrolment else "",
            row.get_kind_display(),
            row.get_source_display(),
            f"{localtime(row.happened_at):%Y-%m-%d %H:%M}" if row.happened_at else "",
            row.reason,
            row.get_status_display(),
            str(row.proposed_by),
            str(row.decided_by or ""),
        )


def clashes_of(actor: Actor) -> list[attendance.Clash]:
    """Among the sessions whose register may still change."""
    sessions = TrainingSession.objects.visible_to(actor).filter(status__in=HELD)
    return attendance.clashes(sessions, actor)
