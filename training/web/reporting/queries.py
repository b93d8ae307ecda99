"""Figures with what they count: targets, dashboards and the lists behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from training.accounts.permissions import may
from training.core import clock
from training.core.actor import ALL, Actor
from training.core.errors import NotFoundError
from training.institutions.models import Institution
from training.institutions.queries import active_institutions
from training.outcomes.queries import cohort
from training.programmes.models import Programme
from training.programmes.preset import InstitutionRule, Preset
from training.programmes.queries import rule_set_on
from training.reporting import figures
from training.reporting.charts import Bar, Line, LineChart, bars
from training.reporting.choices import Dimension, SliceKind
from training.reporting.depths import DEPTHS
from training.reporting.measuring import CURVES, Taken, taken
from training.reporting.metrics import WINDOW_MONTHS, Measure, Part, Question, percent
from training.reporting.money import Spending, sources, spending
from training.reporting.months import reported_totals
from training.reporting.queries import (
    Indicator,
    Taking,
    besides,
    catch_up,
    enrolments_for,
    follow_up,
    indicator,
    indicators,
)
from training.reporting.tallying import Tally
from training.reports.choices import CallResult
from training.reports.models import PhoneCheck
from training.reports.queries import phone_checks, results
from training.reports.rules import Confirmation
from training.web.county.rulebook import source_names
from training.web.reporting.rows import Behind
from training.web.reporting.words import DEPTH_FORMULAS, DEPTH_NAMES, Names

COHORTS: Final[Mapping[str, str]] = {
    "start_up_rate": "started_up",
    "shop_growth": "started_up",
    "employment_rate": "employed",
}
DIVIDED: Final = (
    Dimension.CLASS_TYPE,
    Dimension.CATEGORY,
    Dimension.GROUP,
    Dimension.FUND_LINE,
    Dimension.INSTITUTION,
)


def names_of(programme: Programme, actor: Actor) -> Names:
    rules = rule_set_on(programme, clock.today(), actor=actor).rules
    rows = Institution.objects.visible_to(actor).filter(programme=programme).values_list("pk", "name")
    return Names(rules, {str(pk): name for pk, name in rows})


def rows_address(depth: str, kind: str, own: str, dimension: str, key: str) -> str:
    """The list that a figure counts, and nothing else."""
    asked = {"slice": kind, "slice_key": own, "dimension": dimension, "key": key, "depth": depth}
    return f"{reverse('figure-rows')}?{urlencode({name: word for name, word in asked.items() if word})}"


# The county's targets


@dataclass(frozen=True)
class Depth:
    """人次 and 人数 at one depth."""

    code: str
    name: str
    formula: str
    tally: Tally


class Lists(NamedTuple):
    """Where what a reading counts is listed; blank where there is no list, or none for this actor."""

    numerator: str = ""
    denominator: str = ""
    not_yet: str = ""


@dataclass(frozen=True)
class Standing:
    """A target as the page tells it: `expected` is an even pace by today, which a rate does not have.

    `takings` come with the lists of what they count.
    """

    indicator: Indicator
    expected: Decimal | None
    href: str
    takings: list[tuple[Taking, Lists]]

    @property
    def behind(self) -> bool:
        actual = self.indicator.actual
        return actual is not None and self.expected is not None and Decimal(actual) < self.expected

    @property
    def expected_share(self) -> Decimal | None:
        """Of the target, in percent."""
        if self.expected is None:
            return None
        return (self.expected * 100 / self.indicator.target).quantize(Decimal("0.1"))


@dataclass(frozen=True)
class FollowUpFigure:
    name: str
    count: int
    formula: str
    href: str


@dataclass(frozen=True)
class PhoneFigure:
    """电话核实率 of the last sample that was drawn."""

    check: PhoneCheck
    confirmation: Confirmation

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Of the 95 % interval, in percent."""
        interval = self.confirmation.interval
        return (round(100 * interval.low, 1), round(100 * interval.high, 1)) if interval else None


@dataclass(frozen=True)
class Scoreboard:
    programme: Programme
    standing: figures.Standing
    measured_at: datetime
    targets: list[Standing]
    depths: list[Depth]
    besides: list[tuple[Measure, list[tuple[Taking, Lists]]]]
    follow_up: list[FollowUpFigure]
    phone: PhoneFigure | None
    institutions: int  # that may work today and hold an agreement
    institutions_rule: InstitutionRule

    @property
    def enough_institutions(self) -> bool:
        return self.institutions >= self.institutions_rule.min_count


