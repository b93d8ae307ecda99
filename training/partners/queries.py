from __future__ import annotations

from typing import Any

from django.db.models import Max, QuerySet, Sum

from training.core.actor import ALL, Actor
from training.partners.models import PartnerToken, PartnerUse


def actor_of(token: PartnerToken) -> Actor:
    """Who reads: no role, so no act is theirs; no trainee and no township in reach."""
    institution = token.institution_id
    return Actor(
        token.partner,
        "partner",
        None,
        {
            "programme": frozenset({token.programme_id}),
            "institution": ALL if institution is None else frozenset({institution}),
        },
    )


def tokens(actor: Actor) -> QuerySet[Any]:
    """Newest first, with `last_used_on` (a day, no finer) and `answered`, all its reads."""
    rows: QuerySet[Any] = (
        PartnerToken.objects.visible_to(actor)
        .select_related("institution", "issued_by", "revoked_by")
        .annotate(last_used_on=Max("uses__on"), answered=Sum("uses__answered", default=0))
        .order_by("-pk")
    )
    return rows


def token_of(pk: int, actor: Actor) -> PartnerToken:
    """Raises NotFoundError."""
    found: PartnerToken = PartnerToken.objects.select_related("institution", "issued_by", "revoked_by").fetch(
        actor, pk=pk
    )
    return found


def uses(token: PartnerToken, actor: Actor) -> QuerySet[Any]:
    """The log of one token, the last day first."""
    return PartnerUse.objects.visible_to(actor).filter(token=token)
