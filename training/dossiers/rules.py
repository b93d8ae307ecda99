"""Completeness of a training archive: computed, explained, never ticked (domain.md §4.6).

石城 附件2 项目3 三是: "每期培训档案包含 …… 档案不全，不予以补贴". Each check is a plain function over
`ArchiveContents` that yields what is missing, by name; the item is complete when nothing is. Nobody can
override one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from training.courses.rules import in_hours
from training.institutions.rules import UsccError, check_uscc

HalfDayKey = tuple[date, str]
NAMED = 5
"""So many people a message names; it counts the rest."""


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
    @property
    def filled_by(self) -> tuple[str, ...]: ...


# What an archive holds


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


# What is missing


@dataclass(frozen=True)
class Gap:
    """What a check found. `since`: the first day on which it was missing, None from the beginning."""

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    since: date | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that is missing; `message` names it. `version` is of the rule set that demands it."""

    item: str
    code: str
    clause: str
    supplied_by: tuple[str, ...]
    params: Mapping[str, str | int]
    since: date | None = None
    version: int = 0

    @property
    def message(self) -> str:
        """In the reader's language: `params` hold codes where there are words for them."""
        said = {name: _in_words(name, value) for name, value in self.params.items()}
        return str(MESSAGES[self.code]) % {"item": self.item, **said}

    def is_due(self, today: date, *, closed: bool) -> bool:
        """Whether somebody can do something about it yet: a class that is still to come has no photos."""
        if closed or self.code not in AFTER_CLASS:
            return True
        return self.since is not None and self.since < today


@dataclass(frozen=True)
class ItemResult:
    code: str
    title: str
    clause: str
    supplied_by: tuple[str, ...]
    findings: tuple[Finding, ...]
    version: int = 0
    checked_at: datetime | None = None

    @property
    def complete(self) -> bool:
        return not self.findings


