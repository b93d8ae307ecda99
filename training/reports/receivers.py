"""What the rooms below ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Count
from django.dispatch import receiver

from training.dossiers.signals import doubts_counted
from training.reports.choices import CallResult
from training.reports.models import PhoneCheckLine


@receiver(doubts_counted)
def count_denials(sender: Any, sessions: Collection[int], **_about: Any) -> Iterable[tuple[int, int]]:
    """People of these sessions who said on the telephone that they had not been there."""
    lines = PhoneCheckLine.objects.filter(
        enrolment__training_session__in=sessions, result=CallResult.DENIED
    ).order_by()
    counted: Iterable[tuple[int, int]] = lines.values_list("enrolment__training_session").annotate(
        Count("enrolment", distinct=True)
    )
    return counted
