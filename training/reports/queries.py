"""Reads of this room: what a list shows, who may be drawn, what the calls came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _

from training.accounts.choices import Role
from training.accounts.models import Membership
from training.core import clock
from training.core.actor import Actor
from training.programmes.choices import RegionLevel
from training.programmes.models import Programme
from training.programmes.queries import rule_set_on, the_programme
from training.reporting.models import MonthReport
from training.reporting.months import measures_of
from training.reports.choices import CallResult, EvaluationStatus, Stratum
from training.reports.figures import (
    COUNTY_BY_CODE,
    METRICS,
    Span,
    completed_in,
    in_period_and_total,
)
from training.reports.files import LibraryLine, MappedLine, mapping
from training.reports.models import (
    Meeting,
    MinistryReport,
    PhoneCheck,
    PhoneCheckLine,
    RollUp,
    SelfEvaluation,
    TownReport,
)
from training.reports.rules import Drawn, StratumResult, confirmation, draw, last_day, obliged, overdue
from training.scheduling.models import TrainingSession

_STRATA: Final[Mapping[Stratum, str]] = {
    Stratum.INSTITUTION: "training_session__institution__name",
    Stratum.SESSION: "training_session__code",
    Stratum.CLASS_TYPE: "training_session__class_type",
}


def town_reports(actor: Actor) -> QuerySet[Any]:
    return TownReport.objects.visible_to(actor).select_related("programme", "submitted_by")


def roll_ups(actor: Actor) -> QuerySet[Any]:
    return RollUp.objects.visible_to(actor).select_related("drawn_up_by").prefetch_related("dispatches")


def ministry_reports(actor: Actor) -> QuerySet[Any]:
    return MinistryReport.objects.visible_to(actor).select_related("locked_by", "reported_by")


def evaluations(actor: Actor) -> QuerySet[Any]:
    return SelfEvaluation.objects.visible_to(actor).select_related("begun_by").prefetch_related("scores")


def meetings(actor: Actor) -> QuerySet[Any]:
    return Meeting.objects.visible_to(actor).select_related("recorded_by", "minutes")


def overdue_obligations(actor: Actor) -> frozenset[str]:
    """Codes of `rules.overdue`, of the actor's county; where it owes neither, nothing is looked up."""
    rules = rule_set_on(the_programme(actor), clock.today(), actor=actor).rules
    if not obliged(rules):
        return frozenset()
    final = evaluations(actor).filter(status=EvaluationStatus.FINAL)
    return overdue(
        rules,
        clock.today(),
        evaluated_on=final.aggregate(last=Max("as_of"))["last"],
        met_on=meetings(actor).aggregate(last=Max("held_on"))["last"],
    )


def phone_checks(actor: Actor) -> QuerySet[Any]:
    return PhoneCheck.objects.visible_to(actor).select_related("drawn_by").defer("frame")


def phone_check_lines(actor: Actor) -> QuerySet[Any]:
    return (
        PhoneCheckLine.objects.visible_to(actor)
        .select_related("phone_check", "enrolment__trainee", "enrolment__training_session__institution")
        .order_by("stratum", "rank")
    )


def frame_of(
    programme: Programme, stratum: Stratum, starts_on: date | None, ends_on: date | None
) -> list[list[Any]]:
    """[enrolment, stratum] of everybody who completed in these days and may be rung, in the order of ids.

    Nobody who wants no calls, and nobody whose particulars are only kept or gone.
    """
    rows = completed_in(Span(programme, starts_on, ends_on or date.max))
    askable = rows.filter(
        trainee__do_not_contact=False, trainee__restricted_at=None, trainee__erased_at=None
    ).order_by("pk")
    return [[pk, name] for pk, name in askable.values_list("pk", _STRATA[stratum])]


def denials(session: TrainingSession) -> int:
    """How many people of this session said on the telephone that they had not been there."""
    lines = PhoneCheckLine.objects.filter(enrolment__training_session=session, result=CallResult.DENIED)
    return lines.values("enrolment").distinct().count()


