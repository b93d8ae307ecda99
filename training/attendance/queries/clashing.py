"""The same person counted at places or times that can't all be right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import CharField, F, Max, Min, Q, QuerySet
from django.db.models.functions import Cast

from training.attendance.choices import CorrectionKind, CorrectionStatus
from training.attendance.models import AttendanceEvent, Correction
from training.attendance.queries.registers import lesson_time
from training.attendance.queries.scans import COUNTED_KINDS, VOIDED
from training.attendance.rules import Sighting, clash_groups
from training.core.actor import Actor
from training.enrolment.models import Enrolment
from training.scheduling.models import Lesson, TrainingSession
from training.stations.models import Station

WHO_AND_WHEN: Final = ("enrolment__trainee", "lesson__on")
RELATED: Final = ("lesson", "training_session__institution", "enrolment__trainee")


@dataclass(frozen=True)
class Evidence:
    """One piece of a clash: a signed event with its station, or a correction that counts."""

    trainee: Any
    session: TrainingSession
    lesson: Lesson
    enrolment: Enrolment
    kind: str
    at: datetime
    station: Station | None
    event: AttendanceEvent | None = None
    correction: Correction | None = None


@dataclass(frozen=True)
class Clash:
    """One person and every piece of evidence, in order of time."""

    trainee: Any
    evidence: tuple[Evidence, ...]

    @property
    def sessions(self) -> tuple[TrainingSession, ...]:
        return tuple({piece.session.pk: piece.session for piece in self.evidence}.values())

    @property
    def stations(self) -> tuple[Station, ...]:
        return tuple({piece.station.pk: piece.station for piece in self.evidence if piece.station}.values())


def clashes(sessions: Iterable[TrainingSession], actor: Actor) -> list[Clash]:
    """Of the people on these sessions' rosters, wherever this actor may see them counted; oldest first.

    Four queries at most, however many sessions and people.
    """
    people = Enrolment.objects.visible_to(actor).filter(
        training_session__in=[session.pk for session in sessions]
    )
    evidence = _counted_evidence(people.values("trainee"), actor)
    groups = clash_groups(_sighting(key, piece) for key, piece in evidence.items())
    found = [tuple(evidence[sighting.key] for sighting in group) for group in groups]
    return sorted((Clash(pieces[0].trainee, pieces) for pieces in found), key=_begins)


def _begins(clash: Clash) -> datetime:
    return clash.evidence[0].at


def _sighting(key: str, piece: Evidence) -> Sighting:
    return Sighting(
        key,
        piece.trainee.pk,
        piece.kind,
        piece.at,
        str(piece.station.pk) if piece.station else "",
        piece.session.pk,
        lesson_time(piece.lesson),
    )


def _counted_evidence(trainees: QuerySet[Any], actor: Actor) -> dict[str, Evidence]:
    """Everything that counts of those who were counted at more than one place on one day."""
    events = AttendanceEvent.objects.visible_to(actor).filter(
        ~VOIDED,
        held_reason="",
        kind__in=COUNTED_KINDS,
        lesson__isnull=False,
        enrolment__trainee__in=trainees,
    )
    by_hand = (
        Correction.objects.visible_to(actor)
        .filter(status=CorrectionStatus.APPROVED, enrolment__trainee__in=trainees)
        .exclude(kind=CorrectionKind.VOID)
    )
    suspects = _suspects(trainees) | set(by_hand.order_by().values_list("enrolment__trainee", flat=True))
    if not suspects:
        return {}
    them = {"enrolment__trainee__in": suspects}
    pieces = [
        *map(_signed_piece, events.filter(**them).select_related(*RELATED, "station")),
        *map(_corrected_piece, by_hand.filter(**them).select_related(*RELATED, "proposed_by", "decided_by")),
    ]
    places: dict[tuple[int, date], set[tuple[Any, int]]] = defaultdict(set)
    for _key, piece in pieces:
        places[piece.trainee.pk, piece.lesson.on].add((piece.station, piece.session.pk))
    return {key: piece for key, piece in pieces if len(places[piece.trainee.pk, piece.lesson.on]) > 1}


def _suspects(trainees: QuerySet[Any]) -> set[int]:
    """Whom stations saw on one day at more than one of them, or in more than one session, whatever of it counts.

    Only a sieve, hence unscoped and quick: the evidence itself is read through `visible_to`.
    """
    places = Enrolment.objects.filter(trainee__in=trainees).values("pk")
    days = AttendanceEvent.objects.filter(
        held_reason="", kind__in=COUNTED_KINDS, lesson__isnull=False, enrolment__in=places
    )
    # PostgreSQL has no least UUID before its version 18.
    where = {"station": Cast("station", CharField()), "training_session": F("training_session")}
    ends = {f"{end.__name__}_{name}": end(place) for name, place in where.items() for end in (Min, Max)}
    several = ~Q(Min_station=F("Max_station")) | ~Q(Min_training_session=F("Max_training_session"))
    found = days.order_by().values(*WHO_AND_WHEN).annotate(**ends).filter(several)
    return set(found.values_list("enrolment__trainee", flat=True))


def _signed_piece(row: Any) -> tuple[str, Evidence]:
    return f"event {row.pk}", Evidence(
        row.enrolment.trainee,
        row.training_session,
        row.lesson,
        row.enrolment,
        row.kind,
        row.captured_at,
        row.station,
        event=row,
    )


def _corrected_piece(row: Any) -> tuple[str, Evidence]:
    return f"correction {row.pk}", Evidence(
        row.enrolment.trainee,
        row.training_session,
        row.lesson,
        row.enrolment,
        row.kind,
        row.happened_at,
        None,
        correction=row,
    )
