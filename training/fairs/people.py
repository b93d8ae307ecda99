"""Who is expected at a fair, who came by a paper list, what they want, and whether they still work there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.core.refusals import InputError
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.fairs.choices import CHANGEABLE, TAKES_SIGN_IN, TOOK_PLACE, Found, IntentionStatus, PaperKind
from training.fairs.guards import demand_state
from training.fairs.models import (
    STANDS,
    FairAttendance,
    FairInvitation,
    FairPaper,
    FairPost,
    Intention,
    JobFair,
    PlacementCheck,
)
from training.fairs.queries import candidates
from training.fairs.rules import checks_due
from training.fairs.services import add_paper
from training.institutions.verdicts import the_reason
from training.people.hashes import id_hash
from training.people.rules import check_id_number

# Expected


@transaction.atomic
def invite(fair_id: int, enrolments: Collection[int], *, actor: Actor) -> int:
    """Put trainees who completed on the list, by their places; gives how many are new on it.

    Who may not be asked (see `queries.candidates`) and who is there already is left out.
    """
    demand(actor, "fair.manage")
    fair: JobFair = JobFair.objects.lock(actor, pk=fair_id)
    demand_state(fair, CHANGEABLE)
    places = list(candidates(fair, actor).filter(pk__in=list(enrolments)))
    FairInvitation.objects.bulk_create(
        FairInvitation(
            fair=fair,
            trainee_id=place.trainee_id,
            enrolment=place,
            invited_by=actor.name,
            invited_at=clock.now(),
        )
        for place in places
    )
    if places:
        record(actor, "fair.invited", fair, people=len(places))
    return len(places)


@transaction.atomic
def uninvite(invitation_id: int, *, actor: Actor) -> None:
    """Take somebody off the list again, before the fair."""
    demand(actor, "fair.manage")
    invitation: FairInvitation = FairInvitation.objects.select_related("fair").lock(actor, pk=invitation_id)
    demand_state(invitation.fair, CHANGEABLE)
    record(actor, "fair.uninvited", invitation.fair, trainee=invitation.trainee_id)
    invitation.delete()


# Came, by a paper list


@transaction.atomic
def register_paper_list(
    fair_id: int, *, numbers: str, sheet: tuple[str, bytes], actor: Actor
) -> tuple[int, list[str]]:
    """按纸质名单登记: identity numbers, one a line, with the scanned list they stand on.

    Gives how many attendances are new, and the last four of each number that is no trainee's who completed:
    those people are visitors. Who signed in at a station is there already. Raises InvalidInputError for a
    number that is none, and before the day of the fair.
    """
    demand(actor, "fair.manage")
    fair: JobFair = JobFair.objects.lock(actor, pk=fair_id)
    demand_state(fair, TAKES_SIGN_IN)
    if clock.today() < fair.on:
        raise InvalidInputError(_("对接会还没有举办。"))
    known = _read(numbers)
    places = completed_by_hash(fair.programme_id, known)
    paper = add_paper(fair_id, kind=PaperKind.SIGN_IN, file=sheet, caption=_("纸质签到名单"), actor=actor)
    made = _attend(fair, places.values(), paper, actor)
    strangers = [number[-4:] for at, number in known.items() if at not in places]
    record(actor, "fair.paper_list_registered", fair, new=made, strangers=len(strangers))
    return made, strangers


def _read(numbers: str) -> dict[str, str]:
    """Keyed hash -> number."""
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in numbers.splitlines())):
        try:
            number = str(check_id_number(line))
        except InputError as problem:
            told = _("“…%(tail)s”：%(problem)s") % {"tail": line[-4:], "problem": problem.message}
            raise InvalidInputError(told) from problem
        found[id_hash(number)] = number
    if not found:
        raise InvalidInputError(_("请至少填一个身份证号。"))
    return found


def completed_by_hash(programme: int, hashes: Iterable[str]) -> dict[str, Any]:
    """Keyed hash of a number -> the latest place by which this person completed; strangers are left out."""
    rows = Enrolment.objects.filter(
        trainee__programme=programme, trainee__id_hash__in=list(hashes), status=EnrolmentStatus.COMPLETED
    )
    return {place.trainee.id_hash: place for place in rows.select_related("trainee").order_by("pk")}


def _attend(fair: JobFair, places: Iterable[Any], paper: FairPaper, actor: Actor) -> int:
    there = set(fair.attendances.filter(STANDS).values_list("trainee", flat=True))
    rows = [
        FairAttendance(
            fair=fair,
            trainee_id=place.trainee_id,
            enrolment=place,
            paper=paper,
            registered_by=actor.name,
            registered_at=clock.now(),
        )
        for place in places
        if place.trainee_id not in there
    ]
    return len(FairAttendance.objects.bulk_create(rows))


@transaction.atomic
def void_attendance(attendance_id: int, *, reason: str, actor: Actor) -> FairAttendance:
    """作废 of a sign-in that was wrong (another's card, a wrong line of the list), until the results are registered.

    The signed event stays in the ledger; a card that is laid later makes a new attendance. Raises
    InvalidInputError for somebody who wants a post or was hired: that is no mistake at the door.
    """
    demand(actor, "fair.manage")
    attendance: FairAttendance = FairAttendance.objects.select_related("fair").lock(actor, pk=attendance_id)
    demand_state(attendance.fair, TAKES_SIGN_IN)
    if attendance.voided_at:
        raise InvalidTransitionError(_("这次签到已经作废。"))
    if attendance.intentions.exclude(status=IntentionStatus.NOT_HIRED).exists():
        raise InvalidInputError(
            _("这位学员登记了意向，不能作废。意向也登记错了的，先把它的结果记为“未录用”。")
        )
    attendance.void_reason = the_reason(reason)
    attendance.voided_at, attendance.voided_by = clock.now(), actor.name
    attendance.save(update_fields=["void_reason", "voided_at", "voided_by"])
    record(actor, "fair.attendance_voided", attendance, reason=attendance.void_reason)
    return attendance


# What they want, and what came of it


@transaction.atomic
def record_intention(attendance_id: int, *, post_id: int, actor: Actor, note: str = "") -> Intention:
    """意向 of somebody who came, for a post of the same fair. Raises InvalidInputError for one that is there."""
    demand(actor, "fair.intend")
    attendance: FairAttendance = FairAttendance.objects.select_related("fair").lock(actor, pk=attendance_id)
    demand_state(attendance.fair, TOOK_PLACE | TAKES_SIGN_IN)
    if attendance.voided_at:
        raise InvalidTransitionError(_("这次签到已经作废，不能登记意向。"))
    post: FairPost = FairPost.objects.fetch(actor, pk=post_id, employer__fair=attendance.fair_id)
    if attendance.intentions.filter(post=post).exists():
        raise InvalidInputError(_("这位学员对这个岗位的意向已经登记过。"))
    intention: Intention = Intention.objects.create(
        attendance=attendance, post=post, note=note, recorded_by=actor.name, recorded_at=clock.now()
    )
    record(actor, "fair.intention_recorded", intention)
    return intention


@transaction.atomic
def settle_intention(
    intention_id: int, *, status: str, actor: Actor, hired_on: date | None = None, note: str = ""
) -> Intention:
    """面试, 录用 or 未录用. Being hired opens the checks after 30 and 90 days."""
    demand(actor, "fair.intend")
    intention: Intention = Intention.objects.select_related("attendance__fair").lock(actor, pk=intention_id)
    since = _since(status, hired_on, intention.attendance.fair)
    intention.hired_on, intention.decided_by, intention.decided_at = since, actor.name, clock.now()
    intention.note = note or intention.note
    intention.save(update_fields=["hired_on", "decided_by", "decided_at", "note"])
    intention.enter(status)
    if since:
        _open_checks(intention, since)
    record(actor, "fair.intention_settled", intention, status=status)
    return intention


def _since(status: str, hired_on: date | None, fair: JobFair) -> date | None:
    """The first day of work; raises InvalidInputError where it is missing or can't be."""
    if status != IntentionStatus.HIRED:
        return None
    if hired_on is None:
        raise InvalidInputError(_("录用要写上岗日期。"))
    if hired_on < fair.on:
        raise InvalidInputError(_("上岗日期不能早于对接会。"))
    return hired_on


def _open_checks(intention: Intention, hired_on: date) -> Sequence[Any]:
    return PlacementCheck.objects.bulk_create(
        PlacementCheck(intention=intention, day=day, due_on=due_on) for day, due_on in checks_due(hired_on)
    )


@transaction.atomic
def check_placement(check_id: int, *, found: str, actor: Actor, note: str = "") -> PlacementCheck:
    """复核 by a follow-up officer, on its day or after. Who has left is not asked again."""
    demand(actor, "fair.follow")
    check: PlacementCheck = PlacementCheck.objects.lock(actor, pk=check_id)
    if check.found:
        raise InvalidTransitionError(_("这次复核已经登记过。"))
    if clock.today() < check.due_on:
        raise InvalidInputError(_("还没到复核的日子。"))
    check.found, check.note = found, note
    check.checked_at, check.checked_by_id = clock.now(), actor.person_id
    check.save(update_fields=["found", "note", "checked_at", "checked_by"])
    if found == Found.LEFT:
        PlacementCheck.objects.filter(intention=check.intention_id, day__gt=check.day, found="").delete()
    record(actor, "fair.placement_checked", check, found=found)
    return check
