"""Indicators: what the county owes, how far it is, and by which formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.errors import NotFoundError
from training.programmes.models import Programme
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on
from training.programmes.target import Target
from training.reporting import counting, figures
from training.reporting.choices import Dimension
from training.reporting.depths import DEPTHS
from training.reporting.measuring import CURVES, FOLLOW_UP, Taken, taken
from training.reporting.metrics import BESIDES, DECLARED, MEASURES, Measure, Part, of_groups, percent
from training.reporting.tallying import Tally
from training.scheduling.models import Lesson

FEW: Final = 20
"""So many sessions a page counts itself before it reads; more wait for the minute's work."""
WHOLE: Final = Decimal(100)
VERIFIED_ONLY, ALL_DECLARED = gettext_lazy("类别已核实的"), gettext_lazy("全部申报的")


@dataclass(frozen=True)
class Taking:
    """One reading of a measure, as it is told: `value` is a percentage if `share`, None if it cannot be told."""

    code: str
    name: str
    formula: str
    part: Part
    share: bool

    @property
    def value(self) -> Decimal | None:
        return percent(self.part) if self.share else self.part.numerator

    @property
    def why(self) -> str:
        return self.part.why or _("分母是 0，无法计算。")


@dataclass(frozen=True)
class Indicator:
    """A figure against its target; `formula` is printed beside it.

    `takings` are the readings of what the document says; `actual`, the strictest of those that can be told, is
    held against the target: None where none can, and `formula` then says why. `renci` and `people` are the same
    rows counted as 人次 and as 人数, where rows of trainees are counted. `parts` do not offset each other.
    """

    rule: Target
    takings: tuple[Taking, ...]
    limits: tuple[str, ...] = ()
    renci: int = 0
    people: int = 0
    parts: tuple[Indicator, ...] = ()

    @property
    def code(self) -> str:
        return self.rule.code

    @property
    def name(self) -> str:
        return self.rule.metric

    @property
    def share(self) -> bool:
        return any(taking.share for taking in self.takings)

    @property
    def unit(self) -> str:
        return "%" if self.share else self.rule.unit

    @property
    def target(self) -> Decimal:
        """What is owed of each place is owed of all of them."""
        return WHOLE if self.rule.per and self.share else Decimal(self.rule.value)

    @property
    def due_on(self) -> date:
        return self.rule.due_on

    @property
    def clause(self) -> str:
        return self.rule.clause

    @property
    def warning(self) -> Taking | None:
        """The strictest reading of those that can be told."""
        told = [taking for taking in self.takings if taking.value is not None]
        return min(told, key=lambda taking: taking.value or Decimal(0), default=None)

    @property
    def actual(self) -> int | Decimal | None:
        value = self.warning.value if self.warning else None
        return int(value) if value is not None and value == value.to_integral() else value

    @property
    def formula(self) -> str:
        if self.warning:
            return self.warning.formula
        return self.takings[0].why if self.takings else _("系统里还没有这类登记。")

    @property
    def percent(self) -> Decimal | None:
        if self.actual is None:
            return None
        return (Decimal(self.actual) * 100 / self.target).quantize(Decimal("0.1"))

    @property
    def drawn(self) -> Decimal:
        """How much of a bar of 100 is filled: a target that was passed fills it."""
        return max(min(self.percent or Decimal(0), WHOLE), Decimal(0))

    @property
    def reached(self) -> bool | None:
        """By every reading, and by each of its parts for itself; None while it cannot be told."""
        own = [None if taking.value is None else taking.value >= self.target for taking in self.takings]
        every = [*(own or [None]), *(part.reached for part in self.parts)]
        if False in every:
            return False
        return None if None in every else True

    def expected(self, on: date, since: date) -> Decimal:
        """What an even pace would have reached by that day, in the unit of the target."""
        start = self.rule.starts_on or since
        whole = max((self.due_on - start).days, 1)
        gone = min(max((on - start).days, 0), whole)
        return (self.target * gone / whole).quantize(Decimal("0.1"))


# Trainees


def catch_up(programme: Programme) -> figures.Standing:
    """Count what waits to be counted, where that is quick; as of when the figures then hold."""
    standing = figures.standing(programme)
    if 0 < standing.pending <= FEW:
        counting.refresh(programme.pk)
        standing = figures.standing(programme)
    return standing


def enrolments_at(depth: str, programme: Programme, actor: Actor) -> QuerySet[Any]:
    """The rows behind the figure of that depth; KeyError for a depth there is not."""
    return figures.rows_behind(programme, actor, depth=depth)


def counted_enrolments(programme: Programme, actor: Actor) -> QuerySet[Any]:
    """The enrolments that are 培训人次: completed, in an approved session of this programme."""
    return enrolments_at("completed", programme, actor)


def depths(programme: Programme, actor: Actor) -> dict[str, int]:
    """人次 at four depths; under `<depth>_people` the 人数, different people among them."""
    catch_up(programme)
    totals = {depth: figures.read(programme, actor).total(depth) for depth in DEPTHS}
    renci = {depth: total.renci for depth, total in totals.items()}
    return renci | {f"{depth}_people": total.people for depth, total in totals.items()}


