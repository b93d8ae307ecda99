"""What the clock does to a session, and how one ends before its time."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES
from training.accounts.permissions import demand, may
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.scheduling.choices import EDITABLE, ChangeStatus, SessionStatus
from training.scheduling.models import TrainingSession

BOTH_SIDES: Final = INSTITUTION_ROLES | BUREAU_ROLES


def has_begun(session: TrainingSession) -> bool:
    """Whether the first lesson of an approved session has begun, noticed by the minute's work or not yet."""
    if session.status != SessionStatus.APPROVED:
        return session.status == SessionStatus.RUNNING
    first = session.lessons.aggregate(first=Min("starts_at"))["first"]
    return first is not None and first <= clock.now()


def begin_if_due(session: TrainingSession) -> bool:
    """已批准 → 培训中 once the first lesson has begun; whether it did just now.

    The caller holds the row lock and lets `record_begun` follow when it locks nothing more.
    """
    due = session.status == SessionStatus.APPROVED and has_begun(session)
    if due:
        session.enter(SessionStatus.RUNNING)
    return due


def record_begun(session: TrainingSession, *, begun: bool) -> bool:
    if begun:
        record(SYSTEM, "session.begun", session)
    return begun


def begin_due_sessions(*, actor: Actor) -> int:
    """Let every approved session begin whose first lesson has; how many did."""
    due = (
        TrainingSession.objects.visible_to(actor)
        .filter(status=SessionStatus.APPROVED, lessons__starts_at__lte=clock.now())
        .order_by("pk")
        .distinct()
    )
    return sum(_begin(pk, actor) for pk in list(due.values_list("pk", flat=True)))


@transaction.atomic
def _begin(session_id: int, actor: Actor) -> bool:
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    return record_begun(session, begun=begin_if_due(session))


@transaction.atomic
def cancel_session(session_id: int, *, reason: str, actor: Actor) -> TrainingSession:
    """取消: before the first lesson begins, by the bureau or the institution's head; a draft by who plans it.

    Stations lose the session with their next package. Raises InvalidTransitionError once it has begun.
    """
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status not in EDITABLE or not may(actor, "session.plan"):
        demand(actor, "session.call_off")
    if not reason.strip():
        raise InvalidInputError(_("请写明取消原因。"))
    if has_begun(session):
        raise InvalidTransitionError(_("已经开课，不能取消。需要停办的，由商务局负责人中止。"))
    told = session.status != SessionStatus.DRAFT
    session.enter(SessionStatus.CANCELLED)
    _drop_open_changes(session)
    if told:
        notify(Kind.SESSION_CANCELLED, session, roles=BOTH_SIDES, actor=actor, session=str(session))
    record(actor, "session.cancelled", session, reason=reason.strip())
    return session


@transaction.atomic
def stop_session(session_id: int, *, reason: str, actor: Actor) -> TrainingSession:
    """中止: the bureau's head ends a class that has begun, for what an inspection found.

    What was attended stays on record and counts for nobody: a stopped session is never closed.
    """
    demand(actor, "session.stop")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明中止的原因和检查发现的问题。"))
    begun = begin_if_due(session)
    if session.status == SessionStatus.APPROVED:
        raise InvalidTransitionError(_("还没有开课，不用中止，请取消本期。"))
    session.enter(SessionStatus.STOPPED)
    _drop_open_changes(session)
    notify(Kind.SESSION_STOPPED, session, roles=BOTH_SIDES, actor=actor, session=str(session))
    record_begun(session, begun=begun)
    record(actor, "session.stopped", session, reason=reason.strip())
    return session


def _drop_open_changes(session: TrainingSession) -> None:
    """There is nothing left to change."""
    for change in session.change_requests.filter(status=ChangeStatus.REQUESTED):
        change.decided_at = clock.now()
        change.decision_reason = _("本期已取消或中止。")
        change.save(update_fields=["decided_at", "decision_reason"])
        change.enter(ChangeStatus.WITHDRAWN)
