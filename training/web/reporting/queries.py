"""Figures with what they count: targets, dashboards and the lists behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
from training.programmes.target import Target
from training.reporting import figures
from training.reporting.charts import Bar, Line, LineChart, bars
from training.reporting.choices import Dimension, SliceKind
from training.reporting.depths import DEPTHS
from training.reporting.measuring import MINUTES, Taken, curves, taken
from training.reporting.metrics import (
    DECLARED,
    MEASURES,
    Measure,
    Part,
    Question,
    percent,
    practitioners,
)
from training.reporting.money import Spending, sources, spending
from training.reporting.months import reported_totals
from training.reporting.pace import Owed, owed
from training.reporting.places import places
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
from training.reporting.stated import LABOUR, OF_BASE, OF_TARGET, POOR_ABLE, POOR_AWAY, PRACTITIONERS
from training.reporting.tallying import Tally
from training.reports.models import PhoneCheck
from training.reports.queries import phone_checks, results
from training.reports.rules import Confirmation, confirmation
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
    is_due: bool
    """Its last day is over."""

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
            (measure, [(it, _behind_rate(code, it, actor)) for it in takings])
            for code, measure, takings in besides(kept, rules)
        ],
        follow_up=_follow_up(kept, rules),
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
    return PhoneFigure(last, confirmation(results(last)))


def _depths(sheet: figures.Sheet) -> list[Depth]:
    return [
        Depth(code, str(DEPTH_NAMES[code]), str(DEPTH_FORMULAS[code]), sheet.total(code)) for code in DEPTHS
    ]


def _target(row: Indicator, rules: Preset, today: date, actor: Actor) -> Standing:
    return Standing(
        indicator=row,
        expected=None if row.share else row.expected(today, rules.window.starts_on),
        href=_target_rows(row.code, {"counted": "people"} if row.rule.counts == "people" else {})
        if row.rule.counts
        else "",
        takings=[(taking, _behind_taking(row, taking, actor)) for taking in row.takings],
        is_due=row.due_on < today,
    )


ELSEWHERE: Final[Mapping[tuple[str, str], tuple[str, str, str]]] = {
    ("companies_online", "companies"): ("enterprises", "status=confirmed", "enterprise.view"),
    ("village_talent", "villages"): ("designation-gaps", "kind=talent&state=", "designation.view"),
    ("township_backbone", "townships"): ("designation-gaps", "kind=backbone&state=", "designation.view"),
    ("job_fairs", "fairs"): ("fairs", "status=counted", "fair.view"),
    ("fair_trainees", "people"): ("fair-attendances", "counted=people", "fair.view_people"),
    ("fair_trainees", "renci"): ("fair-attendances", "counted=attendances", "fair.view_people"),
}
"""Of a measure's reading: the page that lists what it counts, its filters, and who may open it.

