"""Attendance truth: from signed events to minutes, from minutes to completion.

Plain data in, plain data out; the same functions serve the page, the PDF, the claim and the tests.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from training.attendance.choices import CorrectionKind, CorrectionSource, Flag
from training.attendance.reckoning import (
    AttendanceRule,
    LessonTime,
    Scan,
    by_time,
    credited,
    minutes_of,
    share,
    span,
    unanswered,
)
from training.courses.rules import in_hours

SIGN_IN_OPENS: Final = timedelta(minutes=60)
SIGN_OUT_OPENS: Final = timedelta(minutes=30)
SIGN_OUT_LATEST: Final = timedelta(hours=6)
"""As the station's: so long after a lesson somebody may still be written down as leaving it."""
CLASH_WITHIN: Final = timedelta(minutes=10)
"""Nobody gets from one class to another in less."""
CLOCK_JUMP_MS: Final = 2_000
CHECK_MIDDLE: Final = (0.2, 0.6)
"""A check comes in the middle 60 % of its lesson: where that begins, and how long it is."""


class MakeUpRule(Protocol):
    """How much an institution may put right by itself; a ratio (0…1) of the roster's people."""

    @property
    def make_up_share(self) -> float: ...


@dataclass(frozen=True)
class Presence:
    """What the register shows for one person and half-day. Marks are CorrectionSources, flags are Flags."""

    signed_in_at: datetime | None
    signed_out_at: datetime | None
    method: str
    digests: tuple[str, ...]
    minutes: Mapping[int, int]  # lesson id -> effective minutes
    in_mark: str = ""
    out_mark: str = ""
    corrections: tuple[int, ...] = ()
    marks: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    lesson_flags: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """lesson id -> what is worth saying of this lesson; lessons without anything are left out."""


@dataclass(frozen=True)
class CompletionResult:
    attended_minutes: int
    required_minutes: int
    completed: bool
    explanation: str


def presence(
    scans: Iterable[Scan],
    lessons: Sequence[LessonTime],
    rule: AttendanceRule,
    *,
    checked: Collection[int] = (),
    as_of: datetime | None = None,
) -> Presence:
    """One person's half-day. The first sign-in and the last sign-out after it count.

    A second sign-in changes nothing, so the same person seen by two stations is two pieces of
    evidence and one attendance. Without a sign-out the minutes are 0 where the rule demands one; so
    they are for who did not answer the check in one of the `checked` lessons. What is missing is
    flagged only of lessons that were over `as_of`.
    """
    ordered = by_time(scans)
    entered, left = span(ordered)
    entered_at, left_at = entered.at if entered else None, left.at if left else None
    absent = unanswered(ordered, lessons, checked) if entered else frozenset()
    over = [lesson for lesson in lessons if as_of is None or lesson.ends_at <= as_of]
    lesson_flags = {
        lesson.id: found
        for lesson in over
        if (found := tuple(_lesson_flags(lesson, entered_at, left_at, rule, absent=lesson.id in absent)))
    }
    return Presence(
        signed_in_at=entered_at,
        signed_out_at=left_at,
        method=entered.method if entered else "",
        digests=tuple(scan.digest for scan in ordered if scan.digest),
        minutes=minutes_of(lessons, entered_at, left_at, rule, absent),
        in_mark=entered.mark if entered else "",
        out_mark=left.mark if left else "",
        corrections=tuple(scan.correction for scan in ordered if scan.correction is not None),
        marks=tuple(dict.fromkeys(scan.mark for scan in ordered if scan.mark)),
        flags=_in_order(
            [*(flag for found in lesson_flags.values() for flag in found), *_scan_flags(ordered)]
        ),
        lesson_flags=lesson_flags,
    )


def _lesson_flags(
    lesson: LessonTime,
    entered_at: datetime | None,
    left_at: datetime | None,
    rule: AttendanceRule,
    *,
    absent: bool,
) -> Iterator[str]:
    """What is worth saying of somebody who was there for some of the lesson."""
    if entered_at is None or entered_at >= lesson.ends_at or (left_at and left_at <= lesson.starts_at):
        return
    if entered_at > lesson.starts_at + timedelta(minutes=rule.late_tolerance_minutes):
        yield Flag.CAME_LATE.value
    if left_at and left_at < lesson.ends_at - timedelta(minutes=rule.early_tolerance_minutes):
        yield Flag.LEFT_EARLY.value
    if left_at is None and rule.require_sign_out:
        yield Flag.NO_SIGN_OUT.value
    if absent:
        yield Flag.ABSENT_IN_CHECK.value


def _scan_flags(scans: Sequence[Scan]) -> Iterator[str]:
    stations = Counter(
        (kind, lesson)
        for kind, lesson, _station in {
            (scan.kind, scan.lesson, scan.station) for scan in scans if scan.station and scan.kind != "void"
        }
    )
    if any(count > 1 for count in stations.values()):
        yield Flag.SECOND_STATION.value
    if any(scan.kind == "void" for scan in scans):
        yield Flag.VOIDED.value
    for scan in scans:
        if scan.kind != "void":
            yield from scan.flags


