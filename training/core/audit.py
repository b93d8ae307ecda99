"""Writing the audit trail."""

from __future__ import annotations

from typing import Any

from django.db import models

from training.core import clock
from training.core.actor import Actor
from training.core.models import AuditEvent


def _id_at(subject: models.Model, dimension: str) -> int | None:
    path = getattr(subject, "SCOPE", {}).get(dimension)
    if path is None:
        return None
    value: Any = subject
    for step in path.split("__"):
        value = getattr(value, step, None)
    found: int | None = value.pk if isinstance(value, models.Model) else value
    return found


def record(actor: Actor, verb: str, subject: models.Model, **details: Any) -> AuditEvent:
    """Add one row: `verb` is `noun.done`, `details` are data without personal content."""
    return AuditEvent.objects.create(
        at=clock.now(),
        user_id=actor.user_id,
        actor_name=actor.name,
        role=actor.role,
        verb=verb,
        subject_type=subject._meta.label,
        subject_id=str(subject.pk),
        subject=str(subject)[:200],
        programme_id=_id_at(subject, "programme"),
        institution_id=_id_at(subject, "institution"),
        details=details,
    )