# Everything that is told of a county


@dataclass(frozen=True)
class Measured:
    """One reading of anything that is measured, told by itself; `code` and `reading` are its key."""

    code: str
    reading: str
    name: str
    formula: str
    part: Part

    @property
    def told(self) -> str:
        """Numerator and denominator, or why there is none."""
        if self.part.numerator is None:
            return self.part.why or _("无法计算")
        if self.part.denominator is None:
            return f"{self.part.numerator.normalize():f}"
        return f"{self.part.numerator.normalize():f} ÷ {self.part.denominator.normalize():f}"


def measured(programme: Programme) -> Iterator[Measured]:
    """Every target, rate told besides, follow-up figure and point of a curve of the whole county as of now."""
    rules, kept = _rules(programme, SYSTEM), taken(programme)
    for row in indicators(programme, SYSTEM):
        yield from _as_measured(f"target:{row.code}", row.name, row.takings)
    for code, measure, takings in besides(kept, rules):
        yield from _as_measured(code, str(measure.name), takings)
    yield from _as_measured(FOLLOW_UP, str(MEASURES[FOLLOW_UP].name), follow_up(kept, rules))
    for kind, code in CURVES.items():
        measure = MEASURES[RATE_OF[kind]]
        for month, part in kept.of(code).items():
            name = _("%(rate)s，结业后第 %(month)s 个月") % {"rate": measure.name, "month": month}
            yield Measured(code, month, name, "", part)


def _as_measured(code: str, name: str, takings: Iterable[Taking]) -> Iterator[Measured]:
    for row in takings:
        whole = _("%(name)s：%(reading)s") % {"name": name, "reading": row.name} if row.name else name
        yield Measured(code, row.code, whole, row.formula, row.part)


RATE_OF: Final[Mapping[str, str]] = {"started_up": "start_up_rate", "employed": "employment_rate"}
"""The measure whose curve it is, by the kind of outcome."""


# Targets


def indicators(programme: Programme, actor: Actor) -> list[Indicator]:
    """Every target of the rules in force today, with its figure or with why there is none.

    Counts of trainees are those this actor sees; what is measured otherwise is the whole county's.
    """
    catch_up(programme)
    rules = _rules(programme, actor)
    desk = _Desk(programme, actor, rules)
    found = {target.code: desk.indicator(target) for target in rules.targets}
    return [replace(row, parts=tuple(_parts(row, found.values()))) for row in found.values()]


def _parts(whole: Indicator, rows: Any) -> Iterator[Indicator]:
    return (row for row in rows if row.rule.parent == whole.code)


def indicator(code: str, programme: Programme, actor: Actor) -> Indicator:
    """One of them; raises NotFoundError for a target there is not."""
    for row in indicators(programme, actor):
        if row.code == code:
            return row
    raise NotFoundError(code)


def besides(kept: Taken, rules: Preset) -> list[tuple[str, Measure, tuple[Taking, ...]]]:
    """Rates of the whole county that are told whether or not a target asks for them, by code."""
    return [(code, MEASURES[code], _takings(MEASURES[code], kept.of(code), rules)) for code in BESIDES]


def _takings(
    measure: Measure,
    parts: Mapping[str, Part],
    rules: Preset,
    *,
    share: bool | None = None,
    by_group: bool = False,
) -> tuple[Taking, ...]:
    as_share = measure.share if share is None else share
    return tuple(
        Taking(code, name, formula, parts.get(code, Part()), as_share)
        for code, name, formula in _readings(measure, rules, by_group=by_group)
    )


def _readings(measure: Measure, rules: Preset, *, by_group: bool) -> Iterator[tuple[str, str, str]]:
    """Code, name and formula; where groups are counted each of those verified and of all declared."""
    for code, reading in measure.readings.items():
        if not by_group:
            yield code, str(reading.name), reading.formula_by(rules)
            continue
        for ending, who in (("", VERIFIED_ONLY), (DECLARED, ALL_DECLARED)):
            words = {"reading": reading.name, "who": who}
            yield code + ending, _("%(reading)s，%(who)s") % words, reading.formula_by(rules)


