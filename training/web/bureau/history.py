"""The audit trail in people's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Q

from training.core.actor import Actor
from training.core.models import AuditEvent
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


@dataclass(frozen=True)
class Deed:
    at: datetime
    who: str
    role: Any
    what: Any
    subject: str  # empty for what the page itself is about
    reason: str


def deeds(subjects: Iterable[models.Model], actor: Actor) -> list[Deed]:
    """What was done to these rows, newest first."""
    rows = list(subjects)
    if not rows:
        return []
    about = reduce(or_, (Q(subject_type=row._meta.label, subject_id=str(row.pk)) for row in rows))
    return [deed(event) for event in AuditEvent.objects.visible_to(actor).filter(about)]


def deed(event: AuditEvent) -> Deed:
    reason = event.details.get("reason") or event.details.get("problem") or ""
    return Deed(
        at=event.at,
        who=event.actor_name,
        role=ROLES.get(event.role, event.role),
        what=VERBS.get(event.verb, event.verb),
        subject="" if event.subject_type in SPEAKS_FOR_ITSELF else event.subject,
        reason=str(reason),
    )
