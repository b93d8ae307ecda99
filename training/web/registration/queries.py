"""What the registration's pages show, in a number of queries that does not grow with the rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.accounts.choices import BUREAU_ROLES
from training.accounts.permissions import may
from training.core.actor import Actor
from training.enrolment.choices import IN_LINE, LIVE, UNDECIDED, ApplicationStatus
from training.enrolment.models import Application, NominationList, RegistrationCall
from training.enrolment.permissions import group_names
from training.enrolment.qualification import doubts_about
from training.enrolment.queries import (
    application_of,
    applications,
    applications_in,
    call_of,
    places_left,
    takes_applications,
)
from training.enrolment.queries import calls as calls_in_sight
from training.enrolment.rules import Doubt
from training.people.queries import called
from training.scheduling.choices import EDITABLE
from training.scheduling.models import Lesson, TrainingSession


class Show(models.TextChoices):
    """What a registration waits for."""

    TO_REVIEW = "to_review", gettext_lazy("待资格审核")
    TO_ACCEPT = "to_accept", gettext_lazy("待录取")


CALL_COLUMNS = (
    gettext_lazy("期号"),
    gettext_lazy("培训名称"),
    gettext_lazy("培训机构"),
    gettext_lazy("首课日期"),
    gettext_lazy("报名截止"),
    gettext_lazy("状态"),
    gettext_lazy("名额"),
    gettext_lazy("报名"),
    gettext_lazy("待资格审核"),
    gettext_lazy("资格通过"),
    gettext_lazy("候补"),
    gettext_lazy("已录取"),
)
APPLICATION_COLUMNS = (
    gettext_lazy("报名时间"),
    gettext_lazy("姓名"),
    gettext_lazy("身份证号"),
    gettext_lazy("手机号"),
    gettext_lazy("乡镇"),
    gettext_lazy("村（社区）"),
    gettext_lazy("学员类别"),
    gettext_lazy("来源"),
    gettext_lazy("状态"),
    gettext_lazy("原因"),
)
COUNTED = (
    ApplicationStatus.RECEIVED,
    ApplicationStatus.QUALIFIED,
    ApplicationStatus.WAITING,
    ApplicationStatus.ACCEPTED,
)


def calls(actor: Actor, *, q: str = "", status: str = "", show: str = "") -> QuerySet[Any]:
    """Newest first, each with `first_on` and how many of the actor's applications stand where."""
    counts = {f"n_{found.value}": _count(applications(actor).filter(status=found)) for found in COUNTED}
    lessons = Lesson.objects.filter(training_session=OuterRef("training_session")).order_by("on")
    rows: QuerySet[Any] = (
        calls_in_sight(actor)
        .annotate(first_on=Subquery(lessons.values("on")[:1]), **counts)
        .annotate(n_live=sum((F(name) for name in counts), Value(0)))
    )
    if q:
        rows = rows.filter(Q(training_session__code__icontains=q) | Q(training_session__title__icontains=q))
    if status:
        rows = rows.filter(status=status)
    if show:
        rows = rows.filter(pk__in=waiting(actor, Show(show)).values("call"))
    return rows.order_by("-pk")


def _count(rows: QuerySet[Any]) -> Coalesce:
    """How many of these applications each call has; reckoned for the rows of a page only."""
    own = rows.filter(call=OuterRef("pk")).order_by().values("call")
    return Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), 0)


def waiting(actor: Actor, show: Show) -> QuerySet[Any]:
    """Applications that this actor must decide on before the roster is handed in.

    The bureau may review them all; what waits for it is what no township has in hand.
    """
    rows = applications(actor).filter(call__training_session__status__in=EDITABLE)
    if show == Show.TO_REVIEW:
        received = rows.filter(status=ApplicationStatus.RECEIVED)
        return received.filter(township="") if actor.role in BUREAU_ROLES else received
    return rows.filter(status=ApplicationStatus.QUALIFIED)


