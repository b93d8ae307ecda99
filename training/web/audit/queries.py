"""The trail as its page shows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.core.actor import Actor
from training.core.models import AuditEvent
from training.web.audit.forms import ANY_LOOK
from training.web.audit.words import ROLES, SENSITIVE, VERBS

AUDIT_COLUMNS = (
    _("时间"),
    _("操作人"),
    _("账号"),
    _("身份"),
    _("动作"),
    _("代码"),
    _("对象"),
    _("详情"),
    _("前一条散列"),
    _("本条散列"),
)


@dataclass(frozen=True)
class Entry:
    event: AuditEvent
    what: Any
    role: Any
    reason: str
    looked: bool


def trail(
    actor: Actor,
    *,
    q: str = "",
    verb: str = "",
    subject: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEvent]:
    """Newest first; an empty argument does not filter. What an auditor looked at is not the audited's to read."""
    rows = AuditEvent.objects.visible_to(actor).select_related("user")
    if actor.role in INSTITUTION_ROLES:
        rows = rows.exclude(role=Role.AUDITOR)
    if q:
        rows = rows.filter(Q(actor_name__icontains=q) | Q(user__username__icontains=q))
    if verb:
        rows = rows.filter(verb__in=SENSITIVE if verb == ANY_LOOK else [verb])
    if subject:
        rows = rows.filter(subject__icontains=subject)
    if since:
        rows = rows.filter(at__gte=_midnight(since))
    if until:
        rows = rows.filter(at__lt=_midnight(until + timedelta(days=1)))
    return rows


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=get_current_timezone())


def entries(events: Iterable[AuditEvent]) -> list[Entry]:
    return [
        Entry(
            event=event,
            what=VERBS.get(event.verb, event.verb),
            role=ROLES.get(event.role, event.role),
            reason=str(event.details.get("reason") or event.details.get("problem") or ""),
            looked=event.verb in SENSITIVE,
        )
        for event in events
    ]


def audit_lines(events: QuerySet[AuditEvent]) -> Iterator[tuple[Any, ...]]:
    for event in events.iterator():
        yield (
            f"{localtime(event.at):%Y-%m-%d %H:%M:%S}",
            event.actor_name,
            event.user.username if event.user else "",
            ROLES.get(event.role, event.role),
            VERBS.get(event.verb, event.verb),
            event.verb,
            event.subject,
            json.dumps(event.details, ensure_ascii=False) if event.details else "",
            event.previous_hash,
            event.row_hash,
        )
