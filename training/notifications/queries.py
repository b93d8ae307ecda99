from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from training.accounts.models import Membership, User
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.notifications.models import Letterbox, Notification


def inbox(actor: Actor, *, q: str = "", unread: bool = False) -> QuerySet[Any]:
    """Everything this person was told, in whatever role, newest first. `q`: part of what it is about."""
    rows: QuerySet[Any] = Notification.objects.filter(membership__user=actor.user_id)
    if q:
        rows = rows.filter(Q(params__session__icontains=q) | Q(params__institution__icontains=q))
    if unread:
        rows = rows.filter(read_at=None)
    return rows.select_related("membership").order_by("-pk")


def notification_of(pk: int, actor: Actor) -> Notification:
    """Raises NotFoundError for what somebody else was told."""
    found: Notification | None = inbox(actor).filter(pk=pk).first()
    if found is None:
        raise NotFoundError("notifications.Notification", pk=pk)
    return found


def memberships_with_unread(user_id: int) -> list[Membership]:
    """Every role this person may switch to, each with how many notifications wait there, as `unread`."""
    unread = Count("notifications", filter=Q(notifications__read_at=None))
    return list(Membership.objects.filter(user_id=user_id).annotate(unread=unread).order_by("pk"))


def wants_mail(actor: Actor) -> bool:
    return not Letterbox.objects.filter(user=actor.user_id, wants_mail=False).exists()


def unsent(user_id: int) -> QuerySet[Any]:
    """What nobody has read or mailed yet, oldest first."""
    rows: QuerySet[Any] = Notification.objects.filter(
        membership__user=user_id, read_at=None, mailed_at=None
    ).order_by("pk")
    return rows


def people_to_write_to(at: datetime) -> QuerySet[User]:
    """Who has unread news, an address, and no letter within the last hour."""
    waits = Notification.objects.filter(membership__user=OuterRef("pk"), read_at=None, mailed_at=None)
    shut = Letterbox.objects.filter(user=OuterRef("pk")).filter(Q(wants_mail=False) | Q(next_at__gt=at))
    people = User.objects.filter(is_active=True).exclude(email="")
    return people.filter(Exists(waits), ~Exists(shut)).order_by("pk")