def scoreboard(programme: Programme, actor: Actor) -> Scoreboard:
    today = clock.today()
    standing = catch_up(programme)
    rules = rule_set_on(programme, today, actor=actor).rules
    kept = taken(programme)
    return Scoreboard(
        programme=programme,
        standing=standing,
        measured_at=kept.at,
        targets=[_target(row, rules, today, actor) for row in indicators(programme, actor)],
        depths=_depths(figures.read(programme, actor)),
        besides=[
            (measure, [(it, _behind_rate(code, actor)) for it in takings])
            for code, measure, takings in besides(kept)
        ],
        follow_up=_follow_up(kept),
        phone=_phone(programme, actor),
        institutions=active_institutions(programme, actor, today).count(),
        institutions_rule=rules.institutions,
    )


def _phone(programme: Programme, actor: Actor) -> PhoneFigure | None:
    if not may(actor, "phone_check.view"):
        return None
    last = phone_checks(actor).filter(programme=programme).defer("frame").first()
    if last is None:
        return None
    said = results(last)
    confirmation = Confirmation(said.get(CallResult.CONFIRMED, 0), said.get(CallResult.DENIED, 0))
    return PhoneFigure(last, confirmation)


def _depths(sheet: figures.Sheet) -> list[Depth]:
    return [
        Depth(code, str(DEPTH_NAMES[code]), str(DEPTH_FORMULAS[code]), sheet.total(code)) for code in DEPTHS
    ]


def _target(row: Indicator, rules: Preset, today: date, actor: Actor) -> Standing:
    return Standing(
        indicator=row,
        expected=None if row.share else row.expected(today, rules.window.starts_on),
        href=reverse("target-enrolments", args=[row.code]) if row.rule.counts else "",
        takings=[(taking, _behind_taking(row, taking, actor)) for taking in row.takings],
    )


ELSEWHERE: Final[Mapping[tuple[str, str], tuple[str, str, str]]] = {
    ("companies_online", "companies"): ("enterprises", "status=confirmed", "enterprise.view"),
    ("village_talent", "villages"): ("designations", "kind=talent", "designation.view"),
    ("township_backbone", "townships"): ("designations", "kind=backbone", "designation.view"),
    ("job_fairs", "fairs"): ("fairs", "status=counted", "fair.view"),
    ("fair_trainees", "people"): ("fair-attendances", "counted=people", "fair.view_people"),
    ("fair_trainees", "renci"): ("fair-attendances", "counted=attendances", "fair.view_people"),
    ("village_reach", "villages"): ("poor-villages", "", "indicator.view"),
    ("village_reach", "people"): ("poor-villages", "", "indicator.view"),
    ("stated", "stated"): ("stated-values", "", "indicator.view"),
}
"""Of a measure's reading: the page that lists what it counts, its filters, and who may open it."""


def _behind_taking(row: Indicator, taking: Taking, actor: Actor) -> Lists:
    own = reverse("target-enrolments", args=[row.code])
    if row.rule.counted_by in COHORTS:
        return Lists(own, f"{own}?part=denominator", f"{own}?part=not_yet")
    if row.rule.counts or row.rule.counted_by == "poor_training":
        return Lists(own)
    place = ELSEWHERE.get((row.rule.counted_by or "", taking.code))
    if place is None or not may(actor, place[2]):
        return Lists()
    name, query, _act = place
    return Lists(f"{reverse(name)}?{query}" if query else reverse(name))


def _behind_rate(code: str, actor: Actor) -> Lists:
    """Of a rate that is told besides."""
    if code == "completion_rate":
        return Lists(*(reverse("indicator-enrolments", args=[depth]) for depth in ("completed", "planned")))
    if code in COHORTS and may(actor, "rate.view"):
        people = f"{reverse('outcome-people')}?kind={COHORTS[code]}&side="
        return Lists(people + "numerator", people + "denominator", people + "not_yet")
    return Lists()


def _follow_up(kept: Taken) -> list[FollowUpFigure]:
    owed, claimed = reverse("followups"), reverse("outcomes")
    hrefs = {
        "owed": f"{owed}?due=all",
        "done": f"{owed}?due=done",
        "claimed": claimed,
        "standing": f"{claimed}?status=standing&grade=AB",
    }
    return [
        FollowUpFigure(row.name, int(row.part.numerator or 0), row.formula, hrefs[row.code])
        for row in follow_up(kept)
    ]


