from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from training.core.actor import Actor
from training.followup.models import FollowUp, Outcome


def open_follow_ups(actor: Actor) -> QuerySet[Any]:
    """What is owed, the longest overdue first; nothing is owed to whoever does not want to be contacted."""
    return (
        FollowUp.objects.visible_to(actor)
        .filter(done_at__isnull=True, enrolment__trainee__do_not_contact=False)
        .select_related("enrolment__trainee", "enrolment__training_session__institution")
        .order_by("due_on", "pk")
    )


def outcomes(actor: Actor) -> QuerySet[Any]:
    return (
        Outcome.objects.visible_to(actor)
        .select_related(
            "enrolment__trainee", "enrolment__training_session", "claimed_by", "verified_by", "file"
        )
        .order_by("-claimed_at")
    )
