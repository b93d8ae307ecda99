"""What the rooms below ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.dispatch import receiver

from training.dossiers.signals import denials_told
from training.programmes.models import Programme
from training.reporting.metrics import Part
from training.reporting.queries import Measured
from training.reporting.signals import month_measured
from training.reports.choices import CallResult
from training.reports.figures import COUNTY_METRICS
from training.reports.models import PhoneCheckLine
from training.reports.queries import spans_of


@receiver(denials_told)
def tell_denials(sender: Any, sessions: Collection[int], **_about: Any) -> Iterable[tuple[int, int, int]]:
    """Lines of people of these sessions who said on the telephone that they had not been there."""
    lines = PhoneCheckLine.objects.filter(
        enrolment__training_session__in=sessions, result=CallResult.DENIED
    ).order_by()
    told: Iterable[tuple[int, int, int]] = lines.values_list("enrolment__training_session", "enrolment", "pk")
    return told


@receiver(month_measured)
def measure_reports(sender: Any, programme: Programme, month: str, **_about: Any) -> Iterable[Measured]:
    """What the county's reports count of a month and until its end, to be frozen with it."""
    return [
        Measured(
            f"report:{metric.code}",
            part,
            str(metric.name),
            str(metric.formula),
            Part(Decimal(metric.count(span))),
        )
        for part, span in spans_of(programme, date.fromisoformat(f"{month}-01")).items()
        for metric in COUNTY_METRICS
    ]
