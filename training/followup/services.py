"""Plans, contacts and referrals; who does them is `handing_over`, whole work lists come back by `result_book`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.followup.choices import (
    SETTLING,
    SITUATIONS,
    Conclusion,
    ContactMethod,
    ContactResult,
    FollowUpStatus,
    Guidance,
    ReferralStatus,
)
from training.followup.models import Contact, FollowUp, Referral
from training.scheduling.models import TrainingSession

TRIES_UNTIL_LOST = 3
"""On as many different days."""
NOON = time(12)


def open_follow_ups(enrolments: Iterable[Enrolment], *, days: Iterable[int], at: datetime) -> list[FollowUp]:
    """The contacts that are now owed to everyone who completed."""
    closed_on = timezone.localdate(at)
    marks = tuple(days)
    completed = [row for row in enrolments if row.status == EnrolmentStatus.COMPLETED]
    homes = _homes({row.training_session_id for row in completed})
    return FollowUp.objects.bulk_create(
        [
            FollowUp(
                enrolment=enrolment,
                trainee_id=enrolment.trainee_id,
                institution_id=homes[enrolment.training_session_id][0],
                programme_id=homes[enrolment.training_session_id][1],
                day=day,
                due_on=closed_on + timedelta(days=day),
                next_on=closed_on + timedelta(days=day),
            )
            for enrolment in completed
            for day in marks
        ]
    )


def _homes(sessions: Collection[int]) -> dict[int, tuple[int, int]]:
    """Session id -> ids of institution and programme."""
    rows = TrainingSession.objects.filter(pk__in=sessions)
    found = rows.values_list("pk", "institution_id", "institution__programme_id")
    return {pk: (institution, programme) for pk, institution, programme in found}


def follow_changed_completion(enrolment: Enrolment, *, days: Iterable[int], at: datetime) -> None:
    """A correction changed who completed: what is owed now is opened, what nobody did yet is dropped.

    A stage in which somebody was called stays, and nothing is owed in it any more.
    """
    stages = enrolment.follow_ups
    if enrolment.status != EnrolmentStatus.COMPLETED:
        stages.filter(contacts__isnull=True).delete()
        stages.update(next_on=None)
        return
    there = set(stages.values_list("day", flat=True))
    for stage in stages.filter(done_at=None, next_on=None, conclusion=""):
        stage.next_on = stage.due_on
        stage.save(update_fields=["next_on"])
    open_follow_ups([enrolment], days=[day for day in days if day not in there], at=at)


@transaction.atomic
def log_contact(
    follow_up_id: int,
    *,
    method: str,
    result: str,
    guidance: Sequence[str] = (),
    note: str = "",
    conclusion: str = "",
    on: date | None = None,
    next_on: date | None = None,
    referred_to: str = "",
    referred_for: str = "",
    key: UUID | None = None,
    actor: Actor,
) -> Contact:
    """Write down a call or visit, of today or an earlier day; an answer settles what was owed.

    With `key` it is written down once: the same again gives what is there, other words under the same key
    are refused. 失联 only after three tries on three different days. Raises InvalidInputError for what
    contradicts itself, InvalidTransitionError for who wants no contact and for a stage that has ended.
    """
    demand(actor, "followup.log")
    follow_up: FollowUp = FollowUp.objects.select_related("enrolment__trainee").lock(actor, pk=follow_up_id)
    contact = Contact(
        follow_up=follow_up,
        made_at=_moment(on, follow_up),
        made_by_id=actor.person_id,
        method=method,
        result=result,
        guidance=",".join(Guidance(code) for code in guidance),
        conclusion=conclusion,
        note=note,
        key=key,
    )
    if known := _known(contact):
        return known
    _refuse_unwanted(follow_up.enrolment)
    _refuse_ended(follow_up)
    _refuse_contradictions(contact, next_on, referred_to, referred_for)
    contact.save()
    if referred_to:
        Referral.objects.create(contact=contact, to=referred_to, purpose=referred_for)
    _note(follow_up, contact, next_on)
    record(actor, "contact.logged", contact, result=result)
    return contact


def _moment(on: date | None, follow_up: FollowUp) -> datetime:
    """Now, or noon of the day that is named; raises InvalidInputError for a day that cannot be."""
    now = clock.now()
    today = timezone.localdate(now)
    if on is None or on == today:
        return now
    if on > today:
        raise InvalidInputError(_("联系日期不能晚于今天。"))
    if on < follow_up.due_on - timedelta(days=follow_up.day):
        raise InvalidInputError(_("联系日期不能早于结课的日子。"))
    return datetime.combine(on, NOON, timezone.get_current_timezone()).astimezone(UTC)


def _known(contact: Contact) -> Contact | None:
    """What was written down under the same key; raises InvalidInputError if it says something else."""
    if contact.key is None:
        return None
    there: Contact | None = Contact.objects.filter(key=contact.key).first()
    if there is None:
        return None
    same = ("follow_up_id", "made_by_id", "method", "result", "guidance", "conclusion", "note")
    if any(getattr(there, name) != getattr(contact, name) for name in same):
        raise InvalidInputError(
            _("这次联系已经记下了，内容与现在填的不同。要另外记一次，请再按一次“记下这次联系”。"),
            code="key_used",
        )
    return there


def _refuse_unwanted(enrolment: Enrolment) -> None:
    if enrolment.trainee.do_not_contact:
        raise InvalidTransitionError(
            _("本人要求不再联系。不打电话，也不上门；本人改变主意，在学员页面上恢复。")
        )


def _refuse_ended(follow_up: FollowUp) -> None:
    if follow_up.status == FollowUpStatus.ENDED:
        raise InvalidTransitionError(_("这一阶段的跟踪已经结束。请记在还没有结束的阶段里。"))


def _refuse_contradictions(
    contact: Contact, next_on: date | None, referred_to: str, referred_for: str
) -> None:
    if next_on is not None and next_on < clock.today():
        raise InvalidInputError(_("下次联系的日期已经过去了。"))
    if bool(referred_to) != bool(referred_for):
        raise InvalidInputError(_("转介要写明转给谁、办什么事，两样都填。"))
    if contact.conclusion == Conclusion.LOST:
        _refuse_lost_too_early(contact)
    elif contact.conclusion and not _somebody_answered(contact):
        raise InvalidInputError(_("还没有联系到人，只能下“失联”的结论，而且要试满三天。"))


def _somebody_answered(contact: Contact) -> bool:
    return contact.result in SETTLING or contact.follow_up.done_at is not None


def _refuse_lost_too_early(contact: Contact) -> None:
    if _somebody_answered(contact):
        raise InvalidInputError(_("这一阶段已经联系到人，不能算失联。"))
    days = tried_on(contact.follow_up) | {timezone.localdate(contact.made_at)}
    if (missing := TRIES_UNTIL_LOST - len(days)) > 0:
        said = ngettext(
            "失联要在三个不同的日子各联系一次。连这次试了 %(days)s，还差 %(missing)s 天。",
            "失联要在三个不同的日子各联系一次。连这次试了 %(days)s，还差 %(missing)s 天。",
            missing,
        )
        listed = _("、").join(day.isoformat() for day in sorted(days))
        raise InvalidInputError(said % {"days": listed, "missing": missing}, code="too_few_tries")


def tried_on(follow_up: FollowUp) -> set[date]:
    """The days on which somebody tried in vain."""
    tries = follow_up.contacts.exclude(result__in=SETTLING)
    return {timezone.localdate(made_at) for made_at in tries.values_list("made_at", flat=True)}


def _note(follow_up: FollowUp, contact: Contact, next_on: date | None) -> None:
    """What the contact means for its stage: nothing is owed after an answer, unless another day was agreed;
    a try in vain leaves the day as it was.
    """
    if follow_up.contacted_at is None or contact.made_at >= follow_up.contacted_at:
        follow_up.contacted_at, follow_up.last_result = contact.made_at, contact.result
    if contact.result in SETTLING and follow_up.done_at is None:
        follow_up.done_at = contact.made_at
    if next_on is not None or contact.result in SETTLING or contact.conclusion:
        follow_up.next_on = next_on
    follow_up.served = follow_up.served or bool(contact.guidance)
    follow_up.conclusion = contact.conclusion or follow_up.conclusion
    follow_up.save(
        update_fields=["contacted_at", "last_result", "done_at", "next_on", "served", "conclusion"]
    )
    _advance(follow_up)


def _advance(follow_up: FollowUp) -> None:
    """As far through the lifecycle as the facts of the stage carry it."""
    reached = (
        (FollowUpStatus.CONTACTED, follow_up.done_at is not None),
        (FollowUpStatus.SERVING, follow_up.served),
        (FollowUpStatus.CONCLUDED, bool(follow_up.conclusion)),
        (FollowUpStatus.ENDED, follow_up.next_on is None and not _open_referrals(follow_up).exists()),
    )
    for status, holds in reached:
        if holds and follow_up.may_enter(status):
            follow_up.enter(status)


def _open_referrals(follow_up: FollowUp) -> models.QuerySet[Referral]:
    return Referral.objects.filter(contact__follow_up=follow_up, status=ReferralStatus.OPEN)


@transaction.atomic
def close_referral(referral_id: int, *, helped: bool, answer: str, actor: Actor) -> Referral:
    """What came of it; the last answer ends a stage that has its conclusion."""
    demand(actor, "followup.log")
    referral: Referral = Referral.objects.lock(actor, pk=referral_id)
    follow_up: FollowUp = FollowUp.objects.lock(actor, pk=referral.contact.follow_up_id)
    referral.enter(ReferralStatus.HELPED if helped else ReferralStatus.FAILED)
    referral.answer, referral.closed_at, referral.closed_by_id = answer, clock.now(), actor.person_id
    referral.save(update_fields=["answer", "closed_at", "closed_by"])
    _advance(follow_up)
    record(actor, "referral.closed", referral, helped=helped)
    return referral


@transaction.atomic
def take_answer(
    enrolment: Enrolment, *, situation: str, wants: Sequence[str], note: str, at: datetime
) -> Contact:
    """What trainees say of themselves, by their own link: it settles every stage that is due by then.

    `situation` is one of `SITUATIONS` or empty, `wants` codes of `Guidance`. Where nothing is due it stands
    with the next stage, which stays owed. Who wants something is on the work list the same day; otherwise
    the situation is the conclusion. Nobody's wish not to be called stands in the way: they came themselves.
    Raises InvalidInputError for other words, and for somebody who is not followed up.
    """
    if (situation and situation not in SITUATIONS) or set(wants) - set(Guidance):
        raise InvalidInputError(_("请从列出的选项里选。"))
    stages: list[FollowUp] = list(enrolment.follow_ups.select_for_update().order_by("due_on", "pk"))
    if not stages:
        raise InvalidInputError(_("还没有开始训后跟踪，不用填。"))
    on = timezone.localdate(at)
    due = [row for row in stages if row.due_on <= on and row.done_at is None and row.conclusion == ""]
    for stage in due or [next((row for row in stages if row.due_on > on), stages[-1])]:
        contact = _answer(stage, situation=situation, wants=wants, note=note, at=at, settles=bool(due))
    record(SYSTEM, "contact.answered", contact)
    return contact


def _answer(
    stage: FollowUp, *, situation: str, wants: Sequence[str], note: str, at: datetime, settles: bool
) -> Contact:
    contact: Contact = Contact.objects.create(
        follow_up=stage,
        made_at=at,
        method=ContactMethod.SELF,
        result=ContactResult.REACHED,
        wants=",".join(wants),
        conclusion=situation,
        note=note,
    )
    if settles:
        _note(stage, contact, timezone.localdate(at) if wants else None)
    elif wants and stage.status != FollowUpStatus.ENDED:
        stage.next_on = timezone.localdate(at)
        stage.save(update_fields=["next_on"])
    return contact


@transaction.atomic
def view_phone(enrolment_id: int, *, actor: Actor, other_work: bool = False) -> str:
    """The trainee's telephone number in clear, "" if there is none. Every look is on record.

    Raises InvalidTransitionError for who wants no calls, and once no contact is owed any more; `other_work`
    of another room is a reason to call too (an outcome to verify, somebody who was hired at a fair).
    """
    demand(actor, "followup.log")
    enrolment: Enrolment = Enrolment.objects.select_related("trainee").fetch(actor, pk=enrolment_id)
    _refuse_unwanted(enrolment)
    if not other_work and not enrolment.follow_ups.filter(next_on__isnull=False).exists():
        raise InvalidTransitionError(_("训后跟踪已经结束，没有要联系的，号码不再显示。"))
    record(actor, "phone.viewed", enrolment)
    return enrolment.trainee.phone
