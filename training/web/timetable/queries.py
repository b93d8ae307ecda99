"""What the timetable pages show, in a number of queries that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import INSTITUTION_ROLES
from training.attendance.rules import hours
from training.core import clock
from training.core.actor import Actor
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.enrolment.noticing import around, people_on
from training.fairs.clashes import fairs_beside
from training.institutions.models import Institution, Instructor
from training.institutions.queries import teaching_fault
from training.programmes.queries import rule_set_on
from training.scheduling.choices import EDITABLE, ENDED_EARLY, HalfDay, SessionStatus, VenueKind
from training.scheduling.models import CalendarFeed, Lesson, TrainingSession, Venue
from training.scheduling.queries import check, minutes_by_kind
from training.scheduling.rules import (
    EVENING,
    Finding,
    half_day,
    told_by,
    unusual_day,
)
from training.scheduling.venues import demand_keeper
from training.web.courses.queries import session_topics

ABOUT_THE_DAY: Final = frozenset({"holiday", "worked_instead", "unpublished"})
"""Said once above the day's lessons."""
CHECKED: Final = frozenset({"on", "start", "end", "instructor_id", "venue_id"})
"""What must be typed before a lesson can be said to be free of clashes."""
A_WEEK: Final = timedelta(days=7)
RECENT: Final = timedelta(days=60)
MOST_CHOICES: Final = 300


def session_of(pk: int, actor: Actor) -> TrainingSession:
    session: TrainingSession = TrainingSession.objects.select_related(
        "rule_set", "institution__programme"
    ).fetch(actor, pk=pk)
    return session


def venue_of(pk: int, actor: Actor) -> Venue:
    venue: Venue = Venue.objects.select_related("institution", "programme").fetch(actor, pk=pk)
    return venue


def kept_venue_of(pk: int, actor: Actor) -> Venue:
    """Raises ForbiddenError where somebody else looks after it."""
    venue = venue_of(pk, actor)
    demand_keeper(venue, actor)
    return venue


def feed_of(pk: int, actor: Actor) -> CalendarFeed:
    feed: CalendarFeed = CalendarFeed.objects.fetch(actor, pk=pk)
    return feed


def lesson_in(session: TrainingSession, pk: int) -> Lesson | None:
    """None once somebody removed it."""
    lesson: Lesson | None = session.lessons.select_related("instructor", "venue").filter(pk=pk).first()
    return lesson


def as_date(text: str) -> date:
    return date.fromisoformat(text)


# The form of a lesson


@dataclass(frozen=True)
class LessonOptions:
    """(value, label)"""

    topics: list[tuple[str, str]]
    instructors: list[tuple[int, Any]]
    venues: list[tuple[int, Any]]


def lesson_options(session: TrainingSession, lesson: Lesson | None = None) -> LessonOptions:
    venues: QuerySet[Any] = Venue.objects.open_to(session.institution)
    if lesson:
        venues = venues | Venue.objects.filter(pk=lesson.venue_id)
    teachers = session.institution.instructors.prefetch_related("proofs").order_by("name", "pk")
    return LessonOptions(
        topics=[(topic, topic) for topic in session_topics(session)],
        instructors=[(person.pk, _teacher(person)) for person in teachers],
        venues=[(venue.pk, _venue(venue)) for venue in venues.order_by("name", "pk")],
    )


def _teacher(person: Instructor) -> Any:
    said = {"name": person.name, "title": person.title}
    if teaching_fault(person, clock.today()):
        return _("%(name)s（%(title)s，现在没有有效的资质证明）") % said
    return _("%(name)s（%(title)s）") % said


def _venue(venue: Venue) -> Any:
    said = {"name": venue.name, "seats": venue.seats}
    if venue.institution_id is None:
        return _("%(name)s（县里共用，%(seats)s 座）") % said
    return _("%(name)s（%(seats)s 座）") % said


