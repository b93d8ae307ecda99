"""People who come onto a frozen roster or leave it, before the class begins.

A few the institution puts right by itself, with a reason that stays in the archive; beyond the programme's
share of the frozen roster the bureau decides. Locks: the session's row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.enrolment.bookings import book
from training.enrolment.choices import IN_FORCE, ON_ROSTER, RosterChangeKind
from training.enrolment.handed_in import expected_of
from training.enrolment.models import Enrolment, RosterChange
from training.enrolment.placing import demand_free
from training.enrolment.roster_file import RosterRow, read_person
from training.enrolment.services import take_off_roster
from training.people.models import Trainee
from training.people.services import know_trainees
from training.scheduling.changes import ask, demand_open_roster, given, settle, waiting
from training.scheduling.choices import ChangeKind, ChangeStatus
from training.scheduling.models import ChangeRequest, TrainingSession

WAITS = Q(effective_at=None, request__status=ChangeStatus.REQUESTED)


def allowance(frozen: int, share: float) -> int:
    """How many people may be added or taken off without the bureau; whole people only."""
    return int(frozen * share + 1e-9)  # 0.29 of 100 is 29, not 28.999…


def changes_in_force(session: TrainingSession) -> QuerySet[Any]:
    """The change list of a roster: what happened to it since it was frozen, in order."""
    rows: QuerySet[Any] = session.roster_changes.filter(IN_FORCE)
    return rows.order_by("effective_at", "pk")


def frozen_size(session: TrainingSession) -> int:
    """How many people stood on the roster when it was approved."""
    added, removed = (
        changes_in_force(session).filter(kind=kind).count()
        for kind in (RosterChangeKind.ADDED, RosterChangeKind.REMOVED)
    )
    return int(session.enrolments.filter(ON_ROSTER).count()) - added + removed


def changes_left(session: TrainingSession) -> int:
    """How many more changes need no decision of the bureau."""
    share = session.rule_set.rules.planning.roster_change_share
    return max(0, allowance(frozen_size(session), share) - changes_in_force(session).count())


@transaction.atomic
def add_person(session_id: int, *, cells: Mapping[str, Any], reason: str, actor: Actor) -> RosterChange:
    """Put somebody onto the frozen roster; `cells` are those of a roster file's row, by our column names.

    Raises InvalidInputError for what a roster file would be refused for, and for who stands or waits already.
    """
    demand(actor, "change.request")
    session = _open(session_id, actor)
    person = _read(session, cells)
    known = know_trainees(session.institution.programme, [person])[0]
    if not known.agrees:
        raise InvalidInputError(_("这个身份证号已登记的是另一个姓名，请对照证件核对姓名和号码。"))
    if session.enrolments.filter(ON_ROSTER, trainee=known.trainee).exists():
        raise InvalidInputError(_("%(name)s已经在名册上。") % {"name": person.name})
    demand_free(session, known.trainee)
    change = RosterChange(kind=RosterChangeKind.ADDED, trainee=known.trainee, group=person.group)
    return _make(session, change, reason, actor)


def _open(session_id: int, actor: Actor) -> TrainingSession:
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    demand_open_roster(session)
    return session


def _read(session: TrainingSession, cells: Mapping[str, Any]) -> RosterRow:
    entry = read_person(cells, expected_of(session))
    if not isinstance(entry.person, RosterRow):
        raise InvalidInputError(_("；").join(problem.message for problem in entry.problems))
    return entry.person


@transaction.atomic
def remove_person(enrolment_id: int, *, reason: str, actor: Actor) -> RosterChange:
    """退出: take somebody off the frozen roster; their line stays in the archive with the reason."""
    demand(actor, "change.request")
    found: Enrolment = Enrolment.objects.fetch(actor, pk=enrolment_id)
    session = _open(found.training_session_id, actor)
    enrolment: Enrolment = Enrolment.objects.filter(ON_ROSTER).lock(actor, pk=enrolment_id)
    change = RosterChange(
        kind=RosterChangeKind.REMOVED,
        trainee=enrolment.trainee,
        group=enrolment.group,
        enrolment=enrolment,
    )
    return _make(session, change, reason, actor)


def _make(session: TrainingSession, change: RosterChange, reason: str, actor: Actor) -> RosterChange:
    """Write it down and let it take effect, or put it before the bureau."""
    if session.roster_changes.filter(WAITS, trainee=change.trainee).exists():
        raise InvalidInputError(_("%(name)s的增减已经提出，在等商务局决定。") % {"name": change.trainee.name})
    change.training_session = session
    change.reason = given(reason)
    change.made_by_id = actor.person_id
    change.made_at = clock.now()
    if changes_left(session) > 0:
        _give_places([change])
        change.save()
        return _take_effect(change, actor)
    change.request = _request(session, change.reason, actor)
    change.save()
    return change


def _request(session: TrainingSession, reason: str, actor: Actor) -> ChangeRequest:
    """The one that waits already, or a new one: the bureau decides on all these people at once."""
    open_ones = session.change_requests.filter(kind=ChangeKind.ROSTER, status=ChangeStatus.REQUESTED)
    waits: ChangeRequest | None = open_ones.first()
    if waits is not None:
        return waits
    return ask(ChangeRequest(training_session=session, kind=ChangeKind.ROSTER), reason, actor=actor)


def _give_places(changes: Sequence[RosterChange]) -> None:
    """To whoever is added; may wait for another request, so it comes before the audit trail."""
    added = [change for change in changes if change.kind == RosterChangeKind.ADDED]
    for change in added:
        change.enrolment = _give_place(change.training_session, change.trainee, change.group)
    if added:
        book(added[0].training_session)


def _take_effect(change: RosterChange, actor: Actor) -> RosterChange:
    """Of one who comes the place is given already."""
    if change.kind == RosterChangeKind.REMOVED and change.enrolment is not None:
        take_off_roster(change.enrolment, reason=change.reason, actor=actor)
        book(change.training_session)
    change.effective_at = clock.now()
    change.save(update_fields=["enrolment", "effective_at"])
    added = change.kind == RosterChangeKind.ADDED
    record(actor, "roster.person_added" if added else "roster.person_removed", change, reason=change.reason)
    return change


def _give_place(session: TrainingSession, trainee: Trainee, group: str) -> Enrolment:
    """Behind the last: numbers of those who left are not given again."""
    last = session.enrolments.aggregate(last=Max("number"))["last"] or 0
    place: Enrolment = Enrolment.objects.create(
        training_session=session, trainee=trainee, number=last + 1, group=group
    )
    return place


@transaction.atomic
def approve_roster_change(change_id: int, *, actor: Actor) -> ChangeRequest:
    """批准变更: everybody the request names comes or goes, from this moment.

    Raises InvalidTransitionError once the class has begun and where somebody came or went meanwhile.
    """
    request = waiting(change_id, ChangeKind.ROSTER, actor=actor)
    demand_open_roster(request.training_session)
    # All locks before the first row of the trail, which takes the county's own.
    list(Enrolment.objects.select_for_update(of=("self",)).filter(roster_changes__request=request))
    changes = list(request.roster_changes.select_related("trainee", "enrolment", "training_session"))
    for change in changes:
        _refuse_overtaken(change)
    _give_places(changes)
    settle(request, ChangeStatus.APPROVED, actor=actor)
    for change in changes:
        _take_effect(change, actor)
    return request


def _refuse_overtaken(change: RosterChange) -> None:
    stands = change.training_session.enrolments.filter(ON_ROSTER, trainee=change.trainee).exists()
    if change.kind == RosterChangeKind.ADDED and not stands:
        demand_free(change.training_session, change.trainee)
    if stands == (change.kind == RosterChangeKind.ADDED):
        raise InvalidTransitionError(
            _("%(name)s在提出以后已经入册或退出，请不予变更，由机构重新提出。")
            % {"name": change.trainee.name}
        )
