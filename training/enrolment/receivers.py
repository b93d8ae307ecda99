"""What the rooms below tell, and what it means for a roster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from training.core import clock
from training.core.actor import Actor
from training.enrolment.bookings import book
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.enrolment.noticing import around, doubts_about, too_many
from training.people.queries import verified_groups
from training.scheduling.choices import SessionStatus
from training.scheduling.models import Lesson, TrainingSession
from training.scheduling.rules import Finding
from training.scheduling.signals import (
    change_approved,
    lessons_weighed,
    session_approved,
    session_doubted,
    session_entered,
)


@receiver(lessons_weighed)
def weigh(session: TrainingSession, lessons: Sequence[Lesson], actor: Actor, **_said: Any) -> list[Finding]:
    """Trainees in two places, too few stations, too few seats."""
    return [*around(session, lessons, actor), *too_many(session, lessons, actor)]


@receiver(session_doubted)
def doubt(session: TrainingSession, actor: Actor, **_said: Any) -> list[str]:
    return doubts_about(session, actor)


@receiver(session_entered)
def take_hours(session: TrainingSession, **_said: Any) -> None:
    """A class that begins has had its hours since it was handed in: the clock is never refused."""
    if session.status != SessionStatus.RUNNING:
        book(session)


@receiver(change_approved)
def move_hours(session: TrainingSession, **_said: Any) -> None:
    book(session)


@receiver(session_approved)
def freeze_groups(session: TrainingSession, **_said: Any) -> None:
    """Whether each place's group was verified on the day of approval; what is verified later changes it no more."""
    places = list(session.enrolments.filter(ON_ROSTER).exclude(group=""))
    verified = verified_groups([place.trainee_id for place in places], clock.today())
    for place in places:
        place.group_verified = (place.trainee_id, place.group) in verified
    Enrolment.objects.bulk_update(places, ["group_verified"])
