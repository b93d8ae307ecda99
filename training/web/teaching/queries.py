"""An instructor's own lessons, with how many came: counts only, nobody who sits in them is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from training.accounts.permissions import may
from training.attendance.queries import signed_in
from training.core import clock
from training.core.actor import Actor
from training.dossiers.attesting import attestations
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.institutions.models import Instructor
from training.institutions.queries import teaching_fault
from training.scheduling.choices import SessionStatus
from training.scheduling.models import Lesson
from training.web.teaching.forms import When
from training.web.timetable.queries import planned_lessons

ON_HOME: Final = 5
TO_ATTEST: Final = frozenset({SessionStatus.RUNNING, SessionStatus.CLOSED})


def own_instructor(actor: Actor) -> Instructor:
    """Who this account is; raises NotFoundError for one whose instructor was taken away."""
    instructor: Instructor = Instructor.objects.prefetch_related("proofs").fetch(actor)
    return instructor


def fault_of(actor: Actor) -> str:
    """Why they can't teach today, in words; "" if they can."""
    return teaching_fault(own_instructor(actor), clock.today())


def lessons(actor: Actor, *, q: str = "", when: str = "") -> QuerySet[Any]:
    """The latest first; those ahead from the next one on. An empty argument does not filter."""
    rows = planned_lessons(actor)
    if q:
        rows = rows.filter(Q(topic__icontains=q) | Q(training_session__code__icontains=q))
    if when:
        over = Q(ends_at__lte=clock.now())
        rows = rows.filter(over if when == When.OVER else ~over)
    order = "starts_at" if when == When.AHEAD else "-starts_at"
    return rows.select_related("training_session__institution", "venue").order_by(order, "pk")


@dataclass(frozen=True)
class Row:
    """`came`: people with a sign-in that counts in this half-day; None before the lesson.

    `attested`: this instructor stands for the half-day's register as it is.
    """

    lesson: Lesson
    rostered: int
    came: int | None
    attested: bool = False

    @property
    def to_attest(self) -> bool:
        session: Any = self.lesson.training_session
        return bool(self.came) and not self.attested and session.status in TO_ATTEST and self.is_over

    @property
    def is_over(self) -> bool:
        return self.lesson.ends_at <= clock.now()


def coming(actor: Actor) -> list[Row]:
    """The next few of an instructor's own; nobody else has any."""
    return shown(lessons(actor, when=When.AHEAD)[:ON_HOME]) if may(actor, "teaching.view") else []


HalfDayKey = tuple[int, date, str]


def shown(rows: Iterable[Lesson]) -> list[Row]:
    lessons = list(rows)
    sessions = {lesson.training_session_id for lesson in lessons}
    rostered = _rostered(sessions)
    came, now = _came({lesson.training_session for lesson in lessons}), clock.now()
    attested = {
        (row.training_session_id, row.on, row.half_day, row.instructor_id)
        for rows_of in attestations(sessions).values()
        for row in rows_of
    }
    return [
        Row(
            lesson,
            rostered[lesson.training_session_id],
            came[_half_day(lesson)] if lesson.starts_at <= now else None,
            (*_half_day(lesson), lesson.instructor_id) in attested,
        )
        for lesson in lessons
    ]


def _rostered(sessions: set[int]) -> Counter[int]:
    rows = Enrolment.objects.filter(ON_ROSTER, training_session__in=sessions).order_by()
    return Counter(dict(rows.values_list("training_session").annotate(Count("pk"))))


def _half_day(lesson: Lesson) -> HalfDayKey:
    return lesson.training_session_id, lesson.on, lesson.half_day


def _came(sessions: Iterable[Any]) -> Counter[HalfDayKey]:
    """Somebody signs in once a half-day, at whichever of its lessons."""
    sessions = list(sessions)
    halves = {lesson.pk: _half_day(lesson) for lesson in Lesson.objects.filter(training_session__in=sessions)}
    people = signed_in(sessions).values()
    return Counter(half for seen in people for half in {halves[pk] for pk in seen if pk in halves})


COLUMNS: Final = (
    _("日期"),
    _("开始"),
    _("结束"),
    _("专题"),
    _("期号"),
    _("培训机构"),
    _("场地"),
    _("名册人数"),
    _("签到人数"),
)


def lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS; blank where the lesson is still ahead."""
    for row in shown(rows):
        lesson = row.lesson
        yield (
            lesson.on,
            f"{localtime(lesson.starts_at):%H:%M}",
            f"{localtime(lesson.ends_at):%H:%M}",
            lesson.topic,
            lesson.training_session.code,
            lesson.training_session.institution.name,
            lesson.venue.name,
            row.rostered,
            "" if row.came is None else row.came,
        )
