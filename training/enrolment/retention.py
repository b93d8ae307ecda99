"""Applications are kept no longer than they are needed (个人信息保护法 arts. 19 and 47)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.files import discard
from training.enrolment.choices import ApplicationStatus
from training.enrolment.models import RegistrationCall
from training.scheduling.models import Lesson


def forget_applications(*, actor: Actor) -> int:
    """Delete what brought nobody onto a roster, APPLICATION_DAYS after the session was closed; how many.

    A session that never closes is over when its registration and its last lesson are. The trail keeps
    that somebody applied, and not who.
    """
    return sum(_forget(call, actor) for call in _over())


def _over() -> QuerySet[Any]:
    cutoff = clock.now() - timedelta(days=settings.APPLICATION_DAYS)
    later = Lesson.objects.filter(training_session=OuterRef("training_session"), ends_at__gte=cutoff)
    never_closed = Q(training_session__closed_at=None, closes_at__lt=cutoff) & ~Exists(later)
    rows: QuerySet[Any] = RegistrationCall.objects.filter(
        Q(training_session__closed_at__lt=cutoff) | never_closed
    )
    return rows.select_related("training_session__institution")


@transaction.atomic
def _forget(call: RegistrationCall, actor: Actor) -> int:
    unwanted = call.applications.exclude(status=ApplicationStatus.ACCEPTED)
    lists = list(call.nomination_lists.select_related("marked"))
    count, _each = unwanted.delete()
    for handed_in in lists:
        handed_in.delete()
        if handed_in.marked is not None:
            discard(handed_in.marked)
    if count or lists:
        record(actor, "applications.forgotten", call, applications=count, lists=len(lists))
    return count
