"""What the pages of courses, outlines and courseware show, in a number of queries that does not grow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, When
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from training.accounts.permissions import may
from training.attendance.queries import counted_scans
from training.core import clock
from training.core.actor import Actor
from training.courses.choices import OUTLINE_EDITABLE, TEACHABLE, OutlineStatus
from training.courses.models import Course, Courseware, Outline, OutlineRow
from training.courses.queries import lesson_parts, lines, parts, with_superseded
from training.courses.rules import (
    Notice,
    OutlineLine,
    Part,
    TopicLine,
    outline_changes,
    plain,
    topic_lines,
    topic_share,
)
from training.enrolment.noticing import outline_gaps
from training.institutions.models import Institution
from training.programmes.preset import Category, Preset
from training.programmes.queries import rule_set_on, the_programme
from training.scheduling.choices import WAS_APPROVED
from training.scheduling.models import TrainingSession
from training.uploads.same_papers import with_uses
from training.web.bureau.history import Deed, deeds

THEORY = _("理论")
PRACTICE = _("实操")


class CourseState(models.TextChoices):
    """Where a course and its outline stand; without one chosen, retired courses are left out."""

    APPROVED = "approved", _("有已批准的大纲")
    WAITING = "waiting", _("大纲待审批")
    RETURNED = "returned", _("大纲被退回")
    NONE = "none", _("还没有批准过的大纲")
    RETIRED = "retired", _("已停用")


def rules_in_force(actor: Actor) -> Preset:
    return rule_set_on(the_programme(actor), clock.today(), actor=actor).rules


def category_of(code: str, rules: Preset) -> Category | None:
    """None for a code that the rules no longer have."""
    return next((category for category in rules.categories if category.code == code), None)


def institutions(actor: Actor) -> QuerySet[Any]:
    return Institution.objects.visible_to(actor).order_by("name")


def _handed_in(actor: Actor) -> QuerySet[Any]:
    """The outlines there are for this actor: a draft is nobody's business but its writers'."""
    rows: QuerySet[Any] = Outline.objects.visible_to(actor)
    return rows if may(actor, "session.plan") else rows.exclude(status=OutlineStatus.DRAFT)


# Courses


def courses(
    actor: Actor, *, q: str = "", category: str = "", state: str = "", institution: str = ""
) -> QuerySet[Any]:
    """By title, with their outlines, newest first, and `sessions`; an empty argument does not filter."""
    rows = _courses(actor)
    if q:
        rows = rows.filter(
            Q(title__icontains=q) | Q(institution__name__icontains=q) | Exists(_about(OuterRef("pk"), q))
        )
    chosen = {"category": category, "institution": institution}
    rows = rows.filter(**{field: value for field, value in chosen.items() if value})
    rows = rows.filter(retired_at__isnull=state != CourseState.RETIRED)
    if state and state != CourseState.RETIRED:
        rows = rows.filter(_in_state(actor, CourseState(state)))
    return rows.order_by("title", "pk")


def _courses(actor: Actor) -> QuerySet[Any]:
    sessions = Count("outlines__training_sessions", distinct=True)
    outlines = Prefetch(
        "outlines", _handed_in(actor).order_by("-version").prefetch_related("rows"), "versions"
    )
    rows: QuerySet[Any] = Course.objects.visible_to(actor).annotate(sessions=sessions)
    return rows.select_related("institution").prefetch_related(outlines)


def _about(course: Any, q: str) -> QuerySet[Any]:
    return OutlineRow.objects.filter(outline__course=course, topic__icontains=q)


def _in_state(actor: Actor, state: CourseState) -> Any:
    outlines = _handed_in(actor).filter(course=OuterRef("pk"))
    if state == CourseState.WAITING:
        return Exists(outlines.filter(status=OutlineStatus.SUBMITTED))
    if state == CourseState.RETURNED:
        return Exists(outlines.filter(status=OutlineStatus.RETURNED))
    approved = Exists(outlines.filter(status=OutlineStatus.APPROVED))
    return approved if state == CourseState.APPROVED else ~approved


@dataclass(frozen=True)
class Hours:
    """学时 of an outline, for people."""

    lines: Sequence[OutlineLine]

    @property
    def total(self) -> str:
        return plain(self._sum(self.lines))

    @property
    def practice(self) -> str:
        return plain(self._practised)

    @property
    def theory(self) -> str:
        return plain(self._sum(self.lines) - self._practised)

    @property
    def practice_share(self) -> int:
        """Per cent."""
        whole = self._sum(self.lines)
        return round(100 * self._practised / whole) if whole else 0

    @property
    def _practised(self) -> Decimal:
        return self._sum(line for line in self.lines if line.practical)

    def _sum(self, lines: Iterable[OutlineLine]) -> Decimal:
        return sum((line.hours for line in lines), Decimal(0))


@dataclass(frozen=True)
class CourseRow:
    """A course with the newest version of its outline and the newest that was approved."""

    course: Any
    category: str

    @property
    def newest(self) -> Outline | None:
        return next(iter(self.course.versions), None)

    @property
    def approved(self) -> Outline | None:
        return next((row for row in self.course.versions if row.status == OutlineStatus.APPROVED), None)

    @property
    def hours(self) -> Hours | None:
        """Of what may be taught; before anything was approved, of what was written."""
        shown = self.approved or self.newest
        return Hours(lines(shown)) if shown else None


def course_rows(rows: Iterable[Any], rules: Preset) -> list[CourseRow]:
    names = {category.code: category.name for category in rules.categories}
    return [CourseRow(course, names.get(course.category, course.category)) for course in rows]


COURSE_COLUMNS = (
    _("课程名称"),
    _("培训机构"),
    _("课程类别"),
    _("最新版本"),
    _("状态"),
    _("已批准的版本"),
    _("学时"),
    _("其中实操"),
    _("用过的期数"),
)


def course_lines(rows: Iterable[CourseRow]) -> Iterator[tuple[Any, ...]]:
    """In the order of COURSE_COLUMNS."""
    for row in rows:
        yield (
            row.course.title,
            row.course.institution.name,
            row.category,
            row.newest.version if row.newest else "",
            row.newest.get_status_display() if row.newest else "",
            row.approved.version if row.approved else "",
            row.hours.total if row.hours else "",
            row.hours.practice if row.hours else "",
            row.course.sessions,
        )


def course_of(pk: int, actor: Actor) -> Course:
    course: Course = Course.objects.select_related("institution").fetch(actor, pk=pk)
    return course


@dataclass(frozen=True)
class CoursePage:
    row: CourseRow
    groups: list[str]
    class_types: list[str]
    sessions: list[TrainingSession]
    history: list[Deed]


def course_page(course: Course, actor: Actor) -> CoursePage:
    rules = rules_in_force(actor)
    row = course_rows(_courses(actor).filter(pk=course.pk), rules)[0]
    sessions = TrainingSession.objects.visible_to(actor).filter(outline__course=course)
    return CoursePage(
        row=row,
        groups=_names(course.groups, rules.groups),
        class_types=_names(course.class_types, rules.class_types),
        sessions=list(sessions.select_related("outline").order_by("-pk")),
        history=deeds([course, *row.course.versions], actor),
    )


def _names(codes: Iterable[str], entries: Iterable[Any]) -> list[str]:
    names = {entry.code: entry.name for entry in entries}
    return [names.get(code, code) for code in codes]


# Outlines


def outlines(actor: Actor, *, q: str = "", status: str = "", institution: str = "") -> QuerySet[Any]:
    """Those that wait first, the longest waiting on top; then the newest."""
    rows: QuerySet[Any] = _handed_in(actor).annotate(sessions=Count("training_sessions"))
    if q:
        rows = rows.filter(Q(course__title__icontains=q) | Q(course__institution__name__icontains=q))
    chosen = {"status": status, "course__institution": institution}
    rows = rows.filter(**{field: value for field, value in chosen.items() if value})
    waits = Case(When(status=OutlineStatus.SUBMITTED, then=0), default=1, output_field=IntegerField())
    since = Case(When(status=OutlineStatus.SUBMITTED, then=F("submitted_at")))
    rows = rows.select_related("course__institution", "submitted_by", "approved_by")
    return rows.prefetch_related("rows").order_by(waits, since, "-pk")


@dataclass(frozen=True)
class ListedOutline:
    outline: Any
    category: str

    @property
    def hours(self) -> Hours:
        return Hours(lines(self.outline))


def outline_rows(rows: Iterable[Any], rules: Preset) -> list[ListedOutline]:
    names = {category.code: category.name for category in rules.categories}
    return [ListedOutline(row, names.get(row.course.category, row.course.category)) for row in rows]


OUTLINE_COLUMNS = (
    _("课程名称"),
    _("培训机构"),
    _("课程类别"),
    _("版本"),
    _("状态"),
    _("学时"),
    _("其中实操"),
    _("提交日期"),
    _("批准日期"),
    _("用过的期数"),
)


def outline_lines(rows: Iterable[ListedOutline]) -> Iterator[tuple[Any, ...]]:
    """In the order of OUTLINE_COLUMNS."""
    for row in rows:
        outline = row.outline
        yield (
            outline.course.title,
            outline.course.institution.name,
            row.category,
            outline.version,
            outline.get_status_display(),
            row.hours.total,
            row.hours.practice,
            localdate(outline.submitted_at) if outline.submitted_at else "",
            localdate(outline.approved_at) if outline.approved_at else "",
            outline.sessions,
        )


def outline_of(pk: int, actor: Actor) -> Outline:
    related = ("course__institution__programme", "submitted_by", "approved_by", "file")
    outline: Outline = _handed_in(actor).select_related(*related).fetch(actor, pk=pk)  # type: ignore[attr-defined]
    return outline


@dataclass(frozen=True)
class OutlinePage:
    """One version, held against the matrix and against another version."""

    outline: Outline
    category: str
    lines: list[OutlineLine]
    notices: list[Notice]
    without_courseware: list[str]
    others: list[Outline]
    against: Outline | None
    changes: list[str]
    sessions: list[TrainingSession]
    history: list[Deed]

    @property
    def hours(self) -> Hours:
        return Hours(self.lines)

    @property
    def editable(self) -> bool:
        return self.outline.status in OUTLINE_EDITABLE


def outline_page(outline: Outline, actor: Actor, *, against: str = "") -> OutlinePage:
    """`against`: the id of the version to compare with, else the one before."""
    rules = rules_in_force(actor)
    category = category_of(outline.course.category, rules)
    others = list(
        _handed_in(actor).filter(course=outline.course).exclude(pk=outline.pk).prefetch_related("rows")
    )
    other = _compared(outline, others, against)
    written = lines(outline)
    sessions = outline.training_sessions.visible_to(actor).order_by("-pk")
    return OutlinePage(
        outline=outline,
        category=category.name if category else outline.course.category,
        lines=written,
        notices=_shares(parts(outline, rules.attendance.unit_minutes), category, rules),
        without_courseware=_without_courseware(outline, written),
        others=others,
        against=other,
        changes=outline_changes(lines(other), written) if other else [],
        sessions=list(sessions),
        history=deeds([outline], actor),
    )


def _compared(outline: Outline, others: Sequence[Outline], against: str) -> Outline | None:
    asked = next((row for row in others if str(row.pk) == against), None)
    earlier = (row for row in others if row.version < outline.version)
    return asked or max(earlier, key=lambda row: row.version, default=None)


def _shares(spent: Sequence[Part], category: Category | None, rules: Preset) -> list[Notice]:
    if category is None:
        return []
    notice = topic_share(category, rules.topic_match, spent, rules.attendance.unit_minutes)
    return [notice] if notice else []


def _without_courseware(outline: Outline, written: Iterable[OutlineLine]) -> list[str]:
    there = set(
        Courseware.objects.filter(
            institution=outline.course.institution_id, status__in=TEACHABLE
        ).values_list("topic", flat=True)
    )
    return [topic for topic in dict.fromkeys(line.topic for line in written) if topic not in there]


# Courseware


def courseware(
    actor: Actor, *, q: str = "", status: str = "", topic: str = "", institution: str = ""
) -> QuerySet[Any]:
    """Every version, with `superseded` and `sessions`; an empty argument does not filter."""
    rows: QuerySet[Any] = with_superseded(Courseware.objects.visible_to(actor)).annotate(
        sessions=Count("training_sessions")
    )
    if q:
        rows = rows.filter(Q(topic__icontains=q) | Q(title__icontains=q))
    chosen = {"status": status, "topic": topic, "institution": institution}
    rows = rows.filter(**{field: value for field, value in chosen.items() if value})
    return rows.select_related("file", "institution").order_by("topic", "title", "institution", "-version")


COURSEWARE_COLUMNS = (
    _("专题"),
    _("课件名称"),
    _("培训机构"),
    _("版本"),
    _("状态"),
    _("上传人"),
    _("上传日期"),
    _("用过的期数"),
    "SHA-256",
)


def courseware_lines(rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of COURSEWARE_COLUMNS."""
    for row in rows:
        yield (
            row.topic,
            row.title,
            row.institution.name,
            row.version,
            row.get_status_display(),
            row.file.uploaded_by,
            localdate(row.file.uploaded_at),
            row.sessions,
            row.file.sha256,
        )