# What is behind


def behind_figure(programme: Programme, actor: Actor, figure: Mapping[str, str], names: Names) -> Behind:
    """The rows of one figure; `figure` is what `figures.rows_behind` takes."""
    kind, own = figure["slice_kind"], figure["slice_key"]
    dimension, key, depth = figure["dimension"], figure["key"], figure["depth"]
    said = [names.slice(kind, own)] if kind != SliceKind.PROGRAMME else []
    if dimension == Dimension.UNTIL:
        said.append(_("截至 %(month)s") % {"month": key})
    elif dimension != Dimension.TOTAL:
        said.append(names.of(dimension, key))
    said.append(str(DEPTH_NAMES[depth]))
    return Behind(
        _(" · ").join(said),
        str(DEPTH_FORMULAS[depth]),
        figures.rows_behind(programme, actor, **figure),
        sensitive=dimension == Dimension.GROUP,
    )


def behind_depth(depth: str, programme: Programme, actor: Actor) -> Behind:
    """Raises NotFoundError for a depth there is not."""
    if depth not in DEPTHS:
        raise NotFoundError(depth)
    rows = figures.rows_behind(programme, actor, depth=depth)
    return Behind(str(DEPTH_NAMES[depth]), str(DEPTH_FORMULAS[depth]), rows)


def behind_target(code: str, programme: Programme, actor: Actor, *, part: str = "numerator") -> Behind:
    """The rows that a target counts, or one part of its rate; raises NotFoundError where it counts none."""
    found = indicator(code, programme, actor)
    if found.rule.counts:
        rows = enrolments_for(found.rule, programme, actor)
        return Behind(found.name, found.formula, rows, sensitive=bool(found.rule.groups))
    if found.rule.counted_by in COHORTS:
        rows = _cohort_rows(found, programme, actor, part)
        name = {
            "numerator": _("%(name)s：达成的"),
            "denominator": _("%(name)s：期满的"),
            "not_yet": _("%(name)s：未期满的"),
        }[part] % {"name": found.name}
        return Behind(name, found.formula, rows, sensitive=bool(found.rule.groups))
    if found.rule.counted_by == "poor_training":
        question = _question(found, programme, actor)
        return Behind(found.name, found.formula, _in_villages(question), sensitive=True)
    raise NotFoundError(code)


def _question(found: Indicator, programme: Programme, actor: Actor) -> Question:
    today = clock.today()
    rules = rule_set_on(programme, today, actor=actor).rules
    return Question(programme, actor, rules, found.rule, today)


def _cohort_rows(found: Indicator, programme: Programme, actor: Actor, part: str) -> QuerySet[Any]:
    question = _question(found, programme, actor)
    whole = cohort(
        programme,
        actor,
        kind=COHORTS[found.rule.counted_by or ""],
        class_type=found.rule.class_type,
        months=WINDOW_MONTHS,
        as_of=question.on,
        among=question.among,
    )
    rows: QuerySet[Any] = getattr(whole, part)
    return rows


def _in_villages(question: Question) -> QuerySet[Any]:
    """Of a target's enrolments those whose address means a poverty village."""
    places = question.enrolments.order_by().values_list("trainee__township", "trainee__village").distinct()
    here = Q(pk__in=())
    for township, village in places:
        if question.in_poor_villages([(township, village, 1, 1)]):
            here |= Q(trainee__township=township, trainee__village=village)
    return question.enrolments.filter(here)


@dataclass(frozen=True)
class VillageRow:
    """A poverty village: how many were trained, over how many who could have been."""

    name: str
    township: str
    code: str
    tally: Tally
    labour: Decimal | None
    href: str

    @property
    def share(self) -> Decimal | None:
        return percent(Part(Decimal(self.tally.people), self.labour)) if self.labour else None


def villages(programme: Programme, actor: Actor) -> list[VillageRow]:
    """Every poverty village, those nobody has reached first."""
    catch_up(programme)
    today = clock.today()
    question = Question(programme, actor, rule_set_on(programme, today, actor=actor).rules, None, today)
    sheet = figures.read(programme, actor, dimensions=[Dimension.VILLAGE])
    keys = question.villages_of(sheet.of(Dimension.VILLAGE))
    rows = [
        VillageRow(
            name=village.name,
            township=village.parent.name if village.parent else "",
            code=village.code,
            tally=Tally(*question.in_poor_villages(keys.get(pk, {}).values()).get(pk, (0, 0))),
            labour=question.stated.get(("labour_force", pk)),
            href=_one_key(keys.get(pk, {})),
        )
        for pk, village in question.poor_villages.items()
    ]
    return sorted(rows, key=lambda row: (row.tally.renci > 0, row.code))


