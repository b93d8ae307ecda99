"""Measures kept ready: taken when something was done in the county or a day has passed, read by every page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from training.core import clock
from training.core.actor import SYSTEM
from training.core.models import AuditChain
from training.outcomes import queries as outcomes
from training.programmes.models import Programme
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on
from training.reporting.choices import SliceKind
from training.reporting.figures import of_slice
from training.reporting.metrics import (
    BESIDES,
    MEASURES,
    Part,
    Question,
    cohort_part,
    every_reading,
)
from training.reporting.models import Measurement
from training.reporting.money import claimed_minutes

PATIENCE: Final = timedelta(minutes=3)
"""So old measures may be before a page takes them anew itself: the minute's work normally has."""
CURVES: Final[Mapping[str, str]] = {"started_up": "curve:started_up", "employed": "curve:employed"}
FOLLOW_UP: Final = "follow_up"
MINUTES: Final = "claimed_minutes"
"""Measured by fund line."""


@dataclass(frozen=True)
class Taken:
    """Measures by code (a measure's, `target:<code>` or a curve's) and reading, as they were at one moment."""

    at: datetime
    acts: int
    parts: Mapping[str, Mapping[str, Part]]

    def of(self, code: str) -> Mapping[str, Part]:
        return self.parts.get(code, {})


def taken(programme: Programme) -> Taken:
    """The whole county's measures as last taken; taken now where they are out of date and nobody is about to."""
    rows = _rows(programme)
    if not _holds(programme, rows):
        take(programme)
        rows = _rows(programme)
    found: dict[str, dict[str, Part]] = {}
    for row in rows:
        part = Part(row.numerator, row.denominator, row.not_yet, row.why)
        found.setdefault(row.code, {})[row.reading] = part
    return Taken(rows[0].taken_at, rows[0].acts, found)


def take_all() -> int:
    """The minute's work: of every programme where something was done since; how many."""
    due = [programme for programme in Programme.objects.order_by("pk") if not _is_current(programme)]
    for programme in due:
        take(programme)
    return len(due)


@transaction.atomic
def take(programme: Programme) -> None:
    """Take every measure of the county and keep it in place of what was kept."""
    acts, at = _acts(programme), clock.now()
    rules = rule_set_on(programme, clock.today(), actor=SYSTEM).rules
    rows = [
        row for code, parts in _all(programme, rules) for row in _rows_of(programme, code, parts, at, acts)
    ]
    list(Programme.objects.select_for_update(no_key=True).filter(pk=programme.pk).values_list("pk"))
    Measurement.objects.filter(programme=programme).delete()
    Measurement.objects.bulk_create(rows)


def _rows_of(
    programme: Programme, code: str, parts: Mapping[str, Part], at: datetime, acts: int
) -> list[Measurement]:
    return [
        Measurement(
            programme=programme,
            code=code,
            reading=reading,
            numerator=part.numerator,
            denominator=part.denominator,
            not_yet=part.not_yet,
            why=part.why,
            taken_at=at,
            acts=acts,
        )
        for reading, part in parts.items()
    ]


def _all(programme: Programme, rules: Preset) -> Iterator[tuple[str, Mapping[str, Part]]]:
    today = clock.today()
    for code in (*BESIDES, FOLLOW_UP):
        yield code, MEASURES[code].take(Question(programme, SYSTEM, rules, None, today))
    for target in rules.targets:
        if target.counted_by:
            question = Question(programme, SYSTEM, rules, target, today)
            yield f"target:{target.code}", every_reading(MEASURES[target.counted_by], question)
    for kind, code in CURVES.items():
        yield code, dict(_curve(programme, kind))
    yield MINUTES, {line: Part(Decimal(found)) for line, found in claimed_minutes(programme).items()}


def _curve(programme: Programme, kind: str, among: Q | None = None) -> Iterator[tuple[str, Part]]:
    """Month by month after completion, of those whose month has come."""
    rules = rule_set_on(programme, clock.today(), actor=SYSTEM).rules
    for months in range(1, rules.follow_up.outcome_months + 1):
        found = outcomes.cohort(programme, SYSTEM, kind=kind, months=months, as_of=clock.today(), among=among)
        yield str(months), cohort_part(found)


def curves(
    programme: Programme, kept: Taken, slice_kind: str, slice_key: str
) -> dict[str, Mapping[str, Part]]:
    """Of a slice the cohort curves by kind of outcome and month.

    Not the county's, they are taken when somebody first asks, then `kept` with its measures and forgotten with them.
    """
    among = of_slice(slice_kind, slice_key)
    ending = "" if slice_kind == SliceKind.PROGRAMME else f"@{slice_kind}:{slice_key}"
    found = {
        kind: kept.of(code + ending) or dict(_curve(programme, kind, among)) for kind, code in CURVES.items()
    }
    new = [
        row
        for kind, code in CURVES.items()
        if code + ending not in kept.parts
        for row in _rows_of(programme, code + ending, found[kind], kept.at, kept.acts)
    ]
    Measurement.objects.bulk_create(new, ignore_conflicts=True)
    return found


def _rows(programme: Programme) -> list[Measurement]:
    return list(Measurement.objects.filter(programme=programme))


def _holds(programme: Programme, rows: list[Measurement]) -> bool:
    if not rows:
        return False
    if rows[0].taken_at > clock.now() - PATIENCE:
        return True
    return _is_of_now(rows[0], programme)


def _is_current(programme: Programme) -> bool:
    row = Measurement.objects.filter(programme=programme).first()
    return row is not None and _is_of_now(row, programme)


def _is_of_now(row: Measurement, programme: Programme) -> bool:
    return row.acts == _acts(programme) and timezone.localdate(row.taken_at) == clock.today()


def _acts(programme: Programme) -> int:
    return AuditChain.objects.filter(programme=programme.pk).values_list("length", flat=True).first() or 0
