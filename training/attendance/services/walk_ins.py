"""A card that was on no roster, opened for somebody who may look."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kiosk.envelope import Envelope, EnvelopeError, WalkIn, read_unverified, unseal_card
from training.accounts.permissions import demand
from training.attendance.models import AttendanceEvent
from training.core.actor import Actor
from training.core.audit import record
from training.core.crypto import sealing_key
from training.core.errors import InvalidInputError
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.people.rules import mask_id_number
from training.people.services import id_hash


@dataclass(frozen=True)
class RevealedCard:
    """What a walk-in's card says, for the eyes of the person who asked; kept nowhere."""

    name: str = field(repr=False)
    masked_number: str
    rosters: tuple[str, ...]
    """Codes of the programme's other sessions with this person on their roster."""


@transaction.atomic
def reveal_walk_in(event_id: int, *, actor: Actor) -> RevealedCard:
    """Open the sealed card data of somebody who is on no roster, and write down that it was opened.

    Raises InvalidInputError where nothing is sealed, or not for this server.
    """
    event: AttendanceEvent = AttendanceEvent.objects.fetch(actor, pk=event_id)
    demand(actor, "walk_in.reveal")
    card = _unsealed(event)
    number = str(card.get("number", ""))
    record(actor, "walk_in.revealed", event)
    return RevealedCard(
        str(card.get("name", "")), mask_id_number(number), _rosters_with(number, event, actor)
    )


def _unsealed(event: AttendanceEvent) -> dict[str, Any]:
    try:
        person = read_unverified(Envelope(payload=event.payload, signature=event.signature)).person
        if isinstance(person, WalkIn):
            return unseal_card(person, sealing_key())
    except (EnvelopeError, ValueError) as problem:
        raise InvalidInputError(
            _(
                "证件信息打不开：它不是为这台服务器封存的，或者内容已损坏。请系统管理员核对封存钥匙是否更换过。"
            )
        ) from problem
    raise InvalidInputError(_("这条记录里没有封存的证件信息。"))


def _rosters_with(number: str, event: AttendanceEvent, actor: Actor) -> tuple[str, ...]:
    """Only the codes: who came where is not this reviewer's question."""
    places = Enrolment.objects.visible_to(actor).filter(
        ON_ROSTER,
        trainee__id_hash=id_hash(number),
        training_session__institution__programme=event.station.institution.programme_id,
    )
    others = places.exclude(training_session=event.training_session_id)
    return tuple(others.order_by("training_session__code").values_list("training_session__code", flat=True))