def _one_key(keys: Mapping[str, Any]) -> str:
    """The list of a village; where its name is written in several ways there is a list for each, and none here."""
    if len(keys) != 1:
        return ""
    [key] = keys
    return rows_address("completed", SliceKind.PROGRAMME, "", Dimension.VILLAGE, key)


# Dashboards


@dataclass(frozen=True)
class Divided:
    """One division of a slice's figures: each key with its counts at two depths."""

    dimension: str
    name: str
    bars: list[Bar]
    note: str = ""


@dataclass(frozen=True)
class MonthRow:
    """A month as it is now, and as it was reported: None where it was not."""

    month: str
    tally: Tally
    href: str
    reported: Tally | None

    @property
    def difference(self) -> int | None:
        return None if self.reported is None else self.tally.renci - self.reported.renci


@dataclass(frozen=True)
class Dashboard:
    name: str
    kind: str
    key: str
    standing: figures.Standing
    depths: list[tuple[Depth, str]]
    progress: LineChart | None
    curves: LineChart | None
    divided: list[Divided]
    places: Divided
    months: list[MonthRow]
    money: list[tuple[Spending, list[int]]]
    """With what is planned from each of `sources`."""
    sources: list[str]
    shares: list[tuple[str, Decimal]]
    """资金占比 in percent: computed from the amounts, never as printed."""


def slices(programme: Programme, actor: Actor, names: Names) -> list[tuple[str, str]]:
    """What this actor may look at, as (kind:key, name); the first is theirs by default."""
    if actor.reach.get("institution") is not ALL:
        return list(_own_slices(actor, names))
    townships = figures.read(programme, actor, dimensions=[Dimension.TOWNSHIP]).of(
        Dimension.TOWNSHIP, "planned"
    )
    found = [(SliceKind.PROGRAMME, "")]
    found += [(SliceKind.INSTITUTION, key) for key in names.institutions]
    found += [(SliceKind.TOWNSHIP, key) for key in townships]
    found += [(SliceKind.FUND_LINE, line.code) for line in names.rules.fund_lines]
    return [(f"{kind.value}:{key}", names.slice(kind, key)) for kind, key in found]


def _own_slices(actor: Actor, names: Names) -> Iterator[tuple[str, str]]:
    for kind, reach in (
        (SliceKind.INSTITUTION, actor.reach.get("institution")),
        (SliceKind.TOWNSHIP, actor.reach.get("township")),
    ):
        if isinstance(reach, frozenset):
            yield from (
                (f"{kind.value}:{key}", names.slice(kind, str(key))) for key in sorted(map(str, reach))
            )


def dashboard(programme: Programme, actor: Actor, names: Names, *, of: str) -> Dashboard:
    """Everything of one slice, read from what is kept: the number of questions does not depend on the county."""
    kind, _mark, key = of.partition(":")
    standing = catch_up(programme)
    sheet = figures.read(programme, actor, slice_kind=kind, slice_key=key, dimensions=list(Dimension))
    whole_county = kind == SliceKind.PROGRAMME
    rules = names.rules
    return Dashboard(
        name=names.slice(kind, key),
        kind=kind,
        key=key,
        standing=standing,
        depths=[
            (depth, rows_address(depth.code, kind, key, Dimension.TOTAL, "")) for depth in _depths(sheet)
        ],
        progress=_progress(sheet, rules if whole_county else None),
        curves=_curves(programme) if whole_county else None,
        divided=[_divided(sheet, it, kind, key, names) for it in _dimensions(kind, names)],
        places=_places(sheet, kind, key, names),
        months=_months(sheet, programme, actor, kind, key),
        money=_money(programme, rules, actor, kind, key),
        sources=[source_names()[code] for code in sources(rules)],
        shares=[(row.name, Decimal(str(round(100 * row.share, 1)))) for row in rules.fund_shares],
    )


def _dimensions(kind: str, names: Names) -> list[Dimension]:
    """By what a slice is divided: not by itself, nor by institutions of which this actor knows none."""
    return [it for it in DIVIDED if it != kind and (it != Dimension.INSTITUTION or names.institutions)]