def as_typed(lesson: Lesson, session: TrainingSession) -> dict[str, Any]:
    """A lesson as its form has it; times in the county's zone."""
    zone = ZoneInfo(session.rule_set.rules.timezone)
    return {
        "on": lesson.on,
        "start": lesson.starts_at.astimezone(zone).time(),
        "end": lesson.ends_at.astimezone(zone).time(),
        "topic": lesson.topic,
        "practical": lesson.practical,
        "instructor_id": lesson.instructor_id,
        "venue_id": lesson.venue_id,
        "version": lesson.version,
    }


# One session's timetable


@dataclass(frozen=True)
class LessonRow:
    lesson: Lesson
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Day:
    on: date
    notes: tuple[Finding, ...]
    rows: tuple[LessonRow, ...]


@dataclass(frozen=True)
class TimetablePage:
    session: TrainingSession
    days: tuple[Day, ...]
    findings: tuple[Finding, ...]
    """About people and stations rather than one lesson."""
    theory: str
    practical: str
    total: str

    @property
    def editable(self) -> bool:
        return self.session.status in EDITABLE

    @property
    def count(self) -> int:
        return sum(len(day.rows) for day in self.days)


def timetable_page(session: TrainingSession, actor: Actor) -> TimetablePage:
    lessons = lessons_of(session)
    by_lesson = dict(
        zip((row.pk for row in lessons), check(lessons, actor, people=people_on(session)), strict=True)
    )
    minutes, unit = minutes_by_kind(lessons), session.rule_set.rules.attendance
    return TimetablePage(
        session=session,
        days=tuple(_day(on, list(rows), by_lesson) for on, rows in groupby(lessons, lambda row: row.on)),
        findings=(*around(session, lessons, actor), *fairs_beside(lessons)),
        theory=hours(minutes["theory"], unit),
        practical=hours(minutes["practical"], unit),
        total=hours(sum(minutes.values()), unit),
    )


def lessons_of(session: TrainingSession) -> list[Lesson]:
    """In time, with what the rules look at."""
    related = session.lessons.select_related("instructor", "venue").prefetch_related("instructor__proofs")
    lessons = list(related)
    for lesson in lessons:
        lesson.training_session = session
    return lessons


def _day(on: date, lessons: Sequence[Lesson], by_lesson: Mapping[int, Sequence[Finding]]) -> Day:
    rows = [
        LessonRow(row, tuple(said for said in by_lesson[row.pk] if said.code not in ABOUT_THE_DAY))
        for row in lessons
    ]
    return Day(on, tuple(unusual_day(on)), tuple(rows))


def check_planned(session: TrainingSession, lesson: Lesson, actor: Actor) -> list[Finding]:
    """All there is to say about one lesson that is not saved, as it is being typed."""
    found = check([lesson], actor, people=people_on(session))[0]
    return [*found, *around(session, [lesson], actor), *fairs_beside([lesson])]


def check_typed(
    session: TrainingSession, lesson: Lesson, typed: Collection[str], actor: Actor
) -> list[Finding]:
    """The same of a lesson of which only these fields are typed so far."""
    return told_by(check_planned(session, lesson, actor), typed) if typed else []


# A week


@dataclass(frozen=True)
class WeekDay:
    on: date
    notes: tuple[Finding, ...]
    parts: tuple[tuple[Any, tuple[Lesson, ...]], ...]
    """上午, 下午, 晚上 with the lessons that begin then."""


@dataclass(frozen=True)
class Week:
    monday: date
    days: tuple[WeekDay, ...]
    people: bool
    """Whether the reader's pages of sessions are an institution's."""

    @property
    def sunday(self) -> date:
        return self.monday + A_WEEK - timedelta(days=1)

    @property
    def before(self) -> date:
        return self.monday - A_WEEK

    @property
    def after(self) -> date:
        return self.monday + A_WEEK

    @property
    def rows(self) -> list[tuple[Any, list[tuple[date, tuple[Lesson, ...]]]]]:
        """The same by part of the day: (上午, [(Monday, lessons), …])."""
        names = [name for name, _lessons in self.days[0].parts]
        return [
            (name, [(day.on, day.parts[number][1]) for day in self.days]) for number, name in enumerate(names)
        ]

    @property
    def empty(self) -> bool:
        return not any(lessons for day in self.days for _name, lessons in day.parts)