class _Desk:
    """What the indicators of one page are read from, each read once."""

    def __init__(self, programme: Programme, actor: Actor, rules: Preset) -> None:
        self.programme, self.actor, self.rules = programme, actor, rules
        counts = [target for target in rules.targets if target.counts]
        wanted = (Dimension.TOTAL, Dimension.CLASS_TYPE, Dimension.MONTH)
        self.sheet = figures.read(programme, actor, dimensions=wanted) if counts else None
        self.taken = taken(programme) if len(counts) < len(rules.targets) else None
        self.partly = any(not line.claimable for line in rules.fund_lines)

    def indicator(self, target: Target) -> Indicator:
        limits = tuple(_limits(target, self.rules))
        if target.counts:
            tally = self._tally(target)
            return Indicator(target, self._counted(target, tally), limits, tally.renci, tally.people)
        if target.counted_by:
            measure = MEASURES[target.counted_by]
            parts = self.taken.of(f"target:{target.code}") if self.taken else {}
            readings = _takings(
                measure, parts, self.rules, share=measure.share or target.growth, by_group=bool(target.groups)
            )
            return Indicator(target, readings, limits)
        return Indicator(target, (), limits)

    def _counted(self, target: Target, tally: Tally) -> tuple[Taking, ...]:
        """Of groups also with whoever declared theirs: what is not verified fills no quota."""
        if not target.groups:
            return (_counted(target, tally),)
        everybody = count(enrolments_for(target, self.programme, self.actor, declared=True))
        return (
            replace(_counted(target, tally), name=str(VERIFIED_ONLY)),
            replace(_counted(target, everybody, DECLARED), name=str(ALL_DECLARED)),
        )

    def _tally(self, target: Target) -> Tally:
        """From what is kept, unless a stage cuts through months or asks for people across them, or some sessions
        count in the statistics only.
        """
        assert self.sheet is not None  # noqa: S101  read whenever there is a target that counts
        if (
            self.partly
            or target.groups
            or (target.starts_on and (target.class_type or not _whole_months(target)))
        ):
            return count(enrolments_for(target, self.programme, self.actor))
        if target.starts_on:
            return self._stage(target)
        if target.class_type:
            return self.sheet.of(Dimension.CLASS_TYPE).get(target.class_type, Tally())
        return self.sheet.total()

    def _stage(self, target: Target) -> Tally:
        assert self.sheet is not None and target.starts_on  # noqa: S101, PT018  as above
        if target.counts == "people":
            return count(enrolments_for(target, self.programme, self.actor))
        months = figures.months(f"{target.starts_on:%Y-%m}", f"{target.due_on:%Y-%m}")
        by_month = self.sheet.of(Dimension.MONTH)
        return Tally(sum(by_month[month].renci for month in months if month in by_month), 0)


def _whole_months(target: Target) -> bool:
    following = date.fromordinal(target.due_on.toordinal() + 1)
    return target.starts_on is not None and target.starts_on.day == 1 and following.day == 1


def count(rows: QuerySet[Any]) -> Tally:
    """These enrolments as 人次 and 人数."""
    found = rows.aggregate(renci=Count("pk"), people=Count("trainee", distinct=True))
    return Tally(found["renci"], found["people"])


def _counted(target: Target, tally: Tally, ending: str = "") -> Taking:
    formula = {
        "renci": _("培训人次 = 本项目已批准各期中，按考勤规则判为“结业”的名册人次之和"),
        "people": _("培训人数 = 本项目已批准各期中，按考勤规则判为“结业”的不同的人"),
    }[target.counts or "renci"]
    figure = tally.people if target.counts == "people" else tally.renci
    return Taking((target.counts or "renci") + ending, "", formula, Part(Decimal(figure)), share=False)


def enrolments_for(
    target: Target, programme: Programme, actor: Actor, *, declared: bool = False
) -> QuerySet[Any]:
    """The rows behind the figure of a target that counts trainees: of its class type, groups and stage, where a
    subsidy can be claimed.

    `declared`: also those whose group nobody has verified.
    """
    rows = counted_enrolments(programme, actor).filter(training_session__agreement__fund_line__claimable=True)
    if target.class_type:
        rows = rows.filter(training_session__class_type=target.class_type)
    if target.groups:
        rows = rows.filter(of_groups(target.groups, declared=declared))
    if target.starts_on:
        lessons = Lesson.objects.filter(training_session=OuterRef("training_session")).order_by("-on")
        rows = rows.alias(last_day=Subquery(lessons.values("on")[:1])).filter(
            last_day__range=(target.starts_on, target.due_on)
        )
    return rows


def _limits(target: Target, rules: Preset) -> Iterator[str]:
    own = [line.name for line in rules.fund_lines if not line.claimable]
    if target.counts and own:
        yield _("不计挂在不申领补贴的资金条线（%(names)s）上的期。") % {"names": _("、").join(own)}
    if target.class_type:
        yield _("只计班型为“%(name)s”的期。") % {"name": rules.class_type(target.class_type).name}
    if target.groups:
        names = _("、").join(rules.group(code).name for code in target.groups)
        yield _("只计学员类别为“%(names)s”的；批准开班时类别已核实的才算数，全部申报的另列作对照。") % {
            "names": names
        }
    if target.starts_on:
        days = {"start": target.starts_on.isoformat(), "end": target.due_on.isoformat()}
        yield _("只计 %(start)s 至 %(end)s 之间结束的期。") % days


def _rules(programme: Programme, actor: Actor) -> Preset:
    return rule_set_on(programme, clock.today(), actor=actor).rules


def follow_up(kept: Taken, rules: Preset) -> tuple[Taking, ...]:
    """Follow-ups owed and done, outcomes claimed and standing."""
    return _takings(MEASURES[FOLLOW_UP], kept.of(FOLLOW_UP), rules)
