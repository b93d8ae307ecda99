"""Who is not counted any more, and who may know of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from training.accounts.choices import Role
from training.attendance.models import Exclusion
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.people.models import Trainee
from training.programmes.models import Programme


def exclusions_for(actor: Actor) -> QuerySet[Any]:
    """Those in sight; a township, which reaches no institution, sees those of its own people."""
    if actor.role != Role.TOWNSHIP:
        rows: QuerySet[Any] = Exclusion.objects.visible_to(actor)
        return rows
    return Exclusion.objects.filter(
        enrolment__trainee__in=Trainee.objects.visible_to(actor),
        enrolment__training_session__institution__programme__in=Programme.objects.visible_to(actor),
    )


def exclusion_of(pk: int, actor: Actor, *also: str) -> Exclusion:
    """With what stands beside it, by path. Raises NotFoundError."""
    exclusion: Exclusion | None = exclusions_for(actor).select_related(*also).filter(pk=pk).first()
    if exclusion is None:
        raise NotFoundError("attendance.Exclusion", pk=str(pk))
    return exclusion