def _in_order(flags: Iterable[str]) -> tuple[str, ...]:
    found = set(flags)
    return tuple(flag for flag in Flag.values if flag in found)


def check_moment(
    key: bytes, lessons: Sequence[LessonTime], rule: AttendanceRule, session: str
) -> dict[int, datetime]:
    """lesson id -> when everybody is asked to lay their card again (随堂抽查), for the lessons drawn.

    Drawn by keyed hash: the same for every station and every time it is asked, and known to nobody
    without the key. `check_share` of the lessons, rounded up, each in its middle 60 %.
    """
    drawn = sorted((_draw(key, session, lesson), lesson) for lesson in lessons)
    count = math.ceil(share(rule.check_share, len(drawn)))
    return {lesson.id: _moment(lesson, digest) for digest, lesson in drawn[:count]}


def _draw(key: bytes, session: str, lesson: LessonTime) -> bytes:
    return hmac.new(key, f"check:{session}:{lesson.id}".encode(), hashlib.sha256).digest()


def _moment(lesson: LessonTime, digest: bytes) -> datetime:
    begins, length = CHECK_MIDDLE
    chance = int.from_bytes(digest[-8:], "big") / 2**64
    seconds = (begins + length * chance) * (lesson.ends_at - lesson.starts_at).total_seconds()
    return lesson.starts_at + timedelta(seconds=int(seconds))


def hours(minutes: int, rule: AttendanceRule) -> str:
    """学时 for people: 135 minutes at 45 → "3", 100 → "2.2"."""
    return in_hours(minutes, rule.unit_minutes)


def completion(
    minutes_by_lesson: Mapping[int, int], lessons: Sequence[LessonTime], rule: AttendanceRule
) -> CompletionResult:
    """结业/未达标: attended ÷ required 学时 against the threshold, and the sentence that says so."""
    attended, required, completed = credited(minutes_by_lesson, lessons, rule)
    return CompletionResult(
        attended_minutes=attended,
        required_minutes=required,
        completed=completed,
        explanation=_(
            "%(attended)s / %(required)s 学时 = %(ratio).1f %% %(sign)s %(threshold).0f %%，%(verdict)s"
        )
        % {
            "attended": hours(attended, rule),
            "required": hours(required, rule),
            "ratio": 100 * attended / required if required else 0,
            "sign": "≥" if completed else "<",
            "threshold": 100 * rule.completion_ratio,
            "verdict": _("结业") if completed else _("未达标"),
        },
    )


@dataclass(frozen=True)
class Tally:
    """What kept somebody's hours down, and what was put right by hand."""

    came_late: int = 0  # lessons
    left_early: int = 0  # lessons
    no_sign_out: int = 0  # half-days
    absent_in_check: int = 0  # lessons
    make_up: int = 0  # corrections
    paper: int = 0  # corrections


def tally(presences: Iterable[Presence], marks: Iterable[str]) -> Tally:
    """`marks`: the source of each correction that counts."""
    rows = list(presences)
    by_lesson = Counter(flag for row in rows for flags in row.lesson_flags.values() for flag in flags)
    by_half_day = Counter(flag for row in rows for flag in row.flags)
    by_mark = Counter(marks)
    return Tally(
        came_late=by_lesson[Flag.CAME_LATE.value],
        left_early=by_lesson[Flag.LEFT_EARLY.value],
        no_sign_out=by_half_day[Flag.NO_SIGN_OUT.value],
        absent_in_check=by_lesson[Flag.ABSENT_IN_CHECK.value],
        make_up=by_mark[CorrectionSource.MAKE_UP.value],
        paper=by_mark[CorrectionSource.PAPER.value],
    )


def in_full(result: CompletionResult, counted: Tally, rule: AttendanceRule) -> str:
    """“32 学时中 28 学时 = 87.5 % ≥ 80 %，迟到 2 次，缺签退 1 次，补签 1 次”."""
    share = 100 * result.attended_minutes / result.required_minutes if result.required_minutes else 0
    hours_of = _("%(required)s 学时中 %(attended)s 学时 = %(ratio).1f %% %(sign)s %(threshold).0f %%") % {
        "required": hours(result.required_minutes, rule),
        "attended": hours(result.attended_minutes, rule),
        "ratio": share,
        "sign": "≥" if result.completed else "<",
        "threshold": 100 * rule.completion_ratio,
    }
    return _("，").join([hours_of, *_remarks(counted)])


