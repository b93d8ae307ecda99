"""Who is to be asked how they are doing, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext_lazy as _

from training.accounts.permissions import may
from training.attendance.models import Completion
from training.attendance.queries import HalfDay, RegisterLine, register
from training.core import clock
from training.core.actor import Actor
from training.enrolment.models import Enrolment
from training.enrolment.permissions import group_names
from training.fairs.models import PlacementCheck
from training.fairs.queries import checks_owed
from training.followup.choices import Conclusion, ContactResult, FollowUpStatus, Guidance, ReferralStatus
from training.followup.models import TO_DO, Contact, ContactImport, FollowUp, HandedOver, Handover, Referral
from training.followup.queries import contactable
from training.followup.queries import officers as officers_of
from training.institutions.models import Institution
from training.outcomes.choices import OutcomeStatus
from training.outcomes.models import Outcome
from training.outcomes.queries import outcomes as all_outcomes
from training.people.models import Trainee
from training.people.queries import found
from training.programmes.queries import the_programme
from training.scheduling.choices import HalfDay as HalfDayName
from training.web.followup import statistics

COLUMNS = (
    _("应联系日期"),
    _("下次联系日期"),
    _("结业后天数"),
    _("姓名"),
    _("乡镇"),
    _("村（社区）"),
    _("期号"),
    _("培训机构"),
    _("负责人"),
    _("状态"),
    _("最近一次结果"),
    _("最近联系日期"),
    _("阶段结论"),
)
IN_FILE = (
    "due_on",
    "next_on",
    "day",
    "trainee__name",
    "trainee__township",
    "trainee__village",
    "enrolment__training_session__code",
    "institution__name",
    "assignee__display_name",
    "status",
    "last_result",
    "contacted_at",
    "conclusion",
)
"""As columns, not as objects: a county's identity numbers need not be deciphered for a file without them."""
AT_ONCE = 2000  # rows held while a file is written
THIS_WEEK = timedelta(days=7)


def follow_up_of(pk: int, actor: Actor) -> FollowUp:
    related = ("enrolment__trainee", "enrolment__training_session__institution")
    follow_up: FollowUp = FollowUp.objects.select_related(*related).fetch(actor, pk=pk)
    return follow_up


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    related = ("trainee", "training_session__institution", "training_session__rule_set")
    enrolment: Enrolment = Enrolment.objects.select_related(*related).fetch(actor, pk=pk)
    return enrolment


def referral_of(pk: int, actor: Actor) -> Referral:
    referral: Referral = Referral.objects.select_related("contact__follow_up").fetch(actor, pk=pk)
    return referral


def handover_of(pk: int, actor: Actor) -> Handover:
    handover: Handover = Handover.objects.fetch(actor, pk=pk)
    return handover


def import_of(pk: int, actor: Actor) -> ContactImport:
    taken: ContactImport = ContactImport.objects.select_related("marked").fetch(actor, pk=pk)
    return taken


def officers(actor: Actor) -> list[tuple[int, str]]:
    return [(user.pk, str(user)) for user in officers_of(the_programme(actor).pk)]


def institutions(actor: Actor) -> list[tuple[int, str]]:
    return list(Institution.objects.visible_to(actor).order_by("name").values_list("pk", "name"))


WHEN: dict[str, Any] = {
    "": lambda today: TO_DO,
    "overdue": lambda today: TO_DO & Q(next_on__lt=today),
    "today": lambda today: TO_DO & Q(next_on=today),
    "week": lambda today: TO_DO & Q(next_on__range=(today, today + THIS_WEEK)),
    "later": lambda today: TO_DO & Q(next_on__gt=today + THIS_WEEK),
    "due": lambda today: Q(due_on__lte=today),
    "done": lambda today: Q(done_at__isnull=False),
    "all": lambda today: Q(),
}
OWED = frozenset({"", "overdue", "today", "week", "later"})


