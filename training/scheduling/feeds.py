"""Calendar feeds: services on secret addresses, and what stands behind one."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from training.accounts.choices import INSTITUTION_ROLES
from training.accounts.models import Membership
from training.accounts.permissions import demand, may
from training.accounts.queries import actor_for
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.crypto import keyed_hash
from training.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from training.institutions.models import Institution
from training.scheduling.calendars import calendar
from training.scheduling.choices import SessionStatus
from training.scheduling.models import CalendarFeed, Lesson, TrainingSession, Venue

TOKEN_BYTES: Final = 24
LOOK_BACK: Final = timedelta(days=180)
MOST_FEEDS: Final = 50  # of one person in one role


@dataclass(frozen=True)
class Feed:
    """`digest` changes with the bytes, `changed_at` says when they became these."""

    ical: bytes
    digest: str
    changed_at: datetime


def feeds_of(membership: Membership | None, actor: Actor) -> QuerySet[CalendarFeed]:
    """This person's own in this role, also those that were revoked."""
    related = ("institution", "training_session", "venue")
    rows: QuerySet[CalendarFeed] = CalendarFeed.objects.visible_to(actor).select_related(*related)
    return rows.filter(membership=membership)


@transaction.atomic
def open_feed(
    membership: Membership,
    *,
    institution_id: int | None = None,
    session_id: int | None = None,
    venue_id: int | None = None,
    actor: Actor,
) -> tuple[CalendarFeed, str]:
    """A new address and its secret, which is told only this once; about everything in sight when nothing is named."""
    demand(actor, "timetable.view")
    if membership.user_id != actor.user_id:
        raise NotFoundError
    if feeds_of(membership, actor).filter(revoked_at=None).count() >= MOST_FEEDS:
        raise InvalidInputError(_("日历订阅太多了，请先停用不用的。"))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    feed = CalendarFeed.objects.create(
        membership=membership,
        institution=Institution.objects.fetch(actor, pk=institution_id) if institution_id else None,
        training_session=TrainingSession.objects.fetch(actor, pk=session_id) if session_id else None,
        venue=Venue.objects.fetch(actor, pk=venue_id) if venue_id else None,
        token_hash=_hash(token),
        created_at=clock.now(),
    )
    record(actor, "calendar_feed.opened", feed)
    return feed, token


@transaction.atomic
def revoke_feed(feed_id: int, *, actor: Actor) -> CalendarFeed:
    """From now on the address gives nothing. Only the person who made it may; the end of their role does it too."""
    feed: CalendarFeed = CalendarFeed.objects.lock(actor, pk=feed_id)
    demand(actor, "timetable.view")
    if feed.membership.user_id != actor.user_id:
        raise ForbiddenError(_("日历订阅由建立的人自己停用；岗位取消时也会随之停用。"))
    if feed.revoked_at is None:
        feed.revoked_at = clock.now()
        feed.save(update_fields=["revoked_at"])
        record(actor, "calendar_feed.revoked", feed)
    return feed


def read_feed(token: str) -> Feed:
    """What stands behind a secret address, as far as its maker may see it today.

    Raises NotFoundError for a secret that is none, was revoked, or whose maker lost the account or the right.
    """
    related = ("membership__user", "institution", "training_session", "venue")
    feed: CalendarFeed = CalendarFeed.objects.select_related(*related).fetch(
        SYSTEM, token_hash=_hash(token), revoked_at=None, membership__user__is_active=True
    )
    actor = actor_for(feed.membership)
    if not may(actor, "timetable.view"):
        raise NotFoundError
    ical = calendar(_("一期一档 · %(about)s") % {"about": feed}, lessons_in(feed, actor))
    digest = hashlib.sha256(ical).hexdigest()
    if feed.digest != digest:
        feed.digest, feed.changed_at = digest, clock.now()
        feed.save(update_fields=["digest", "changed_at"])
    return Feed(ical, digest, feed.changed_at or feed.created_at)


def lessons_in(feed: CalendarFeed, actor: Actor) -> QuerySet[Lesson]:
    """Of the last half-year and to come; outsiders to an institution get no drafts of it."""
    about = {
        "training_session__institution": feed.institution_id,
        "training_session": feed.training_session_id,
        "venue": feed.venue_id,
    }
    rows = Lesson.objects.visible_to(actor).filter(**{path: pk for path, pk in about.items() if pk})
    if feed.membership.role not in INSTITUTION_ROLES:
        rows = rows.exclude(training_session__status=SessionStatus.DRAFT)
    rows = rows.filter(on__gte=clock.today() - LOOK_BACK)
    related = ("training_session__institution__programme", "training_session__rule_set", "venue")
    return rows.select_related(*related).order_by("starts_at", "pk")


def _hash(token: str) -> str:
    return keyed_hash(token, purpose="calendar-feed")
