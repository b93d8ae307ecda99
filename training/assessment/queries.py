from __future__ import annotations

from collections import defaultdict
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


def rated_below(floor: float, actor: Actor) -> set[int]:
    """Instructors of whom trainees, or the bureau, on average think less than that."""
    by_instructor: dict[int, list[Evaluation]] = defaultdict(list)
    for row in standing_evaluations(actor):
        by_instructor[row.instructor_id].append(row)
    return {pk for pk, rows in by_instructor.items() if is_below(floor, overall(rows))}


def is_below(floor: float | None, said: list[Overall]) -> bool:
    return floor is not None and any(each.mean is not None and each.mean < floor for each in said)


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
