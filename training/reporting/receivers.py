"""What the rooms below tell."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from training.core.models import AuditEvent
from training.reporting.counting import AFFECTED_BY, mark
from training.reporting.models import PendingCount
from training.reporting.tasks import count_again


@receiver(post_save, sender=AuditEvent)
def count_later(instance: AuditEvent, *, created: bool, **_said: Any) -> None:
    """Every act is recorded: whatever sessions it touches are counted anew, in the background.

    One call for it is enough until it has been answered; should it be missed, there is the minute's work.
    """
    if not created or instance.subject_type not in AFFECTED_BY:
        return
    called = PendingCount.objects.exists()
    if mark(instance.subject_type, instance.subject_id) and not called:
        transaction.on_commit(count_again.enqueue)