def _progress(sheet: figures.Sheet, rules: Preset | None) -> LineChart | None:
    """Cumulative by month up to now; of the county beside an even pace to its target."""
    until = sheet.of(Dimension.UNTIL)
    target = (
        next((row for row in rules.targets if row.counts == "renci" and not row.parent), None)
        if rules
        else None
    )
    now = f"{clock.today():%Y-%m}"
    if not until and not target:
        return None
    start = f"{rules.window.starts_on:%Y-%m}" if rules else min(until)
    first = min([start, *until])
    last = max([now, *until, *([f"{target.due_on:%Y-%m}"] if target else [])])
    labels = figures.months(first, last)
    known = _carried(until, [month for month in labels if month <= max([now, *until])])
    lines = [
        Line(_("结业人次"), [tally.renci for tally in known]),
        Line(_("结业人数"), [tally.people for tally in known]),
    ]
    if target and rules:
        steps = figures.months(start, f"{target.due_on:%Y-%m}")
        pace = {month: round(target.value * (n + 1) / len(steps)) for n, month in enumerate(steps)}
        lines.append(Line(_("按时间进度应达到"), [pace.get(month) for month in labels], dashed=True))
    return LineChart(
        _("累计完成与时间进度"),
        _("到 %(month)s 累计结业 %(renci)s 人次、%(people)s 人。")
        % {"month": max([now, *until]), "renci": known[-1].renci, "people": known[-1].people},
        _("人次"),
        labels,
        lines,
    )


def _carried(until: Mapping[str, Tally], months: Iterable[str]) -> list[Tally]:
    found, last = [], Tally()
    for month in months:
        last = until.get(month, last)
        found.append(last)
    return found


def _curves(programme: Programme) -> LineChart | None:
    kept = taken(programme)
    labels = [str(number) for number in range(1, WINDOW_MONTHS + 1)]
    lines = [
        Line(name, [percent(kept.of(CURVES[kind]).get(month, Part())) for month in labels], dashed=dashed)
        for kind, name, dashed in (("started_up", _("创业"), False), ("employed", _("就业"), True))
    ]
    if all(value is None for line in lines for value in line.values):
        return None
    return LineChart(
        _("结业后各月的创业率和就业率"),
        _("横轴是结业后第几个月；每一点只算满了这么多个月的结业学员。"),
        "%",
        [_("第 %(number)s 个月") % {"number": label} for label in labels],
        lines,
    )


def _divided(sheet: figures.Sheet, dimension: Dimension, kind: str, own: str, names: Names) -> Divided:
    completed = sheet.of(dimension)
    rows = [
        Bar(
            names.of(dimension, key),
            tally.renci,
            tally.people,
            rows_address("completed", kind, own, dimension, key),
        )
        for key, tally in sorted(completed.items(), key=lambda item: -item[1].renci)
    ]
    note = {
        Dimension.GROUP: _("按入册时的主要类别，一人次只计一类；少于 5 人的不要对外公布。"),
    }.get(dimension, "")
    return Divided(dimension, str(dimension.label), bars(rows), note)


def _places(sheet: figures.Sheet, kind: str, own: str, names: Names) -> Divided:
    """Townships of the county, each with its own dashboard; villages of a township."""
    if kind == SliceKind.TOWNSHIP:
        return _divided(sheet, Dimension.VILLAGE, kind, own, names)
    return _divided(sheet, Dimension.TOWNSHIP, kind, own, names)


def _months(sheet: figures.Sheet, programme: Programme, actor: Actor, kind: str, own: str) -> list[MonthRow]:
    shown = kind == SliceKind.PROGRAMME and may(actor, "indicator.view")
    reported = reported_totals(programme, actor) if shown else {}
    months = sheet.of(Dimension.MONTH)
    return [
        MonthRow(
            month,
            months.get(month, Tally()),
            rows_address("completed", kind, own, Dimension.MONTH, month),
            reported.get(month),
        )
        for month in sorted(months.keys() | reported.keys(), reverse=True)
        if month
    ]


def _money(
    programme: Programme, rules: Preset, actor: Actor, kind: str, key: str
) -> list[tuple[Spending, list[int]]]:
    """Of the county and of a fund line; what others are paid is not theirs to know."""
    if kind not in (SliceKind.PROGRAMME, SliceKind.FUND_LINE) or not may(actor, "claim.view"):
        return []
    return [
        (row, [row.planned[source] for source in sources(rules)])
        for row in spending(programme, rules, actor)
        if kind == SliceKind.PROGRAMME or row.line.code == key
    ]
