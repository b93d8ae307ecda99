"""Sampling and its rate, and when a report is owed. Plain functions: no database, no clock, no chance."""

from __future__ import annotations

import hashlib
import json
from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from statistics import NormalDist
from typing import Final

from training.programmes.preset import Preset, Report
from training.reporting.intervals import Interval, wilson
from training.reports.choices import CallResult

TOWN_MONTHLY, TOWN_QUARTERLY, OFFICE_MONTHLY = "town_monthly", "town_quarterly", "office_monthly"
"""Codes of a rule set's reports that this room knows how to make."""
RESERVES: Final = 2
"""So many reserves stand behind each of the sample, where the stratum has them."""


# What the county owes besides: obligations of its rule set, by code

MIDTERM: Final = "midterm"
"""金口河 四（三）: 项目实施过半及时开展中期评估."""
MEETINGS: Final = "meetings"
"""惠东 六（二）: 每两个季度至少组织召开1次工作领导小组会议."""
TWO_QUARTERS: Final = timedelta(days=183)


def obliged(rules: Preset) -> frozenset[str]:
    """Which of the two the county's document asks for."""
    return frozenset(rule.code for rule in rules.rules) & {MIDTERM, MEETINGS}


def overdue(rules: Preset, today: date, *, evaluated_on: date | None, met_on: date | None) -> frozenset[str]:
    """Which of the two, while the programme runs; the days are those that the last ones were about, or of."""
    start, end = rules.window.starts_on, rules.window.ends_on
    half = start + (end - start) / 2
    late = {
        MIDTERM: today > half and (evaluated_on or start) <= half,
        MEETINGS: today - max(met_on or start, start) > TWO_QUARTERS,
    }
    return frozenset(code for code in obliged(rules) if late[code] and today in rules.window)


# When a report is owed


@dataclass(frozen=True)
class Period:
    """What a report of one month covers, and by when it is due: after the day the last one was due."""

    month: date
    starts_on: date
    due_on: date


def month_of(day: date) -> date:
    return day.replace(day=1)


def period(month: date, due_day: int | None) -> Period:
    """`due_day` None is the month's end; a day that the month has not is its last. Holidays move nothing."""
    before = month_of(month - timedelta(days=1))
    return Period(month, _due(before, due_day) + timedelta(days=1), _due(month, due_day))


def _due(month: date, due_day: int | None) -> date:
    last = monthrange(month.year, month.month)[1]
    return month.replace(day=min(due_day or last, last))


def report_called(rules: Preset, code: str) -> Report | None:
    """None where the county's rules ask for no such report."""
    return next((report for report in rules.reports if report.code == code), None)


def last_day(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def is_owed(report: Report | None, month: date) -> bool:
    return report is not None and month.month in report.months


# Drawing


Frame = Sequence[tuple[int, str]]
"""(enrolment, stratum) of everybody who may be drawn."""


@dataclass(frozen=True)
class Drawn:
    """`rank` counts from 1 within the stratum; whoever comes after the sample is a reserve."""

    enrolment: int
    stratum: str
    rank: int
    reserve: bool


def frame_hash(frame: Frame) -> str:
    """SHA-256 of the frame in the order of its ids, as JSON without blanks."""
    text = json.dumps(
        sorted((pk, stratum) for pk, stratum in frame), ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def sample_size(people: int, margin_percent: int, *, confidence: float = 0.95) -> int:
    """Cochran's n for a share that nobody knows yet (0.5), corrected for a frame of so many."""
    if not people:
        return 0
    z, margin = NormalDist().inv_cdf((1 + confidence) / 2), margin_percent / 100
    unlimited = z * z * 0.25 / (margin * margin)
    return min(people, ceil(unlimited / (1 + (unlimited - 1) / people)))


def shares(sizes: Mapping[str, int], size: int) -> dict[str, int]:
    """How many of each stratum: in proportion, by largest remainder; each has one if there is enough for all."""
    people = sum(sizes.values())
    size = min(size, people)
    floor = 1 if size >= len(sizes) else 0
    quota = {name: size * count / people for name, count in sizes.items()} if people else {}
    taken = {name: max(floor, int(quota[name])) for name in sizes}
    order = sorted(sizes, key=lambda name: (taken[name] - quota[name], name))
    while sum(taken.values()) < size:
        name = next(n for n in order if taken[n] < sizes[n])
        taken[name] += 1
        order.sort(key=lambda n: (taken[n] - quota[n], n))
    while sum(taken.values()) > size:
        name = max((n for n in sizes if taken[n] > floor), key=lambda n: (taken[n] - quota[n], n))
        taken[name] -= 1
    return taken


def draw(frame: Frame, *, size: int, seed: str) -> tuple[Drawn, ...]:
    """The sample and its reserves, the same for the same frame, size and seed on any machine.

    Within a stratum people stand in the order of SHA-256("seed:enrolment"), so nothing depends on how a
    programming language makes chance.
    """
    strata: dict[str, list[int]] = defaultdict(list)
    for enrolment, stratum in frame:
        strata[stratum].append(enrolment)
    wanted = shares({name: len(people) for name, people in strata.items()}, size)
    return tuple(
        Drawn(enrolment, name, rank, rank > wanted[name])
        for name in sorted(strata)
        for rank, enrolment in enumerate(_shuffled(strata[name], seed), 1)
        if rank <= wanted[name] * (1 + RESERVES)
    )


def _shuffled(people: Collection[int], seed: str) -> list[int]:
    return sorted(people, key=lambda pk: hashlib.sha256(f"{seed}:{pk}".encode()).digest())


# What the calls say


@dataclass(frozen=True)
class Confirmation:
    """电话核实率 = 本人确认 ÷ 联系上（本人确认 + 否认）, with Wilson's 95 % interval; None before anybody was reached."""

    confirmed: int
    denied: int

    @property
    def reached(self) -> int:
        return self.confirmed + self.denied

    @property
    def interval(self) -> Interval | None:
        return wilson(self.confirmed, self.reached)

    @property
    def percent(self) -> float | None:
        return round(100 * self.confirmed / self.reached, 1) if self.reached else None


def confirmation(results: Mapping[str, int]) -> Confirmation:
    """本人确认 ÷ 联系上, from how many lines have which result; who confirmed or denied was reached."""
    return Confirmation(results.get(CallResult.CONFIRMED, 0), results.get(CallResult.DENIED, 0))


@dataclass(frozen=True)
class StratumResult:
    """One stratum: `people` of it who could have been drawn, how many were called up, what they said."""

    name: str
    people: int
    called: int
    confirmation: Confirmation


def weighted_percent(strata: Collection[StratumResult]) -> float | None:
    """The rate with each stratum weighted by its share of the frame: Σ Wₕ·pₕ (Cochran 1977, Sampling Techniques, 5.1).

    None where a stratum has nobody who was reached: nothing is known of it, and the others do not speak for it.
    """
    people = sum(row.people for row in strata)
    if not people or not all(row.confirmation.reached for row in strata):
        return None
    shares = (row.people * row.confirmation.confirmed / row.confirmation.reached for row in strata)
    return round(100 * sum(shares) / people, 1)
