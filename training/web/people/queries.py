"""Accounts as their pages show them, in a number of queries that does not grow with the accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.accounts.choices import SECOND_FACTOR_ROLES, AccountState, Role
from training.accounts.invitations import state_of
from training.accounts.models import Membership, User
from training.accounts.queries import (
    account_of,
    accounts,
    is_wholly_in_reach,
    managed_memberships,
    without_password,
)
from training.core.actor import ALL, Actor
from training.core.errors import NotFoundError
from training.core.models import AuditEvent
from training.institutions.models import Institution
from training.people.queries import called
from training.programmes.models import Programme
from training.web.bureau.history import Deed, deed
from training.web.people.forms import COUNTY_ROLES, INSTRUCTORS, NO_FACTOR, STAFF_ROLES

ACCOUNT_COLUMNS = (
    gettext_lazy("姓名"),
    gettext_lazy("账号"),
    gettext_lazy("身份"),
    gettext_lazy("单位"),
    gettext_lazy("最近登录"),
    gettext_lazy("动态码"),
    gettext_lazy("状态"),
)


def roles_of(actor: Actor) -> list[Any]:
    staff = [*STAFF_ROLES, INSTRUCTORS]
    return [*staff, *COUNTY_ROLES] if actor.role == Role.ADMIN else staff


def listed(actor: Actor, *, q: str = "", role: str = "", state: str = "") -> QuerySet[Any]:
    """By name, each with `held`, the roles in sight; an empty argument does not filter."""
    seen = managed_memberships(actor)
    holds = Exists(seen.filter(user=OuterRef("pk"), role=role))
    rows = _in_state(accounts(actor), state, seen)
    if role:
        rows = rows.filter(holds)
    if q:
        rows = rows.filter(
            called(rows, q, name="display_name")
            | Q(username__icontains=q)
            | Exists(seen.filter(user=OuterRef("pk"), workplace__icontains=q))
        )
    return rows.prefetch_related(Prefetch("memberships", seen, to_attr="held")).order_by("display_name", "pk")


def _in_state(rows: QuerySet[Any], state: str, seen: QuerySet[Membership]) -> QuerySet[Any]:
    if state == AccountState.INACTIVE:
        return rows.filter(is_active=False)
    if state == AccountState.INVITED:
        return without_password(rows.filter(is_active=True))
    if state == AccountState.ACTIVE:
        return rows.filter(is_active=True).exclude(pk__in=without_password(rows).values("pk"))
    if state == NO_FACTOR:
        needs = Exists(seen.filter(user=OuterRef("pk"), role__in=SECOND_FACTOR_ROLES))
        return rows.filter(needs, has_device=False, is_active=True)
    return rows


def state_of_account(user: User) -> AccountState:
    if not user.is_active:
        return AccountState.INACTIVE
    return AccountState.ACTIVE if user.has_usable_password() else AccountState.INVITED


@dataclass(frozen=True)
class Row:
    user: Any
    state: AccountState


def shown(users: Iterable[User]) -> list[Row]:
    return [Row(user, state_of_account(user)) for user in users]


def account_lines(users: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """A line for each role; one without role and workplace for an account that has none."""
    for user in users:
        for held in user.held or [None]:
            yield (
                user.display_name,
                user.username,
                held.get_role_display() if held else "",
                held.workplace if held else "",
                f"{localtime(user.last_login):%Y-%m-%d %H:%M}" if user.last_login else "",
                _("有") if user.has_device else _("没有"),
                state_of_account(user).label,
            )


@dataclass(frozen=True)
class AccountPage:
    """`whole`: everything that this account opens is the reader's to look after."""

    user: Any
    state: AccountState
    held: list[Membership]
    whole: bool
    link_expires_at: datetime | None
    link_open: bool
    history: list[Deed]


def account_page(user: User, actor: Actor) -> AccountPage:
    link = user.invitations.select_related("user").first()
    history = AuditEvent.objects.visible_to(actor).filter(
        subject_type=User._meta.label, subject_id=str(user.pk)
    )
    return AccountPage(
        user=user,
        state=state_of_account(user),
        held=list(managed_memberships(actor).filter(user=user)),
        whole=is_wholly_in_reach(user, actor),
        link_expires_at=link.expires_at if link and not link.used_at else None,
        link_open=link is not None and state_of(link) == "open",
        history=[deed(event) for event in history[:50]],
    )


def find(pk: int, actor: Actor) -> User:
    return account_of(pk, actor)


def membership(pk: int, actor: Actor) -> Membership:
    found = managed_memberships(actor).select_related("user").filter(pk=pk).first()
    if found is None:
        raise NotFoundError("accounts.Membership", pk=pk)
    return found


def programmes(actor: Actor) -> QuerySet[Any]:
    """Those whose accounts the administrator looks after; of business they reach nothing but these names."""
    reach = actor.reach.get("account", frozenset())
    rows = Programme.objects.order_by("county", "code")
    return rows if reach is ALL else rows.filter(pk__in=reach)


def looks_after_all(actor: Actor) -> bool:
    return actor.reach.get("account") is ALL


def institutions(actor: Actor) -> QuerySet[Any]:
    return Institution.objects.visible_to(actor).order_by("name")