Filters that end in "state=" list the places: those that are covered, or all of them.
"""
COUNTED_HERE: Final = ("poor_training", "village_reach")
"""Measures whose numerator is listed as the places on rosters that it counts."""


def _behind_taking(row: Indicator, taking: Taking, actor: Actor) -> Lists:
    declared = {"declared": "1"} if taking.code.endswith(DECLARED) else {}
    people = {"counted": "people"} if taking.code.startswith("people") else {}
    if row.rule.counted_by == "stated":
        return Lists(_stated_list(OF_TARGET + row.code), _stated_list(OF_BASE + row.code))
    if row.rule.counted_by == "shop_growth":
        return Lists(_target_rows(row.code, declared), _stated_list(OF_BASE + row.code))
    if row.rule.counted_by in COHORTS:
        parts = ({"part": part} | declared for part in ("numerator", "denominator", "not_yet"))
        return Lists(*(_target_rows(row.code, asked) for asked in parts))
    if (row.rule.counted_by, taking.code) == ("village_reach", "villages"):
        villages = reverse("poor-villages")
        return Lists(f"{villages}?state=reached", villages)
    if row.rule.counted_by in COUNTED_HERE:
        return Lists(_target_rows(row.code, declared | people), reverse("poor-villages"))
    if row.rule.counts:
        return Lists(_target_rows(row.code, declared | people))
    place = ELSEWHERE.get((row.rule.counted_by or "", taking.code))
    if place is None or not may(actor, place[2]):
        return Lists()
    name, query, _act = place
    address = f"{reverse(name)}?{query}"
    return Lists(f"{address}covered", f"{address}all") if query.endswith("state=") else Lists(address)


def _target_rows(code: str, asked: Mapping[str, str]) -> str:
    own = reverse("target-enrolments", args=[code])
    return f"{own}?{urlencode(asked)}" if asked else own


def _stated_list(code: str) -> str:
    return f"{reverse('stated-values')}?{urlencode({'code': code, 'state': 'standing'})}"


def _behind_rate(code: str, taking: Taking, actor: Actor) -> Lists:
    """Of a rate that is told besides."""
    own = reverse("rate-enrolments", args=[code])
    if code in ("attendance_rate", "completion_rate"):
        return Lists(own, f"{own}?part=denominator")
    if code == "practitioner_coverage":
        ending = "&declared=1" if taking.code.endswith(DECLARED) else ""
        return Lists(f"{own}?counted=people{ending}", _stated_list(PRACTITIONERS))
    if code in COHORTS and may(actor, "rate.view"):
        people = f"{reverse('outcome-people')}?kind={COHORTS[code]}&side="
        return Lists(people + "numerator", people + "denominator", people + "not_yet")
    return Lists()


def _follow_up(kept: Taken, rules: Preset) -> list[FollowUpFigure]:
    owed, claimed = reverse("followups"), reverse("outcomes")
    hrefs = {
        "owed": f"{owed}?due=all",
        "done": f"{owed}?due=done",
        "claimed": claimed,
        "standing": f"{claimed}?status=standing&grade=AB",
    }
    return [
        FollowUpFigure(row.name, int(row.part.numerator or 0), row.formula, hrefs[row.code])
        for row in follow_up(kept, rules)
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


def behind_target(
    code: str,
    programme: Programme,
    actor: Actor,
    *,
    part: str = "numerator",
    declared: bool = False,
    village: int | None = None,
) -> Behind:
    """The rows that a target counts, or one part of its rate; raises NotFoundError where it counts none.

    `declared`: of the target's groups also those that nobody has verified. `village`: of this poverty village
    only, by its id, where the target is one of villages.
    """
    found = indicator(code, programme, actor)
    if found.rule.counts:
        rows = enrolments_for(found.rule, programme, actor, declared=declared)
        return Behind(found.name, found.formula, rows, sensitive=bool(found.rule.groups))
    if found.rule.counted_by in COHORTS:
        rows = _cohort_rows(found, _question(found.rule, programme, actor, declared=declared), part)
        name = {
            "numerator": _("%(name)s：达成的"),
            "denominator": _("%(name)s：期满的"),
            "not_yet": _("%(name)s：未期满的"),
        }[part] % {"name": found.name}
        return Behind(name, found.formula, rows, sensitive=bool(found.rule.groups))
    if found.rule.counted_by in COUNTED_HERE:
        question = _question(found.rule, programme, actor, declared=declared)
        return Behind(
            found.name, found.formula, _in_villages(question, village), sensitive=bool(found.rule.groups)
        )
    raise NotFoundError(code)


def behind_rate(code: str, programme: Programme, actor: Actor, *, part: str, declared: bool) -> Behind:
    """The places that a rate told besides counts; raises NotFoundError for one that lists none here."""
    measure, question = MEASURES.get(code), _question(None, programme, actor, declared=declared)
    if code == "practitioner_coverage" and measure:
        rows = practitioners(question, declared=declared)
        return Behind(
            str(measure.name), _formula(measure, question.rules, declared=declared), rows, sensitive=True
        )
    if code not in ("attendance_rate", "completion_rate") or measure is None:
        raise NotFoundError(code)
    closed = places(programme, actor).filter(completion__isnull=False)
    if code == "attendance_rate":
        rows = closed.filter(completion__required_minutes__gt=0)
    else:
        rows = closed.filter(completion__completed=True) if part == "numerator" else closed
    return Behind(
        str(measure.name), _formula(measure, question.rules), rows, minutes=code == "attendance_rate"
    )


def _formula(measure: Measure, rules: Preset, *, declared: bool = False) -> str:
    readings = list(measure.readings.values())
    return readings[-1 if declared else 0].formula_by(rules)


def _question(
    target: Target | None, programme: Programme, actor: Actor, *, declared: bool = False
) -> Question:
    today = clock.today()
    rules = rule_set_on(programme, today, actor=actor).rules
    return Question(programme, actor, rules, target, today, declared)


def _cohort_rows(found: Indicator, question: Question, part: str) -> QuerySet[Any]:
    whole = cohort(
        question.programme,
        question.actor,
        kind=COHORTS[found.rule.counted_by or ""],
        class_type=found.rule.class_type,
        as_of=question.on,
        among=question.among,
    )
    rows: QuerySet[Any] = getattr(whole, part)
    return rows


def _in_villages(question: Question, only: int | None = None) -> QuerySet[Any]:
    """Of a target's enrolments those whose address means a poverty village, or this one."""
    addresses = question.enrolments.order_by().values_list("trainee__township", "trainee__village").distinct()
    here = Q(pk__in=())
    for township, village in addresses:
        meant = question.in_poor_villages([(township, village, 1, 1)])
        if meant and only in (None, *meant):
            here |= Q(trainee__township=township, trainee__village=village)
    return question.enrolments.filter(here)


