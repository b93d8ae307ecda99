"""Attendance truth: from signed events to minutes, from minutes to completion (domain.md §3.2).

Plain data in, plain data out; the same functions serve the page, the PDF, the claim and the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _

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
    """One counted sign-in or sign-out of one person, in the half-day of its lesson."""

    kind: str  # "sign_in" | "sign_out"
    at: datetime
    method: str
    digest: str
    half_day: HalfDayKey


@dataclass(frozen=True)
class Presence:
    """What the register shows for one person and half-day."""

    signed_in_at: datetime | None
    signed_out_at: datetime | None
    method: str
    digests: tuple[str, ...]
    minutes: Mapping[int, int]  # lesson id -> effective minutes


@dataclass(frozen=True)
class CompletionResult:
    attended_minutes: int
    required_minutes: int
    completed: bool
    explanation: str


def presence(scans: Iterable[Scan], lessons: Sequence[LessonTime], rule: AttendanceRule) -> Presence:
    """One person's half-day. The first sign-in and the last sign-out after it count.

    A second sign-in changes nothing, so the same person seen by two stations is two pieces of
    evidence and one attendance. Without a sign-out the minutes are 0 where the rule demands one.
    """
    ordered = sorted(scans, key=lambda scan: (scan.at, scan.digest))
    entered = next((scan for scan in ordered if scan.kind == "sign_in"), None)
    left = next(
        (scan for scan in reversed(ordered) if scan.kind == "sign_out" and entered and scan.at > entered.at),
        None,
    )
    return Presence(
        signed_in_at=entered.at if entered else None,
        signed_out_at=left.at if left else None,
        method=entered.method if entered else "",
        digests=tuple(scan.digest for scan in ordered),
        minutes={
            lesson.id: effective_minutes(
                lesson, entered.at if entered else None, left.at if left else None, rule
            )
            for lesson in lessons
        },
    )


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


def hours(minutes: int, rule: AttendanceRule) -> str:
    """学时 for people: 135 minutes at 45 → "3", 100 → "2.2"."""
    return f"{minutes / rule.unit_minutes:.1f}".removesuffix(".0")


def _share(ratio: float, minutes: int) -> Decimal:
    """The ratio as it is written: 0.55 × 180 as floats is a little more than 99, and costs somebody 结业."""
    return Decimal(str(ratio)) * minutes


def completion(
    minutes_by_lesson: Mapping[int, int], lessons: Sequence[LessonTime], rule: AttendanceRule
) -> CompletionResult:
    """结业/未达标: attended ÷ required 学时 against the threshold, and the sentence that says so.

    A lesson is attended when its effective minutes reach `lesson_ratio` of it; it then counts whole.
    """
    attended = sum(
        lesson.minutes
        for lesson in lessons
        if minutes_by_lesson.get(lesson.id, 0) >= _share(rule.lesson_ratio, lesson.minutes)
    )
    required = sum(lesson.minutes for lesson in lessons)
    completed = required > 0 and attended >= _share(rule.completion_ratio, required)
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
