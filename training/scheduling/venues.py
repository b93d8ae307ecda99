"""Places to teach: services on venues. The county's own are the bureau's, an institution's its own people's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError
from training.institutions.models import Institution
from training.programmes.queries import the_programme
from training.scheduling.models import Venue
from training.scheduling.rules import near_china


class VenueFacts(TypedDict, total=False):
    """Coordinates are WGS-84 degrees, both or neither; `area_m2` None where nobody measured."""

    name: str
    kind: str
    level: str
    township: str
    address: str
    seats: int
    area_m2: int | None
    latitude: Decimal | None
    longitude: Decimal | None


VENUE_FIELDS: Final = tuple(VenueFacts.__annotations__)


@transaction.atomic
def add_venue(institution_id: int | None, *, actor: Actor, **facts: Unpack[VenueFacts]) -> Venue:
    """Without an institution the place is the county's, and every institution may use it."""
    demand(actor, "venue.manage")
    institution = None if institution_id is None else Institution.objects.fetch(actor, pk=institution_id)
    programme = institution.programme if institution else the_programme(actor)
    venue = Venue(programme=programme, institution=institution, **facts)
    demand_keeper(venue, actor)
    _refuse_far_away(venue)
    venue.save()
    record(actor, "venue.added", venue)
    return venue


@transaction.atomic
def revise_venue(venue_id: int, *, actor: Actor, **facts: Unpack[VenueFacts]) -> Venue:
    venue = _keep(venue_id, actor)
    changed: dict[str, Any] = {name: value for name, value in facts.items() if getattr(venue, name) != value}
    for name, value in changed.items():
        setattr(venue, name, value)
    _refuse_far_away(venue)
    venue.save(update_fields=list(changed))
    record(actor, "venue.revised", venue, changed=sorted(changed))
    return venue


@transaction.atomic
def retire_venue(venue_id: int, *, actor: Actor) -> Venue:
    """No lesson can be planned there any more. Raises InvalidInputError while one still is to come."""
    venue = _keep(venue_id, actor)
    if venue.retired_on:
        return venue
    to_come = venue.lessons.filter(live=True, ends_at__gt=clock.now()).select_related("training_session")
    if codes := sorted({lesson.training_session.code for lesson in to_come}):
        raise InvalidInputError(
            _("还有没上的课次排在这里（%(sessions)s），请先换场地。") % {"sessions": _("、").join(codes)}
        )
    venue.retired_on = clock.today()
    venue.save(update_fields=["retired_on"])
    record(actor, "venue.retired", venue)
    return venue


@transaction.atomic
def reopen_venue(venue_id: int, *, actor: Actor) -> Venue:
    venue = _keep(venue_id, actor)
    if venue.retired_on:
        venue.retired_on = None
        venue.save(update_fields=["retired_on"])
        record(actor, "venue.reopened", venue)
    return venue


def keeps(actor: Actor, venue: Venue) -> bool:
    """Whether the place is this actor's to look after."""
    return (venue.institution_id is None) == (actor.role in BUREAU_ROLES)


def _keep(venue_id: int, actor: Actor) -> Venue:
    venue: Venue = Venue.objects.lock(actor, pk=venue_id)
    demand(actor, "venue.manage")
    demand_keeper(venue, actor)
    return venue


def demand_keeper(venue: Venue, actor: Actor) -> None:
    """Raises ForbiddenError where somebody else looks after it."""
    if not keeps(actor, venue):
        raise ForbiddenError(_("县里的共用场地由商务局维护，机构的场地由机构自己维护。"))


def _refuse_far_away(venue: Venue) -> None:
    if (venue.latitude is None) != (venue.longitude is None):
        raise InvalidInputError(_("纬度和经度要么都填，要么都不填。"))
    if venue.latitude is None or venue.longitude is None:
        return
    if not near_china(float(venue.latitude), float(venue.longitude)):
        raise InvalidInputError(
            _("这个位置不在国内：纬度应在 3 到 54 之间，经度应在 73 到 136 之间。是不是填反了？")
        )
