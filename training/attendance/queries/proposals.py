"""What people proposed and decided."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from training.attendance.models import Correction, LostRange
from training.core.actor import Actor


def corrections(actor: Actor) -> QuerySet[Any]:
    """All that were ever proposed, newest first, with everybody who had a hand in them."""
    return Correction.objects.visible_to(actor).select_related(
        "training_session__institution",
        "lesson",
        "enrolment__trainee",
        "voids__station",
        "evidence",
        "proposed_by",
        "decided_by",
    )


def lost_ranges(actor: Actor) -> QuerySet[Any]:
    """All that were ever said to be lost."""
    return LostRange.objects.visible_to(actor).select_related(
        "station__institution", "evidence", "proposed_by", "decided_by"
    )
