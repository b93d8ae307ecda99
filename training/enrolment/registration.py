"""报名 to 入册: calls, applications, their review and the way onto the roster."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.models import Membership
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.crypto import keyed_hash
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.enrolment.choices import (
    IN_LINE,
    ON_ROSTER,
    UNDECIDED,
    ApplicationStatus,
    CallStatus,
    Source,
)
from training.enrolment.handed_in import expected_of
from training.enrolment.models import Application, Enrolment, RegistrationCall
from training.enrolment.permissions import shown_groups
from training.enrolment.placing import place
from training.enrolment.qualification import doubts_about
from training.enrolment.queries import (
    application_of,
    applications_in,
    call_of,
    cells_of,
    places_left,
    takes_applications,
)
from training.enrolment.roster_file import Entry, RosterRow, read_person
from training.enrolment.rules import APPLIED_BEFORE
from training.enrolment.services import take_off_roster
from training.notifications.choices import Kind
from training.notifications.services import notify_waiting
from training.people.services import id_hash
from training.scheduling.choices import EDITABLE
from training.scheduling.models import TrainingSession

NOTICE_VERSION: Final = "2025-06"
"""The notice that the public page shows before somebody applies; `registration/_notice.html`."""
APPLICANT: Final = Actor("本人（网上报名）", "applicant")
"""Whoever fills in the public page: nobody knows who that is, so they reach nothing."""
OCCUPATION: Final = ("education", "employer", "employer_uscc")
FACTS: Final = ("name", "id_number", "phone", "township", "village", "group", *OCCUPATION)
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another


# The institution opens and closes


@transaction.atomic
def open_registration(
    session_id: int,
    *,
    opens_at: datetime,
    closes_at: datetime,
    places: int,
    note: str = "",
    quotas: Mapping[str, int] | None = None,
    actor: Actor,
) -> RegistrationCall:
    """Open a planned session's registration, or change what the open one says. The link stays the same."""
    demand(actor, "registration.open")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    _demand_unfrozen(session)
    if closes_at <= opens_at:
        raise InvalidInputError(_("报名截止要晚于报名开始。"))
    said = {
        "opens_at": opens_at,
        "closes_at": closes_at,
        "places": places,
        "note": note.strip(),
        "quotas": dict(quotas or {}),
    }
    new = {"token": secrets.token_urlsafe(9), "opened_by": actor.name}
    call, opened = RegistrationCall.objects.update_or_create(
        training_session=session, defaults=said, create_defaults=said | new
    )
    record(actor, "registration.opened" if opened else "registration.changed", call, places=places)
    return call


def _demand_unfrozen(session: TrainingSession) -> None:
    if session.status not in EDITABLE:
        raise InvalidTransitionError(
            _("名册已随开班申请提交并冻结。待审批的请商务局退回后再办；已批准的请走名册变更。")
        )


@transaction.atomic
def set_registration(call_id: int, *, status: str, actor: Actor) -> RegistrationCall:
    """Pause, end or open the door again; who has applied stays in line."""
    demand(actor, "registration.open")
    call: RegistrationCall = RegistrationCall.objects.lock(actor, pk=call_id)
    if status == CallStatus.OPEN:
        _demand_unfrozen(call.training_session)
    call.enter(status)
    record(actor, "registration.switched", call, status=status)
    return call


# Somebody applies


@transaction.atomic
def apply_oneself(token: str, *, person: RosterRow, group_consent: bool, actor: Actor = APPLICANT) -> str:
    """Keep what somebody said of themselves; gives the receipt, which nobody can find again.

    Nobody is looked up: whoever is known, registered or taught already gets the same answer in the same
    time. Raises NotFoundError for a token that nobody was given, InvalidTransitionError when it is closed.
    """
    call = call_by_token(token)
    if not takes_applications(call):
        raise InvalidTransitionError(_("报名已经结束。"))
    receipt = new_receipt()
    _keep(
        call,
        person,
        Source.SELF,
        actor=actor,
        receipt_hash=receipt_hash(receipt, person.phone[-4:]),
        consent_version=NOTICE_VERSION,
        group_consent=group_consent,
    )
    return receipt