PARTS: Final = (("am", HalfDay.AM.label), ("pm", HalfDay.PM.label), ("evening", _("晚上")))


def week(
    actor: Actor,
    on: date | None,
    *,
    session: str = "",
    institution: str = "",
    venue: str = "",
    instructor: str = "",
) -> Week:
    """The live lessons of the week of `on`; without a day, of today or of the session's first lesson."""
    day = on or _first_day(actor, session) or clock.today()
    monday = day - timedelta(days=day.weekday())
    chosen = {
        "training_session": session,
        "training_session__institution": institution,
        "venue": venue,
        "instructor": instructor,
    }
    rows = planned_lessons(actor).filter(
        on__range=(monday, monday + A_WEEK - timedelta(days=1)),
        **{path: pk for path, pk in chosen.items() if pk},
    )
    lessons = list(rows.select_related("training_session__institution", "instructor", "venue"))
    days = [_week_day(monday + timedelta(days=n), lessons) for n in range(7)]
    return Week(monday, tuple(days), people=actor.role in INSTITUTION_ROLES)


def planned_lessons(actor: Actor) -> QuerySet[Any]:
    """What takes place; to outsiders an institution's drafts are nothing yet."""
    rows: QuerySet[Any] = Lesson.objects.visible_to(actor).filter(live=True)
    if actor.role not in INSTITUTION_ROLES:
        rows = rows.exclude(training_session__status=SessionStatus.DRAFT)
    return rows


def _first_day(actor: Actor, session: str) -> date | None:
    if not session:
        return None
    first: date | None = (
        Lesson.objects.visible_to(actor)
        .filter(training_session=session)
        .order_by("on")
        .values_list("on", flat=True)
        .first()
    )
    return first


def _week_day(on: date, lessons: Sequence[Lesson]) -> WeekDay:
    parts: dict[str, list[Lesson]] = {code: [] for code, _name in PARTS}
    for lesson in lessons:
        if lesson.on == on:
            parts[_part(lesson)].append(lesson)
    return WeekDay(on, tuple(unusual_day(on)), tuple((name, tuple(parts[code])) for code, name in PARTS))


def _part(lesson: Lesson) -> str:
    start = localtime(lesson.starts_at)
    return "evening" if start.time() >= EVENING.replace(hour=18) else str(half_day(start))


def week_choices(actor: Actor, asked: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """What the week can be narrowed to: recent sessions and the one asked for, and whatever else is in sight."""
    return {
        "session": _sessions(actor, asked.get("session", "")),
        "institution": _named(Institution.objects.visible_to(actor).order_by("name")),
        "venue": _named(Venue.objects.visible_to(actor)),
        "instructor": _named(Instructor.objects.visible_to(actor).order_by("name", "pk")),
    }


def _sessions(actor: Actor, asked: str = "") -> list[tuple[str, str]]:
    recent = Q(lessons__on__gte=clock.today() - RECENT)
    if asked.isdigit():
        recent |= Q(pk=int(asked))
    rows = TrainingSession.objects.visible_to(actor).exclude(status__in=ENDED_EARLY).filter(recent)
    if actor.role not in INSTITUTION_ROLES:
        rows = rows.exclude(status=SessionStatus.DRAFT)
    found = rows.order_by("-pk").distinct().values_list("pk", "code", "title")[:MOST_CHOICES]
    return [(str(pk), f"{code} {title}") for pk, code, title in found]


def _named(rows: QuerySet[Any]) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")[:MOST_CHOICES]]


# Venues


def venues(
    actor: Actor,
    *,
    q: str = "",
    kind: str = "",
    level: str = "",
    township: str = "",
    state: str = "",
    staff: str = "",
) -> QuerySet[Any]:
    """By name, with `coming`: lessons that are still to be held there as far as the actor sees them.

    `staff`: stations of whose people somebody, or nobody, completed a session (宝丰 附件1: 站点专职人员参加过
    相应培训); rosters name the station as 工作单位.
    """
    rows = Venue.objects.visible_to(actor).select_related("institution")
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(address__icontains=q) | Q(institution__name__icontains=q))
    chosen = {"kind": kind, "level": level, "township": township}
    rows = rows.filter(**{field: value for field, value in chosen.items() if value})
    if state:
        rows = rows.filter(retired_on__isnull=state == "open")
    if staff:
        taught = Q(name__in=_completed(actor).exclude(trainee__employer="").values("trainee__employer"))
        rows = rows.filter(taught if staff == "trained" else ~taught, kind=VenueKind.STATION)
    seen = planned_lessons(actor).filter(ends_at__gt=clock.now()).order_by()
    found: QuerySet[Any] = rows.annotate(coming=Count("lessons", filter=Q(lessons__in=seen)))
    return found.order_by("name", "pk")