def piece_of(pk: int, actor: Actor) -> Courseware:
    piece: Courseware = Courseware.objects.select_related("institution", "file").fetch(actor, pk=pk)
    return piece


@dataclass(frozen=True)
class PiecePage:
    """All versions of one piece of courseware, each with the sessions that are pinned to it."""

    piece: Courseware
    versions: list[Any]
    wants_approval: bool
    history: list[Deed]


def piece_page(piece: Courseware, actor: Actor) -> PiecePage:
    same = {"institution": piece.institution, "topic": piece.topic, "title": piece.title}
    pinned = Prefetch(
        "training_sessions", TrainingSession.objects.visible_to(actor).order_by("-pk"), "pinned"
    )
    versions = Courseware.objects.visible_to(actor).filter(**same).select_related("file", "decided_by")
    found = list(versions.prefetch_related(pinned).order_by("-version"))
    wants = rules_in_force(actor).planning.courseware_approval
    return PiecePage(piece, with_uses(found, actor), wants, deeds(found, actor))


def topics(actor: Actor, rules: Preset | None = None) -> list[str]:
    """Every topic of the rules in force and of the outlines in sight, each once."""
    rules = rules or rules_in_force(actor)
    written = OutlineRow.objects.visible_to(actor).order_by("topic").values_list("topic", flat=True)
    of_rules = (topic.name for category in rules.categories for topic in category.topics)
    return list(dict.fromkeys([*of_rules, *written.distinct()]))


