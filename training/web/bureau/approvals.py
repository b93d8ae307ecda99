"""The applications that wait for the bureau: the class that is nearest first, and what the software noticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.actor import Actor
from training.courses.rules import Notice
from training.dossiers.missing import Finding, ItemResult, findings
from training.dossiers.queries import check_sessions
from training.enrolment.noticing import is_doubt, notices_of
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession
from training.scheduling.turns import Turn
from training.web.bureau.history import turns

EXPORT_CHUNK = 50
HARDLY_DUE_YET = frozenset({"not_approved", "not_closed", "no_register", "no_photo", "not_in_register"})
"""Archive findings that every plan has: they fill themselves once the class is held."""
COLUMNS = (
    _("期号"),
    _("培训名称"),
    _("培训机构"),
    _("首课日期"),
    _("名册人数"),
    _("提交时间"),
    _("商务局已办工作日"),
    _("审核员"),
    _("系统看到的疑问"),
    _("缺的档案材料"),
)


@dataclass(frozen=True)
class Waiting:
    """A session that waits, what the software noticed on top of it."""

    session: Any
    items: tuple[ItemResult, ...]
    noticed: tuple[Notice, ...]
    missing: tuple[Finding, ...]
    turn: Turn | None

    @property
    def doubts(self) -> tuple[Notice, ...]:
        """Worth a question before approving."""
        return tuple(notice for notice in self.noticed if is_doubt(notice))

    @property
    def first_on(self) -> date | None:
        return min((lesson.on for lesson in self.session.lessons.all()), default=None)

    @property
    def days_left(self) -> int | None:
        """Calendar days to the first lesson; negative when it is past."""
        return (self.first_on - clock.today()).days if self.first_on else None

    @property
    def rostered(self) -> int:
        return len(self.session.on_roster)


def waiting(actor: Actor, *, q: str = "", institution: str = "", step: str = "") -> QuerySet[Any]:
    """The class that is nearest first, then what has waited longest; an empty argument does not filter."""
    rows: QuerySet[Any] = TrainingSession.objects.visible_to(actor).filter(status=SessionStatus.SUBMITTED)
    if q:
        rows = rows.filter(Q(code__icontains=q) | Q(title__icontains=q) | Q(institution__name__icontains=q))
    if institution:
        rows = rows.filter(institution=institution)
    if step:
        rows = rows.filter(reviewed_by__isnull=step == "review")
    ordered: QuerySet[Any] = rows.annotate(first_on=Min("lessons__on"))
    return ordered.order_by("first_on", "submitted_at", "pk")


def read(rows: QuerySet[Any], actor: Actor) -> list[Waiting]:
    """One page of them, in a number of queries that does not grow with it."""
    checked = check_sessions(rows.select_related("reviewed_by"))
    whose = turns([session for session, _items in checked], actor)
    noticed = notices_of([session for session, _items in checked], actor)
    return [
        Waiting(
            session,
            items,
            noticed[session.pk],
            tuple(finding for finding in findings(items) if finding.code not in HARDLY_DUE_YET),
            whose.get(session.pk),
        )
        for session, items in checked
    ]


def lines(rows: QuerySet[Any], actor: Actor) -> Iterator[tuple[Any, ...]]:
    """For a file, in the order of COLUMNS."""
    for start in range(0, rows.count(), EXPORT_CHUNK):
        for row in read(rows[start : start + EXPORT_CHUNK], actor):
            session = row.session
            yield (
                session.code,
                session.title,
                session.institution.name,
                row.first_on or "",
                row.rostered,
                f"{localtime(session.submitted_at):%Y-%m-%d %H:%M}",
                row.turn.working_days if row.turn else "",
                session.reviewed_by or "",
                "；".join(notice.text for notice in row.doubts),
                "；".join(finding.message for finding in row.missing),
            )
