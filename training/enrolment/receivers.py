"""What the rooms below tell, and what it means for a roster."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from training.core import clock
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.people.queries import verified_groups
from training.scheduling.models import TrainingSession
from training.scheduling.signals import session_approved


@receiver(session_approved)
def freeze_groups(session: TrainingSession, **_said: Any) -> None:
    """Whether each place's group was verified on the day of approval; what is verified later changes it no more."""
    places = list(session.enrolments.filter(ON_ROSTER).exclude(group=""))
    verified = verified_groups([place.trainee_id for place in places], clock.today())
    for place in places:
        place.group_verified = (place.trainee_id, place.group) in verified
    Enrolment.objects.bulk_update(places, ["group_verified"])