def call_by_token(token: str) -> RegistrationCall:
    """What the public page is about; raises NotFoundError."""
    rows = RegistrationCall.objects.select_related(
        "training_session__institution__programme", "training_session__rule_set"
    )
    call: RegistrationCall | None = rows.filter(token=token).first()
    if call is None:
        raise NotFoundError("enrolment.RegistrationCall")
    return call


def new_receipt() -> str:
    """Ten letters and digits in two groups."""
    return "-".join("".join(secrets.choice(_LETTERS) for _n in range(5)) for _part in range(2))


def receipt_hash(receipt: str, phone_end: str) -> str:
    """Receipt and the last four digits of the phone together, so that neither can be tried for itself."""
    plain = "".join(sign for sign in receipt.upper() if sign in _LETTERS)
    return keyed_hash(f"{plain}:{phone_end.strip()}", purpose="application-receipt")


def _keep(
    call: RegistrationCall, person: RosterRow, source: Source, *, actor: Actor, **more: Any
) -> Application:
    application = application_from(call, person, source, actor=actor, **more)
    application.save()
    _tell_reviewers(call, application, actor)
    record(actor, "application.received", application, owner=call, source=source)
    return application


def application_from(
    call: RegistrationCall, person: RosterRow, source: Source, *, actor: Actor, **more: Any
) -> Application:
    """Not saved."""
    facts = {name: getattr(person, name) for name in FACTS}
    return Application(
        call=call,
        source=source,
        id_hash=id_hash(person.id_number),
        applied_at=clock.now(),
        applied_by=actor.name,
        **facts,
        **more,
    )


def find_own(receipt: str, phone_end: str) -> Application | None:
    """The application of whoever holds this receipt and knows the phone's last four digits."""
    rows = Application.objects.select_related("call__training_session__institution__programme")
    found: Application | None = rows.filter(receipt_hash=receipt_hash(receipt, phone_end)).first()
    return found


@transaction.atomic
def withdraw_own(receipt: str, phone_end: str, *, actor: Actor = APPLICANT) -> Application | None:
    """Take one's application back; None where there is none. Asking twice changes nothing."""
    found = find_own(receipt, phone_end)
    return _withdraw(found, _("本人撤回"), actor) if found else None


def _tell_reviewers(call: RegistrationCall, application: Application, actor: Actor) -> None:
    """The applicant's own township, or the bureau where that has no officer."""
    session, township = call.training_session, application.township
    officers = Membership.objects.filter(
        role=Role.TOWNSHIP, programme_id=session.institution.programme_id, township=township
    )
    roles = {Role.TOWNSHIP} if officers.exists() else BUREAU_ROLES
    notify_waiting(
        Kind.APPLICATION_RECEIVED, call, roles=roles, township=township, actor=actor, session=str(session)
    )


# Others put somebody forward


@transaction.atomic
def nominate(call_id: int, *, person: RosterRow, actor: Actor) -> Application:
    """A township puts one of its people forward, which is its word that they qualify."""
    demand(actor, "registration.nominate")
    call = open_call(call_id, actor)
    said = replace(person, township=own_township(actor))
    application = application_from(call, said, Source.TOWNSHIP, actor=actor, **vouched_for(actor))
    _refuse_barred(application, call, actor)
    application.save()
    record(actor, "application.received", application, owner=call, source=Source.TOWNSHIP)
    return application


@transaction.atomic
def apply_for(call_id: int, *, person: RosterRow, actor: Actor) -> Application:
    """An institution writes down somebody who called or came by; the township or the bureau reviews it."""
    demand(actor, "registration.apply_for")
    return _keep(open_call(call_id, actor), person, Source.INSTITUTION, actor=actor)


