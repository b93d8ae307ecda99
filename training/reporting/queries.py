"""Indicators: each with its formula and the rows it counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from training.attendance.choices import CorrectionKind, CorrectionStatus, EventKind
from training.attendance.models import AttendanceEvent, Correction
from training.attendance.queries import VOIDED
from training.core import clock
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.enrolment.models import Enrolment
from training.followup.choices import EvidenceGrade, OutcomeStatus
from training.followup.models import FollowUp, Outcome
from training.programmes.models import Programme
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on
from training.programmes.target import Target
from training.scheduling.choices import WAS_APPROVED, SessionStatus
from training.scheduling.models import Lesson

SEALED = (SessionStatus.ARCHIVED, SessionStatus.CLAIMED)


@dataclass(frozen=True)
class Indicator:
    """A figure against its target; `formula` is printed beside it.

    `actual` is None where nothing can be computed, and `formula` then says why. `renci` and `people`
    are the same rows counted as 人次 and as 人数.
    """

    rule: Target
    actual: int | None
    formula: str
    limits: tuple[str, ...] = ()
    renci: int = 0
    people: int = 0

    @property
    def code(self) -> str:
        return self.rule.code

    @property
    def name(self) -> str:
        return self.rule.metric

    @property
    def unit(self) -> str:
        return self.rule.unit

    @property
    def target(self) -> Decimal:
        return Decimal(self.rule.value)

    @property
    def due_on(self) -> date:
        return self.rule.due_on

    @property
    def clause(self) -> str:
        return self.rule.clause

    @property
    def percent(self) -> Decimal | None:
        if self.actual is None:
            return None
        return (Decimal(self.actual) * 100 / self.target).quantize(Decimal("0.1"))

    @property
    def drawn(self) -> Decimal:
        """How much of a bar of 100 is filled: a target that was passed fills it."""
        return min(self.percent or Decimal(0), Decimal(100))


_SIGNED_IN = Exists(
    AttendanceEvent.objects.filter(~VOIDED, enrolment=OuterRef("pk"), kind=EventKind.SIGN_IN, held_reason="")
)
_MADE_UP = Exists(
    Correction.objects.filter(
        enrolment=OuterRef("pk"), kind=CorrectionKind.SIGN_IN, status=CorrectionStatus.APPROVED
    )
)
_COMPLETED = Q(status=EnrolmentStatus.COMPLETED, training_session__status__in=WAS_APPROVED)
DEPTHS: Final[Mapping[str, Q]] = {
    "planned": Q(),
    # Whoever completed took part; the ledger is asked of the others only, and they are few.
    "attended": Q(status=EnrolmentStatus.COMPLETED) | Q(_SIGNED_IN) | Q(_MADE_UP),
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
    """Every target of the rules in force today, with its figure or with why there is none."""
    rules = _rules(programme, actor)
    return [_indicator(target, rules, programme, actor) for target in rules.targets]


def indicator(code: str, programme: Programme, actor: Actor) -> Indicator:
    """One of them; raises NotFoundError for a target there is not."""
    rules = _rules(programme, actor)
    try:
        return _indicator(rules.target(code), rules, programme, actor)
    except KeyError as unknown:
        raise NotFoundError(code) from unknown


def _rules(programme: Programme, actor: Actor) -> Preset:
    return rule_set_on(programme, clock.today(), actor=actor).rules


def _indicator(target: Target, rules: Preset, programme: Programme, actor: Actor) -> Indicator:
    if not target.counts:
        return Indicator(target, None, _why_not(target))
    figures = enrolments_for(target, programme, actor).aggregate(
        renci=Count("pk"), people=Count("trainee", distinct=True)
    )
    formula = {
        "renci": _("培训人次 = 本项目已批准各期中，按考勤规则判为“结业”的名册人次之和"),
        "people": _("培训人数 = 本项目已批准各期中，按考勤规则判为“结业”的不同的人"),
    }[target.counts]
    return Indicator(target, figures[target.counts], formula, tuple(_limits(target, rules)), **figures)


def enrolments_for(target: Target, programme: Programme, actor: Actor) -> QuerySet[Any]:
    """The rows behind the figure of a target that counts trainees: of its class type, of its stage."""
    rows = counted_enrolments(programme, actor)
    if target.class_type:
        rows = rows.filter(training_session__class_type=target.class_type)
    if target.starts_on:
        lessons = Lesson.objects.filter(training_session=OuterRef("training_session")).order_by("-on")
        rows = rows.alias(last_day=Subquery(lessons.values("on")[:1])).filter(
            last_day__range=(target.starts_on, target.due_on)
        )
    return rows


def _limits(target: Target, rules: Preset) -> Iterator[str]:
    if target.class_type:
        yield _("只计班型为“%(name)s”的期。") % {"name": rules.class_type(target.class_type).name}
    if target.starts_on:
        days = {"start": target.starts_on.isoformat(), "end": target.due_on.isoformat()}
        yield _("只计 %(start)s 至 %(end)s 之间结束的期。") % days


def _why_not(target: Target) -> str:
    if target.growth and target.base_value is None:
        return _("文件没有给基年的数值，县里填写以后才能计算。")
    if target.readings:
        return _("文件没有写明怎样算，县里选定算法以后才能计算。")
    if target.denominator:
        return _("系统里还没有分母：%(what)s。") % {"what": target.denominator}
    return _("系统里还没有这类登记。")


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
