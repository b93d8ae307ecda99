"""Accounts in the audit trail."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from training.accounts.models import Membership, User
from training.core.actor import Actor
from training.core.audit import record


@transaction.atomic
def record_account(actor: Actor, verb: str, user: User, **details: Any) -> None:
    """A row in the trail of each place where this account works, or of none if it works nowhere."""
    places: dict[Any, Membership | None] = {
        (held.programme_id or 0, held.institution_id or 0): held for held in user.memberships.all()
    }
    for _place, held in sorted(places.items()) or [(None, None)]:
        record(actor, verb, user, owner=held, account=user.username, **details)
