"""Lists and indicators on A4: the ledgers a county is asked for on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_safe

from training.core import clock
from training.core.errors import InvalidInputError
from training.programmes.queries import the_programme
from training.reports.pdf import Grid, Part
from training.web.fairs.views import fairs
from training.web.followup.statistics import as_rows
from training.web.followup.views import follow_ups
from training.web.gate import WorkRequest, needs
from training.web.lists import ListView, streamed
from training.web.outcomes import statistics
from training.web.outcomes.views import practice_table
from training.web.reporting.queries import Standing, scoreboard
from training.web.reports.papers import pdf

MOST: Final = 3_000
"""Lines of a paper; whoever wants more takes the file."""
TARGETS: Final = (
    ("指标", 0.3),
    ("目标", 62.0),
    ("完成", 62.0),
    ("完成率", 46.0),
    ("应到", 46.0),
    ("算法", 0.7),
)


def _paper(request: WorkRequest, name: str, parts: Iterable[Part]) -> HttpResponse:
    programme = the_programme(request.actor)
    return pdf(programme, f"{clock.today():%Y%m%d}", name, programme.name, parts)


def _grid(columns: Sequence[Any], rows: Iterable[Sequence[Any]], note: str) -> Grid:
    share = 1 / len(columns)
    lines = tuple(tuple(str(cell) for cell in row) for row in rows)
    return Grid("", tuple((str(name), share) for name in columns), lines, note=note)


def ledger(
    listed: ListView, act: str, name: str | Promise, *, columns: Sequence[int] | None = None
) -> Callable[..., HttpResponseBase]:
    """A list as a paper: what its filters ask for, in the columns of its file, or in those at these places.

    Raises InvalidInputError for more than MOST lines.
    """

    @require_safe
    @needs(act)
    @override(settings.LANGUAGE_CODE)
    def paper(request: WorkRequest) -> HttpResponse:
        listing = listed.listing(request)
        assert listing.file is not None  # noqa: S101  a list without a file has no paper
        rows = listing.rows
        if rows.count() > MOST:
            raise InvalidInputError(
                _("要打印的超过 %(most)s 行，请先用条件缩小范围，或导出文件。") % {"most": MOST}
            )
        shown = range(len(listing.file.columns)) if columns is None else columns
        lines = ([line[place] for place in shown] for line in listing.file.lines(streamed(rows)))
        heads = [listing.file.columns[place] for place in shown]
        grid = _grid(heads, lines, f"共 {rows.count()} 行。")
        return _paper(request, str(name), [grid])

    return paper


follow_up_ledger = ledger(
    follow_ups, "followup.view", gettext_lazy("训后跟踪台账"), columns=(0, 2, 3, 4, 5, 6, 9, 10, 11, 12)
)
fair_ledger = ledger(fairs, "fair.view", gettext_lazy("用工对接会台账"))


@require_safe
@needs("outcome.view")
@override(settings.LANGUAGE_CODE)
def practice(request: WorkRequest) -> HttpResponse:
    """从业情况统计, by what the page asks for."""
    _filters, by, lines = practice_table(request)
    columns = (statistics.DIMENSIONS[by], *statistics.FIGURES.values())
    return _paper(request, "从业情况统计", [_grid(columns, as_rows(lines), "")])


@require_safe
@needs("indicator.view")
@override(settings.LANGUAGE_CODE)
def indicator_progress(request: WorkRequest) -> HttpResponse:
    page = scoreboard(the_programme(request.actor), request.actor)
    rows = [
        *(
            ("人次：" + depth.name, "", str(depth.tally.renci), "", "", depth.formula)
            for depth in page.depths
        ),
        *(row for standing in page.targets for row in _target(standing)),
    ]
    note = (
        f"数据截至 {page.standing.as_of:%Y-%m-%d}。几种算法都列出，以最严的为准线；各项分别计算，不互相抵补。"
    )
    return _paper(request, "指标进度表", [Grid("", TARGETS, tuple(rows), note=note)])


def _target(standing: Standing) -> list[tuple[str, ...]]:
    """A line for each reading; the target's own words stand in the first."""
    row = standing.indicator
    owed = f"{row.target.normalize():f}{row.unit}"
    expected = "" if standing.expected is None else f"{standing.expected.normalize():f}"
    found: list[tuple[str, ...]] = []
    for number, taking in enumerate(row.takings or (None,)):
        said = "无法计算" if taking is None or taking.value is None else f"{taking.value.normalize():f}"
        formula = (
            row.formula if taking is None else taking.formula if taking.value is not None else taking.why
        )
        name = "　".join(filter(None, [row.name, taking.name if taking else ""]))
        percent = "" if row.percent is None or number else f"{row.percent} %"
        found.append((name, owed, said, percent, expected, formula))
    return found