def vouched_for(actor: Actor) -> dict[str, Any]:
    """The fields of an application that its township has reviewed by handing it in."""
    return {
        "status": ApplicationStatus.QUALIFIED,
        "reviewed_at": clock.now(),
        "reviewed_by_id": actor.user_id,
    }


def own_township(actor: Actor) -> str:
    """The one township of an officer; raises ForbiddenError for whoever works for none."""
    names = actor.reach.get("township", frozenset())
    if actor.role != Role.TOWNSHIP or not isinstance(names, frozenset):
        raise ForbiddenError(_("这一步不由您的岗位办理。"))
    (name,) = names
    return str(name)


def open_call(call_id: int, actor: Actor) -> RegistrationCall:
    """The call that takes people right now; raises InvalidTransitionError and NotFoundError."""
    call = call_of(call_id, actor)
    if not takes_applications(call):
        raise InvalidTransitionError(_("报名没有开放，不能再推荐。请联系培训机构。"))
    return call


def _refuse_barred(application: Application, call: RegistrationCall, actor: Actor) -> None:
    found = doubts_about([application], call, actor)[0]
    if barred := [doubt for doubt in found if doubt.barred or doubt.code == APPLIED_BEFORE]:
        raise InvalidInputError(" ".join(doubt.message for doubt in barred), code=barred[0].code)


# Review


@transaction.atomic
def review(
    call_id: int, application_ids: Collection[int], *, qualified: bool, reason: str = "", actor: Actor
) -> list[Application]:
    """资格审核 of several at once; who is reviewed already stays as they are. A refusal says why."""
    demand(actor, "registration.review")
    if not qualified and not reason.strip():
        raise InvalidInputError(_("请写明不通过的原因。"))
    call = call_of(call_id, actor)
    start = {ApplicationStatus.RECEIVED} if qualified else UNDECIDED
    rows = list(
        applications_in(call, actor)
        .select_for_update(of=("self",))
        .filter(pk__in=application_ids, status__in=start)
    )
    target = ApplicationStatus.QUALIFIED if qualified else ApplicationStatus.REFUSED
    for row in rows:
        row.reviewed_at, row.reviewed_by_id = clock.now(), actor.user_id
        row.reason = "" if qualified else reason.strip()
        row.save(update_fields=["reviewed_at", "reviewed_by", "reason"])
        row.enter(target)
    if rows:
        said = str(call.training_session)
        notify_waiting(Kind.APPLICATION_REVIEWED, call, roles=INSTITUTION_ROLES, actor=actor, session=said)
    for row in rows:
        record(
            actor,
            "application.qualified" if qualified else "application.refused",
            row,
            owner=call,
            reason=row.reason,
        )
    return rows


# Onto the roster


@dataclass(frozen=True)
class Acceptance:
    """`refused`: whom the roster does not take, and why."""

    accepted: Sequence[Application]
    waiting: Sequence[Application]
    refused: Sequence[tuple[Application, str]]


@transaction.atomic
def accept(call_id: int, application_ids: Collection[int], *, actor: Actor) -> Acceptance:
    """Put reviewed people onto the roster, in the order they applied, as long as there are places.

    The rest goes on the waiting list. Who may stand on the roster is decided where roster files are:
    by `read_person` and `place`. Whoever is there already stays as they are.
    """
    demand(actor, "registration.accept")
    call: RegistrationCall = RegistrationCall.objects.fetch(actor, pk=call_id)
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=call.training_session_id)
    _demand_unfrozen(session)
    rows = call.applications.select_for_update(of=("self",)).filter(
        pk__in=application_ids, status__in=IN_LINE
    )
    fit, refused = _fit(session, list(rows))
    left = places_left(call)
    accepted, not_taken = _place(session, fit[:left], actor)
    waiting = [row for row, _person in fit[left:]]
    for row in waiting:
        if row.status == ApplicationStatus.QUALIFIED:
            row.enter(ApplicationStatus.WAITING)
    pks = {"accepted": [row.pk for row in accepted], "waiting": [row.pk for row in waiting]}
    record(actor, "applications.accepted", call, **pks)
    return Acceptance(accepted, waiting, [*refused, *not_taken])