def session_topics(session: TrainingSession) -> list[str]:
    """What a lesson of this session may be about: the category's topics, and what its outline adds."""
    own = [topic.name for topic in session.rule_set.rules.topics(session.category)]
    planned = [row.topic for row in session.outline.rows.all()] if session.outline else []
    return list(dict.fromkeys([*planned, *own]))


# A session against its outline


@dataclass(frozen=True)
class Taught:
    """A session's topics: outline, timetable, held; and what it is taught with."""

    session: Any
    rules: Preset
    category: Category
    outline: Outline | None
    courseware: list[Any]
    held: Sequence[Part]

    @property
    def unit(self) -> int:
        """Minutes of one 学时."""
        return self.rules.attendance.unit_minutes

    @property
    def wants_outline(self) -> bool:
        return self.rules.planning.outline_required

    @cached_property
    def timetable(self) -> list[Part]:
        return lesson_parts(self.session.lessons.all())

    @cached_property
    def lines(self) -> tuple[TopicLine, ...]:
        outline = parts(self.outline, self.unit) if self.outline else None
        return topic_lines(
            self.category, outline, self.timetable, self.held, [piece.topic for piece in self.courseware]
        )

    @property
    def practised(self) -> int:
        """Minutes of practice in the timetable."""
        return sum(part.minutes for part in self.timetable if part.practical)

    @property
    def was_held(self) -> bool:
        return bool(self.held)

    @cached_property
    def notices(self) -> list[Notice]:
        """What doesn't fit, in words; the share of the category's own topics first."""
        return [*_shares(self.timetable, self.category, self.rules), *outline_gaps(self.session)]

    @cached_property
    def newer(self) -> Outline | None:
        """A later approved version than the one this session is pinned to."""
        if self.outline is None:
            return None
        later = self.outline.course.outlines.filter(
            status=OutlineStatus.APPROVED, version__gt=self.outline.version
        )
        return later.order_by("-version").first()


def taught(session: Any) -> Taught:
    """For a session the caller may see."""
    rules = session.rule_set.rules
    outline = session.outline
    if outline is not None:
        outline = Outline.objects.select_related("course").prefetch_related("rows").get(pk=outline.pk)
    return Taught(
        session=session,
        rules=rules,
        category=rules.category(session.category),
        outline=outline,
        courseware=list(with_superseded(session.courseware.all())),
        held=lesson_parts(_held(session)),
    )


def _held(session: Any) -> list[Any]:
    """Lessons that are over and in whose half-day somebody signed in."""
    if session.status not in WAS_APPROVED:
        return []
    came = {
        scan.half_day
        for scans in counted_scans([session]).values()
        for scan in scans
        if scan.kind == "sign_in"
    }
    now = clock.now()
    return [
        lesson
        for lesson in session.lessons.all()
        if lesson.ends_at <= now and (lesson.on, lesson.half_day) in came
    ]