MESSAGES = {
    "no_agreement": _("缺 %(item)s：没有委托培训协议或下达培训任务的文件"),
    "agreement_draft": _("缺 %(item)s：协议〔%(number)s〕还没有经商务局确认生效"),
    "agreement_dates": _("缺 %(item)s：协议〔%(number)s〕有效期至%(until)s，不覆盖本期%(day)s的课程"),
    "agreement_not_begun": _("缺 %(item)s：协议〔%(number)s〕%(from)s起生效，不覆盖本期%(day)s的课程"),
    "agreement_party": _("%(item)s：协议〔%(number)s〕写的是%(other)s，不是%(institution)s"),
    "agreement_line": _("%(item)s：协议〔%(number)s〕的资金条线与本期班型的不一致"),
    "no_licence": _("缺 %(item)s：没有%(kind)s"),
    "licence_expired": _("缺 %(item)s：%(kind)s已过期，不覆盖本期%(day)s的课程"),
    "licence_later": _("缺 %(item)s：%(kind)s%(from)s才起有效，不覆盖本期%(day)s的课程"),
    "licence_unverified": _("%(item)s：%(kind)s已上传，待商务局核验"),
    "paper_changed": _("%(item)s：〔%(number)s〕已不是批准开班时留存的那一份，请商务局核对"),
    "uscc": _("%(item)s：统一社会信用代码%(uscc)s有误，请对照营业执照改正"),
    "no_scope": _("缺 %(item)s：机构没有填经营（业务）范围"),
    "scope_unreviewed": _("%(item)s：经营（业务）范围与培训是否相符，待商务局核对"),
    "no_profile": _("缺 %(item)s：授课人%(name)s（第%(lessons)s课次）没有基本情况"),
    "no_proof": _("缺 %(item)s：授课人%(name)s（第%(lessons)s课次）无资质证明"),
    "proof_expired": _("缺 %(item)s：授课人%(name)s的资质证明已过期，不覆盖%(day)s的课程"),
    "proof_later": _("缺 %(item)s：授课人%(name)s的资质证明%(from)s才发，不覆盖%(day)s的课程"),
    "proof_unverified": _("%(item)s：授课人%(name)s（第%(lessons)s课次）的资质证明已上传，待商务局核验"),
    "plan_field": _("缺 %(item)s：培训方案没有写%(field)s"),
    "plan_late": _("%(item)s：培训方案%(submitted)s提交，晚于批准开班的%(approved)s"),
    "no_lessons": _("缺 %(item)s：没有课程安排"),
    "not_approved": _("缺 %(item)s：课程安排还没有经商务局批准"),
    "lesson_time": _("%(item)s：第%(lesson)s课次实际时间与批准不一致且无变更批复"),
    "lesson_instructor": _("%(item)s：第%(lesson)s课次实际授课人与批准不一致且无变更批复"),
    "lesson_venue": _("%(item)s：第%(lesson)s课次实际地点与批准不一致且无变更批复"),
    "lesson_topic": _("%(item)s：第%(lesson)s课次实际上的是“%(topic)s”，批准的是“%(was)s”，且无变更批复"),
    "hours_differ": _("%(item)s：课程安排合计%(held)s学时，批准的是%(approved)s学时，且无变更批复"),
    "lesson_added": _("%(item)s：第%(lesson)s课次不在批准的课程安排里"),
    "lesson_dropped": _("%(item)s：批准的第%(lesson)s课次没有上，且无变更批复"),
    "no_courseware": _("缺 %(item)s：“%(topic)s”无课件"),
    "courseware_unapproved": _("%(item)s：“%(topic)s”的课件“%(title)s”还没有经商务局审定"),
    "courseware_lost": _("缺 %(item)s：“%(topic)s”的课件“%(title)s”没有存下原文件"),
    "no_roster": _("缺 %(item)s：培训人员名册是空的"),
    "roster_field": _("缺 %(item)s：%(count)s人缺%(field)s（%(names)s）"),
    "phone_shared": _("%(item)s：%(count)s人共用一个联系电话（%(names)s），请更正"),
    "phone_rate": _(
        "%(item)s：电话核实率%(rate)s%%，低于规定的%(need)s%%，还有%(count)s人没有核实（%(names)s）"
    ),
    "not_closed": _("缺 %(item)s：还没有结课，签到名册未定"),
    "no_register": _("缺 %(item)s：%(day)s%(half_day)s无签到名册"),
    "open_corrections": _("%(item)s：有%(count)s条更正等待核准，请先核准、不予核准或撤回"),
    "chain_gap": _("%(item)s：签到终端“%(station)s”还有记录没有传到，请让它联网补传"),
    "register_unsigned": _("缺 %(item)s：%(day)s%(half_day)s的签到名册没有%(who)s的签认或签字扫描件"),
    "register_unscanned": _("缺 %(item)s：%(day)s%(half_day)s的签到名册没有授课人和班主任签字的扫描件"),
    "not_in_register": _("%(item)s：%(names)s计入人次，但签到名册上没有签到"),
    "not_on_roster": _("%(item)s：%(names)s有签到，但不在名册上"),
    "count_differs": _("%(item)s：%(names)s名册上的结业情况与签到计算的不一致"),
    "no_photo": _("缺 %(item)s：%(day)s%(half_day)s应有现场照片%(need)s张，现有%(have)s张"),
    "photos_on_the_way": _("%(item)s：签到终端还有%(count)s张照片没有传到，请让它联网补传"),
    "photo_outside": _("%(item)s：照片“%(caption)s”不是在所属课次时间内拍的"),
    "photo_untitled": _("%(item)s：第%(lesson)s课次有照片没有写说明"),
    "photo_caption": _("%(item)s：照片“%(caption)s”的说明没有写%(part)s"),
    "photo_reused": _("%(item)s：照片“%(caption)s”要由商务局核对后才能用，也可以撤下换一张"),
    "file_reused": _("%(item)s：材料“%(caption)s”与别处的相同，要由商务局核对后才能用，也可以撤下换一份"),
    "denied": _("%(item)s：%(count)s人否认参训，请商务局查明：属实的作废签到，不属实的写明理由"),
    "clash": _("%(item)s：%(names)s同一时间在两处有签到，请商务局核对：不实的作废签到，其余写明理由"),
    "twin": _("%(item)s：%(names)s姓名和电话都相同，请商务局核对是不是同一个人用了两个证件"),
    "no_files": _("缺 %(item)s：没有材料"),
}
SUPPLIED_BY: Mapping[str, tuple[str, ...]] = {
    "agreement_draft": ("bureau",),
    "agreement_dates": ("bureau", "institution"),
    "agreement_not_begun": ("bureau", "institution"),
    "agreement_party": ("bureau", "institution"),
    "agreement_line": ("bureau", "institution"),
    "licence_unverified": ("bureau",),
    "paper_changed": ("bureau",),
    "proof_unverified": ("bureau",),
    "no_scope": ("institution",),
    "scope_unreviewed": ("bureau",),
    "plan_late": ("bureau",),
    "no_lessons": ("institution",),
    "not_approved": ("bureau",),
    "lesson_time": ("bureau", "institution"),
    "lesson_instructor": ("bureau", "institution"),
    "lesson_venue": ("bureau", "institution"),
    "lesson_topic": ("bureau", "institution"),
    "hours_differ": ("bureau", "institution"),
    "lesson_added": ("bureau", "institution"),
    "lesson_dropped": ("bureau", "institution"),
    "courseware_unapproved": ("bureau",),
    "no_roster": ("institution",),
    "roster_field": ("institution",),
    "phone_shared": ("institution",),
    "phone_rate": ("township", "follow_up"),
    "not_closed": ("institution",),
    "no_register": ("institution",),
    "open_corrections": ("institution", "bureau"),
    "chain_gap": ("institution",),
    "register_unsigned": ("institution",),
    "register_unscanned": ("institution",),
    "not_in_register": ("institution",),
    "not_on_roster": ("institution",),
    "count_differs": ("institution", "bureau"),
    "no_photo": ("institution",),
    "photos_on_the_way": ("institution",),
    "photo_outside": ("institution",),
    "photo_untitled": ("institution",),
    "photo_caption": ("institution",),
    "photo_reused": ("institution", "bureau"),
    "file_reused": ("institution", "bureau"),
    "denied": ("bureau",),
    "clash": ("bureau", "institution"),
    "twin": ("bureau", "institution"),
}
"""Who can do something about it, where that is not simply whoever supplies the item."""
AFTER_CLASS = frozenset(
    {"not_closed", "no_register", "no_photo", "not_in_register", "register_unsigned", "register_unscanned"}
)
"""These fill themselves once the class is held: before that nobody has to do anything."""

