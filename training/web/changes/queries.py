"""What the pages of changes show, to both sides alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from training.accounts.permissions import may
from training.core.actor import Actor
from training.enrolment.choices import ON_ROSTER, RosterChangeKind
from training.enrolment.models import Enrolment, RosterChange
from training.enrolment.roster_changes import WAITS, changes_left, frozen_size
from training.institutions.models import Instructor
from training.people.queries import whose
from training.scheduling.choices import ChangeKind, ChangeStatus, SessionStatus
from training.scheduling.models import ChangeRequest, Lesson, TrainingSession, Venue
from training.scheduling.running import has_begun
from training.web.bureau.history import Deed, deeds

RELATED = (
    "training_session__institution",
    "lesson",
    "instructor",
    "venue",
    "was_instructor",
    "was_venue",
    "requested_by",
    "decided_by",
)
CHANGE_COLUMNS = (
    _("期号"),
    _("培训名称"),
    _("培训机构"),
    _("变更什么"),
    _("原批准"),
    _("拟变更"),
    _("原因"),
    _("申请人"),
    _("申请时间"),
    _("状态"),
    _("决定人"),
    _("办结时间"),
    _("不批准的原因"),
)


def change_of(pk: int, actor: Actor) -> ChangeRequest:
    change: ChangeRequest = ChangeRequest.objects.select_related(*RELATED).fetch(actor, pk=pk)
    return change


def lesson_of(pk: int, actor: Actor) -> Lesson:
    related = ("training_session__institution", "training_session__rule_set", "instructor", "venue")
    lesson: Lesson = Lesson.objects.select_related(*related).fetch(actor, pk=pk)
    return lesson


def session_of(pk: int, actor: Actor) -> TrainingSession:
    session: TrainingSession = TrainingSession.objects.select_related("institution", "rule_set").fetch(
        actor, pk=pk
    )
    return session


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    enrolment: Enrolment = Enrolment.objects.select_related("trainee", "training_session").fetch(actor, pk=pk)
    return enrolment


def search(actor: Actor, *, q: str = "", status: str = "", kind: str = "") -> QuerySet[Any]:
    """What waits first, soonest lesson first; then the decided, newest first."""
    rows: QuerySet[Any] = ChangeRequest.objects.visible_to(actor)
    if q:
        session = "training_session__"
        rows = rows.filter(
            Q(**{f"{session}code__icontains": q})
            | Q(**{f"{session}title__icontains": q})
            | Q(**{f"{session}institution__name__icontains": q})
        )
    rows = rows.filter(**{field: value for field, value in (("status", status), ("kind", kind)) if value})
    done = Case(
        When(status=ChangeStatus.REQUESTED, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    listed: QuerySet[Any] = rows.select_related(*RELATED).annotate(done=done, people=Count("roster_changes"))
    return listed.order_by("done", "was_starts_at", "-pk")


def waiting(actor: Actor) -> QuerySet[Any]:
    return search(actor, status=ChangeStatus.REQUESTED)


@dataclass(frozen=True)
class Difference:
    """One line of the side by side."""

    what: Any
    approved: str
    wanted: str

    @property
    def differs(self) -> bool:
        return self.approved != self.wanted


def with_differences(rows: Iterable[ChangeRequest]) -> list[tuple[ChangeRequest, list[Difference]]]:
    return [(row, differences(row)) for row in rows]


def differences(change: ChangeRequest) -> list[Difference]:
    """A lesson as approved when it was asked, and as wanted."""
    if change.kind != ChangeKind.LESSON:
        return []
    return [
        Difference(
            _("时间"),
            _span(change.was_starts_at, change.was_ends_at),
            _span(change.starts_at, change.ends_at),
        ),
        Difference(_("授课人"), str(change.was_instructor), str(change.instructor)),
        Difference(_("场地"), str(change.was_venue), str(change.venue)),
    ]


def _span(starts_at: datetime | None, ends_at: datetime | None) -> str:
    return f"{localtime(starts_at):%Y-%m-%d %H:%M}–{localtime(ends_at):%H:%M}"


def change_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """For a file, in the order of CHANGE_COLUMNS."""
    for row in rows:
        said = [line for line in differences(row) if line.differs]
        yield (
            row.training_session.code,
            row.training_session.title,
            row.training_session.institution.name,
            row.get_kind_display(),
            "；".join(line.approved for line in said),
            "；".join(line.wanted for line in said) or row.people,
            row.reason,
            row.requested_by,
            _stamp(row.requested_at),
            row.get_status_display(),
            row.decided_by or "",
            _stamp(row.decided_at),
            row.decision_reason,
        )


def _stamp(at: datetime | None) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else ""


@dataclass(frozen=True)
class ChangePage:
    change: ChangeRequest
    differences: list[Difference]
    people: list[RosterChange]
    may_decide: bool
    may_withdraw: bool
    history: list[Deed]


def change_page(change: ChangeRequest, actor: Actor) -> ChangePage:
    waits = change.status == ChangeStatus.REQUESTED
    asked_by_me = change.requested_by_id == actor.user_id
    return ChangePage(
        change=change,
        differences=differences(change),
        people=list(change.roster_changes.select_related("trainee", "made_by")),
        may_decide=waits and not asked_by_me and may(actor, "change.decide"),
        may_withdraw=waits and may(actor, "change.request"),
        history=deeds([change], actor),
    )


def instructors_of(lesson: Lesson) -> QuerySet[Any]:
    people: QuerySet[Any] = Instructor.objects.filter(institution=lesson.training_session.institution_id)
    return people.order_by("name", "pk")


def venues_of(lesson: Lesson) -> QuerySet[Any]:
    """Those open to the institution, and where the lesson is, retired since or not."""
    open_ones = Venue.objects.open_to(lesson.training_session.institution)
    venues: QuerySet[Any] = Venue.objects.filter(Q(pk__in=open_ones) | Q(pk=lesson.venue_id))
    return venues.order_by("name", "pk")


@dataclass(frozen=True)
class RosterPage:
    """The roster that approval froze, and what became of it."""

    session: TrainingSession
    frozen: int
    left: int
    changes: list[RosterChange]
    request: ChangeRequest | None

    @property
    def open(self) -> bool:
        return self.session.status == SessionStatus.APPROVED and not has_begun(self.session)

    @property
    def added(self) -> int:
        return self._in_force(RosterChangeKind.ADDED)

    @property
    def removed(self) -> int:
        return self._in_force(RosterChangeKind.REMOVED)

    def _in_force(self, kind: str) -> int:
        return sum(row.kind == kind and row.effective_at is not None for row in self.changes)


def roster_page(session: TrainingSession) -> RosterPage:
    listed = Q(effective_at__isnull=False) | WAITS
    changes = session.roster_changes.filter(listed).select_related(
        "trainee", "enrolment", "made_by", "request__decided_by"
    )
    open_requests = session.change_requests.filter(kind=ChangeKind.ROSTER, status=ChangeStatus.REQUESTED)
    return RosterPage(
        session, frozen_size(session), changes_left(session), list(changes), open_requests.first()
    )


ROSTER_CHANGE_COLUMNS = (
    _("姓名"),
    _("增减"),
    _("身份证号"),
    _("原因"),
    _("提出人"),
    _("提出时间"),
    _("生效时间"),
    _("批准人"),
)


def roster_change_lines(rows: Iterable[RosterChange]) -> Iterator[tuple[Any, ...]]:
    """In the order of ROSTER_CHANGE_COLUMNS, numbers masked."""
    for row in rows:
        effective = row.effective_at and f"{localtime(row.effective_at):%Y-%m-%d %H:%M}"
        yield (
            row.trainee.name,
            row.get_kind_display(),
            row.trainee.masked_id_number,
            row.reason,
            row.made_by,
            f"{localtime(row.made_at):%Y-%m-%d %H:%M}",
            effective or _("等商务局决定"),
            (row.request.decided_by if row.request and effective else "") or "",
        )


def on_roster(session: TrainingSession, q: str = "") -> QuerySet[Any]:
    rows: QuerySet[Any] = session.enrolments.filter(ON_ROSTER).select_related("trainee")
    return rows.filter(trainee__in=whose(q)) if q else rows


def group_names(session: TrainingSession) -> list[str]:
    return [group.name for group in session.rule_set.rules.groups]