def _completed(actor: Actor) -> QuerySet[Any]:
    return Enrolment.objects.visible_to(actor).filter(status=EnrolmentStatus.COMPLETED)


def trained_at(venue: Venue, actor: Actor) -> int | None:
    """How many of a station's people have completed a session; None where the actor can't know, or it is none."""
    if venue.kind != VenueKind.STATION or actor.role in INSTITUTION_ROLES:
        return None
    people = _completed(actor).filter(trainee__employer=venue.name).values("trainee").distinct()
    return int(people.count())


def signs_at(venue: Venue, actor: Actor) -> list[str]:
    """What has to hang there by today's rules: the mark of its level, and at a station or centre the plaque."""
    rules = rule_set_on(venue.programme, clock.today(), actor=actor).rules
    plaques = [mark.plaque for mark in rules.place_marks if mark.level == venue.level]
    own = plaques if venue.kind in (VenueKind.STATION, VenueKind.SERVICE_CENTRE) else []
    return [sign for sign in (rules.mark_at([venue.level]), *own) if sign]


VENUE_COLUMNS: Final = (
    _("场地名称"),
    _("类型"),
    _("级别"),
    _("所在乡镇"),
    _("地址"),
    _("座位数"),
    _("面积（平方米）"),
    _("纬度"),
    _("经度"),
    _("所属机构"),
    _("停用日期"),
)


def venue_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of VENUE_COLUMNS; blank where nothing is known."""
    for venue in rows:
        cells = (
            venue.name,
            venue.get_kind_display(),
            venue.get_level_display(),
            venue.township,
            venue.address,
            venue.seats,
            venue.area_m2,
            venue.latitude,
            venue.longitude,
            venue.institution.name if venue.institution else _("县里共用"),
            venue.retired_on,
        )
        yield tuple("" if cell is None else cell for cell in cells)


def lessons_at(venue: Venue, actor: Actor) -> QuerySet[Any]:
    """Those in sight, the latest first."""
    related = ("training_session__institution", "instructor", "venue")
    return planned_lessons(actor).filter(venue=venue).select_related(*related).order_by("-starts_at", "pk")


LESSON_COLUMNS: Final = (_("日期"), _("开始"), _("结束"), _("专题"), _("期号"), _("培训机构"), _("授课人"))


def lesson_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of LESSON_COLUMNS."""
    for lesson in rows:
        yield (
            lesson.on,
            f"{localtime(lesson.starts_at):%H:%M}",
            f"{localtime(lesson.ends_at):%H:%M}",
            lesson.topic,
            lesson.training_session.code,
            lesson.training_session.institution.name,
            lesson.instructor.name,
        )


# Feeds


def feed_choices(actor: Actor) -> list[tuple[Any, Any]]:
    """`kind-id` in groups; blank is everything in sight."""
    outside = actor.role not in INSTITUTION_ROLES
    institutions = _named(Institution.objects.visible_to(actor).order_by("name")) if outside else []
    groups = (
        (_("培训机构"), "institution", institutions),
        (_("期"), "session", _sessions(actor)),
        (_("场地"), "venue", _named(Venue.objects.visible_to(actor).filter(retired_on=None))),
    )
    narrower = [
        (title, [(f"{kind}-{pk}", name) for pk, name in rows]) for title, kind, rows in groups if rows
    ]
    return [("", _("我的日程：我看得到的全部课次")), *narrower]