def follow_ups(
    actor: Actor,
    *,
    today: date,
    q: str = "",
    due: str = "",
    township: str = "",
    village: str = "",
    phone: str = "",
    institution: str = "",
    officer: str = "",
    result: str = "",
    conclusion: str = "",
    served: str = "",
    session: str = "",
    class_type: str = "",
    category: str = "",
    group: str = "",
    guidance: str = "",
    wants: str = "",
    unit: str = "",
) -> QuerySet[Any]:
    """What is owed first, the longest overdue at the top; each argument is one of the filter's words."""
    rows: QuerySet[Any] = FollowUp.objects.visible_to(actor).filter(WHEN[due](today))
    if due in OWED:
        rows = contactable(rows)
    people = _people(actor, q, township, village, PHONE[phone])
    if people is not None:
        rows = rows.filter(trainee__in=people.values("pk"))
    if officer:
        rows = rows.filter(assignee=_officer(actor, officer))
    if group and group not in statistics.hidden_groups(actor):
        rows = rows.filter(enrolment__group=group)
    wanted = {
        "institution": institution,
        "last_result": result,
        "conclusion": conclusion,
        "served": served == "yes",
        "enrolment__training_session": session,
        "enrolment__training_session__class_type": class_type,
        "enrolment__training_session__category": category,
    }
    rows = rows.filter(**{path: value for path, value in wanted.items() if value})
    if guidance or wants:
        contacts = Contact.objects.filter(guidance__contains=guidance, wants__contains=wants)
        rows = rows.filter(pk__in=contacts.order_by().values("follow_up"))
    if unit:
        rows = statistics.one_each(rows)
    related = ("trainee", "enrolment__training_session", "institution", "assignee")
    return rows.select_related(*related).order_by(*ORDER.get(due, ("next_on", "pk")))


ORDER = {"done": ("-done_at", "-pk"), "due": ("due_on", "pk"), "all": ("due_on", "pk")}


PHONE: dict[str, Q] = {
    "": Q(),
    "verified": Q(phone_verified_at__isnull=False),
    "unverified": Q(phone_verified_at=None) & ~Q(phone_tail_hash=""),
    "none": Q(phone_tail_hash=""),
}


def _people(
    actor: Actor, q: str, township: str, village: str, phone: Q | None = None
) -> QuerySet[Any] | None:
    """The trainees that are asked for by who they are; None where that does not narrow anything."""
    if not (q or township or village or phone):
        return None
    place = {name: value for name, value in (("township", township), ("village", village)) if value}
    people: QuerySet[Any] = Trainee.objects.visible_to(actor).filter(phone or Q(), **place)
    return found(people, q, phones=may(actor, "trainee.contact")) if q else people


def _officer(actor: Actor, officer: str) -> int | None:
    if officer == "none":
        return None
    return actor.user_id if officer == "me" else int(officer)


def lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """The same rows for a file, in the order of COLUMNS; no telephone numbers leave this way."""
    for due_on, next_on, *who, officer, status, result, contacted_at, conclusion in rows.values_list(
        *IN_FILE
    ).iterator(chunk_size=AT_ONCE):
        yield (
            due_on.isoformat(),
            next_on.isoformat() if next_on else "",
            *who,
            officer or "",
            FollowUpStatus(status).label,
            ContactResult(result).label if result else "",
            localdate(contacted_at).isoformat() if contacted_at else "",
            Conclusion(conclusion).label if conclusion else "",
        )


def narrowed(actor: Actor, **chosen: str) -> list[str]:
    """In words, what a link from the statistics narrowed the list to besides the fields that people see."""
    if chosen["group"] and chosen["group"] in statistics.hidden_groups(actor):
        chosen["group"] = ""
    asked = [name for name in ("session", "class_type", "category", "group") if chosen[name]]
    names = {name: statistics.names(name, actor) for name in asked}
    said = [str(names[name].get(chosen[name], chosen[name])) for name in asked]
    if chosen["served"]:
        said.append(str(_("提供过服务")))
    if chosen["guidance"]:
        said.append(_("提供过%(service)s") % {"service": Guidance(chosen["guidance"]).label})
    if chosen["wants"]:
        said.append(_("需要%(service)s") % {"service": Guidance(chosen["wants"]).label})
    return [*said, str(_("每人最近的结论"))] if chosen["unit"] else said


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
    handed: list[HandedOver]
    outcomes: list[Outcome]
    placements: list[PlacementCheck]
    """Whether they still work where a fair got them in, as far as that is to be asked now."""

    @property
    def next_stage(self) -> FollowUp | None:
        owed = [follow_up for follow_up in self.follow_ups if follow_up.next_on]
        return min(owed, key=attrgetter("next_on"), default=None)

    @property
    def other_work(self) -> bool:
        """A reason to call that is no stage of the follow-up."""
        return bool(self.placements) or any(
            one.status in (OutcomeStatus.EVIDENCED, OutcomeStatus.RECHECK_DUE) or one.overdue
            for one in self.outcomes
        )

    @property
    def owed(self) -> bool:
        """Whether somebody is still to call: only so long is the number shown in full."""
        return self.next_stage is not None or self.other_work

    @property
    def denied(self) -> bool:
        """The person said they never came: a matter for the bureau, not for another call."""
        return any(contact.result == ContactResult.DENIED for contact in self.contacts)


