"""Completeness of a training archive: computed, explained, never ticked (domain.md §4.6).

石城 附件2 项目3 三是: "每期培训档案包含 …… 档案不全，不予以补贴". Each check is a plain function over
`ArchiveContents` that yields what is missing, by name; the item is complete when nothing is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

HalfDayKey = tuple[date, str]


class ArchiveItem(Protocol):
    """An item as the programme's rule set has it."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def clause(self) -> str: ...
    @property
    def supplied_by(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class PaperOnFile:
    """An agreement, licence or proof: `valid_until` None means 长期."""

    kind: str
    number: str
    valid_from: date | None
    valid_until: date | None

    def covers(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True)
class LessonHeld:
    sequence: int
    on: date
    half_day: str
    starts_at: datetime
    ends_at: datetime
    topic: str
    instructor: int


@dataclass(frozen=True)
class InstructorOnFile:
    name: str
    profile: str
    proofs: tuple[PaperOnFile, ...]


@dataclass(frozen=True)
class RosterEntry:
    number: int
    name: str
    phone: bool
    completed: bool
    half_days: frozenset[HalfDayKey]  # where the register has events for this person


@dataclass(frozen=True)
class PhotoOnFile:
    lesson: int | None
    taken_at: datetime | None
    caption: str


@dataclass(frozen=True)
class ArchiveContents:
    """Everything the checks look at, for one session."""

    agreement: PaperOnFile | None
    licences: tuple[PaperOnFile, ...]
    lessons: tuple[LessonHeld, ...]
    instructors: Mapping[int, InstructorOnFile]
    plan: Mapping[str, str]  # label -> text
    approved: bool
    topics_with_courseware: frozenset[str]
    roster: tuple[RosterEntry, ...]
    closed: bool
    photos: tuple[PhotoOnFile, ...]
    photos_per_half_day: int = 1
    photos_on_the_way: int = 0  # signed by a station, not arrived yet
    open_corrections: int = 0  # proposed and not decided
    gaps: tuple[str, ...] = ()  # stations whose chain of events has holes before this session's last one
    other_items: Mapping[str, int] = field(default_factory=dict)  # extra item code -> files

    @property
    def days(self) -> list[date]:
        return sorted({lesson.on for lesson in self.lessons})

    @property
    def half_days(self) -> list[HalfDayKey]:
        return list(dict.fromkeys((lesson.on, lesson.half_day) for lesson in self.lessons))


@dataclass(frozen=True)
class Finding:
    """One thing that is missing; `message` names it and says who must supply it."""

    item: str
    code: str
    clause: str
    supplied_by: tuple[str, ...]
    params: Mapping[str, str | int]

    @property
    def message(self) -> str:
        return str(MESSAGES[self.code]) % {"item": self.item, **self.params}


@dataclass(frozen=True)
class ItemResult:
    code: str
    title: str
    clause: str
    supplied_by: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def complete(self) -> bool:
        return not self.findings


MESSAGES = {
    "no_agreement": _("缺 %(item)s：没有委托培训协议或下达培训任务的文件"),
    "agreement_dates": _("缺 %(item)s：协议〔%(number)s〕有效期至%(until)s，不覆盖本期%(day)s的课程"),
    "no_licence": _("缺 %(item)s：没有%(kind)s"),
    "licence_expired": _("缺 %(item)s：%(kind)s已过期，不覆盖本期%(day)s的课程"),
    "no_profile": _("缺 %(item)s：授课人%(name)s（第%(lessons)s课次）没有基本情况"),
    "no_proof": _("缺 %(item)s：授课人%(name)s（第%(lessons)s课次）无资质证明"),
    "proof_expired": _("缺 %(item)s：授课人%(name)s的资质证明已过期，不覆盖%(day)s的课程"),
    "plan_field": _("缺 %(item)s：培训方案没有写%(field)s"),
    "no_lessons": _("缺 %(item)s：没有课程安排"),
    "not_approved": _("缺 %(item)s：课程安排还没有经商务局批准"),
    "no_courseware": _("缺 %(item)s：“%(topic)s”无课件"),
    "no_roster": _("缺 %(item)s：培训人员名册是空的"),
    "no_phone": _("缺 %(item)s：%(count)s人缺联系电话（%(names)s）"),
    "not_closed": _("缺 %(item)s：还没有结课，签到名册未定"),
    "no_register": _("缺 %(item)s：%(day)s%(half_day)s无签到名册"),
    "open_corrections": _("%(item)s：有%(count)s条更正等待核准，请先核准、不予核准或撤回"),
    "chain_gap": _("%(item)s：签到终端“%(station)s”还有记录没有传到，请让它联网补传"),
    "not_in_register": _("%(item)s：%(names)s计入人次，但签到名册上没有签到"),
    "no_photo": _("缺 %(item)s：%(day)s%(half_day)s应有现场照片%(need)s张，现有%(have)s张"),
    "photos_on_the_way": _("%(item)s：签到终端还有%(count)s张照片没有传到，请让它联网补传"),
    "photo_outside": _("%(item)s：照片“%(caption)s”不是在所属课次时间内拍的"),
    "photo_caption": _("%(item)s：有照片没有写说明"),
    "no_files": _("缺 %(item)s：没有材料"),
}
HALF_DAYS = {"am": _("上午"), "pm": _("下午")}
LICENCE_KINDS = (
    (_("营业执照"), frozenset({"business", "public_body", "social_body", "non_profit"})),
    (_("培训资质证明"), frozenset({"training"})),
)
"""What A2 asks for, each as any one of some kinds: an association has a certificate in place of a 营业执照."""

Missing = Iterator[tuple[str, dict[str, str | int]]]


def _day(day: date) -> str:
    return f"{day:%Y-%m-%d}"


def agreement(contents: ArchiveContents) -> Missing:
    """A1: in force on all class days."""
    paper = contents.agreement
    if paper is None:
        yield "no_agreement", {}
        return
    for day in contents.days:
        if not paper.covers(day):
            until = _day(paper.valid_until) if paper.valid_until else ""
            yield "agreement_dates", {"number": paper.number, "until": until, "day": _day(day)}


def licences(contents: ArchiveContents) -> Missing:
    """A2: business licence and training qualification, each valid on every class day."""
    for label, kinds in LICENCE_KINDS:
        papers = [paper for paper in contents.licences if paper.kind in kinds]
        if not papers:
            yield "no_licence", {"kind": str(label)}
            continue
        for day in contents.days:
            if not any(paper.covers(day) for paper in papers):
                yield "licence_expired", {"kind": str(label), "day": _day(day)}
                break


def instructors(contents: ArchiveContents) -> Missing:
    """A3: everyone in the timetable has a profile and a proof that is valid on the days they teach."""
    for key, person in contents.instructors.items():
        taught = [lesson for lesson in contents.lessons if lesson.instructor == key]
        params: dict[str, str | int] = {
            "name": person.name,
            "lessons": gettext("、").join(str(lesson.sequence) for lesson in taught),
        }
        if not person.profile.strip():
            yield "no_profile", params
        if not person.proofs:
            yield "no_proof", params
            continue
        for lesson in taught:
            if not any(proof.covers(lesson.on) for proof in person.proofs):
                yield "proof_expired", {**params, "day": _day(lesson.on)}
                break


def plan(contents: ArchiveContents) -> Missing:
    """A4: objects, goals, content, form, hours and assessment are written down."""
    for label, text in contents.plan.items():
        if not text.strip():
            yield "plan_field", {"field": label}


def timetable(contents: ArchiveContents) -> Missing:
    """A5: there is one, and the bureau approved it."""
    if not contents.lessons:
        yield "no_lessons", {}
    elif not contents.approved:
        yield "not_approved", {}


def materials(contents: ArchiveContents) -> Missing:
    """A6: every taught topic has courseware pinned to the session."""
    for topic in dict.fromkeys(lesson.topic for lesson in contents.lessons):
        if topic not in contents.topics_with_courseware:
            yield "no_courseware", {"topic": topic}


def roster(contents: ArchiveContents) -> Missing:
    """A7: not empty, and everyone can be phoned (evaluators do)."""
    if not contents.roster:
        yield "no_roster", {}
    silent = [entry.name for entry in contents.roster if not entry.phone]
    if silent:
        yield "no_phone", {"count": len(silent), "names": gettext("、").join(silent[:5])}


def register(contents: ArchiveContents) -> Missing:
    """A8: one per half-day, everyone who counts stands in those that made them count, no event is missing."""
    if not contents.closed:
        yield "not_closed", {}
    for key in contents.half_days:
        if not any(key in entry.half_days for entry in contents.roster):
            yield "no_register", {"day": _day(key[0]), "half_day": str(HALF_DAYS[key[1]])}
    if contents.open_corrections:
        yield "open_corrections", {"count": contents.open_corrections}
    for station in contents.gaps:
        yield "chain_gap", {"station": station}
    uncovered = [entry.name for entry in contents.roster if entry.completed and not entry.half_days]
    if uncovered:
        yield "not_in_register", {"names": gettext("、").join(uncovered[:5])}


def photos(contents: ArchiveContents) -> Missing:
    """A9: enough for each half-day, taken inside their lesson, with a caption; all that a station took."""
    if contents.photos_on_the_way:
        yield "photos_on_the_way", {"count": contents.photos_on_the_way}
    lessons = {lesson.sequence: lesson for lesson in contents.lessons}
    inside = []
    for photo in contents.photos:
        lesson = lessons.get(photo.lesson or 0)
        if lesson is None:
            continue
        if photo.taken_at and not lesson.starts_at <= photo.taken_at <= lesson.ends_at:
            yield "photo_outside", {"caption": photo.caption}
            continue
        inside.append((lesson.on, lesson.half_day))
    if any(not photo.caption.strip() for photo in contents.photos):
        yield "photo_caption", {}
    for key in contents.half_days:
        if inside.count(key) < contents.photos_per_half_day:
            yield (
                "no_photo",
                {
                    "day": _day(key[0]),
                    "half_day": str(HALF_DAYS[key[1]]),
                    "need": contents.photos_per_half_day,
                    "have": inside.count(key),
                },
            )


CHECKS: Mapping[str, Callable[[ArchiveContents], Missing]] = {
    "A1": agreement,
    "A2": licences,
    "A3": instructors,
    "A4": plan,
    "A5": timetable,
    "A6": materials,
    "A7": roster,
    "A8": register,
    "A9": photos,
}


def check_archive(contents: ArchiveContents, items: Iterable[ArchiveItem]) -> tuple[ItemResult, ...]:
    """Every item the programme demands, with what is missing. An extra item needs at least one file."""
    return tuple(
        ItemResult(
            item.code,
            item.title,
            item.clause,
            item.supplied_by,
            tuple(
                Finding(item.code, code, item.clause, item.supplied_by, params)
                for code, params in _missing(item.code, contents)
            ),
        )
        for item in items
    )


def _missing(item: str, contents: ArchiveContents) -> Missing:
    if item in CHECKS:
        return CHECKS[item](contents)
    return iter([] if contents.other_items.get(item) else [("no_files", {})])


def is_complete(results: Sequence[ItemResult]) -> bool:
    return bool(results) and all(result.complete for result in results)


def findings(results: Iterable[ItemResult]) -> list[Finding]:
    return [finding for result in results for finding in result.findings]
