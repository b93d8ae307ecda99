from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from training.accounts.choices import (
    AT_INSTITUTION,
    INSTITUTION_ROLES,
    SEES_ALL_INSTITUTIONS,
    SEES_TRAINEE_POOL,
    Role,
)
from training.accounts.models import Membership, User
from training.core.actor import ALL, Actor, All
from training.core.errors import ForbiddenError, NotFoundError


def actor_for(membership: Membership) -> Actor:
    """The actor at work in this membership: one role at a time, so reaches never mix.

    `county` holds the programme too, for those who see all its institutions: what concerns none of them
    alone is theirs only; `town` whose reports they read. Administrators have no business rights and reach no business data, whatever their membership names: only
    the accounts of the programme it names, or of all. Institutions have no reach into the trainee pool and
    see people through their own rosters; a township officer has none into institutions and sees sessions
    through the people of the own township. An instructor reaches what is taught by them (`TaughtQuerySet`) and
    nobody who sits in it.
    """
    reach: dict[str, frozenset[int] | frozenset[str] | All] = {}
    if membership.role == Role.ADMIN:
        reach["account"] = ALL if membership.programme_id is None else frozenset({membership.programme_id})
    elif membership.programme_id is not None:
        reach["programme"] = frozenset({membership.programme_id})
    if membership.role in SEES_ALL_INSTITUTIONS:
        reach["institution"] = ALL
        reach["county"] = reach.get("programme", frozenset())
        reach["town"] = ALL
    if membership.role in INSTITUTION_ROLES and membership.institution_id is not None:
        reach["institution"] = frozenset({membership.institution_id})
    if membership.role == Role.INSTRUCTOR and membership.instructor_id is not None:
        reach["instructor"] = frozenset({membership.instructor_id})
    if membership.role in SEES_TRAINEE_POOL:
        reach["trainee"] = reach["township"] = ALL
    if membership.role == Role.TOWNSHIP:
        reach["trainee"] = ALL
        reach["township"] = reach["town"] = frozenset({membership.township})
    return Actor(str(membership.user), membership.role, membership.user_id, reach, membership.department)


def membership_of(user_id: int, chosen: int | None) -> Membership | None:
    """The membership this person chose to work in, else their first; None for an account without one."""
    held = Membership.objects.filter(user_id=user_id)
    return held.filter(pk=chosen).first() or held.first()


def memberships_of(user_id: int) -> list[Membership]:
    """Every role this person may switch to."""
    return list(Membership.objects.filter(user_id=user_id))


def class_managers(actor: Actor) -> QuerySet[Membership]:
    """Who may be put in charge of classes in sight."""
    return Membership.objects.visible_to(actor).filter(role=Role.CLASS_MANAGER, user__is_active=True)


def username_is_taken(username: str) -> bool:
    return User.objects.filter(username__iexact=username).exists()


# Looking after accounts


def managed_memberships(actor: Actor) -> QuerySet[Membership]:
    """The roles this actor gives and ends: an administrator's reach, else those at the institutions in sight."""
    seen = Membership.objects.visible_to(actor)
    return seen if actor.role == Role.ADMIN else seen.filter(role__in=AT_INSTITUTION)


def accounts(actor: Actor) -> QuerySet[Any]:
    """Those of the people in sight, with `has_device`; for whoever looks after all also accounts without a role."""
    has_device = Exists(TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True))
    rows = User.objects.annotate(has_device=has_device)
    if actor.reach.get("account") is ALL:
        return rows
    return rows.filter(Exists(managed_memberships(actor).filter(user=OuterRef("pk"))))


def without_password(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those who have not used their invitation yet."""
    return rows.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)


def account_of(pk: int, actor: Actor) -> User:
    """Raises NotFoundError."""
    user: User | None = accounts(actor).filter(pk=pk).first()
    if user is None:
        raise NotFoundError("accounts.User", pk=pk)
    return user


def is_wholly_in_reach(user: User, actor: Actor) -> bool:
    """Whether everything this account opens is the actor's to look after; else it would open the rest to them."""
    if actor.reach.get("account") is ALL:
        return True
    held = set(user.memberships.values_list("pk", flat=True))
    return not user.is_staff and held <= set(managed_memberships(actor).values_list("pk", flat=True))


def demand_whole(user: User, actor: Actor) -> None:
    """Raises ForbiddenError for an account that also works where this actor has no say, or is their own."""
    if user.pk == actor.user_id:
        raise ForbiddenError(_("自己的账号请另一个人办理；改密码、换手机在右上角“账号安全”。"))
    if not is_wholly_in_reach(user, actor):
        raise ForbiddenError(_("这个人在别处还有岗位，账号请系统管理员办理。"))
