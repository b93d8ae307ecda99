from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy

from training.complaints import queries
from training.complaints.choices import UNANSWERED
from training.complaints.models import Complaint
from training.core import clock
from training.core.actor import Actor

COLUMNS = (
    gettext_lazy("受理编号"),
    gettext_lazy("类型"),
    gettext_lazy("期号"),
    gettext_lazy("登记时间"),
    gettext_lazy("答复期限"),
    gettext_lazy("状态"),
    gettext_lazy("核查结论"),
)


def listed(actor: Actor, *, q: str = "", kind: str = "", status: str = "", show: str = "") -> QuerySet[Any]:
    """What was said is encrypted and can't be searched: by ticket and session."""
    rows = queries.complaints(actor)
    if q:
        rows = rows.filter(Q(ticket__icontains=q) | Q(training_session__code__icontains=q))
    if kind:
        rows = rows.filter(kind=kind)
    if status:
        rows = rows.filter(status=status)
    if show in ("open", "overdue"):
        rows = rows.filter(status__in=UNANSWERED)
    if show == "overdue":
        rows = rows.filter(due_on__lt=clock.today())
    if show == "mine":
        rows = rows.filter(assigned_to=actor.user_id)
    return rows


def lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            row.ticket,
            row.get_kind_display(),
            row.training_session.code if row.training_session else "",
            f"{localtime(row.received_at):%Y-%m-%d %H:%M}",
            row.due_on.isoformat(),
            row.get_status_display(),
            row.get_verdict_display(),
        )


def find(pk: int, actor: Actor) -> Complaint:
    return queries.complaint_of(pk, actor)
