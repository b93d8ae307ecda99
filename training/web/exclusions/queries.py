from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from training.accounts.permissions import may
from training.attendance.choices import ExclusionStatus
from training.attendance.models import Exclusion
from training.attendance.queries import exclusions as attendance
from training.core import clock
from training.core.actor import Actor
from training.enrolment.models import Enrolment
from training.people.queries import whose

RELATED: Final = (
    "enrolment__training_session__institution__programme",
    "enrolment__training_session__rule_set",
    "enrolment__trainee",
    "proposed_by",
    "decided_by",
    "appealed_by",
    "appeal_decided_by",
)
COLUMNS: Final = (
    _("期号"),
    _("名册序号"),
    _("姓名"),
    _("培训机构"),
    _("剔除的原因"),
    _("状态"),
    _("提出时间"),
)


def exclusions(actor: Actor, *, q: str = "", status: str = "") -> QuerySet[Any]:
    """Newest first; empty arguments do not filter."""
    rows = attendance.exclusions_for(actor).select_related(*RELATED)
    if q:
        session = "enrolment__training_session__"
        rows = rows.filter(
            Q(enrolment__trainee__in=whose(q))
            | Q(**{f"{session}code__icontains": q})
            | Q(**{f"{session}title__icontains": q})
            | Q(**{f"{session}institution__name__icontains": q})
        )
    return rows.filter(status=status) if status else rows


def lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS."""
    for row in rows:
        place = row.enrolment
        session = place.training_session
        yield (
            session.code,
            place.number,
            place.trainee.name,
            session.institution.name,
            row.reason,
            row.get_status_display(),
            f"{localtime(row.proposed_at):%Y-%m-%d %H:%M}",
        )


def exclusion_of(pk: int, actor: Actor) -> Exclusion:
    return attendance.exclusion_of(pk, actor, *RELATED)


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    place: Enrolment = Enrolment.objects.select_related("trainee", "training_session").fetch(actor, pk=pk)
    return place


@dataclass(frozen=True)
class Step:
    """What somebody did, in words, and why."""

    what: Any
    who: Any
    at: datetime
    reason: str


@dataclass(frozen=True)
class ExclusionPage:
    exclusion: Any
    steps: tuple[Step, ...]
    may_decide: bool
    may_appeal: bool
    may_decide_appeal: bool
    appeal_until: date | None


def exclusion_page(row: Any, actor: Actor) -> ExclusionPage:
    """With what this actor may do next; who takes part already does not decide."""
    decided = row.status not in (ExclusionStatus.PROPOSED, ExclusionStatus.DECLINED)
    until = row.appeal_until if decided else None
    waits = row.status == ExclusionStatus.EXCLUDED and until is not None and clock.today() <= until
    took_part = actor.user_id in (row.proposed_by_id, row.decided_by_id)
    return ExclusionPage(
        exclusion=row,
        steps=tuple(_steps(row)),
        may_decide=row.status == ExclusionStatus.PROPOSED
        and may(actor, "exclusion.decide")
        and not took_part,
        may_appeal=waits and may(actor, "exclusion.appeal"),
        may_decide_appeal=(
            row.status == ExclusionStatus.APPEALED and may(actor, "exclusion.decide_appeal") and not took_part
        ),
        appeal_until=until,
    )


def _steps(row: Any) -> Iterator[Step]:
    yield Step(_("提出剔除"), row.proposed_by, row.proposed_at, row.reason)
    if row.decided_at:
        declined = row.status == ExclusionStatus.DECLINED
        what = _("不予剔除") if declined else _("决定剔除")
        yield Step(what, row.decided_by, row.decided_at, row.decision_reason)
    if row.appealed_at:
        yield Step(_("提出申诉"), row.appealed_by, row.appealed_at, row.appeal_reason)
    if row.appeal_decided_at:
        yield Step(
            row.get_status_display(), row.appeal_decided_by, row.appeal_decided_at, row.appeal_decision_reason
        )