HALF_DAYS = {"am": _("上午"), "pm": _("下午")}
LICENCE_KINDS = (
    ("business", frozenset({"business", "public_body", "social_body", "non_profit"})),
    ("training", frozenset({"training"})),
)
"""What A2 asks for, each as any one of some kinds: an association has a certificate in place of a 营业执照."""
WORDS: Mapping[str, Mapping[str, Any]] = {
    "half_day": HALF_DAYS,
    "who": {"manager": _("班主任")},
    "kind": {"business": _("营业执照"), "training": _("培训资质证明")},
    "field": {
        "audience": _("培训对象"),
        "goals": _("培训目标"),
        "content": _("培训内容"),
        "form": _("培训形式"),
        "hours": _("学时"),
        "assessment": _("考核方式"),
        "budget": _("经费预算"),
        "name": _("姓名"),
        "id_number": _("证件号码"),
        "phone": _("联系电话"),
        "group": _("学员类别"),
        "address": _("住址（乡镇、村）"),
    },
    "part": {"persons": _("人物"), "background": _("背景"), "photographer": _("摄影者")},
}


def _in_words(name: str, value: str | int) -> str | int:
    return str(WORDS[name].get(str(value), value)) if name in WORDS else value


def _day(day: date) -> str:
    return f"{day:%Y-%m-%d}"


def named(people: Sequence[str]) -> dict[str, str | int]:
    """How a message speaks of them: the first few by name, and how many they are."""
    return {"count": len(people), "names": gettext("、").join(people[:NAMED])}


# The checks

Missing = Iterator[Gap]


def agreement(contents: ArchiveContents) -> Missing:
    """A1: confirmed, with this institution, of the class type's fund line, in force on all class days."""
    paper = contents.agreement
    if paper is None:
        yield Gap("no_agreement")
        return
    said: dict[str, str | int] = {"number": paper.number}
    if not paper.verified:
        yield Gap("agreement_draft", said)
    if contents.agreement_with != contents.institution:
        yield Gap(
            "agreement_party", {**said, "other": contents.agreement_with, "institution": contents.institution}
        )
    if contents.demands.fund_line not in ("", contents.agreement_line):
        yield Gap("agreement_line", said)
    for day in contents.days:
        if paper.valid_until and paper.valid_until < day:
            days = {"until": _day(paper.valid_until), "day": _day(day)}
            yield Gap("agreement_dates", {**said, **days}, _day_after(paper.valid_until))
        elif paper.valid_from and day < paper.valid_from:
            yield Gap("agreement_not_begun", {**said, "from": _day(paper.valid_from), "day": _day(day)}, day)


def _day_after(day: date) -> date:
    return day + timedelta(days=1)