def call_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        session = row.training_session
        yield (
            session.code,
            session.title,
            session.institution.name,
            row.first_on or "",
            f"{localtime(row.closes_at):%Y-%m-%d %H:%M}",
            row.get_status_display(),
            row.places,
            row.n_live,
            row.n_received,
            row.n_qualified,
            row.n_waiting,
            row.n_accepted,
        )


@dataclass(frozen=True)
class TownshipLine:
    """`planned` is None where no quota was set."""

    name: str
    planned: int | None
    applied: int
    to_review: int
    in_line: int
    accepted: int


@dataclass(frozen=True)
class CallPage:
    call: RegistrationCall
    takes: bool
    unfrozen: bool
    left: int
    first_on: date | None
    townships: list[TownshipLine]
    lists: list[NominationList]

    @property
    def in_line(self) -> int:
        return sum(line.in_line for line in self.townships)

    @property
    def total(self) -> TownshipLine:
        """人数 of all townships together."""
        lines = self.townships
        planned = [line.planned for line in lines if line.planned is not None]
        return TownshipLine(
            _("合计"),
            sum(planned) if planned else None,
            sum(line.applied for line in lines),
            sum(line.to_review for line in lines),
            self.in_line,
            sum(line.accepted for line in lines),
        )


def find_call(pk: int, actor: Actor) -> RegistrationCall:
    return call_of(pk, actor)


def call_page(call: RegistrationCall, actor: Actor) -> CallPage:
    session = call.training_session
    return CallPage(
        call,
        takes=takes_applications(call),
        unfrozen=session.status in EDITABLE,
        left=places_left(call),
        first_on=session.lessons.aggregate(first=Min("on"))["first"],
        townships=_by_township(call, actor),
        lists=list(NominationList.objects.visible_to(actor).filter(call=call).defer("problems", "warnings")),
    )


def _by_township(call: RegistrationCall, actor: Actor) -> list[TownshipLine]:
    """Of the applications in sight; a township without any is listed where a quota names it."""
    counted: Counter[tuple[str, str]] = Counter()
    rows = applications_in(call, actor).values_list("township", "status").order_by()
    counted.update({(town, status): n for town, status, n in rows.annotate(n=Count("pk"))})
    reach = actor.reach.get("township")
    quotas = {name: n for name, n in call.quotas.items() if not isinstance(reach, frozenset) or name in reach}
    names = {town for town, _status in counted} | quotas.keys()

    def count(name: str, statuses: Any) -> int:
        return sum(counted[name, status] for status in statuses)

    return [
        TownshipLine(
            name or _("没有填乡镇"),
            quotas.get(name),
            applied=count(name, LIVE),
            to_review=count(name, [ApplicationStatus.RECEIVED]),
            in_line=count(name, IN_LINE),
            accepted=count(name, [ApplicationStatus.ACCEPTED]),
        )
        for name in sorted(names, key=lambda name: (not name, name))
    ]


def township_names(call: RegistrationCall, actor: Actor) -> list[str]:
    rows = applications_in(call, actor).exclude(township="")
    return sorted(set(rows.values_list("township", flat=True)))


def search(
    call: RegistrationCall,
    actor: Actor,
    *,
    q: str = "",
    status: str = "",
    source: str = "",
    township: str = "",
) -> QuerySet[Any]:
    rows = applications_in(call, actor)
    if q:
        rows = rows.filter(called(rows, q) | Q(village__icontains=q) | Q(pk__in=_ending(rows, q, actor)))
    for field, value in (("status", status), ("source", source), ("township", township)):
        if value:
            rows = rows.filter(**{field: value})
    return rows


def _ending(rows: QuerySet[Any], q: str, actor: Actor) -> list[int]:
    """Whose identity number ends so, or whose telephone for those who may call; of one session's applicants."""
    end = q.strip().upper()
    if not re.fullmatch(r"\d{3}[\dX]", end):
        return []
    calls = may(actor, "trainee.contact") or may(actor, "registration.accept")
    held = rows.values_list("pk", "id_number", "phone")
    return [pk for pk, number, phone in held if number.endswith(end) or (calls and phone.endswith(end))]


