"""The arithmetic of attendance, from scans to minutes and from minutes to 结业.

Plain data in, plain data out, and nothing of Django: whoever verifies a package without database and network
computes by these functions what the server computed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

HalfDayKey = tuple[date, str]


class AttendanceRule(Protocol):
    """What a programme's rule set says; minutes and ratios (0…1)."""

    @property
    def unit_minutes(self) -> int: ...
    @property
    def lesson_ratio(self) -> float: ...
    @property
    def completion_ratio(self) -> float: ...
    @property
    def late_tolerance_minutes(self) -> int: ...
    @property
    def early_tolerance_minutes(self) -> int: ...
    @property
    def require_sign_out(self) -> bool: ...
    @property
    def check_share(self) -> float: ...
    @property
    def check_required(self) -> bool: ...


@dataclass(frozen=True)
class LessonTime:
    id: int
    sequence: int
    on: date
    half_day: str
    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


@dataclass(frozen=True)
class Scan:
    """One counted sign-in, sign-out or answer to a check of one person, in the half-day of its lesson.

    It stands on a signed event (`digest`) or on an approved correction (`correction`, with its `mark`).
    Of kind `void` it counts for nothing and only says that a record was taken back.
    """

    kind: str  # "sign_in" | "sign_out" | "check" | "void"
    at: datetime
    method: str
    digest: str
    half_day: HalfDayKey
    lesson: int = 0
    station: str = ""
    correction: int | None = None
    mark: str = ""  # a CorrectionSource
    flags: tuple[str, ...] = ()


def by_time(scans: Iterable[Scan]) -> list[Scan]:
    """Of the same moment in the order of their digests, so that everybody reckons alike."""
    return sorted(scans, key=lambda scan: (scan.at, scan.digest))


def span(ordered: Sequence[Scan]) -> tuple[Scan | None, Scan | None]:
    """The first sign-in and the last sign-out after it, of one person's half-day."""
    entered = next((scan for scan in ordered if scan.kind == "sign_in"), None)
    left = next(
        (scan for scan in reversed(ordered) if scan.kind == "sign_out" and entered and scan.at > entered.at),
        None,
    )
    return entered, left


def unanswered(
    scans: Iterable[Scan], lessons: Sequence[LessonTime], checked: Collection[int]
) -> frozenset[int]:
    """The lessons whose check this person did not answer, and has no approved explanation for."""
    answered = {scan.lesson for scan in scans if scan.kind == "check"}
    return frozenset(lesson.id for lesson in lessons if lesson.id in checked) - answered


def minutes_of(
    lessons: Sequence[LessonTime],
    entered_at: datetime | None,
    left_at: datetime | None,
    rule: AttendanceRule,
    absent: Collection[int],
) -> dict[int, int]:
    """lesson id -> effective minutes; none for who did not answer the check of a lesson, where the rule has it so."""
    return {
        lesson.id: 0
        if rule.check_required and lesson.id in absent
        else effective_minutes(lesson, entered_at, left_at, rule)
        for lesson in lessons
    }


def effective_minutes(
    lesson: LessonTime, entered_at: datetime | None, left_at: datetime | None, rule: AttendanceRule
) -> int:
    """The overlap of [in, out] with the lesson; tolerated lateness and early leaving cost nothing."""
    if entered_at is None or (left_at is None and rule.require_sign_out):
        return 0
    left_at = left_at or lesson.ends_at
    if entered_at <= lesson.starts_at + timedelta(minutes=rule.late_tolerance_minutes):
        entered_at = min(entered_at, lesson.starts_at)
    if left_at >= lesson.ends_at - timedelta(minutes=rule.early_tolerance_minutes):
        left_at = max(left_at, lesson.ends_at)
    overlap = min(left_at, lesson.ends_at) - max(entered_at, lesson.starts_at)
    return max(0, int(overlap.total_seconds() // 60))


def share(ratio: float, minutes: int) -> Decimal:
    """The ratio as it is written: 0.55 × 180 as floats is a little more than 99, and costs somebody 结业."""
    return Decimal(str(ratio)) * minutes


def attends(minutes: int, lesson: LessonTime, rule: AttendanceRule) -> bool:
    """Whether so many effective minutes make the lesson count, whole."""
    return minutes >= share(rule.lesson_ratio, lesson.minutes)


def credited(
    minutes_by_lesson: Mapping[int, int], lessons: Sequence[LessonTime], rule: AttendanceRule
) -> tuple[int, int, bool]:
    """Minutes attended, minutes required, and whether that is enough (结业).

    A lesson is attended when its effective minutes reach `lesson_ratio` of it; it then counts whole.
    """
    attended = sum(
        lesson.minutes for lesson in lessons if attends(minutes_by_lesson.get(lesson.id, 0), lesson, rule)
    )
    required = sum(lesson.minutes for lesson in lessons)
    return attended, required, required > 0 and attended >= share(rule.completion_ratio, required)
