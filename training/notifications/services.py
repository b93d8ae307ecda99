"""Telling people what concerns them: on the page at once, by mail once an hour at most."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any, Final

from django.conf import settings
from django.core.mail import send_mail
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from training.accounts.choices import Role
from training.accounts.models import Membership, User
from training.core import clock
from training.core.actor import Actor
from training.core.audit import id_at
from training.notifications.choices import Kind
from training.notifications.models import Letterbox, Notification
from training.notifications.queries import people_to_write_to, unsent

logger = logging.getLogger(__name__)
BETWEEN_LETTERS: Final = timedelta(hours=1)
LONGEST_WAIT: Final = timedelta(hours=8)
IN_A_LETTER: Final = 50


def notify(
    kind: Kind, subject: models.Model, *, roles: Collection[Role], actor: Actor, **params: str | int
) -> list[Notification]:
    """Tell whoever holds one of these roles where `subject` belongs, except the actor; each person once.

    Institution roles are those at the subject's own institution, 讲师 whoever the subject is of. Raises
    KeyError for a parameter that the kind's sentence needs and did not get. Nothing is mailed here, so no
    mail server stops an act.
    """
    rows = _rows(kind, subject, _holders(subject, roles, actor), params)
    return Notification.objects.bulk_create(rows)


def notify_once(
    kind: Kind,
    subject: models.Model,
    *,
    roles: Collection[Role],
    actor: Actor,
    of_township: str = "",
    **params: str | int,
) -> list[Notification]:
    """`notify` for what is found again every minute: whoever was told the very same is not told again.

    `of_township` tells of the township's officers only its own.
    """
    said = Notification.objects.filter(
        kind=kind, about_type=subject._meta.label, about_id=str(subject.pk), params=params
    )
    told = set(said.values_list("membership", flat=True))
    holders = [
        holder
        for holder in _holders(subject, roles, actor)
        if holder.pk not in told and (not of_township or holder.township in ("", of_township))
    ]
    return Notification.objects.bulk_create(_rows(kind, subject, holders, params))


def notify_waiting(
    kind: Kind,
    subject: models.Model,
    *,
    roles: Collection[Role],
    actor: Actor,
    township: str = "",
    **params: str | int,
) -> list[Notification]:
    """`notify` for what comes one by one: whoever has not read the last such notice about `subject` gets no
    second one. `township` tells of the township's officers only its own.
    """
    unread = Notification.objects.filter(
        kind=kind, about_type=subject._meta.label, about_id=str(subject.pk), read_at=None
    )
    told = set(unread.values_list("membership", flat=True))
    holders = [
        holder
        for holder in _holders(subject, roles, actor)
        if holder.pk not in told and holder.township in ("", township)
    ]
    return Notification.objects.bulk_create(_rows(kind, subject, holders, params))


def _holders(subject: models.Model, roles: Collection[Role], actor: Actor) -> list[Membership]:
    held = Membership.objects.filter(
        Q(institution_id=None) | Q(institution_id=id_at(subject, "institution")),
        Q(instructor_id=None) | Q(instructor_id=id_at(subject, "instructor")),
        programme_id=id_at(subject, "programme"),
        role__in=list(roles),
        user__is_active=True,
    )
    if manager := getattr(subject, "manager_id", None):  # a class that somebody is in charge of
        held = held.filter(~Q(role=Role.CLASS_MANAGER) | Q(pk=manager))
    if receiver := getattr(subject, "to_id", None):  # work that is given to somebody
        held = held.filter(user_id=receiver)
    people = {one.user_id: one for one in held.order_by("-pk") if one.user_id != actor.user_id}
    return list(people.values())


def _rows(
    kind: Kind, subject: models.Model, holders: Sequence[Membership], params: dict[str, Any]
) -> list[Notification]:
    str(kind.label) % params  # the sentence must have all it needs
    now = clock.now()
    return [
        Notification(
            membership=holder,
            kind=kind,
            params=params,
            about_type=subject._meta.label,
            about_id=str(subject.pk),
            created_at=now,
        )
        for holder in holders
    ]


def mark_read(notifications: Sequence[int] | None, *, actor: Actor) -> int:
    """Of this person's own; None is all of them. Gives how many were unread."""
    rows = Notification.objects.filter(membership__user=actor.person_id, read_at=None)
    if notifications is not None:
        rows = rows.filter(pk__in=notifications)
    return rows.update(read_at=clock.now())


@transaction.atomic
def choose_mail(*, wanted: bool, actor: Actor) -> Letterbox:
    """For all roles of this person at once; what stands on the page does not change."""
    box, _new = Letterbox.objects.update_or_create(user_id=actor.person_id, defaults={"wants_mail": wanted})
    return box


def send_letters(*, actor: Actor) -> int:
    """Hand a letter for everybody who may get one to the background; nothing without EMAIL_URL."""
    from training.notifications.tasks import write_letter  # noqa: PLC0415  the task calls back into this module

    people = list(people_to_write_to(clock.now()).values_list("pk", flat=True)) if settings.EMAIL_URL else []
    for user_id in people:
        write_letter.enqueue(user_id)
    return len(people)


def write_to(user_id: int, *, actor: Actor) -> bool:
    """Send one person what is new in one letter; whether it left.

    Called twice, or by two workers at once, it sends one. A letter that could not leave is tried again
    later by `send_letters`, after longer and longer; nobody else notices.
    """
    news = _claim(user_id)
    if not news:
        return False
    user = User.objects.get(pk=user_id)
    try:
        with override(settings.LANGUAGE_CODE):
            send_mail(_subject(news), _letter(user, news), None, [user.email])
    except (OSError, SMTPException) as problem:
        logger.warning("no letter to user %s: %s", user_id, problem)
        _put_off(user_id)
        return False
    Notification.objects.filter(pk__in=[row.pk for row in news]).update(mailed_at=clock.now())
    Letterbox.objects.filter(user=user_id).update(failures=0)
    return True


@transaction.atomic
def _claim(user_id: int) -> list[Notification]:
    """What the letter will say; from here for an hour nobody else writes to this person."""
    box, _new = Letterbox.objects.select_for_update().get_or_create(user_id=user_id)
    now = clock.now()
    if not box.wants_mail or (box.next_at and box.next_at > now):
        return []
    news = list(unsent(user_id)[:IN_A_LETTER])
    if news:
        box.next_at = now + BETWEEN_LETTERS
        box.save(update_fields=["next_at"])
    return news


@transaction.atomic
def _put_off(user_id: int) -> None:
    """Two minutes after the first failure, then twice as long each time."""
    box = Letterbox.objects.select_for_update().get(user=user_id)
    box.failures += 1
    box.next_at = clock.now() + min(timedelta(minutes=2**box.failures), LONGEST_WAIT)
    box.save(update_fields=["failures", "next_at"])


def _subject(news: Sequence[Notification]) -> str:
    count = len(news)
    return ngettext("一期一档：%(count)s 条新消息", "一期一档：%(count)s 条新消息", count) % {"count": count}


def _letter(user: User, news: Sequence[Notification]) -> str:
    lines = [f"{_time(row.created_at)}　{row.sentence}" for row in news]
    site = settings.PUBLIC_URL.rstrip("/") + reverse("notifications")
    said = {"name": str(user), "news": "\n".join(lines), "link": site}
    return _("%(name)s：\n\n%(news)s\n\n登录后办理：%(link)s\n在同一页可以关掉邮件提醒。") % said


def _time(at: datetime) -> str:
    return f"{localtime(at):%m-%d %H:%M}"
