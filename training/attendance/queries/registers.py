"""Registers (签到名册), and why somebody completed or did not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from training.attendance.choices import (
    CorrectionKind,
    CorrectionStatus,
    Flag,
)
from training.attendance.models import Correction
from training.attendance.queries.scans import checks_begun, scans_and_voids
from training.attendance.reckoning import LessonTime, Scan, attends
from training.attendance.rules import (
    CompletionResult,
    Presence,
    Tally,
    completion,
    in_full,
    presence,
    tally,
)
from training.core import clock
from training.core.actor import Actor
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.scheduling.models import Lesson, TrainingSession

LESSON_FLAGS = frozenset({Flag.CAME_LATE, Flag.LEFT_EARLY, Flag.NO_SIGN_OUT, Flag.ABSENT_IN_CHECK})


@dataclass(frozen=True)
class RegisterLine:
    enrolment: Enrolment
    presence: Presence


@dataclass(frozen=True)
class HalfDay:
    """One page of the sign-in register (签到名册)."""

    on: date
    half_day: str
    lessons: tuple[LessonTime, ...]
    lines: tuple[RegisterLine, ...]

    @property
    def present(self) -> int:
        return sum(line.presence.signed_in_at is not None for line in self.lines)


def lesson_time(lesson: Lesson) -> LessonTime:
    return LessonTime(
        lesson.pk, lesson.sequence, lesson.on, lesson.half_day, lesson.starts_at, lesson.ends_at
    )


def register(session: TrainingSession) -> list[HalfDay]:
    """The session's register, half-day by half-day, everybody on the roster in roster order."""
    scans = scans_and_voids([session])
    return _pages(session, scans, _checked(session, scans))


def _pages(session: TrainingSession, scans: Mapping[int, Sequence[Scan]], checked: set[int]) -> list[HalfDay]:
    rule = session.rule_set.rules.attendance
    as_of = clock.now()
    enrolments = list(session.enrolments.filter(ON_ROSTER).select_related("trainee"))
    pages: dict[tuple[date, str], list[LessonTime]] = defaultdict(list)
    for lesson in session.lessons.all():
        pages[lesson.on, lesson.half_day].append(lesson_time(lesson))
    return [
        HalfDay(
            on=key[0],
            half_day=key[1],
            lessons=tuple(lessons),
            lines=tuple(
                RegisterLine(
                    enrolment,
                    presence(_of(scans, enrolment, key), lessons, rule, checked=checked, as_of=as_of),
                )
                for enrolment in enrolments
            ),
        )
        for key, lessons in pages.items()
    ]


def _checked(session: TrainingSession, scans: Mapping[int, Sequence[Scan]]) -> set[int]:
    """Lessons in which a check was held: somebody answered one, or a witness began one."""
    answered = {
        scan.lesson for rows in scans.values() for scan in rows if scan.kind == "check" and scan.digest
    }
    return answered | checks_begun(session)


def _of(scans: Mapping[int, Sequence[Scan]], enrolment: Enrolment, key: tuple[date, str]) -> list[Scan]:
    return [scan for scan in scans.get(enrolment.pk, []) if scan.half_day == key]


def minutes_by_lesson(pages: Sequence[HalfDay]) -> dict[int, dict[int, int]]:
    """enrolment id -> lesson id -> effective minutes."""
    minutes: dict[int, dict[int, int]] = defaultdict(dict)
    for page in pages:
        for line in page.lines:
            minutes[line.enrolment.pk].update(line.presence.minutes)
    return minutes


@dataclass(frozen=True)
class LessonLine:
    """One person in one lesson: the half-day's times, and what they are worth here."""

    enrolment: Enrolment
    presence: Presence
    minutes: int
    flags: tuple[str, ...]


@dataclass(frozen=True)
class LessonPage:
    """One lesson's sheet of the register."""

    lesson: Lesson
    checked: bool  # whether a check was held in it
    lines: tuple[LessonLine, ...]

    @property
    def present(self) -> int:
        return sum(line.minutes > 0 for line in self.lines)