def _remarks(counted: Tally) -> Iterator[str]:
    words = (
        (counted.came_late, ngettext("迟到 %(count)s 次", "迟到 %(count)s 次", counted.came_late)),
        (counted.left_early, ngettext("早退 %(count)s 次", "早退 %(count)s 次", counted.left_early)),
        (counted.no_sign_out, ngettext("缺签退 %(count)s 次", "缺签退 %(count)s 次", counted.no_sign_out)),
        (
            counted.absent_in_check,
            ngettext("抽查缺席 %(count)s 次", "抽查缺席 %(count)s 次", counted.absent_in_check),
        ),
        (counted.make_up, ngettext("补签 %(count)s 次", "补签 %(count)s 次", counted.make_up)),
        (counted.paper, ngettext("纸质补录 %(count)s 次", "纸质补录 %(count)s 次", counted.paper)),
    )
    return (text % {"count": count} for count, text in words if count)


# Clocks


@dataclass(frozen=True)
class Tick:
    """What a station's two clocks said when it made an event."""

    at: datetime
    boot: UUID
    monotonic_ms: int


def clock_jumped(before: Tick, after: Tick) -> bool:
    """Whether somebody moved the wall clock between two events that follow each other.

    Within one run of the program the other clock tells; after a new start only a step back shows.
    """
    passed = (after.at - before.at) / timedelta(milliseconds=1)
    if before.boot != after.boot:
        return passed < 0
    return abs(passed - (after.monotonic_ms - before.monotonic_ms)) > CLOCK_JUMP_MS


# What people may say afterwards: 补签, 纸质签到表, 作废 and 缺号


def window(kind: str, lesson: LessonTime) -> tuple[datetime, datetime]:
    """Between which moments this may have happened in the lesson, both included."""
    if kind == CorrectionKind.SIGN_IN:
        return lesson.starts_at - SIGN_IN_OPENS, lesson.ends_at
    if kind == CorrectionKind.SIGN_OUT:
        return lesson.starts_at, lesson.ends_at + SIGN_OUT_LATEST
    return lesson.starts_at, lesson.ends_at


def lesson_at(kind: str, lessons: Sequence[LessonTime], at: datetime) -> LessonTime | None:
    """Of a half-day's lessons in order, the one that a time on a paper register belongs to."""
    fitting = [lesson for lesson in lessons if _fits(kind, lesson, at)]
    if not fitting:
        return None
    return fitting[-1] if kind == CorrectionKind.SIGN_OUT else fitting[0]


def _fits(kind: str, lesson: LessonTime, at: datetime) -> bool:
    opens, closes = window(kind, lesson)
    return opens <= at <= closes


def within_make_up_share(people: int, rostered: int, rule: MakeUpRule) -> bool:
    """Whether an institution may put so many people's attendance right without the bureau."""
    return people <= share(rule.make_up_share, rostered)


@dataclass(frozen=True, order=True)
class Run:
    """Numbers of a station's chain, both ends included."""

    first: int
    last: int


def uncovered(hole: Run, covers: Iterable[Run]) -> list[Run]:
    """What is left of the hole when these runs are explained."""
    left, at = [], hole.first
    for cover in sorted(covers):
        if cover.last < at or cover.first > hole.last:
            continue
        if cover.first > at:
            left.append(Run(at, cover.first - 1))
        at = cover.last + 1
    if at <= hole.last:
        left.append(Run(at, hole.last))
    return left


@dataclass(frozen=True)
class Sighting:
    """One person counted at one place; `key` is the caller's own name for it. Without a station: by hand."""

    key: str
    trainee: int
    kind: str
    at: datetime
    station: str
    session: int
    lesson: LessonTime


def clash_groups(sightings: Iterable[Sighting]) -> list[tuple[Sighting, ...]]:
    """Of one person each, the sightings that can't all be right.

    Two of different sessions clash when their lessons overlap, or when they lie within minutes of each
    other and not at one station; two of one session when they are the same step of the same lesson at
    two stations. All that hang together by lessons at the same time are one clash.
    """
    by_trainee: dict[int, list[Sighting]] = {}
    for sighting in sightings:
        by_trainee.setdefault(sighting.trainee, []).append(sighting)
    return [group for seen in by_trainee.values() for group in _clashes_of_one(seen)]


def _clashes_of_one(seen: list[Sighting]) -> list[tuple[Sighting, ...]]:
    seen = sorted(seen, key=lambda sighting: (sighting.at, sighting.key))
    groups: list[list[Sighting]] = []
    for one in seen:
        rivals = [other for other in seen if _clash(one, other)]
        if not rivals:
            continue
        joined = [group for group in groups if any(_together(one, other) for other in group)]
        groups = [group for group in groups if group not in joined]
        groups.append([*(other for group in joined for other in group), one])
    return [tuple(group) for group in groups]


def _together(one: Sighting, other: Sighting) -> bool:
    return _overlap(one.lesson, other.lesson) or _clash(one, other)


def _clash(one: Sighting, other: Sighting) -> bool:
    if one.session != other.session:
        in_haste = abs(one.at - other.at) <= CLASH_WITHIN and one.station != other.station
        return in_haste or _overlap(one.lesson, other.lesson)
    same_step = (one.kind, one.lesson.id) == (other.kind, other.lesson.id)
    return same_step and bool(one.station and other.station) and one.station != other.station


def _overlap(one: LessonTime, other: LessonTime) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
