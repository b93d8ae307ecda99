"""Indicators: each with its formula and the rows it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

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


def counted_enrolments(programme: Programme, actor: Actor) -> QuerySet[Any]:
    """The enrolments that are 培训人次: completed, in an approved session of this programme."""
    return Enrolment.objects.visible_to(actor).filter(
        training_session__institution__programme=programme,
        training_session__status__in=WAS_APPROVED,
        status=EnrolmentStatus.COMPLETED,
    )


def depths(programme: Programme, actor: Actor) -> dict[str, int]:
    """人次 at four depths, 人数 of the completed beside them (domain.md §0.3).

    The join to the events gives an enrolment a row for each of them, hence `distinct` everywhere.
    """
    rows = Enrolment.objects.visible_to(actor).filter(
        ON_ROSTER, training_session__institution__programme=programme
    )
    completed = Q(status=EnrolmentStatus.COMPLETED, training_session__status__in=WAS_APPROVED)
    return rows.aggregate(
        planned=Count("pk", distinct=True),
        attended=Count("pk", filter=Q(events__held_reason="", events__kind="sign_in"), distinct=True),
        completed=Count("pk", filter=completed, distinct=True),
        completed_people=Count("trainee", filter=completed, distinct=True),
        archived=Count("pk", filter=completed & Q(training_session__status__in=SEALED), distinct=True),
    )


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
