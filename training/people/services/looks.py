"""What somebody saw of a person that is not everybody's to see: a row for each person and look."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.people.choices import LookKind, RightsKind, RightsStatus
from training.people.models import Look, RightsRequest, Trainee
from training.programmes.queries import the_programme


def _looked(trainees: Collection[Trainee], kind: LookKind, actor: Actor, reason: str = "") -> None:
    now = clock.now()
    Look.objects.bulk_create(
        Look(
            trainee=trainee,
            kind=kind,
            at=now,
            user_id=actor.user_id,
            actor_name=actor.name,
            role=str(actor.role),
            reason=reason,
        )
        for trainee in trainees
    )


def note_page(trainee: Trainee, *, actor: Actor) -> None:
    """The actor opened the person's page. It shows nothing in clear, so the audit trail is spared."""
    demand(actor, "trainee.view")
    _looked([trainee], LookKind.PAGE, actor)


@transaction.atomic
def note_own_page(trainee: Trainee, *, actor: Actor) -> None:
    """The person saw what is held about them; the caller made sure that it is them."""
    _looked([trainee], LookKind.OWN, actor)
    record(actor, "own_page.viewed", trainee)


@transaction.atomic
def note_sensitive(trainees: Collection[Trainee], *, actor: Actor, reason: str = "") -> None:
    """The actor is being shown these people's sensitive groups; a number of queries they don't add to."""
    demand(actor, "trainee.view_sensitive")
    note_shown(trainees, actor=actor, reason=reason)


@transaction.atomic
def note_shown(trainees: Collection[Trainee], *, actor: Actor, reason: str = "") -> None:
    """The same where a roster, not the role, lets the actor see them; the caller asked whether it does."""
    if not trainees:
        return
    _looked(trainees, LookKind.SENSITIVE, actor, reason)
    first = next(iter(trainees))
    many = len(trainees) > 1
    people = {"people": [trainee.pk for trainee in trainees]} if many else {}
    subject = the_programme(actor) if many else first
    record(actor, "sensitive_group.viewed", subject, reason=reason, **people)


@transaction.atomic
def note_export(rows: QuerySet[Any], *, filters: Sequence[str], sensitive: bool, actor: Actor) -> None:
    """Write down that these rows of the pool leave as a file; by which filters, not what stood in them.

    `sensitive`: that somebody is in the file says that they belong to a sensitive group.
    """
    demand(actor, "trainee.view")
    if sensitive:
        note_sensitive(list(rows), actor=actor, reason=_("导出"))
    programme = the_programme(actor)
    record(actor, "trainees.exported", programme, people=rows.count(), filters=list(filters))


@transaction.atomic
def reveal_number(trainee_id: int, *, reason: str, actor: Actor) -> str:
    """The identity number in clear, for a case that the reason names. Every look is on record."""
    demand(actor, "trainee.reveal")
    trainee: Trainee = Trainee.objects.fetch(actor, pk=trainee_id)
    if len(reason.strip()) < 4:
        raise InvalidInputError(_("请写明为哪件事查看，例如期号或疑点。"))
    _looked([trainee], LookKind.NUMBER, actor, reason.strip())
    record(actor, "id_number.revealed", trainee, reason=reason.strip())
    return trainee.id_number


@transaction.atomic
def show_phone(trainee_id: int, *, reason: str, act: str, actor: Actor) -> str:
    """The telephone number in clear, for the call that `reason` names and `act` allows. Every look is on record."""
    demand(actor, act)
    trainee: Trainee = Trainee.objects.fetch(actor, pk=trainee_id)
    if trainee.restricted_at or trainee.do_not_contact:
        raise InvalidTransitionError(_("本人不愿再接电话，或信息已限制处理，不再打。"))
    _looked([trainee], LookKind.PHONE, actor, reason)
    record(actor, "phone.revealed", trainee, reason=reason)
    return trainee.phone


@transaction.atomic
def note_copy(request_id: int, *, actor: Actor) -> RightsRequest:
    """The actor makes the copy that somebody asked for. Raises InvalidTransitionError before it is clear who asks."""
    request = _checked(request_id, RightsKind.COPY, actor)
    _looked([request.trainee], LookKind.COPY, actor, str(request.pk))
    record(actor, "personal_copy.opened", request)
    return request


@transaction.atomic
def note_explanation(request_id: int, *, actor: Actor) -> RightsRequest:
    """The same, of the explanation."""
    request = _checked(request_id, RightsKind.EXPLAIN, actor)
    _looked([request.trainee], LookKind.EXPLANATION, actor, str(request.pk))
    record(actor, "explanation.opened", request)
    return request


def _checked(request_id: int, kind: RightsKind, actor: Actor) -> RightsRequest:
    demand(actor, "rights.handle")
    request: RightsRequest = RightsRequest.objects.select_related("trainee__programme").fetch(
        actor, pk=request_id
    )
    if request.kind != kind or request.status not in (RightsStatus.CHECKED, RightsStatus.ANSWERED):
        raise InvalidTransitionError(_("先核对身份；只有要求这一项的请求才能办这一项。"))
    return request
