from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from training.assessment.choices import Source
from training.assessment.models import Evaluation
from training.assessment.rules import weighted_mean
from training.core.actor import Actor


def standing_evaluations(actor: Actor) -> QuerySet[Any]:
    rows: QuerySet[Any] = Evaluation.objects.visible_to(actor).filter(replaced_at=None)
    return rows.select_related("training_session", "instructor", "recorded_by")


@dataclass(frozen=True)
class Overall:
    """All that was said of an instructor by one source: averages of sessions, weighted by answers."""

    source: Source
    sessions: int
    answers: int
    mean: Decimal | None


def overall(evaluations: list[Evaluation]) -> list[Overall]:
    """For each source that has any."""
    found = []
    for source in Source:
        rows = [row for row in evaluations if row.source == source]
        if rows:
            mean = weighted_mean((row.answers, row.mean) for row in rows)
            found.append(Overall(source, len(rows), sum(row.answers for row in rows), mean))
    return found
