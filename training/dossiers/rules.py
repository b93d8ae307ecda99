"""Completeness of a training archive: computed, explained, never ticked.

石城 附件2 项目3 三是: "每期培训档案包含 …… 档案不全，不予以补贴". Each check is a plain function over
`ArchiveContents` that yields what is missing, by name; the item is complete when nothing is. Nobody can
override one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from django.utils.translation import gettext

from training.courses.rules import in_hours
from training.dossiers.contents import (
    ArchiveContents,
    Demands,
    HalfDayKey,
    InstructorOnFile,
    LessonApproved,
    LessonHeld,
    PaperOnFile,
    PhotoOnFile,
    RosterEntry,
    is_inside,
)
from training.dossiers.missing import SUPPLIED_BY, Finding, Gap, ItemResult, named
from training.institutions.rules import UsccError, check_uscc

Missing = Iterator[Gap]

LICENCE_KINDS = (
    ("business", frozenset({"business", "public_body", "social_body", "non_profit"})),
    ("training", frozenset({"training"})),
)
"""What A2 asks for, each as any one of some kinds: an association has a certificate in place of a 营业执照."""


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


def _day(day: date) -> str:
    return f"{day:%Y-%m-%d}"


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
    """齐全 only if nothing is in doubt; what counts as that, the rules say. People are named together."""
    for kind in contents.demands.open_doubts:
        found = [doubt.said for doubt in contents.doubts if (doubt.kind, doubt.item) == (kind, item)]
        if kind == "reuse":
            code = "photo_reused" if item == "A9" else "file_reused"
            yield from (Gap(code, {"caption": caption}) for caption in found)
        elif kind == "denied" and found:  # whoever denies is not named to the institution
            yield Gap(kind, {"count": len(found)})
        elif found:
            yield Gap(kind, named(found))
