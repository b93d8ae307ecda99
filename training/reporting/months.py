"""Reported months: what the county reported stays as reported, and what changed since shows as a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.programmes.models import Programme
from training.programmes.queries import rule_set_on
from training.reporting import counting, figures
from training.reporting.choices import Dimension, SliceKind
from training.reporting.depths import DEPTHS
from training.reporting.measuring import take
from training.reporting.metrics import Part
from training.reporting.models import Figure, MonthReport, ReportedFigure, ReportedMeasure
from training.reporting.queries import Measured, measured
from training.reporting.signals import month_measured
from training.reporting.tallying import Tally
from training.scheduling.signals import answers

FROZEN: Final = (Dimension.MONTH, Dimension.UNTIL)
"""Of every slice: what the month itself brought, and all until its end."""
Key = tuple[str, str, str, str]
"""Slice kind and key, dimension, depth."""


@dataclass(frozen=True)
class Difference:
    """A figure as last reported and as it is now."""

    slice_kind: str
    slice_key: str
    dimension: str
    depth: str
    reported: Tally
    now: Tally

    @property
    def renci(self) -> int:
        return self.now.renci - self.reported.renci

    @property
    def people(self) -> int:
        return self.now.people - self.reported.people


def reports(programme: Programme, actor: Actor) -> QuerySet[MonthReport]:
    """Every report and supplement, the newest month first."""
    rows: QuerySet[MonthReport] = MonthReport.objects.visible_to(actor).filter(programme=programme)
    return rows.select_related("reported_by")


def reports_of(programme: Programme, month: str, actor: Actor) -> list[MonthReport]:
    """A month's report with its supplements, the last first; none where it was not reported."""
    return list(reports(programme, actor).filter(month=month))


def reported(report: MonthReport) -> dict[Key, Tally]:
    rows = ReportedFigure.objects.filter(report=report)
    return {
        (row.slice_kind, row.slice_key, row.dimension, row.depth): Tally(row.renci, row.people)
        for row in rows
    }


def reported_totals(programme: Programme, actor: Actor, *, depth: str = "completed") -> dict[str, Tally]:
    """What each reported month brought the county, as last reported."""
    rows = ReportedFigure.objects.visible_to(actor).filter(
        report__programme=programme,
        slice_kind=SliceKind.PROGRAMME,
        dimension=Dimension.MONTH,
        depth=depth,
    )
    said = rows.order_by("report__number").values_list("report__month", "renci", "people")
    return {month: Tally(renci, people) for month, renci, people in said}


def differences(report: MonthReport) -> list[Difference]:
    """Every figure that is no longer what was reported, in the order of its key."""
    was, now = reported(report), current(report.programme, report.month)
    return [
        Difference(*key, was.get(key, Tally()), now.get(key, Tally()))
        for key in sorted(was.keys() | now.keys())
        if was.get(key, Tally()) != now.get(key, Tally())
    ]


@dataclass(frozen=True)
class Moved:
    """A measure that is told otherwise now than when the month was reported; None: it was or is not told at all."""

    name: str
    reported: Measured | None
    now: Measured | None


def moved(report: MonthReport) -> list[Moved]:
    """Every measure that has changed since, in the order of its report."""
    was, now = measures_of(report), _measures(report.programme, report.month)
    return [
        Moved((was.get(key) or now[key]).name, was.get(key), now.get(key))
        for key in [*was, *(key for key in now if key not in was)]
        if key not in was or key not in now or was[key].part != now[key].part
    ]


def measures_of(report: MonthReport) -> dict[tuple[str, str], Measured]:
    """The measures as they were frozen, by code and reading; none in a report of before they were."""
    rows = report.measures.all()
    return {
        (row.code, row.reading): Measured(
            row.code,
            row.reading,
            row.name,
            row.formula,
            Part(row.numerator, row.denominator, row.not_yet, row.why),
        )
        for row in rows
    }


def _measures(programme: Programme, month: str) -> dict[tuple[str, str], Measured]:
    """As they stand now, those of the rooms above with them."""
    above: list[Measured] = answers(month_measured, programme=programme, month=month)
    return {(row.code, row.reading): row for row in chain(measured(programme), above)}


def current(programme: Programme, month: str) -> dict[Key, Tally]:
    """What would be reported now, of every slice that has anything to count."""
    return dict(_current(programme, month))