def licences(contents: ArchiveContents) -> Missing:
    """A2: business licence and qualification, verified, valid on every class day; a valid code, a scope that suits."""
    for kind, kinds in LICENCE_KINDS:
        papers = [paper for paper in contents.licences if paper.kind in kinds]
        if not papers:
            yield Gap("no_licence", {"kind": kind})
        elif gap := _uncovered(papers, contents.days):
            yield _outside("licence", papers, gap, {"kind": kind})
        elif _uncovered([paper for paper in papers if paper.verified], contents.days):
            yield Gap("licence_unverified", {"kind": kind})
    if contents.uscc and not _is_uscc(contents.uscc):
        yield Gap("uscc", {"uscc": contents.uscc})
    yield from _altered(contents.licences)
    if not contents.scope.strip():
        yield Gap("no_scope")
    elif not contents.scope_reviewed:
        yield Gap("scope_unreviewed")


def _altered(papers: Iterable[PaperOnFile]) -> Missing:
    return (Gap("paper_changed", {"number": paper.number}) for paper in papers if paper.altered)


def _is_uscc(code: str) -> bool:
    try:
        check_uscc(code)
    except UsccError:
        return False
    return True


def _uncovered(papers: Sequence[PaperOnFile], days: Iterable[date]) -> date | None:
    """The first of the days on which none is in force."""
    return next((day for day in days if not any(paper.covers(day) for paper in papers)), None)


def _outside(what: str, papers: Iterable[PaperOnFile], day: date, said: Mapping[str, str | int]) -> Gap:
    """None of the papers covers `day`: they had run out, or those there are were issued later."""
    ends = [paper.valid_until for paper in papers if paper.valid_until and paper.valid_until < day]
    if ends:
        return Gap(f"{what}_expired", {**said, "day": _day(day)}, _day_after(max(ends)))
    begins = min(paper.valid_from for paper in papers if paper.valid_from)
    return Gap(f"{what}_later", {**said, "from": _day(begins), "day": _day(day)}, day)


def instructors(contents: ArchiveContents) -> Missing:
    """A3: everyone in the timetable as held has a profile, and a verified proof for the days they teach."""
    for key, person in contents.instructors.items():
        taught = [lesson for lesson in contents.lessons if lesson.instructor == key]
        said: dict[str, str | int] = {
            "name": person.name,
            "lessons": gettext("、").join(str(lesson.sequence) for lesson in taught),
        }
        if not person.profile.strip():
            yield Gap("no_profile", said)
        yield from _proofs(person, sorted({lesson.on for lesson in taught}), said)


def _proofs(person: InstructorOnFile, days: Sequence[date], said: Mapping[str, str | int]) -> Missing:
    if not person.proofs:
        yield Gap("no_proof", said)
    elif gap := _uncovered(person.proofs, days):
        yield _outside("proof", person.proofs, gap, said)
    elif _uncovered([proof for proof in person.proofs if proof.verified], days):
        yield Gap("proof_unverified", said)
    yield from _altered(person.proofs)


def plan(contents: ArchiveContents) -> Missing:
    """A4: objects, goals, content, form, hours, assessment, a budget where asked, all before the approval."""
    for name, text in contents.plan.items():
        if not text.strip() and (name != "budget" or contents.demands.budget):
            yield Gap("plan_field", {"field": name})
    planned, approved = contents.planned_on, contents.approved_on
    if planned and approved and planned > approved:
        yield Gap("plan_late", {"submitted": _day(planned), "approved": _day(approved)}, approved)


def timetable(contents: ArchiveContents) -> Missing:
    """A5: there is one, the bureau approved it, it was held so, or as an approved change has it; hours add up."""
    if not contents.lessons:
        yield Gap("no_lessons")
    elif not contents.approved:
        yield Gap("not_approved")
    elif contents.approved_lessons is not None:
        yield from _held_otherwise(contents.lessons, contents.approved_lessons)
        held, approved = minutes_of(contents.lessons), minutes_of(contents.approved_lessons.values())
        if held != approved:
            unit = contents.demands.hour_minutes
            yield Gap("hours_differ", {"held": in_hours(held, unit), "approved": in_hours(approved, unit)})


def minutes_of(lessons: Iterable[LessonHeld | LessonApproved]) -> int:
    """In all."""
    return sum(int((lesson.ends_at - lesson.starts_at) / timedelta(minutes=1)) for lesson in lessons)