def results(check: PhoneCheck) -> dict[str, int]:
    """How many lines that were called up have which result; "" those that wait."""
    rows = PhoneCheckLine.objects.filter(phone_check=check, called_up_at__isnull=False).order_by()
    return dict(rows.values_list("result").annotate(Count("pk")))


def results_by_stratum(check: PhoneCheck) -> list[StratumResult]:
    """Every stratum of the frame, in the order of their names."""
    rows = PhoneCheckLine.objects.filter(phone_check=check, called_up_at__isnull=False).order_by()
    said: dict[str, dict[str, int]] = {}
    for stratum, result, count in rows.values_list("stratum", "result").annotate(Count("pk")):
        said.setdefault(stratum, {})[result] = count
    people = Counter(stratum for _enrolment, stratum in check.frame)
    return [
        StratumResult(name, people[name], sum(said.get(name, {}).values()), confirmation(said.get(name, {})))
        for name in sorted(people)
    ]


# What services and pages both count


def towns_of(programme: Programme) -> list[str]:
    """Those of the list of places, and those that officers work in."""
    listed = programme.regions.filter(level=RegionLevel.TOWNSHIP).order_by("code")
    named = list(listed.values_list("name", flat=True))
    worked_in = Membership.objects.filter(programme_id=programme.pk, role=Role.TOWNSHIP)
    others = set(worked_in.values_list("township", flat=True)) - set(named)
    return [*named, *sorted(others)]


def figures_of(report: TownReport) -> dict[str, Any]:
    """As they stand now, for the days the report covers."""
    return in_period_and_total(report.programme, report.starts_on, report.due_on, report.township)


def sums(roll_up: RollUp) -> dict[str, dict[str, int]]:
    """Of the towns that reported, by `period` and `total` and the figure's code."""
    reported = [town["figures"] for town in roll_up.towns if town["figures"]]
    return {
        part: {
            metric.code: sum(figures[part].get(metric.code, 0) for figures in reported) for metric in METRICS
        }
        for part in ("period", "total")
    }


def spans_of(programme: Programme, month: date) -> dict[str, Span]:
    """The days of a month (`period`) and all until its end (`total`)."""
    return {
        "period": Span(programme, month, last_day(month)),
        "total": Span(programme, None, last_day(month)),
    }


def lines_of(programme: Programme, month: date) -> list[dict[str, Any]]:
    """The month's lines as they stand now; `value` None where the system registers nothing of the kind."""
    days = spans_of(programme, month)
    return [
        _line(line, COUNTY_BY_CODE[line.figure].count(days[line.part]) if line.figure else None)
        for line in mapping().lines
    ]


def reported_lines(report: MonthReport) -> list[dict[str, Any]]:
    """The same with the figures that the county reported for the month."""
    frozen = {key: row.part.numerator for key, row in measures_of(report).items()}
    found = ((line, frozen.get((f"report:{line.figure}", line.part))) for line in mapping().lines)
    return [_line(line, None if number is None else int(number)) for line, number in found]


def _line(line: MappedLine, value: int | None) -> dict[str, Any]:
    metric = COUNTY_BY_CODE.get(line.figure)
    return {
        "code": line.code,
        "name": line.name,
        "field": line.field,
        "value": value,
        "unit": str(metric.unit) if metric else "",
        "formula": str(metric.formula) if metric else _("系统没有登记这一项"),
    }


def figure_of(line: LibraryLine, evaluation: SelfEvaluation) -> str:
    """What the system counts for it up to the evaluation's day, with its unit; blank where it counts nothing."""
    metric = COUNTY_BY_CODE.get(line.metric)
    if metric is None:
        return ""
    return f"{metric.count(Span(evaluation.programme, None, evaluation.as_of))} {metric.unit}"


def draw_again(check: PhoneCheck) -> tuple[Drawn, ...]:
    """What frame, size and seed give: whoever has them gets the same people in the same order."""
    return draw([(pk, stratum) for pk, stratum in check.frame], size=check.size, seed=check.seed)
