"""剔除 and 申诉: what a doubt that was upheld means for somebody's completion, and how it is taken back.

One person proposes, another decides, a third decides on the appeal. Only while the archive is not sealed:
what is in a sealed one has been vouched for, so the bureau's head unseals it first. Locks: the session's row.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.permissions import demand
from training.attendance.choices import EXCLUSION_OVER, ExclusionStatus
from training.attendance.models import Completion, Exclusion
from training.attendance.queries.exclusions import exclusion_of
from training.attendance.services.closing import complete_anew
from training.attendance.signals import completion_changed
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.notifications.choices import Kind
from training.notifications.services import notify_waiting
from training.scheduling.changes import given
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession

CONCERNED = INSTITUTION_ROLES | {Role.TOWNSHIP}


@transaction.atomic
def propose_exclusion(enrolment_id: int, *, reason: str, actor: Actor) -> Exclusion:
    """提出剔除. Raises InvalidInputError for who did not complete, and while another one stands or waits."""
    demand(actor, "exclusion.propose")
    place: Enrolment = Enrolment.objects.fetch(actor, pk=enrolment_id)
    _unsealed(place.training_session_id, actor)
    if place.status != EnrolmentStatus.COMPLETED:
        raise InvalidInputError(_("只有结业的人才能剔除。"))
    if place.exclusions.exclude(status__in=EXCLUSION_OVER).exists():
        raise InvalidInputError(_("已经提出过剔除，正在办理。"))
    exclusion: Exclusion = Exclusion.objects.create(
        enrolment=place, reason=given(reason), proposed_by_id=actor.person_id, proposed_at=clock.now()
    )
    _tell(Kind.EXCLUSION_PROPOSED, exclusion, {Role.BUREAU_HEAD}, actor)
    record(actor, "exclusion.proposed", exclusion, reason=exclusion.reason)
    return exclusion


@transaction.atomic
def exclude(exclusion_id: int, *, reason: str = "", actor: Actor) -> Exclusion:
    """决定剔除: from now on the place is no 人次 and no certificate. Raises ForbiddenError for who proposed it."""
    exclusion = _to_decide(exclusion_id, actor)
    _decide(exclusion, ExclusionStatus.EXCLUDED, reason.strip(), actor)
    _tell(Kind.EXCLUSION_DECIDED, exclusion, CONCERNED, actor)
    record(actor, "exclusion.decided", exclusion, reason=exclusion.decision_reason)
    _settle(exclusion, EnrolmentStatus.EXCLUDED, actor)
    return exclusion


@transaction.atomic
def decline_exclusion(exclusion_id: int, *, reason: str, actor: Actor) -> Exclusion:
    """不予剔除, with the reason: the place counts as before."""
    exclusion = _to_decide(exclusion_id, actor)
    _decide(exclusion, ExclusionStatus.DECLINED, given(reason), actor)
    record(actor, "exclusion.declined", exclusion, reason=exclusion.decision_reason)
    return exclusion


@transaction.atomic
def appeal(exclusion_id: int, *, reason: str, actor: Actor) -> Exclusion:
    """申诉, by the institution or, for its own people, the township. Raises InvalidTransitionError when it is late."""
    demand(actor, "exclusion.appeal")
    exclusion_of(exclusion_id, actor)
    exclusion: Exclusion = Exclusion.objects.lock(
        SYSTEM, pk=exclusion_id
    )  # a township reaches no institution
    if exclusion.status == ExclusionStatus.EXCLUDED and clock.today() > exclusion.appeal_until:
        raise InvalidTransitionError(_("申诉期到 %(day)s 为止，已经过了。") % {"day": exclusion.appeal_until})
    exclusion.appealed_by_id, exclusion.appealed_at = actor.person_id, clock.now()
    exclusion.appeal_reason = given(reason)
    exclusion.enter(ExclusionStatus.APPEALED)
    exclusion.save(update_fields=["appealed_by", "appealed_at", "appeal_reason"])
    _tell(Kind.EXCLUSION_APPEALED, exclusion, BUREAU_ROLES | {Role.LEADING_GROUP}, actor)
    record(actor, "exclusion.appealed", exclusion, reason=exclusion.appeal_reason)
    return exclusion


@transaction.atomic
def reinstate(exclusion_id: int, *, reason: str, actor: Actor) -> Exclusion:
    """申诉成立: the place counts again, as far as attendance goes."""
    exclusion = _appealed(exclusion_id, actor)
    _decide_appeal(exclusion, ExclusionStatus.REINSTATED, reason, actor)
    record(actor, "exclusion.reinstated", exclusion, reason=exclusion.appeal_decision_reason)
    _settle(exclusion, EnrolmentStatus.COMPLETED, actor)
    return exclusion


@transaction.atomic
def uphold(exclusion_id: int, *, reason: str, actor: Actor) -> Exclusion:
    """申诉不成立: it stays as it was decided."""
    exclusion = _appealed(exclusion_id, actor)
    _decide_appeal(exclusion, ExclusionStatus.UPHELD, reason, actor)
    record(actor, "exclusion.upheld", exclusion, reason=exclusion.appeal_decision_reason)
    return exclusion


def _unsealed(session_id: int, actor: Actor) -> TrainingSession:
    """The session, locked. Raises InvalidTransitionError before the close and once the archive is sealed."""
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    dossier = getattr(session, "dossier", None)
    if session.status in (SessionStatus.ARCHIVED, SessionStatus.CLAIMED) or (dossier and dossier.is_frozen):
        raise InvalidTransitionError(_("档案已封存或正在封存。要剔除或恢复，先由商务局负责人解封档案。"))
    if session.status != SessionStatus.CLOSED:
        raise InvalidTransitionError(_("还没有结课，没有结业可以剔除。"))
    return session


def _to_decide(exclusion_id: int, actor: Actor) -> Exclusion:
    demand(actor, "exclusion.decide")
    exclusion = _locked(exclusion_id, actor)
    if exclusion.proposed_by_id == actor.person_id:
        raise ForbiddenError(_("提出的人不能自己决定，请另一人办理。"))
    return exclusion


def _appealed(exclusion_id: int, actor: Actor) -> Exclusion:
    demand(actor, "exclusion.decide_appeal")
    exclusion = _locked(exclusion_id, actor)
    if actor.person_id in (exclusion.decided_by_id, exclusion.proposed_by_id):
        raise ForbiddenError(_("提出或决定剔除的人不能再决定申诉，请另一人办理。"))
    return exclusion


def _locked(exclusion_id: int, actor: Actor) -> Exclusion:
    found: Exclusion = Exclusion.objects.fetch(actor, pk=exclusion_id)
    _unsealed(found.enrolment.training_session_id, actor)
    exclusion: Exclusion = Exclusion.objects.lock(actor, pk=exclusion_id)
    return exclusion


def _decide(exclusion: Exclusion, status: ExclusionStatus, reason: str, actor: Actor) -> None:
    exclusion.enter(status)
    exclusion.decided_by_id, exclusion.decided_at = actor.person_id, clock.now()
    exclusion.decision_reason = reason
    exclusion.save(update_fields=["decided_by", "decided_at", "decision_reason"])


def _decide_appeal(exclusion: Exclusion, status: ExclusionStatus, reason: str, actor: Actor) -> None:
    exclusion.enter(status)
    exclusion.appeal_decided_by_id, exclusion.appeal_decided_at = actor.person_id, clock.now()
    exclusion.appeal_decision_reason = given(reason)
    exclusion.save(update_fields=["appeal_decided_by", "appeal_decided_at", "appeal_decision_reason"])
    _tell(Kind.APPEAL_DECIDED, exclusion, CONCERNED, actor)


def _settle(exclusion: Exclusion, status: EnrolmentStatus, actor: Actor) -> None:
    """Let completion, certificates and follow-ups say the same."""
    place = exclusion.enrolment
    place.enter(status)
    complete_anew(place.training_session, actor=actor)
    completion_changed.send(Completion, completion=Completion.objects.get(enrolment=place))


def _tell(kind: Kind, exclusion: Exclusion, roles: Any, actor: Actor) -> None:
    """Of the townships' officers only those of the person's own."""
    place = exclusion.enrolment
    notify_waiting(
        kind,
        exclusion,
        roles=roles,
        actor=actor,
        township=place.trainee.township,
        session=str(place.training_session),
    )