def _held_otherwise(lessons: Iterable[LessonHeld], approved: Mapping[int, LessonApproved]) -> Missing:
    held = {lesson.sequence: lesson for lesson in lessons}
    for sequence, lesson in held.items():
        if sequence not in approved:
            yield Gap("lesson_added", {"lesson": sequence}, lesson.on)
            continue
        was = approved[sequence]
        if (lesson.starts_at, lesson.ends_at) != (was.starts_at, was.ends_at):
            yield Gap("lesson_time", {"lesson": sequence}, lesson.on)
        if lesson.instructor != was.instructor:
            yield Gap("lesson_instructor", {"lesson": sequence}, lesson.on)
        if lesson.venue != was.venue:
            yield Gap("lesson_venue", {"lesson": sequence}, lesson.on)
        if was.topic and lesson.topic != was.topic:
            yield Gap(
                "lesson_topic", {"lesson": sequence, "topic": lesson.topic, "was": was.topic}, lesson.on
            )
    for sequence in approved:
        if sequence not in held:
            yield Gap("lesson_dropped", {"lesson": sequence})


def materials(contents: ArchiveContents) -> Missing:
    """A6: every taught topic has courseware pinned to the session by its hash, approved where that is asked."""
    for topic, since in _topics(contents.lessons).items():
        pieces = [piece for piece in contents.courseware if piece.topic == topic]
        said = {"topic": topic, "title": pieces[0].title if pieces else ""}
        if not pieces:
            yield Gap("no_courseware", {"topic": topic}, since)
        elif not any(piece.sha256 for piece in pieces):
            yield Gap("courseware_lost", said, since)
        elif contents.demands.courseware_approval and not any(piece.approved for piece in pieces):
            yield Gap("courseware_unapproved", said, since)


def _topics(lessons: Iterable[LessonHeld]) -> dict[str, date]:
    """Topic -> the first day it was taught, in the order of the timetable."""
    taught: dict[str, date] = {}
    for lesson in lessons:
        taught[lesson.topic] = min(lesson.on, taught.get(lesson.topic, lesson.on))
    return taught


def roster(contents: ArchiveContents) -> Missing:
    """A7: not empty, with the fields that are asked; evaluators phone people, so phones work.

    Nobody can stand on it twice: the database takes one person, by the keyed hash of the number, once. Who
    might be there under two documents is a doubt (`twin`).
    """
    if not contents.roster:
        yield Gap("no_roster")
    for name in contents.demands.roster_fields:
        blank = [entry.name for entry in contents.roster if not getattr(entry, name)]
        if blank:
            yield Gap("roster_field", {"field": name, **named(blank)})
    yield from _phones(contents.roster, contents.demands)


def _phones(people: Sequence[RosterEntry], demands: Demands) -> Missing:
    if demands.shared_phone_limit:
        counted = Counter(entry.phone for entry in people if entry.phone)
        for phone, count in counted.items():
            if count > demands.shared_phone_limit:
                yield Gap("phone_shared", named([entry.name for entry in people if entry.phone == phone]))
    silent = [entry.name for entry in people if not entry.phone_verified]
    rate = 1 - len(silent) / len(people) if people else 1
    if rate < demands.phone_verified_rate:
        shares = {"rate": _percent(rate), "need": _percent(demands.phone_verified_rate)}
        yield Gap("phone_rate", {**shares, **named(silent)})


def _percent(share: float) -> str:
    """Rounded down, so that what falls short never reads as if it did not."""
    return f"{int(share * 1000 + 1e-9) / 10:g}"


def register(contents: ArchiveContents) -> Missing:
    """A8: one per half-day, no event missing, and it agrees with the roster both ways."""
    if not contents.closed:
        yield Gap("not_closed", since=max(contents.days, default=None))
    signed = {key for entry in contents.roster for key in entry.half_days}
    for day, half_day in contents.half_days:
        if (day, half_day) not in signed:
            yield Gap("no_register", {"day": _day(day), "half_day": half_day}, day)
        else:
            yield from _unsigned(contents, (day, half_day))
    if contents.open_corrections:
        yield Gap("open_corrections", {"count": contents.open_corrections})
    for station in contents.gaps:
        yield Gap("chain_gap", {"station": station})
    yield from _cross_footed(contents)


def _unsigned(contents: ArchiveContents, key: HalfDayKey) -> Missing:
    """Paper that both signed is always good; where accounts are, so is whoever attested."""
    demanded, said = contents.demands.register_signatures, {"day": _day(key[0]), "half_day": key[1]}
    if demanded == "none" or key in contents.scanned:
        return
    if demanded == "scan":
        yield Gap("register_unscanned", said, key[0])
        return
    for who in contents.unattested.get(key, ()):
        yield Gap("register_unsigned", {**said, "who": who}, key[0])