def person(enrolment: Enrolment, actor: Actor) -> Person:
    session = enrolment.training_session
    return Person(
        enrolment=enrolment,
        group=group_names(session, actor).get(enrolment.group, ""),
        attended=tuple(
            HalfDaySeen(page, line)
            for page in register(session)
            for line in page.lines
            if line.enrolment.pk == enrolment.pk
        ),
        completion=Completion.objects.visible_to(actor).filter(enrolment=enrolment).first(),
        follow_ups=list(
            FollowUp.objects.visible_to(actor).filter(enrolment=enrolment).select_related("assignee")
        ),
        contacts=list(
            Contact.objects.visible_to(actor)
            .filter(follow_up__enrolment=enrolment)
            .select_related("made_by", "follow_up")
            .prefetch_related("referrals__closed_by")
        ),
        handed=list(
            HandedOver.objects.visible_to(actor)
            .filter(follow_up__enrolment=enrolment)
            .select_related("handover__to", "handover__made_by", "follow_up", "before")
            .order_by("-handover", "follow_up__day")
        ),
        outcomes=list(all_outcomes(actor).filter(enrolment=enrolment)),
        placements=list(checks_owed(actor, clock.today()).filter(intention__attendance__enrolment=enrolment)),
    )


REFERRAL_COLUMNS = (
    _("转介日期"),
    _("姓名"),
    _("乡镇"),
    _("期号"),
    _("转介给"),
    _("转介事项"),
    _("状态"),
    _("结果"),
    _("答复日期"),
)


def referrals(
    actor: Actor, *, q: str = "", status: str = "", purpose: str = "", township: str = ""
) -> QuerySet[Any]:
    """Those that wait for an answer, the oldest first, unless others are asked for."""
    rows: QuerySet[Any] = Referral.objects.visible_to(actor)
    if status != "all":
        rows = rows.filter(status=status or ReferralStatus.OPEN)
    if purpose:
        rows = rows.filter(purpose=purpose)
    people = _people(actor, q, township, "")
    if people is not None:
        rows = rows.filter(contact__follow_up__trainee__in=people.values("pk"))
    related = ("contact__follow_up__trainee", "contact__follow_up__enrolment__training_session", "closed_by")
    return rows.select_related(*related).order_by("contact__made_at", "pk")


def referral_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        stage = row.contact.follow_up
        yield (
            localdate(row.contact.made_at).isoformat(),
            stage.trainee.name,
            stage.trainee.township,
            stage.enrolment.training_session.code,
            row.to,
            row.get_purpose_display(),
            row.get_status_display(),
            row.answer,
            localdate(row.closed_at).isoformat() if row.closed_at else "",
        )


def last_contact(follow_up: FollowUp) -> int:
    """What was known of the stage when its form was opened; 0 for nothing."""
    return follow_up.contacts.aggregate(last=Max("pk"))["last"] or 0


def contacts_meanwhile(made: Contact, since: int | None) -> QuerySet[Any]:
    """What others wrote down of the same stage between `since` and this contact."""
    rows: QuerySet[Any] = made.follow_up.contacts.filter(pk__gt=since or 0, pk__lt=made.pk)
    return (
        (rows if since is not None else rows.none()).exclude(made_by=made.made_by).select_related("made_by")
    )


def handovers(actor: Actor, *, q: str = "") -> QuerySet[Any]:
    rows: QuerySet[Any] = Handover.objects.visible_to(actor).select_related("to", "made_by", "undone_by")
    if q:
        rows = rows.filter(Q(to__display_name__icontains=q) | Q(note__icontains=q))
    counted: QuerySet[Any] = rows.annotate(stages=Count("lines")).order_by("-pk")
    return counted


HANDOVER_COLUMNS = (_("交接时间"), _("交给"), _("阶段"), _("交接说明"), _("经办"), _("撤回"))


def handover_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of HANDOVER_COLUMNS; blank where it was not taken back."""
    for row in rows:
        yield (
            f"{localtime(row.made_at):%Y-%m-%d %H:%M}",
            row.to or "",
            row.stages,
            row.note,
            row.made_by,
            f"{row.undone_by} {localdate(row.undone_at)}" if row.undone_at else "",
        )


def ticked(rows: list[int], actor: Actor) -> QuerySet[Any]:
    chosen: QuerySet[Any] = FollowUp.objects.visible_to(actor).filter(pk__in=rows)
    return chosen