Fit = tuple[Application, RosterRow]
Refused = tuple[Application, str]


def _fit(session: TrainingSession, rows: Sequence[Application]) -> tuple[list[Fit], list[Refused]]:
    """Who may be placed, read as a line of a roster, and what is wrong with the others; nobody is placed twice."""
    expected = expected_of(session)
    standing = session.enrolments.filter(ON_ROSTER, trainee__id_hash__in=[row.id_hash for row in rows])
    seen = set(standing.values_list("trainee__id_hash", flat=True))
    fit, refused = [], []
    for row in rows:
        entry = read_person(cells_of(row), expected)
        if row.id_hash in seen:
            refused.append((row, _("已经在本期名册上，不用再录取。")))
        elif isinstance(entry.person, RosterRow):
            seen.add(row.id_hash)
            fit.append((row, replace(entry.person, row=row.pk)))
        else:
            refused.append((row, " ".join(problem.message for problem in entry.problems)))
    return fit, refused


def _place(
    session: TrainingSession, fit: Sequence[Fit], actor: Actor
) -> tuple[list[Application], list[Refused]]:
    """Give them their places; who got one, and whom the roster refuses."""
    placed = place(session, [Entry(row.pk, person) for row, person in fit], source=None)
    why = {finding.row: finding.message for finding in placed.problems}
    places = session.enrolments.filter(ON_ROSTER, trainee__id_hash__in=[row.id_hash for row, _person in fit])
    place_of = {found.trainee.id_hash: found for found in places.select_related("trainee")}
    accepted = [row for row, _person in fit if row.pk not in why]
    for row in accepted:
        row.enrolment = place_of[row.id_hash]
        row.decided_at, row.decided_by = clock.now(), actor.name
        row.save(update_fields=["enrolment", "decided_at", "decided_by"])
        row.enter(ApplicationStatus.ACCEPTED)
    return accepted, [(row, why[row.pk]) for row, _person in fit if row.pk in why]


def note_groups_shown(call: RegistrationCall, rows: Iterable[Application], *, actor: Actor) -> None:
    """Write down whose sensitive groups this page of applications shows the actor, if it shows any."""
    shown = shown_groups(call.training_session, actor)
    people = [row.pk for row in rows if row.group in shown]
    if people:
        record(actor, "sensitive_group.viewed", call, applications=people)


# The way back


@transaction.atomic
def withdraw_application(application_id: int, *, reason: str, actor: Actor) -> Application:
    """Take an application back for somebody; who is on the roster leaves it as long as it is not frozen."""
    demand(actor, "registration.withdraw")
    found = application_of(application_id, actor)
    if not reason.strip():
        raise InvalidInputError(_("请写明撤回原因。"))
    return _withdraw(found, reason.strip(), actor)


def _withdraw(found: Application, reason: str, actor: Actor) -> Application:
    """Locks the session, the application and its place, in this order, as accepting does."""
    session = TrainingSession.objects.select_for_update(of=("self",)).get(pk=found.call.training_session_id)
    application: Application = Application.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if application.status == ApplicationStatus.WITHDRAWN:
        return application
    if application.enrolment_id is not None:
        if session.status not in EDITABLE:
            raise InvalidTransitionError(
                _("名册已报审批，不能在这里撤回。请联系培训机构，由机构办理退班或名册变更。")
            )
        place = Enrolment.objects.select_for_update(of=("self",)).get(pk=application.enrolment_id)
        take_off_roster(place, reason=reason, actor=actor)
        application.refresh_from_db()
    else:
        application.reason = reason
        application.decided_at, application.decided_by = clock.now(), actor.name
        application.save(update_fields=["reason", "decided_at", "decided_by"])
        application.enter(ApplicationStatus.WITHDRAWN)
    record(actor, "application.withdrawn", application, owner=found.call, reason=reason)
    return application