def in_line(call: RegistrationCall, actor: Actor) -> list[int]:
    """Whom there might be a place for, by pk in the order they applied."""
    rows = applications_in(call, actor).filter(status__in=IN_LINE)
    return list(rows.values_list("pk", flat=True))


@dataclass(frozen=True)
class ApplicationRow:
    """`may_review` and `may_accept`: what this reader can still do about it."""

    it: Application
    group: str
    doubts: list[Doubt]
    may_review: bool
    may_accept: bool

    @property
    def may_tick(self) -> bool:
        return self.may_review or self.may_accept


def application_rows(
    rows: Sequence[Application], call: RegistrationCall, actor: Actor
) -> list[ApplicationRow]:
    """What speaks against somebody is looked up only for those whom nobody has decided on."""
    open_rows = [row for row in rows if row.status in UNDECIDED]
    found = dict(
        zip(
            (row.pk for row in open_rows),
            doubts_about(open_rows, call, actor) if open_rows else (),
            strict=True,
        )
    )
    unfrozen = call.training_session.status in EDITABLE
    reviews = may(actor, "registration.review")
    accepts = may(actor, "registration.accept") and unfrozen
    names = group_names(call.training_session, actor)
    return [
        ApplicationRow(
            row,
            names.get(row.group, ""),
            found.get(row.pk, []),
            may_review=reviews and row.status in UNDECIDED,
            may_accept=accepts and row.status in IN_LINE,
        )
        for row in rows
    ]


def application_lines(rows: QuerySet[Any], call: RegistrationCall, actor: Actor) -> Iterator[tuple[Any, ...]]:
    names = group_names(call.training_session, actor)
    for row in rows:
        yield (
            f"{localtime(row.applied_at):%Y-%m-%d %H:%M}",
            row.name,
            row.masked_id_number,
            row.masked_phone,
            row.township,
            row.village,
            names.get(row.group, ""),
            row.get_source_display(),
            row.get_status_display(),
            row.reason,
        )


def find_application(pk: int, actor: Actor) -> Application:
    return application_of(pk, actor)


def find_list(pk: int, actor: Actor) -> NominationList:
    found: NominationList = NominationList.objects.select_related(
        "call__training_session__institution", "marked"
    ).fetch(actor, pk=pk)
    return found


def find_session(pk: int, actor: Actor) -> TrainingSession:
    session: TrainingSession = TrainingSession.objects.select_related("rule_set", "institution").fetch(
        actor, pk=pk
    )
    return session


def call_for(session: TrainingSession) -> RegistrationCall | None:
    return RegistrationCall.objects.filter(training_session=session).first()


def seats(session: TrainingSession) -> int | None:
    """Of the smallest room of the timetable."""
    least: int | None = session.lessons.aggregate(least=Min("venue__seats"))["least"]
    return least


# The public page


@dataclass(frozen=True)
class Meeting:
    """One half-day as people read it."""

    on: date
    starts_at: datetime
    ends_at: datetime
    place: str


@dataclass(frozen=True)
class PublicPage:
    call: RegistrationCall
    takes: bool
    meetings: list[Meeting]

    @property
    def session(self) -> TrainingSession:
        return self.call.training_session

    @property
    def category(self) -> str:
        name: str = self.session.rule_set.rules.category(self.session.category).name
        return name


def public_page(call: RegistrationCall) -> PublicPage:
    """Facts of a session that anybody may know; nobody's name but the institution's."""
    lessons = call.training_session.lessons.select_related("venue").order_by("starts_at")
    halves: dict[tuple[date, str], list[Any]] = {}
    for lesson in lessons:
        halves.setdefault((lesson.on, lesson.half_day), []).append(lesson)
    meetings = [
        Meeting(on, some[0].starts_at, some[-1].ends_at, f"{some[0].venue.name}（{some[0].venue.address}）")
        for (on, _half), some in halves.items()
    ]
    return PublicPage(call, takes_applications(call), meetings)