@dataclass(frozen=True)
class VillageRow:
    """A poverty village, or all that are shown: how many were trained, over how many who could have been.

    `poor` are of the target's groups, verified; `able` those of them who could be trained, less `away`. None
    is a number that nobody has stated.
    """

    name: str
    township: str
    code: str
    tally: Tally
    labour: Decimal | None
    poor: Tally
    able: Decimal | None
    away: Decimal | None
    href: str = ""
    poor_href: str = ""

    @property
    def share(self) -> Decimal | None:
        return _over(self.tally.people, self.labour)

    @property
    def base(self) -> Decimal | None:
        """有劳动能力的建档立卡贫困人口 less those who work away."""
        return None if self.able is None or self.away is None else self.able - self.away

    @property
    def poor_share(self) -> Decimal | None:
        return _over(self.poor.people, self.base)

    @property
    def poor_renci_share(self) -> Decimal | None:
        return _over(self.poor.renci, self.base)


def _over(numerator: int, denominator: Decimal | None) -> Decimal | None:
    return percent(Part(Decimal(numerator), denominator)) if denominator else None


def villages(programme: Programme, actor: Actor, *, q: str = "", state: str = "") -> list[VillageRow]:
    """Poverty villages, those nobody has reached first; of one `state`, "reached" or "unreached"."""
    catch_up(programme)
    rules = rule_set_on(programme, clock.today(), actor=actor).rules
    target = next((it for it in rules.targets if it.counted_by == "poor_training"), None)
    question = _question(target, programme, actor)
    sheet = figures.read(programme, actor, dimensions=[Dimension.VILLAGE])
    keys = question.villages_of(sheet.of(Dimension.VILLAGE))
    poor = question.by_village(question.enrolments) if target else {}
    rows = [
        VillageRow(
            name=village.name,
            township=village.parent.name if village.parent else "",
            code=village.code,
            tally=Tally(*question.in_poor_villages(keys.get(pk, {}).values()).get(pk, (0, 0))),
            labour=question.stated.get((LABOUR, pk)),
            poor=Tally(*poor.get(pk, (0, 0))),
            able=question.stated.get((POOR_ABLE, pk)),
            away=question.stated.get((POOR_AWAY, pk)),
            href=_one_key(keys.get(pk, {})),
            poor_href=_target_rows(target.code, {"village": str(pk)}) if target else "",
        )
        for pk, village in question.poor_villages.items()
    ]
    wanted = (row for row in rows if not q or q in row.name or q in row.township)
    if state:
        wanted = (row for row in wanted if (row.tally.renci > 0) == (state == "reached"))
    return sorted(wanted, key=lambda row: (row.tally.renci > 0, row.code))


def all_villages(rows: Sequence[VillageRow]) -> VillageRow:
    """Summed up; a sum of which a village is missing cannot be told."""
    return VillageRow(
        name=_("合计"),
        township="",
        code="",
        tally=_sum_of(row.tally for row in rows),
        labour=_whole(row.labour for row in rows),
        poor=_sum_of(row.poor for row in rows),
        able=_whole(row.able for row in rows),
        away=_whole(row.away for row in rows),
    )


def _sum_of(tallies: Iterable[Tally]) -> Tally:
    """Of places that nobody is in two of."""
    every = list(tallies)
    return Tally(sum(it.renci for it in every), sum(it.people for it in every))


def _whole(numbers: Iterable[Decimal | None]) -> Decimal | None:
    every = list(numbers)
    return None if None in every else sum((it for it in every if it is not None), Decimal(0))


VILLAGE_COLUMNS: Final = (
    gettext_lazy("贫困村"),
    gettext_lazy("乡镇"),
    gettext_lazy("区划代码"),
    gettext_lazy("结业人次"),
    gettext_lazy("人数"),
    gettext_lazy("劳动力"),
    gettext_lazy("占劳动力（%）"),
    gettext_lazy("贫困人口结业人次"),
    gettext_lazy("贫困人口人数"),
    gettext_lazy("有劳动能力的"),
    gettext_lazy("其中外出务工的"),
    gettext_lazy("培训率（按人数，%）"),
    gettext_lazy("培训率（按人次，%）"),
)


def village_lines(rows: Iterable[VillageRow]) -> Iterator[list[Any]]:
    for row in rows:
        said = (row.labour, row.share, row.poor.renci, row.poor.people, row.able, row.away)
        cells = [row.name, row.township, row.code, row.tally.renci, row.tally.people, *said]
        cells += [row.poor_share, row.poor_renci_share]
        yield [f"{it.normalize():f}" if isinstance(it, Decimal) else "" if it is None else it for it in cells]


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