@dataclass(frozen=True)
class SessionRegister:
    """The register (签到名册) both ways."""

    session: TrainingSession
    half_days: tuple[HalfDay, ...]
    lessons: tuple[LessonPage, ...]


def session_register(session: TrainingSession, actor: Actor) -> SessionRegister:
    """Per half-day and per lesson, everybody on the roster; raises NotFoundError for strangers."""
    found: TrainingSession = (
        TrainingSession.objects.select_related("institution__programme", "rule_set")
        .prefetch_related("lessons__instructor", "lessons__venue")
        .fetch(actor, pk=session.pk)
    )
    scans = scans_and_voids([found])
    checked = _checked(found, scans)
    pages = _pages(found, scans, checked)
    page_of = {lesson.id: page for page in pages for lesson in page.lessons}
    return SessionRegister(
        found,
        tuple(pages),
        tuple(
            LessonPage(lesson, lesson.pk in checked, _lesson_lines(lesson, page_of[lesson.pk]))
            for lesson in found.lessons.all()
        ),
    )


def _lesson_lines(lesson: Lesson, page: HalfDay) -> tuple[LessonLine, ...]:
    return tuple(
        LessonLine(
            line.enrolment,
            line.presence,
            line.presence.minutes[lesson.pk],
            _flags_in(lesson.pk, line.presence),
        )
        for line in page.lines
    )


def _flags_in(lesson: int, presence: Presence) -> tuple[str, ...]:
    """A flag of one lesson stands in that lesson; one of the evidence stands in all of the half-day."""
    own = presence.lesson_flags.get(lesson, ())
    return tuple(flag for flag in presence.flags if flag not in LESSON_FLAGS or flag in own)


@dataclass(frozen=True)
class LessonDetail:
    """What one lesson adds to a person's completion."""

    lesson: Lesson
    presence: Presence
    minutes: int
    counts: bool
    flags: tuple[str, ...]


@dataclass(frozen=True)
class CompletionDetail:
    """Why somebody completed or did not, as it is computed now; `result` is of the lessons so far planned."""

    enrolment: Enrolment
    result: CompletionResult
    tally: Tally
    sentence: str
    lessons: tuple[LessonDetail, ...]
    corrections: tuple[Correction, ...]


def completion_detail(enrolment: Enrolment) -> CompletionDetail:
    """In full words and lesson by lesson; the caller fetched the enrolment for its actor."""
    session = enrolment.training_session
    rule = session.rule_set.rules.attendance
    lessons = {lesson.pk: lesson for lesson in session.lessons.select_related("instructor", "venue")}
    lines = {
        lesson.id: line.presence
        for page in register(session)
        for lesson in page.lessons
        for line in page.lines
        if line.enrolment.pk == enrolment.pk
    }
    minutes = {lesson: presence.minutes[lesson] for lesson, presence in lines.items()}
    times = [lesson_time(lesson) for lesson in lessons.values()]
    result = completion(minutes, times, rule)
    approved = enrolment.corrections.filter(status=CorrectionStatus.APPROVED).select_related(
        "lesson", "proposed_by", "decided_by", "evidence"
    )
    corrections = tuple(approved.order_by("lesson__starts_at", "pk"))
    half_days = {id(presence): presence for presence in lines.values()}
    counted = tally(
        half_days.values(), [row.source for row in corrections if row.kind != CorrectionKind.VOID]
    )
    return CompletionDetail(
        enrolment,
        result,
        counted,
        in_full(result, counted, rule),
        tuple(
            LessonDetail(
                lessons[time.id],
                lines[time.id],
                minutes[time.id],
                attends(minutes[time.id], time, rule),
                _flags_in(time.id, lines[time.id]),
            )
            for time in times
            if time.id in lines
        ),
        corrections,
    )