def _cross_footed(contents: ArchiveContents) -> Missing:
    """Register against roster: whoever counts signed in, whoever signed in has a place, both count alike."""
    uncovered = [entry.name for entry in contents.roster if entry.completed and not entry.half_days]
    if uncovered:
        yield Gap("not_in_register", named(uncovered))
    if contents.strangers:
        yield Gap("not_on_roster", named(contents.strangers))
    differing = [
        entry.name
        for entry in contents.roster
        if entry.counted is not None and entry.counted != entry.completed
    ]
    if differing:
        yield Gap("count_differs", named(differing))


def photos(contents: ArchiveContents) -> Missing:
    """A9: enough for each half-day, taken inside their lesson, with a caption, of nowhere else; all that came.

    What a station took before or after a lesson is kept and does not count: nobody can take it back.
    """
    if contents.photos_on_the_way:
        yield Gap("photos_on_the_way", {"count": contents.photos_on_the_way})
    lessons = {lesson.sequence: lesson for lesson in contents.lessons}
    inside: Counter[HalfDayKey] = Counter()
    for photo in contents.photos:
        lesson = lessons.get(photo.lesson or 0)
        if lesson is None:
            continue
        if photo.taken_at is None or is_inside(photo.taken_at, lesson):
            inside[lesson.on, lesson.half_day] += 1
        elif not photo.by_station:
            yield Gap("photo_outside", {"caption": photo.caption})
    yield from _captions(contents.photos, contents.demands.caption_parts)
    need = contents.demands.photos_per_half_day
    for day, half_day in contents.half_days:
        have = inside[day, half_day]
        if have < need:
            said: dict[str, str | int] = {"day": _day(day), "half_day": half_day, "need": need, "have": have}
            yield Gap("no_photo", said, day)


def _captions(photos: Iterable[PhotoOnFile], parts: Iterable[str]) -> Missing:
    """Each by what it can be told apart: its own words, else its lesson."""
    for photo in photos:
        said: dict[str, str | int] = {"caption": photo.caption, "lesson": photo.lesson or "—"}
        if not photo.caption.strip():
            yield Gap("photo_untitled", said)
        for part in parts:
            if not getattr(photo, part).strip():
                yield Gap("photo_caption", {**said, "part": part})


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


def check_archive(
    contents: ArchiveContents,
    items: Iterable[ArchiveItem],
    *,
    version: int = 0,
    at: datetime | None = None,
) -> tuple[ItemResult, ...]:
    """Every item the programme demands, with what is missing.

    An extra item needs a file, or a record that the system keeps where the rules let that do.
    """
    return tuple(_checked(contents, item, version, at) for item in items)


def _checked(contents: ArchiveContents, item: ArchiveItem, version: int, at: datetime | None) -> ItemResult:
    found = tuple(
        Finding(
            item.code,
            gap.code,
            item.clause,
            SUPPLIED_BY.get(gap.code, item.supplied_by),
            gap.params,
            gap.since,
            version,
        )
        for gap in _missing(item, contents)
    )
    return ItemResult(item.code, item.title, item.clause, item.supplied_by, found, version, at)


def _missing(item: ArchiveItem, contents: ArchiveContents) -> Missing:
    if item.code in CHECKS:
        yield from CHECKS[item.code](contents)
    elif not contents.other_items.get(item.code) and not any(map(contents.records.get, item.filled_by)):
        yield Gap("no_files")
    yield from _doubtful(item.code, contents)


def _doubtful(item: str, contents: ArchiveContents) -> Missing:
    """齐全 only if nothing is in doubt (domain.md §4.6); what counts as that, the rules say. People are named together."""
    for kind in contents.demands.open_doubts:
        found = [doubt.said for doubt in contents.doubts if (doubt.kind, doubt.item) == (kind, item)]
        if kind == "reuse":
            code = "photo_reused" if item == "A9" else "file_reused"
            yield from (Gap(code, {"caption": caption}) for caption in found)
        elif kind == "denied" and found:  # whoever denies is not named to the institution
            yield Gap(kind, {"count": len(found)})
        elif found:
            yield Gap(kind, named(found))


def is_complete(results: Sequence[ItemResult]) -> bool:
    return bool(results) and all(result.complete for result in results)


def findings(results: Iterable[ItemResult]) -> list[Finding]:
    return [finding for result in results for finding in result.findings]
