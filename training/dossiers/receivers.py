"""What the rooms below tell, and what it means in a room that does not know them."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from training.attendance.models import Completion
from training.attendance.signals import completion_changed
from training.followup.services import follow_changed_completion


@receiver(completion_changed)
def keep_follow_ups(completion: Completion, **_said: Any) -> None:
    """Whoever completed by a correction is followed up like everybody else, counted from the same day."""
    session: Any = completion.enrolment.training_session  # closed: only then is there a completion
    follow_changed_completion(
        completion.enrolment, days=session.rule_set.rules.follow_up.days, at=session.closed_at
    )
