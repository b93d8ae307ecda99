"""Closing the class, which opens its dossier (lifecycle C, then F)."""

from __future__ import annotations

from django.db import transaction

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES
from training.accounts.permissions import demand
from training.attendance.services import complete_enrolments, demand_attended
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.dossiers.models import Dossier
from training.enrolment.choices import EnrolmentStatus
from training.followup.services import open_follow_ups
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession
from training.scheduling.running import begin_if_due, record_begun


@transaction.atomic
def close_session(session_id: int, *, actor: Actor) -> Dossier:
    """结课: decide who completed, open their follow-ups, open the dossier. Twice changes nothing."""
    demand(actor, "session.close")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status == SessionStatus.CLOSED:
        return session.dossier
    begun = begin_if_due(session)
    completions = complete_enrolments(session)
    demand_attended(session)
    session.enter(SessionStatus.CLOSED)
    session.closed_at = clock.now()
    session.save(update_fields=["closed_at"])
    open_follow_ups(
        [completion.enrolment for completion in completions],
        days=session.rule_set.rules.follow_up.days,
        at=session.closed_at,
    )
    dossier, _created = Dossier.objects.get_or_create(training_session=session)
    roles = INSTITUTION_ROLES | BUREAU_ROLES
    notify(Kind.EVALUATION_DUE, session, roles=roles, actor=actor, session=str(session))
    record_begun(session, begun=begun)
    record(
        actor,
        "session.closed",
        session,
        renci=sum(completion.completed for completion in completions),
        rostered=len(completions),
    )
    return dossier


def completed_count(session: TrainingSession) -> int:
    """培训人次 of one session: enrolments that completed."""
    return int(session.enrolments.filter(status=EnrolmentStatus.COMPLETED).count())
