"""What an archive holds, as the checks read it: plain data, compiled by `queries.archive_contents`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

HalfDayKey = tuple[date, str]


@dataclass(frozen=True)
class PaperOnFile:
    """An agreement, licence or proof that was not refused: `valid_until` None means 长期.

    `verified`: the bureau has seen it, or confirmed the agreement. `altered`: it is not what was kept when the
    bureau approved.
    """

    kind: str
    number: str
    valid_from: date | None
    valid_until: date | None
    verified: bool = True
    altered: bool = False

    def covers(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


class Lasting(Protocol):
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


def is_inside(at: datetime, lesson: Lasting) -> bool:
    """The first and the last moment are inside."""
    return lesson.starts_at <= at <= lesson.ends_at


@dataclass(frozen=True)
class LessonHeld:
    """A lesson of the timetable as held; instructor and venue by their ids."""

    sequence: int
    on: date
    half_day: str
    starts_at: datetime
    ends_at: datetime
    topic: str
    instructor: int
    venue: int = 0


@dataclass(frozen=True)
class LessonApproved:
    """What the bureau last approved for a lesson: with the session, or by a change request.

    `topic` blank: nothing was kept of it.
    """

    starts_at: datetime
    ends_at: datetime
    instructor: int
    venue: int
    topic: str = ""


@dataclass(frozen=True)
class InstructorOnFile:
    name: str
    profile: str
    proofs: tuple[PaperOnFile, ...]


@dataclass(frozen=True)
class Courseware:
    """A piece that is pinned to the session by `sha256`; `approved` by the bureau."""

    topic: str
    title: str
    sha256: str
    approved: bool = False


@dataclass(frozen=True)
class RosterEntry:
    """`completed` is what the roster says, `counted` what the attendance rule found; None before closing."""

    number: int
    name: str
    phone: str
    completed: bool
    half_days: frozenset[HalfDayKey]  # where the register has events for this person
    id_number: bool = True  # whether there is one
    group: str = "-"
    address: str = "-"
    phone_verified: bool = False
    counted: bool | None = None


@dataclass(frozen=True)
class PhotoOnFile:
    """`by_station`: signed for, so that nobody can take it out. The words are those of DA/T 50-2014."""

    lesson: int | None
    taken_at: datetime | None
    caption: str
    by_station: bool = False
    persons: str = ""
    background: str = ""
    photographer: str = ""


@dataclass(frozen=True)
class OpenDoubt:
    """What the software noticed about an item and nobody has decided; `said` is a person or a caption."""

    kind: str  # "reuse", "denied", "clash", "twin"
    item: str
    said: str


@dataclass(frozen=True)
class Demands:
    """What the rule set asks of the items beyond their being there; `under` puts an archive under another's."""

    photos_per_half_day: int = 1
    caption_parts: tuple[str, ...] = ()
    hour_minutes: int = 45  # of one 学时
    open_doubts: tuple[str, ...] = ("reuse",)
    roster_fields: tuple[str, ...] = ("phone",)
    phone_verified_rate: float = 0
    shared_phone_limit: int | None = None  # people; None: however many
    budget: bool = False
    register_signatures: Literal["none", "scan", "scan_or_account"] = "none"
    courseware_approval: bool = False
    fund_line: str = ""  # that pays this class type; blank: whichever


@dataclass(frozen=True)
class ArchiveContents:
    """Everything the checks look at, for one session.

    `approved_lessons` is None where nothing was kept of what was approved.
    """

    agreement: PaperOnFile | None
    licences: tuple[PaperOnFile, ...]
    lessons: tuple[LessonHeld, ...]
    instructors: Mapping[int, InstructorOnFile]
    plan: Mapping[str, str]  # field code -> text
    approved: bool
    courseware: tuple[Courseware, ...]
    roster: tuple[RosterEntry, ...]
    closed: bool
    photos: tuple[PhotoOnFile, ...]
    demands: Demands = Demands()
    institution: str = ""
    agreement_with: str = ""
    agreement_line: str = ""
    uscc: str = ""  # blank: not looked at
    scope: str = "-"  # 经营（业务）范围
    scope_reviewed: bool = True  # the bureau has compared it with the training
    planned_on: date | None = None
    approved_on: date | None = None
    approved_lessons: Mapping[int, LessonApproved] | None = None  # by sequence
    scanned: frozenset[HalfDayKey] = (
        frozenset()
    )  # the sheet that lecturer and class manager signed is on file
    unattested: Mapping[HalfDayKey, tuple[str, ...]] = field(default_factory=dict)
    """Who has not attested the register as it is: "manager", names of instructors with an account."""
    strangers: tuple[str, ...] = ()  # people with sign-ins that count and no place on the roster
    photos_on_the_way: int = 0  # signed by a station, not arrived yet
    doubts: tuple[OpenDoubt, ...] = ()
    open_corrections: int = 0  # proposed and not decided
    gaps: tuple[str, ...] = ()  # stations whose chain of events has holes before this session's last one
    other_items: Mapping[str, int] = field(default_factory=dict)  # extra item code -> files
    records: Mapping[str, int] = field(default_factory=dict)  # kind -> how many the system keeps

    @property
    def days(self) -> list[date]:
        return sorted({lesson.on for lesson in self.lessons})

    @property
    def half_days(self) -> list[HalfDayKey]:
        return list(dict.fromkeys((lesson.on, lesson.half_day) for lesson in self.lessons))
