from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from training.enrolment.choices import ON_ROSTER
from training.integrity.models import ApprovedRoster
from training.integrity.rosters import approved_roster
from training.scheduling.models import TrainingSession
from training.scheduling.signals import session_approved


@receiver(session_approved)
def keep_roster(session: TrainingSession, **_said: Any) -> None:
    """What the roster is checked against every night; later changes have rows of their own."""
    if not ApprovedRoster.objects.filter(training_session=session).exists():
        rows = session.enrolments.filter(ON_ROSTER).select_related("trainee")
        approved_roster(session, rows).save()
