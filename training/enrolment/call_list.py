"""Whom to telephone when a class is not held as everybody was told."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidTransitionError
from training.enrolment.choices import ON_ROSTER
from training.scheduling.choices import ChangeStatus, SessionStatus
from training.scheduling.models import TrainingSession

OFF = frozenset({SessionStatus.CANCELLED, SessionStatus.STOPPED})


def has_news(session: TrainingSession) -> bool:
    """Whether its people must hear of something: it does not take place, or not as they were told."""
    return session.status in OFF or session.change_requests.filter(status=ChangeStatus.APPROVED).exists()


@transaction.atomic
def people_to_call(session_id: int, *, actor: Actor) -> list[Any]:
    """The roster with telephone numbers in full, who was taken off it by a change included; on record.

    Whoever wants no calls is on it without a number. Raises InvalidTransitionError where there is nothing to tell.
    """
    demand(actor, "call_list.view")
    session: TrainingSession = TrainingSession.objects.fetch(actor, pk=session_id)
    if not has_news(session):
        raise InvalidTransitionError(_("这一期没有取消、中止或变更，没有要通知的。"))
    concerned = ON_ROSTER | Q(roster_changes__effective_at__isnull=False)
    people = list(session.enrolments.filter(concerned).select_related("trainee").distinct())
    for place in people:
        if place.trainee.do_not_contact:
            place.trainee.phone = ""
    record(actor, "call_list.viewed", session, people=len(people))
    return people
