from __future__ import annotations

from training.accounts.choices import INSTITUTION_ROLES, SEES_TRAINEE_POOL, Role
from training.accounts.models import Membership, User
from training.core.actor import ALL, Actor, All


def actor_for(membership: Membership) -> Actor:
    """The actor at work in this membership: one role at a time, so reaches never mix.

    Administrators have no business rights and reach no business data, whatever their membership names.
    """
    reach: dict[str, frozenset[int] | All] = {}
    if membership.programme_id is not None and membership.role != Role.ADMIN:
        reach["programme"] = frozenset({membership.programme_id})
        reach["institution"] = ALL
    if membership.role in INSTITUTION_ROLES and membership.institution_id is not None:
        reach["institution"] = frozenset({membership.institution_id})
    if membership.role in SEES_TRAINEE_POOL:
        reach["trainee"] = ALL
    return Actor(str(membership.user), membership.role, membership.user_id, reach)


def membership_of(user_id: int, chosen: int | None) -> Membership | None:
    """The membership this person chose to work in, else their first; None for an account without one."""
    held = Membership.objects.filter(user_id=user_id)
    return held.filter(pk=chosen).first() or held.first()


def memberships_of(user_id: int) -> list[Membership]:
    """Every role this person may switch to."""
    return list(Membership.objects.filter(user_id=user_id))


def username_is_taken(username: str) -> bool:
    return User.objects.filter(username__iexact=username).exists()
