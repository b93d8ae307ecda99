"""Who is to be asked how they are doing, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from training.attendance.models import Completion
from training.attendance.queries import HalfDay, RegisterLine, register
from training.core.actor import Actor
from training.enrolment.models import Enrolment
from training.followup.choices import ContactResult
from training.followup.models import Contact, FollowUp, Outcome
from training.followup.queries import outcomes as all_outcomes
from training.scheduling.choices import HalfDay as HalfDayName

COLUMNS = (
    _("应联系日期"),
    _("结业后天数"),
    _("姓名"),
    _("乡镇"),
    _("村（社区）"),
    _("期号"),
    _("完成"),
    _("最近一次结果"),
)


def follow_up_of(pk: int, actor: Actor) -> FollowUp:
    related = ("enrolment__trainee", "enrolment__training_session__institution")
    follow_up: FollowUp = FollowUp.objects.select_related(*related).fetch(actor, pk=pk)
    return follow_up


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    related = ("trainee", "training_session__institution", "training_session__rule_set")
    enrolment: Enrolment = Enrolment.objects.select_related(*related).fetch(actor, pk=pk)
    return enrolment


def outcome_of(pk: int, actor: Actor) -> Outcome:
    outcome: Outcome = Outcome.objects.fetch(actor, pk=pk)
    return outcome


def townships(actor: Actor) -> list[str]:
    rows = FollowUp.objects.visible_to(actor).exclude(enrolment__trainee__township="").order_by()
    return sorted(rows.values_list("enrolment__trainee__township", flat=True).distinct())


def follow_ups(actor: Actor, *, today: date, q: str = "", due: str = "", township: str = "") -> QuerySet[Any]:
    """What is owed first, the longest overdue at the top; `due` is one of the filter's words."""
    rows = FollowUp.objects.visible_to(actor).filter(**WHEN[due](today))
    if q:
        rows = rows.filter(enrolment__trainee__name__icontains=q)
    if township:
        rows = rows.filter(enrolment__trainee__township=township)
    newest_first = Contact.objects.select_related("made_by").order_by("-made_at", "-pk")
    return (
        rows.select_related("enrolment__trainee", "enrolment__training_session")
        .prefetch_related(Prefetch("contacts", newest_first))
        .order_by(F("done_at").asc(nulls_first=True), "due_on", "pk")
    )


OWED = {"done_at__isnull": True, "enrolment__trainee__do_not_contact": False}
WHEN: dict[str, Any] = {
    "": lambda today: OWED,
    "overdue": lambda today: OWED | {"due_on__lt": today},
    "today": lambda today: OWED | {"due_on": today},
    "done": lambda today: {"done_at__isnull": False},
    "all": lambda today: {},
}


def lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """The same rows for a file, in the order of COLUMNS; no telephone numbers leave this way."""
    for row in rows:
        trainee, last = row.enrolment.trainee, next(iter(row.contacts.all()), None)
        yield (
            row.due_on.isoformat(),
            row.day,
            trainee.name,
            trainee.township,
            trainee.village,
            row.enrolment.training_session.code,
            _("是") if row.done_at else "",
            last.get_result_display() if last else "",
        )


@dataclass(frozen=True)
class HalfDaySeen:
    half_day: HalfDay
    line: RegisterLine

    @property
    def name(self) -> Any:
        return HalfDayName(self.half_day.half_day).label


@dataclass(frozen=True)
class Person:
    """One trainee in one session: attendance, completion, what was said, what came of it."""

    enrolment: Enrolment
    group: str
    attended: tuple[HalfDaySeen, ...]
    completion: Completion | None
    follow_ups: list[FollowUp]
    contacts: list[Contact]
    outcomes: list[Outcome]

    @property
    def owed(self) -> bool:
        """Whether somebody is still to call: only so long is the number shown in full."""
        return any(not follow_up.done_at for follow_up in self.follow_ups)

    @property
    def denied(self) -> bool:
        """The person said they never came: a matter for the bureau, not for another call."""
        return any(contact.result == ContactResult.DENIED for contact in self.contacts)


def person(enrolment: Enrolment, actor: Actor) -> Person:
    session = enrolment.training_session
    names = {group.code: group.name for group in session.rule_set.rules.groups}
    return Person(
        enrolment=enrolment,
        group=names.get(enrolment.group, enrolment.group),
        attended=tuple(
            HalfDaySeen(page, line)
            for page in register(session)
            for line in page.lines
            if line.enrolment.pk == enrolment.pk
        ),
        completion=Completion.objects.visible_to(actor).filter(enrolment=enrolment).first(),
        follow_ups=list(FollowUp.objects.visible_to(actor).filter(enrolment=enrolment)),
        contacts=list(
            Contact.objects.visible_to(actor)
            .filter(follow_up__enrolment=enrolment)
            .select_related("made_by", "follow_up")
        ),
        outcomes=list(all_outcomes(actor).filter(enrolment=enrolment)),
    )


def outcomes(actor: Actor, *, q: str = "", status: str = "", grade: str = "") -> QuerySet[Any]:
    """Those that wait to be verified first; `grade` may name several, as "AB"."""
    rows = all_outcomes(actor)
    if q:
        rows = rows.filter(enrolment__trainee__name__icontains=q)
    if status:
        rows = rows.filter(status=status)
    if grade:
        rows = rows.filter(grade__in=list(grade))
    return rows.order_by(F("verified_at").desc(nulls_first=True), "-claimed_at", "-pk")
