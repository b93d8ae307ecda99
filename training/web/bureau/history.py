"""The audit trail in people's words, and whose turn it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.timezone import localtime

from training.core import clock
from training.core.actor import Actor
from training.core.models import AuditEvent
from training.dossiers.choices import DossierStatus
from training.scheduling.choices import ChangeStatus, SessionStatus
from training.scheduling.models import TrainingSession
from training.scheduling.turns import MOVES, Move, Turn, turn
from training.web.audit.words import ROLES, VERBS

SPEAKS_FOR_ITSELF = frozenset(
    {
        "attendance.AttendanceEvent",
        "dossiers.Dossier",
        "scheduling.TrainingSession",
        "stations.Station",
        "stations.StationCode",
    }
)
STATES: Final[Mapping[str, Any]] = {
    "session.planned": SessionStatus.DRAFT.label,
    "session.submitted": SessionStatus.SUBMITTED.label,
    "session.reviewed": SessionStatus.SUBMITTED.label,
    "session.returned": SessionStatus.RETURNED.label,
    "session.approved": SessionStatus.APPROVED.label,
    "session.begun": SessionStatus.RUNNING.label,
    "session.closed": SessionStatus.CLOSED.label,
    "session.cancelled": SessionStatus.CANCELLED.label,
    "session.stopped": SessionStatus.STOPPED.label,
    "change.requested": ChangeStatus.REQUESTED.label,
    "change.approved": ChangeStatus.APPROVED.label,
    "change.declined": ChangeStatus.DECLINED.label,
    "change.withdrawn": ChangeStatus.WITHDRAWN.label,
    "dossier.submitted": DossierStatus.SUBMITTED.label,
    "dossier.returned": DossierStatus.RETURNED.label,
    "dossier.sealing": DossierStatus.SEALING.label,
    "dossier.sealed": DossierStatus.SEALED.label,
}
"""The state that an act led to, as people call it."""


@dataclass(frozen=True)
class Deed:
    at: datetime
    who: str
    role: Any
    what: Any
    subject: str  # empty for what the page itself is about
    reason: str
    state: Any = ""  # empty where the act led to none


def deeds(subjects: Iterable[models.Model], actor: Actor) -> list[Deed]:
    """What was done to these rows, newest first."""
    by_label: dict[str, list[str]] = defaultdict(list)
    for row in subjects:
        by_label[row._meta.label].append(str(row.pk))
    if not by_label:
        return []
    about = reduce(or_, (Q(subject_type=label, subject_id__in=ids) for label, ids in by_label.items()))
    return [deed(event) for event in AuditEvent.objects.visible_to(actor).filter(about)]


def timeline(session: TrainingSession, actor: Actor) -> list[Deed]:
    """Everything that was done about one session, whoever did it, newest first."""
    dossier = getattr(session, "dossier", None)
    rows: list[models.Model] = [session, *([dossier] if dossier else [])]
    for name in ("change_requests", "roster_changes", "corrections"):
        rows += list(getattr(session, name).only("pk"))
    return deeds(rows, actor)


def turns(sessions: Collection[TrainingSession], actor: Actor) -> dict[int, Turn]:
    """Session id -> with whom it lies; one query."""
    moves: dict[int, list[Move]] = defaultdict(list)
    for pk, verb, at in _moves(sessions, actor).values_list("subject_id", "verb", "at"):
        moves[int(pk)].append(Move(verb, localtime(at)))
    now = localtime(clock.now())
    found = ((pk, turn(made, now)) for pk, made in moves.items())
    return {pk: whose for pk, whose in found if whose}


def _moves(sessions: Collection[TrainingSession], actor: Actor) -> QuerySet[Any]:
    return (
        AuditEvent.objects.visible_to(actor)
        .filter(
            subject_type=TrainingSession._meta.label,
            subject_id__in=[str(session.pk) for session in sessions],
            verb__in=MOVES,
        )
        .order_by("pk")
    )


def deed(event: AuditEvent) -> Deed:
    reason = event.details.get("reason") or event.details.get("problem") or ""
    return Deed(
        at=event.at,
        who=event.actor_name,
        role=ROLES.get(event.role, event.role),
        what=VERBS.get(event.verb, event.verb),
        subject="" if event.subject_type in SPEAKS_FOR_ITSELF else event.subject,
        reason=str(reason),
        state=STATES.get(event.verb, ""),
    )
