"""The pages of reported months: what was reported, what has changed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.programmes.models import Programme
from training.reporting import figures
from training.reporting.choices import Dimension, SliceKind
from training.reporting.depths import DEPTHS
from training.reporting.models import MonthReport
from training.reporting.months import (
    Difference,
    Moved,
    differences,
    measures_of,
    moved,
    reported,
    reported_totals,
    reports,
    reports_of,
    unreported,
)
from training.reporting.queries import Measured, catch_up
from training.reporting.tallying import Tally
from training.web.reporting.queries import names_of, rows_address
from training.web.reporting.words import DEPTH_NAMES


@dataclass(frozen=True)
class MonthLine:
    """A reported month: as last reported, as it is now."""

    report: MonthReport
    reported: Tally
    now: Tally

    @property
    def difference(self) -> int:
        return self.now.renci - self.reported.renci


@dataclass(frozen=True)
class Overview:
    months: list[MonthLine]
    unreported: list[str]


@dataclass(frozen=True)
class Said:
    """A difference in words."""

    whose: str
    what: str
    depth: str
    row: Difference


class MonthFigure(NamedTuple):
    """At one depth what the month brought and all until its end, each with the list as it is now."""

    depth: str
    month: Tally
    until: Tally
    month_rows: str
    until_rows: str


@dataclass(frozen=True)
class MonthPage:
    month: str
    reports: list[MonthReport]  # the last first
    figures: list[MonthFigure]
    differences: list[Said]
    measures: list[Measured]
    moved: list[Moved]

    @property
    def last(self) -> MonthReport:
        return self.reports[0]


def overview(programme: Programme, actor: Actor) -> Overview:
    catch_up(programme)
    was = reported_totals(programme, actor)
    now = figures.read(programme, actor, dimensions=[Dimension.MONTH]).of(Dimension.MONTH)
    latest: dict[str, MonthReport] = {}
    for report in reports(programme, actor):
        latest.setdefault(report.month, report)
    lines = [
        MonthLine(report, was.get(month, Tally()), now.get(month, Tally()))
        for month, report in latest.items()
    ]
    return Overview(lines, unreported(programme, actor))


def of_month(programme: Programme, month: str, actor: Actor) -> MonthPage:
    """Raises NotFoundError for a month that was not reported."""
    said = reports_of(programme, month, actor)
    if not said:
        raise NotFoundError(month)
    catch_up(programme)
    names = names_of(programme, actor)
    frozen, changed = reported(said[0]), moved(said[0])
    county = (SliceKind.PROGRAMME.value, "")
    return MonthPage(
        month=month,
        reports=said,
        figures=[
            MonthFigure(
                str(DEPTH_NAMES[depth]),
                frozen.get((*county, Dimension.MONTH.value, depth), Tally()),
                frozen.get((*county, Dimension.UNTIL.value, depth), Tally()),
                rows_address(depth, *county, Dimension.MONTH, month),
                rows_address(depth, *county, Dimension.UNTIL, month),
            )
            for depth in DEPTHS
        ],
        differences=[
            Said(
                names.slice(row.slice_kind, row.slice_key),
                str(Dimension(row.dimension).label),
                str(DEPTH_NAMES[row.depth]),
                row,
            )
            for row in differences(said[0])
        ],
        measures=list(measures_of(said[0]).values()),
        moved=changed,
    )