class Money(NamedTuple):
    """A fund line; `planned` from each of the page's `sources`; `claims`: the list's address but for the state."""

    spent: Spending
    planned: list[int]
    claims: str


@dataclass(frozen=True)
class Dashboard:
    name: str
    kind: str
    key: str
    standing: figures.Standing
    depths: list[tuple[Depth, str]]
    progress: LineChart | None
    pace_why: str
    """Why there is no pace to hold it against; blank where there is one."""
    curves: LineChart | None
    divided: list[Divided]
    places: Divided
    months: list[MonthRow]
    money: list[Money]
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
    rules, kept = names.rules, taken(programme)
    target = owed(programme, rules, kind, key)
    return Dashboard(
        name=names.slice(kind, key),
        kind=kind,
        key=key,
        standing=standing,
        depths=[
            (depth, rows_address(depth.code, kind, key, Dimension.TOTAL, "")) for depth in _depths(sheet)
        ],
        progress=_progress(sheet, target),
        pace_why=target.why,
        curves=_curves(programme, kept, kind, key),
        divided=[_divided(sheet, it, kind, key, names) for it in _dimensions(kind, names)],
        places=_places(sheet, kind, key, names),
        months=_months(sheet, programme, actor, kind, key),
        money=_money(programme, rules, actor, kept, kind, key),
        sources=[source_names()[code] for code in sources(rules)],
        shares=[(row.name, Decimal(str(round(100 * row.share, 1)))) for row in rules.fund_shares],
    )


def _dimensions(kind: str, names: Names) -> list[Dimension]:
    """By what a slice is divided: not by itself, nor by institutions of which this actor knows none."""
    return [it for it in DIVIDED if it != kind and (it != Dimension.INSTITUTION or names.institutions)]


def _progress(sheet: figures.Sheet, target: Owed) -> LineChart | None:
    """Cumulative by month up to now, or to when all was owed, beside an even pace to it."""
    until = sheet.of(Dimension.UNTIL)
    if not until and not target.renci:
        return None
    now = f"{clock.today():%Y-%m}"
    pace = _pace(target)
    is_over = bool(pace) and max(pace) < now
    labels = figures.months(min([now, *until, *pace]), max([*until, *pace, *([] if is_over else [now])]))
    known = _carried(until, [month for month in labels if month <= max([now, *until])])
    lines = [
        Line(_("结业人次"), [tally.renci for tally in known]),
        Line(_("结业人数"), [tally.people for tally in known]),
    ]
    if pace:
        lines.append(Line(_("按时间进度应达到"), [pace.get(month) for month in labels], dashed=True))
    return LineChart(
        _("累计完成与时间进度"),
        _("到 %(month)s 累计结业 %(renci)s 人次、%(people)s 人。")
        % {"month": max([now, *until]), "renci": known[-1].renci, "people": known[-1].people},
        _("人次"),
        labels,
        lines,
    )


def _pace(target: Owed) -> dict[str, int]:
    """By month what an even pace has reached at its end."""
    if not target.starts_on or not target.due_on:
        return {}
    steps = figures.months(f"{target.starts_on:%Y-%m}", f"{target.due_on:%Y-%m}")
    return {month: round(target.renci * (n + 1) / len(steps)) for n, month in enumerate(steps)}


def _carried(until: Mapping[str, Tally], months: Iterable[str]) -> list[Tally]:
    found, last = [], Tally()
    for month in months:
        last = until.get(month, last)
        found.append(last)
    return found


def _curves(programme: Programme, kept: Taken, kind: str, key: str) -> LineChart | None:
    found = curves(programme, kept, kind, key)
    labels = sorted({month for points in found.values() for month in points}, key=int)
    lines = [
        Line(name, [percent(found[outcome].get(month, Part())) for month in labels], dashed=dashed)
        for outcome, name, dashed in (("started_up", _("创业"), False), ("employed", _("就业"), True))
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
        Dimension.GROUP: _(
            "按入册时申报的主要类别，没有核实的也计，一人次只计一类；少于 5 人的不要对外公布。"
        ),
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
    programme: Programme, rules: Preset, actor: Actor, kept: Taken, kind: str, key: str
) -> list[Money]:
    """Of the county and of a fund line; what others are paid is not theirs to know."""
    if kind not in (SliceKind.PROGRAMME, SliceKind.FUND_LINE) or not may(actor, "claim.view"):
        return []
    minutes = {line: part.numerator or Decimal(0) for line, part in kept.of(MINUTES).items()}
    lines = dict(programme.fund_lines.values_list("code", "pk"))
    return [
        Money(
            row,
            [row.planned[source] for source in sources(rules)],
            f"{reverse('claims')}?line={lines.get(row.line.code, '')}&status=",
        )
        for row in spending(programme, rules, actor, minutes)
        if kind == SliceKind.PROGRAMME or row.line.code == key
    ]
