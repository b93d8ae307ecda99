"""Indicators: each with its formula and the rows it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from training.attendance.choices import EventKind
from training.attendance.models import AttendanceEvent
from training.core.actor import Actor
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.enrolment.models import Enrolment
from training.followup.choices import EvidenceGrade, OutcomeStatus
from training.followup.models import FollowUp, Outcome
from training.programmes.models import Programme
from training.scheduling.choices import WAS_APPROVED, SessionStatus

SEALED = (SessionStatus.ARCHIVED, SessionStatus.CLAIMED)


@dataclass(frozen=True)
class Indicator:
    """A figure against its target; `formula` is printed beside it."""

    code: str
    name: str
    unit: str
    actual: int
    target: Decimal | None
    due_on: date | None
    formula: str
    clause: str

    @property
    def percent(self) -> Decimal | None:
        return (Decimal(self.actual) * 100 / self.target).quantize(Decimal("0.1")) if self.target else None

    @property
    def drawn(self) -> Decimal:
        """How much of a bar of 100 is filled: a target that was passed fills it."""
        return min(self.percent or Decimal(0), Decimal(100))


_SIGNED_IN = AttendanceEvent.objects.filter(
    enrolment=OuterRef("pk"), kind=EventKind.SIGN_IN, held_reason=""
).order_by()
_COMPLETED = Q(status=EnrolmentStatus.COMPLETED, training_session__status__in=WAS_APPROVED)
DEPTHS: Final[Mapping[str, Q]] = {
    "planned": Q(),
    "attended": Q(Exists(_SIGNED_IN)),
    "completed": _COMPLETED,
    "archived": _COMPLETED & Q(training_session__status__in=SEALED),
}
"""Four depths of the same count, 计划 参训 结业 已归档 (domain.md §0.3)."""


def enrolments_at(depth: str, programme: Programme, actor: Actor) -> QuerySet[Any]:
    """The rows behind the figure of that depth; KeyError for a depth there is not."""
    on_roster = Q(ON_ROSTER, training_session__institution__programme=programme)
    return Enrolment.objects.visible_to(actor).filter(on_roster, DEPTHS[depth])


def counted_enrolments(programme: Programme, actor: Actor) -> QuerySet[Any]:
    """The enrolments that are 培训人次: completed, in an approved session of this programme."""
    return enrolments_at("completed", programme, actor)


def depths(programme: Programme, actor: Actor) -> dict[str, int]:
    """人次 at four depths; under `<depth>_people` the 人数, different people among them."""
    rows = Enrolment.objects.visible_to(actor).filter(
        ON_ROSTER, training_session__institution__programme=programme
    )
    renci = {depth: Count("pk", filter=rule) for depth, rule in DEPTHS.items()}
    people = {
        f"{depth}_people": Count("trainee", filter=rule, distinct=True) for depth, rule in DEPTHS.items()
    }
    return rows.aggregate(**renci, **people)


def indicators(programme: Programme, actor: Actor) -> list[Indicator]:
    """Every target of the programme with its figure; a target without a metric of ours shows as 0 with no formula."""
    actual = counted_enrolments(programme, actor).count()
    formula = _("培训人次 = 本项目已批准各期中，按考勤规则判为“结业”的名册人次之和")
    return [
        Indicator(
            code=target.code,
            name=target.metric,
            unit=target.unit,
            actual=actual if target.unit == "人次" else 0,
            target=target.value,
            due_on=target.due_on,
            formula=formula if target.unit == "人次" else "",
            clause=target.clause,
        )
        for target in programme.targets.all()
    ]


def follow_up_figures(programme: Programme, actor: Actor) -> dict[str, int]:
    """Follow-ups owed and done, outcomes claimed and verified with evidence of grade A or B."""
    here = {"enrolment__training_session__institution__programme": programme}
    follow_ups = FollowUp.objects.visible_to(actor).filter(**here)
    outcomes = Outcome.objects.visible_to(actor).filter(**here)
    return {
        "follow_ups": follow_ups.count(),
        "follow_ups_done": follow_ups.filter(done_at__isnull=False).count(),
        "outcomes": outcomes.count(),
        "outcomes_verified": outcomes.filter(
            status=OutcomeStatus.VERIFIED, grade__in=[EvidenceGrade.OFFICIAL, EvidenceGrade.PLATFORM]
        ).count(),
    }
