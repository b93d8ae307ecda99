"""Who looks after whom: work is handed over in one act, with a note, and the act can be taken back."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from training.accounts.choices import Role
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.followup.models import TO_DO, FollowUp, HandedOver, Handover
from training.followup.queries import officers
from training.notifications.choices import Kind
from training.notifications.services import notify


@transaction.atomic
def hand_over(chosen: QuerySet[Any], *, to: int | None, note: str = "", actor: Actor) -> Handover:
    """Give all that is still owed to the people of these stages to one officer, or to nobody.

    Who has them already keeps them without a line. Raises InvalidInputError where nothing would change, and
    for somebody who is no officer of this programme.
    """
    demand(actor, "followup.assign")
    people = FollowUp.objects.visible_to(actor).filter(pk__in=chosen.order_by().values("pk"))
    stages = FollowUp.objects.visible_to(actor).filter(TO_DO, enrolment__in=people.values("enrolment"))
    moved = list(
        (stages.filter(assignee__isnull=False) if to is None else stages.exclude(assignee=to))
        .select_for_update()
        .values_list("pk", "assignee_id", "programme_id")
    )
    if not moved:
        raise InvalidInputError(_("没有要交接的：所选的都已经由这个人负责，或者已经没有要联系的。"))
    programme_id = moved[0][2]
    if to is not None and not officers(programme_id).filter(pk=to).exists():
        raise InvalidInputError(_("只能交给本项目在岗的跟踪服务人员。"))
    handover: Handover = Handover.objects.create(
        programme_id=programme_id, to_id=to, note=note, made_at=clock.now(), made_by_id=actor.person_id
    )
    HandedOver.objects.bulk_create(
        [HandedOver(handover=handover, follow_up_id=pk, before_id=before) for pk, before, _in in moved]
    )
    _stages(handover).update(assignee=to)
    if to is not None:
        notify(
            Kind.FOLLOW_UPS_HANDED_OVER,
            handover,
            roles=[Role.FOLLOW_UP],
            actor=actor,
            who=actor.name,
            count=len(moved),
        )
    record(actor, "followups.handed_over", handover, stages=len(moved), to=to)
    return handover


@transaction.atomic
def undo_handover(handover_id: int, *, actor: Actor) -> Handover:
    """Give back what has not been handed on since; a second time is refused."""
    demand(actor, "followup.assign")
    handover: Handover = Handover.objects.lock(actor, pk=handover_id)
    if handover.undone_at is not None:
        raise InvalidTransitionError(_("这次交接已经撤回了。"))
    befores = handover.lines.order_by().values_list("before", flat=True).distinct()
    for before in list(befores):
        _stages(handover, before=before).filter(assignee=handover.to_id).update(assignee=before)
    handover.undone_at, handover.undone_by_id = clock.now(), actor.person_id
    handover.save(update_fields=["undone_at", "undone_by"])
    record(actor, "followups.handover_undone", handover)
    return handover


def _stages(handover: Handover, **lines: Any) -> QuerySet[Any]:
    return FollowUp.objects.filter(pk__in=handover.lines.filter(**lines).values("follow_up"))
