"""Minutes, hours and 结业 computed anew from signed events and declared corrections, against what is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from training.attendance.reckoning import LessonTime, Scan, by_time, credited, minutes_of, span, unanswered
from training.dossiers.evidence import Evidence, is_at, row_finding
from training.dossiers.findings import Finding
from training.dossiers.layout import METADATA
from training.dossiers.metadata import AttendanceRule, Completed, HalfDay, Lesson, Signed


@dataclass(frozen=True)
class Recount:
    """Of one package whose metadata say by which rule."""

    evidence: Evidence
    rule: AttendanceRule

    @cached_property
    def lessons(self) -> dict[int, LessonTime]:
        """By the number that signed events give them."""
        return {lesson.id: _time(lesson) for lesson in self.evidence.metadata.lessons}

    @cached_property
    def checked(self) -> set[int]:
        """Lessons in which a check was held: somebody answered one, or a witness began one."""
        return {
            event.lesson for event in self.evidence.counted.values() if event.kind == "check" and event.lesson
        }

    def lessons_of(self, half_day: HalfDay) -> list[LessonTime]:
        return [
            lesson for lesson in self.lessons.values() if _key(lesson) == (half_day.on, half_day.half_day)
        ]

    def scans(self, half_day: HalfDay, row: Signed) -> list[Scan]:
        """What the line of the register stands on, as far as it is here and of this half-day."""
        here = {lesson.id for lesson in self.lessons_of(half_day)}
        found = [*self._signed(half_day, row), *self._said(half_day, row)]
        return by_time(scan for scan in found if scan.lesson in here)

    def _signed(self, half_day: HalfDay, row: Signed) -> Iterator[Scan]:
        for digest in row.events:
            event = self.evidence.counted.get(digest)
            if event and event.lesson is not None:
                key = (half_day.on, half_day.half_day)
                yield Scan(
                    event.kind, event.captured_at, event.method or "", digest, key, lesson=event.lesson
                )

    def _said(self, half_day: HalfDay, row: Signed) -> Iterator[Scan]:
        numbers = {lesson.sequence: lesson.id for lesson in self.lessons.values()}
        for number in row.corrections:
            said = self.evidence.corrections.get(number)
            if said and said.happened_at:
                key = (half_day.on, half_day.half_day)
                yield Scan(
                    said.kind, said.happened_at, said.source, "", key, lesson=numbers.get(said.lesson, 0)
                )

    def minutes(self, half_day: HalfDay, row: Signed) -> dict[int, int]:
        """lesson id -> effective minutes of this person."""
        scans, lessons = self.scans(half_day, row), self.lessons_of(half_day)
        entered, left = span(scans)
        absent = unanswered(scans, lessons, self.checked) if entered else frozenset()
        return minutes_of(
            lessons, entered.at if entered else None, left.at if left else None, self.rule, absent
        )

    @cached_property
    def by_person(self) -> Mapping[int, dict[int, int]]:
        """Roster number -> lesson id -> effective minutes."""
        found: dict[int, dict[int, int]] = defaultdict(dict)
        for half_day in self.evidence.metadata.registers:
            for row in half_day.rows:
                found[row.number].update(self.minutes(half_day, row))
        return found


def recount(evidence: Evidence) -> Recount | None:
    """None where the package does not say the rule or which lesson is which, as older ones do not."""
    data = evidence.metadata
    known = data.attendance is not None and data.lessons and all(lesson.id for lesson in data.lessons)
    return Recount(evidence, data.attendance) if known and data.attendance else None


def _time(lesson: Lesson) -> LessonTime:
    return LessonTime(
        lesson.id, lesson.sequence, lesson.on, lesson.half_day, lesson.starts_at, lesson.ends_at
    )


def _key(lesson: LessonTime) -> tuple[object, str]:
    return lesson.on, lesson.half_day


def register(evidence: Evidence) -> Iterator[Finding]:
    """Each line's times, method and minutes are what the rule makes of its events and corrections."""
    counted = recount(evidence)
    if counted is None:
        zh, en = (
            "没有写考勤规则（旧的档案包），分钟数没有重算",
            "states no rule (an older package): minutes not recomputed",
        )
        yield Finding(METADATA, "attendance", zh, en, grave=False)
        return
    for half_day in evidence.metadata.registers:
        for row in half_day.rows:
            yield from _line(counted, half_day, row)


def _line(counted: Recount, half_day: HalfDay, row: Signed) -> Iterator[Finding]:
    scans = counted.scans(half_day, row)
    if len(scans) < len(row.events) + len(row.corrections):
        zh, en = "依据的事件或更正不是这半天的", "stands on an event or a correction of another half-day"
        yield row_finding(half_day, row.number, zh, en)
    entered, left = span(scans)
    for word, en, at, scan in (
        ("签到", "signed in", row.signed_in_at, entered),
        ("签退", "signed out", row.signed_out_at, left),
    ):
        if (at is None) != (scan is None) or (at and scan and not is_at(scan.at, at)):
            was, now = (f"{time:%H:%M:%S}" if time else "—" for time in (at, scan.at if scan else None))
            yield row_finding(
                half_day,
                row.number,
                f"{word}写的是 {was}，按事件是 {now}",
                f"{en}: says {was}, the events {now}",
            )
    method = entered.method if entered else ""
    if row.method_code != method:
        yield row_finding(
            half_day,
            row.number,
            f"方式写的是 {row.method_code or '—'}，按事件是 {method or '—'}",
            f"method: says {row.method_code or '—'}, the event {method or '—'}",
        )
    minutes = sum(counted.minutes(half_day, row).values())
    if row.minutes != minutes:
        zh, en = (
            f"写的是 {row.minutes} 分钟，按事件重算是 {minutes} 分钟",
            f"says {row.minutes} minutes, recomputed {minutes}",
        )
        yield row_finding(half_day, row.number, zh, en)


def completion(evidence: Evidence) -> Iterator[Finding]:
    """Attended and required minutes and 结业 are what the rule makes of the events; everybody has a line."""
    counted = recount(evidence)
    if counted is None:
        return
    lessons = list(counted.lessons.values())
    for row in evidence.metadata.completion:
        attended, required, enough = credited(counted.by_person.get(row.number, {}), lessons, counted.rule)
        yield from _completed(row, attended, required, enough)
    written = {row.number for row in evidence.metadata.completion}
    for person in evidence.metadata.roster:
        if person.number not in written:
            record = f"结业 completion #{person.number}"
            yield Finding(METADATA, record, "名册上的人没有结业记录", "is on the roster and has no line")


def _completed(row: Completed, attended: int, required: int, enough: bool) -> Iterator[Finding]:
    record = f"结业 completion #{row.number}"
    if (row.attended_minutes, row.required_minutes) != (attended, required):
        was, now = f"{row.attended_minutes}/{row.required_minutes}", f"{attended}/{required}"
        yield Finding(
            METADATA,
            record,
            f"写的是 {was} 分钟，按事件重算是 {now} 分钟",
            f"says {was} minutes, recomputed {now}",
        )
    if row.completed != (enough and not row.excluded):
        zh, en = ("结业", "completed") if row.completed else ("未结业", "not completed")
        yield Finding(METADATA, record, f"写的是{zh}，按规则重算不是", f"says {en}, by the rule it is not so")
