from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet

from training.accounts.choices import Role
from training.accounts.models import User
from training.core.actor import Actor
from training.followup.models import TO_DO, FollowUp
from training.people.models import Trainee


def contactable(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Without those who do not want to be contacted: few, so they are looked up and not joined."""
    return rows.exclude(trainee__in=Trainee.objects.filter(do_not_contact=True).values("pk"))


def open_follow_ups(actor: Actor) -> QuerySet[Any]:
    """What is owed, the longest overdue first; nothing is owed to whoever does not want to be contacted."""
    rows = FollowUp.objects.visible_to(actor).filter(TO_DO)
    return contactable(rows).order_by("next_on", "pk")


def officers(programme_id: int) -> QuerySet[Any]:
    """Whoever follows trainees up in this programme and still works."""
    here = {"memberships__role": Role.FOLLOW_UP, "memberships__programme_id": programme_id}
    return User.objects.filter(is_active=True, **here).order_by(F("display_name"), "pk").distinct()
