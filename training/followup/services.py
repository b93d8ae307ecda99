from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.core.files import PAPERS, keep_upload
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.followup.choices import ContactMethod, ContactResult, EvidenceGrade, OutcomeKind, OutcomeStatus
from training.followup.models import Contact, FollowUp, Outcome


def open_follow_ups(enrolments: Iterable[Enrolment], *, days: Iterable[int], at: datetime) -> list[FollowUp]:
    """The contacts that are now owed to everyone who completed."""
    closed_on = timezone.localdate(at)
    marks = tuple(days)
    return FollowUp.objects.bulk_create(
        [
            FollowUp(enrolment=enrolment, day=day, due_on=closed_on + timedelta(days=day))
            for enrolment in enrolments
            if enrolment.status == EnrolmentStatus.COMPLETED
            for day in marks
        ]
    )


def follow_changed_completion(enrolment: Enrolment, *, days: Iterable[int], at: datetime) -> None:
    """A correction changed who completed: open the contacts that are owed now, drop those nobody made yet."""
    if enrolment.status == EnrolmentStatus.COMPLETED:
        there = set(enrolment.follow_ups.values_list("day", flat=True))
        open_follow_ups([enrolment], days=[day for day in days if day not in there], at=at)
    else:
        enrolment.follow_ups.filter(contacts__isnull=True).delete()


@transaction.atomic
def log_contact(
    follow_up_id: int,
    *,
    method: ContactMethod,
    result: ContactResult,
    guidance: str = "",
    note: str = "",
    actor: Actor,
) -> Contact:
    """Write down a call or visit; one that reached the person or the family settles the follow-up."""
    demand(actor, "followup.log")
    follow_up: FollowUp = FollowUp.objects.lock(actor, pk=follow_up_id)
    _refuse_unwanted(follow_up.enrolment)
    contact: Contact = Contact.objects.create(
        follow_up=follow_up,
        made_at=clock.now(),
        made_by_id=actor.person_id,
        method=method,
        result=result,
        guidance=guidance,
        note=note,
    )
    if result in (ContactResult.REACHED, ContactResult.FAMILY, ContactResult.DENIED):
        follow_up.done_at = contact.made_at
        follow_up.save(update_fields=["done_at"])
    record(actor, "contact.logged", contact, result=result)
    return contact


@transaction.atomic
def claim_outcome(
    enrolment_id: int,
    *,
    kind: OutcomeKind,
    started_on: date,
    grade: EvidenceGrade,
    description: str,
    file: tuple[str, bytes],
    actor: Actor,
) -> Outcome:
    """Record what became of a trainee, with its evidence; somebody else verifies it."""
    demand(actor, "followup.log")
    enrolment: Enrolment = Enrolment.objects.fetch(actor, pk=enrolment_id)
    if enrolment.status != EnrolmentStatus.COMPLETED:
        raise InvalidInputError(_("只有结业的学员才登记成果。"))
    if started_on > clock.today():
        raise InvalidInputError(_("开始日期不能晚于今天。"))
    outcome: Outcome = Outcome.objects.create(
        enrolment=enrolment,
        kind=kind,
        started_on=started_on,
        grade=grade,
        description=description,
        file=keep_upload(*file, allow=PAPERS, actor=actor, sensitive=True),
        claimed_by_id=actor.person_id,
        claimed_at=clock.now(),
    )
    record(actor, "outcome.claimed", outcome)
    return outcome


@transaction.atomic
def verify_outcome(outcome_id: int, *, accept: bool, actor: Actor) -> Outcome:
    """认定或不予认定, by someone who did not claim it and whose rate does not depend on it."""
    demand(actor, "outcome.verify")
    outcome: Outcome = Outcome.objects.lock(actor, pk=outcome_id)
    if actor.user_id is not None and outcome.claimed_by_id == actor.user_id:
        raise ForbiddenError(_("申报人不能核实自己申报的成果。"))
    outcome.verified_by_id = actor.user_id
    outcome.verified_at = clock.now()
    outcome.save(update_fields=["verified_by", "verified_at"])
    outcome.enter(OutcomeStatus.VERIFIED if accept else OutcomeStatus.REJECTED)
    record(actor, "outcome.verified" if accept else "outcome.rejected", outcome)
    return outcome


@transaction.atomic
def view_phone(enrolment_id: int, *, actor: Actor) -> str:
    """The trainee's telephone number in clear, "" if there is none. Every look is on record.

    Raises InvalidTransitionError for who wants no calls, and once no contact is owed any more.
    """
    demand(actor, "followup.log")
    enrolment: Enrolment = Enrolment.objects.select_related("trainee").fetch(actor, pk=enrolment_id)
    _refuse_unwanted(enrolment)
    if not enrolment.follow_ups.filter(done_at=None).exists():
        raise InvalidTransitionError(_("训后跟踪已经结束，没有要联系的，号码不再显示。"))
    record(actor, "phone.viewed", enrolment)
    return enrolment.trainee.phone


def _refuse_unwanted(enrolment: Enrolment) -> None:
    if enrolment.trainee.do_not_contact:
        raise InvalidTransitionError(
            _("本人要求不再联系。不打电话，也不上门；本人改变主意，在学员页面上恢复。")
        )
