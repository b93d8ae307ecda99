"""What a town and the county did in some days: each figure by one query, over the rows that its formula names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from training.claims.choices import WITH_INSTITUTION
from training.claims.models import Claim
from training.core.actor import SYSTEM
from training.enrolment.choices import POOR
from training.fairs.queries import confirmed_fairs, fair_attendances
from training.followup.models import FollowUp
from training.outcomes.choices import STANDING
from training.outcomes.models import Outcome
from training.programmes.models import Programme
from training.programmes.queries import rule_set_on
from training.reporting.depths import SEALED
from training.reporting.metrics import of_groups
from training.reporting.queries import counted_enrolments
from training.scheduling.choices import WAS_APPROVED, SessionStatus
from training.scheduling.models import Lesson, TrainingSession

_HELD: Final = frozenset({SessionStatus.CLOSED, *SEALED})


@dataclass(frozen=True)
class Span:
    """Days, both counted; None is without an end. `township` blank is the whole county."""

    programme: Programme
    starts_on: date | None
    ends_on: date
    township: str = ""

    def of(self, day: str) -> Q:
        """That the field `day` lies within."""
        after = Q(**{f"{day}__gte": self.starts_on}) if self.starts_on else Q()
        return after & Q(**{f"{day}__lte": self.ends_on})

    def people(self, township: str) -> Q:
        return Q(**{township: self.township}) if self.township else Q()


@dataclass(frozen=True)
class Metric:
    """What is counted is `rows`, asked for with the program's own eyes; a sum of money is `told`, of its `rows` if any.

    `people`: not every row but one for each person among them.
    """

    code: str
    name: str | Promise
    unit: str | Promise
    formula: str | Promise
    rows: Callable[[Span], QuerySet[Any]] | None = None
    people: bool = False
    told: Callable[[Span], int] | None = None

    @property
    def is_sum(self) -> bool:
        return self.told is not None

    def count(self, span: Span) -> int:
        if self.told:
            return self.told(span)
        assert self.rows is not None  # noqa: S101  a metric is told or has rows
        rows = self.rows(span).order_by()
        return rows.values("trainee").distinct().count() if self.people else rows.count()

    def listed(self, span: Span) -> QuerySet[Any] | None:
        """As many rows as `count` says, those summed up where it is a sum; None where there are none."""
        if self.rows is None:
            return None
        rows = self.rows(span)
        if not self.people:
            return rows
        firsts = rows.order_by().values("trainee").annotate(first=Min("pk")).values("first")
        return rows.filter(pk__in=firsts)


def _sessions(span: Span, *wanted: Q) -> QuerySet[Any]:
    rows = TrainingSession.objects.filter(*wanted, institution__programme=span.programme)
    if span.township:
        here = Lesson.objects.filter(training_session=OuterRef("pk"), venue__township=span.township)
        rows = rows.filter(Exists(here))
    within: QuerySet[Any] = rows.annotate(last_on=Max("lessons__on")).filter(span.of("last_on"))
    return within


def completed_in(span: Span, *wanted: Q) -> QuerySet[Any]:
    """培训人次 of these days: in sessions whose last lesson lies in them."""
    rows = counted_enrolments(span.programme, SYSTEM).filter(*wanted, span.people("trainee__township"))
    later = Lesson.objects.filter(training_session=OuterRef("training_session"), on__gt=span.ends_on)
    rows = rows.filter(~Exists(later))
    if span.starts_on:
        since = Lesson.objects.filter(training_session=OuterRef("training_session"), on__gte=span.starts_on)
        rows = rows.filter(Exists(since))
    return rows


def _poor(span: Span) -> QuerySet[Any]:
    return completed_in(span, of_groups([POOR]))


def _poor_declared(span: Span) -> QuerySet[Any]:
    return completed_in(span, of_groups([POOR], declared=True))


def _followed(span: Span) -> QuerySet[Any]:
    rows = FollowUp.objects.filter(
        span.of("done_at__date"), enrolment__training_session__institution__programme=span.programme
    )
    return rows.filter(span.people("enrolment__trainee__township"))


def _outcomes(span: Span) -> QuerySet[Any]:
    rows = Outcome.objects.filter(
        span.of("started_on"),
        status__in=STANDING,
        enrolment__training_session__institution__programme=span.programme,
    )
    return rows.filter(span.people("enrolment__trainee__township"))


def _fairs(span: Span) -> QuerySet[Any]:
    rows = confirmed_fairs(span.programme, SYSTEM).filter(span.of("on"))
    return rows.filter(span.people("township"))


def _fair_visits(span: Span) -> QuerySet[Any]:
    rows = fair_attendances(span.programme, SYSTEM).filter(span.of("fair__on"))
    return rows.filter(span.people("trainee__township"))


METRICS: Final[tuple[Metric, ...]] = (
    Metric(
        "sessions",
        _("举办培训"),
        _("期"),
        _("已结课的期，最后一个课次在统计期内；乡镇的是有课次在本乡镇场地上的期"),
        lambda span: _sessions(span, Q(status__in=_HELD)),
    ),
    Metric(
        "renci",
        _("培训人次"),
        _("人次"),
        _("已批准各期中判为“结业”的名册人次，按学员所在乡镇，期的最后一个课次在统计期内"),
        completed_in,
    ),
    Metric(
        "people",
        _("培训人数"),
        _("人"),
        _("上述人次中不同的人"),
        completed_in,
        people=True,
    ),
    Metric(
        "poor_renci",
        _("其中脱贫（建档立卡）户人次"),
        _("人次"),
        _("上述人次中，批准开班时类别已核实为脱贫（建档立卡）户的"),
        _poor,
    ),
    Metric(
        "poor_people",
        _("其中脱贫（建档立卡）户人数"),
        _("人"),
        _("上述人次中不同的人"),
        _poor,
        people=True,
    ),
    Metric(
        "poor_declared_renci",
        _("申报为脱贫（建档立卡）户人次"),
        _("人次"),
        _("作对照：上述人次中名册申报为脱贫（建档立卡）户的，类别没有核实的也计"),
        _poor_declared,
    ),
    Metric("follow_ups", _("完成回访"), _("次"), _("统计期内完成的训后跟踪，按学员所在乡镇"), _followed),
    Metric(
        "outcomes",
        _("已认定的就业创业成果"),
        _("项"),
        _("已认定、没有失效的成果，开始日期在统计期内，按学员所在乡镇"),
        _outcomes,
    ),
    Metric("fairs", _("用工对接会"), _("场"), _("商务局已确认结果、在统计期内的对接会"), _fairs),
    Metric(
        "fair_visits",
        _("参加对接会"),
        _("人次"),
        _("已结业学员在已确认的对接会上签到的人次，按学员所在乡镇"),
        _fair_visits,
    ),
)


def counted(span: Span) -> dict[str, int]:
    """Every figure of these days by its code; a number of queries that no rows add to."""
    return {metric.code: metric.count(span) for metric in METRICS}


def in_period_and_total(
    programme: Programme, starts_on: date, ends_on: date, township: str = ""
) -> dict[str, dict[str, int]]:
    """Of the days themselves (`period`) and of the programme until their end (`total`)."""
    return {
        "period": counted(Span(programme, starts_on, ends_on, township)),
        "total": counted(Span(programme, None, ends_on, township)),
    }


# What else the ministry asks for


def _claims(span: Span) -> QuerySet[Any]:
    return Claim.objects.exclude(status__in=WITH_INSTITUTION).filter(
        span.of("submitted_at__date"),
        dossier__training_session__institution__programme=span.programme,
    )


def _claimed_fen(span: Span) -> int:
    return int(_claims(span).aggregate(total=Sum(F("amount_fen")))["total"] or 0)


def _planned_fen(span: Span) -> int:
    rules = rule_set_on(span.programme, span.ends_on, actor=SYSTEM).rules
    return sum(line.total_fen for line in rules.fund_lines)


COUNTY_METRICS: Final[tuple[Metric, ...]] = (
    *METRICS,
    Metric(
        "sessions_approved",
        _("批准开班"),
        _("期"),
        _("已批准的期，最后一个课次在统计期内"),
        lambda span: _sessions(span, Q(status__in=WAS_APPROVED)),
    ),
    Metric(
        "sessions_archived",
        _("档案已封存"),
        _("期"),
        _("已归档或已申领的期，最后一个课次在统计期内"),
        lambda span: _sessions(span, Q(status__in=SEALED)),
    ),
    Metric(
        "planned_fen",
        _("计划资金"),
        _("分"),
        _("规则集各资金条线的总额，各来源合计；不分统计期"),
        told=_planned_fen,
    ),
    Metric(
        "claimed_fen",
        _("已申领金额"),
        _("分"),
        _("统计期内提交、没有撤回的补贴申领金额之和"),
        _claims,
        told=_claimed_fen,
    ),
)
COUNTY_BY_CODE: Final[Mapping[str, Metric]] = {metric.code: metric for metric in COUNTY_METRICS}
