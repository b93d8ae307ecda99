"""The rows that a figure of a report counts, as they stand now: people, sessions, calls, fairs as lines alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from training.claims.models import Claim
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.enrolment.models import Enrolment
from training.fairs.models import FairAttendance, JobFair
from training.followup.models import FollowUp
from training.outcomes.models import Outcome
from training.people.rules import mask_name
from training.reports.figures import COUNTY_METRICS, METRICS, Metric, Span
from training.reports.files import libraries, mapping
from training.reports.models import MinistryReport, RollUp, SelfEvaluation, TownReport
from training.reports.queries import spans_of
from training.scheduling.models import TrainingSession
from training.web.reporting.rows import shows_names

COLUMNS: Final = (_("名称或姓名"), _("期或内容"), _("乡镇"), _("日期"))


class Line(NamedTuple):
    """One counted row, whatever it is of."""

    name: str
    what: str
    township: str
    on: Any


class Shape(NamedTuple):
    """How a row of one kind is read and told; `person` leads to whose name it shows, if anybody's."""

    related: tuple[str, ...]
    order: tuple[str, ...]
    line: Callable[[Any, Callable[[str], str]], Line]


def _place(row: Any, name: Callable[[str], str]) -> Line:
    session, person = row.training_session, row.trainee
    return Line(name(person.name), f"{session.code} {session.title}", person.township, session.closed_at)


def _contact(row: Any, name: Callable[[str], str]) -> Line:
    place = row.enrolment
    return Line(name(place.trainee.name), place.training_session.code, place.trainee.township, row.done_at)


def _outcome(row: Any, name: Callable[[str], str]) -> Line:
    person = row.enrolment.trainee
    return Line(name(person.name), row.get_kind_display(), person.township, row.started_on)


def _visit(row: Any, name: Callable[[str], str]) -> Line:
    return Line(name(row.trainee.name), row.fair.title, row.trainee.township, row.fair.on)


SHAPES: Final[Mapping[type, Shape]] = {
    Enrolment: Shape(("trainee", "training_session"), ("training_session", "number", "pk"), _place),
    FollowUp: Shape(("enrolment__trainee", "enrolment__training_session"), ("done_at", "pk"), _contact),
    Outcome: Shape(("enrolment__trainee",), ("started_on", "pk"), _outcome),
    FairAttendance: Shape(("trainee", "fair"), ("fair", "pk"), _visit),
    TrainingSession: Shape(
        ("institution",),
        ("last_on", "pk"),
        lambda row, _name: Line(f"{row.code} {row.title}", row.institution.name, "", row.last_on),
    ),
    Claim: Shape(
        ("dossier__training_session__institution",),
        ("submitted_at", "pk"),
        lambda row, _name: Line(
            row.dossier.training_session.institution.name,
            f"{row.dossier.training_session.code} {row.amount_fen / 100:.2f} 元",
            "",
            row.submitted_at,
        ),
    ),
    JobFair: Shape((), ("on", "pk"), lambda row, _name: Line(row.title, row.place, row.township, row.on)),
}


class Behind(NamedTuple):
    metric: Metric
    span: Span
    rows: QuerySet[Any]


def behind(code: str, span: Span) -> Behind:
    """Raises NotFoundError for a figure there is not, of a town or of the county, and for one that counts no rows."""
    known = METRICS if span.township else COUNTY_METRICS
    metric = next((metric for metric in known if metric.code == code), None)
    rows = metric.listed(span) if metric else None
    if metric is None or rows is None:
        raise NotFoundError(code)
    shape = SHAPES[rows.model]
    return Behind(metric, span, rows.select_related(*shape.related).order_by(*shape.order))


def lines(rows: Iterable[Any], actor: Actor, metric: Metric) -> Iterator[Line]:
    """Names in full only for those whose work needs them; a town sees its numbers, not who they are."""
    full = shows_names(actor, sensitive=metric.code.startswith("poor"))
    for row in rows:
        yield SHAPES[type(row)].line(row, str if full else mask_name)


def of_town(report: TownReport, *, total: bool) -> Span:
    """The days of a town's report; `total`: everything until their end."""
    return Span(report.programme, None if total else report.starts_on, report.due_on, report.township)


def of_ministry(report: MinistryReport, line: str) -> Behind:
    """Of a line of the mapping; raises NotFoundError for one that counts no rows."""
    mapped = next((row for row in mapping().lines if row.code == line), None)
    if mapped is None:
        raise NotFoundError(line)
    return behind(mapped.figure, spans_of(report.programme, report.month)[mapped.part])


def of_evaluation(evaluation: SelfEvaluation, line: str) -> Behind:
    """Of a line of the library; raises NotFoundError for one that counts no rows."""
    found = next((row for row in libraries()[evaluation.library].lines if row.code == line), None)
    if found is None:
        raise NotFoundError(line)
    return behind(found.metric, Span(evaluation.programme, None, evaluation.as_of))


def of_county(roll_up: RollUp) -> Span:
    """The days that the towns reported on."""
    town = TownReport.objects.filter(programme=roll_up.programme, month=roll_up.month).earliest("pk")
    return Span(roll_up.programme, town.starts_on, town.due_on)