def _current(programme: Programme, month: str) -> Iterator[tuple[Key, Tally]]:
    rows = Figure.objects.filter(
        programme=programme, dimension__in=[Dimension.MONTH, Dimension.FIRST_MONTH]
    ).values_list("slice_kind", "slice_key", "dimension", "key", "depth", "renci", "people")
    until: dict[Key, Tally] = {}
    for kind, own, dimension, key, depth, renci, people in rows:
        if dimension == Dimension.MONTH and key == month:
            yield (kind, own, Dimension.MONTH, depth), Tally(renci, people)
        elif dimension == Dimension.FIRST_MONTH and key and key <= month:
            before = until.get((kind, own, Dimension.UNTIL, depth), Tally())
            until[kind, own, Dimension.UNTIL, depth] = Tally(before.renci + renci, before.people + people)
    yield from until.items()


@transaction.atomic
def report_month(programme_id: int, month: str, *, actor: Actor) -> MonthReport:
    """Freeze the figures of a month that is over. Once; from then on there are only supplements."""
    demand(actor, "month.report")
    programme: Programme = Programme.objects.lock(actor, pk=programme_id)
    _check_month(programme, month)
    if reports_of(programme, month, actor):
        raise InvalidTransitionError(_("%(month)s 已经报过。有变化的，请写明原因补报。") % {"month": month})
    return _freeze(programme, month, 0, "", actor)


@transaction.atomic
def supplement_month(programme_id: int, month: str, *, reason: str, actor: Actor) -> MonthReport:
    """Report a reported month's figures as they are now besides, with the reason. The report itself stays."""
    demand(actor, "month.report")
    programme: Programme = Programme.objects.lock(actor, pk=programme_id)
    before = reports_of(programme, month, actor)
    if not before:
        raise InvalidTransitionError(_("%(month)s 还没有报过，请先报送。") % {"month": month})
    if not reason.strip():
        raise InvalidInputError(_("请写明补报的原因。"))
    counting.refresh(programme.pk)
    if not differences(before[0]) and not moved(before[0]):
        raise InvalidTransitionError(_("与上次报的数一样，不用补报。"))
    return _freeze(programme, month, before[0].number + 1, reason.strip(), actor)


def _check_month(programme: Programme, month: str) -> None:
    try:
        figures.months(month, month)
    except ValueError as wrong:
        raise InvalidInputError(_("没有“%(month)s”这个月份。") % {"month": month}) from wrong
    if month >= f"{clock.today():%Y-%m}":
        raise InvalidInputError(_("%(month)s 还没有过完，月底以后再报。") % {"month": month})
    window = rule_set_on(programme, clock.today(), actor=SYSTEM).rules.window
    if month < f"{window.starts_on:%Y-%m}":
        raise InvalidInputError(_("%(month)s 在项目期以前。") % {"month": month})


def _freeze(programme: Programme, month: str, number: int, reason: str, actor: Actor) -> MonthReport:
    counting.refresh(programme.pk)
    report: MonthReport = MonthReport.objects.create(
        programme=programme,
        month=month,
        number=number,
        reason=reason,
        reported_by_id=actor.person_id,
        reported_at=clock.now(),
    )
    ReportedFigure.objects.bulk_create(_rows(report, current(programme, month)))
    take(programme)
    ReportedMeasure.objects.bulk_create(
        ReportedMeasure(
            report=report,
            code=row.code,
            reading=row.reading,
            name=row.name,
            formula=row.formula,
            numerator=row.part.numerator,
            denominator=row.part.denominator,
            not_yet=row.part.not_yet,
            why=row.part.why,
        )
        for row in _measures(programme, month).values()
    )
    record(actor, "month.supplemented" if number else "month.reported", report, month=month, number=number)
    return report


def _rows(report: MonthReport, now: Mapping[Key, Tally]) -> Iterator[ReportedFigure]:
    """The county's own at every depth even where it is 0: that too was reported."""
    county = [(SliceKind.PROGRAMME.value, "", it.value, depth) for it in FROZEN for depth in DEPTHS]
    for kind, own, dimension, depth in dict.fromkeys([*county, *now]):
        tally = now.get((kind, own, dimension, depth), Tally())
        yield ReportedFigure(
            report=report,
            slice_kind=kind,
            slice_key=own,
            dimension=dimension,
            depth=depth,
            renci=tally.renci,
            people=tally.people,
        )


def unreported(programme: Programme, actor: Actor) -> list[str]:
    """Months that are over, in the programme's window, and were not reported; the oldest first."""
    window = rule_set_on(programme, clock.today(), actor=actor).rules.window
    today = clock.today()
    last = min(
        f"{window.ends_on:%Y-%m}", f"{today.year - (today.month == 1)}-{(today.month - 2) % 12 + 1:02}"
    )
    first = f"{window.starts_on:%Y-%m}"
    done = set(reports(programme, actor).values_list("month", flat=True))
    return [month for month in figures.months(first, last) if month not in done] if first <= last else []
