"""Who may sign in, and as what."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from qsessions.models import Session

from training.accounts.choices import AT_INSTITUTION, Department, Role, sphere
from training.accounts.invitations import Link, issue_link
from training.accounts.models import Membership, User
from training.accounts.permissions import demand
from training.accounts.queries import account_of, demand_whole, managed_memberships, username_is_taken
from training.accounts.second_factor import remove_devices
from training.accounts.trail import record_account
from training.core.actor import Actor, All
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError


@transaction.atomic
def add_member(
    username: str,
    *,
    display_name: str,
    role: Role,
    workplace: str,
    password: str | None = None,
    email: str = "",
    programme_id: int | None = None,
    institution_id: int | None = None,
    instructor_id: int | None = None,
    township: str = "",
    body: str = "",
    department: str = "",
) -> Membership:
    """An account with one role. Asking twice keeps the account and its password, and adds nothing.

    Without a password nobody signs in until they have used an invitation.
    """
    named = {"display_name": display_name, "email": email}
    user, created = User.objects.get_or_create(username=username, defaults=named)
    if created:
        user.set_password(password)
        user.save(update_fields=["password"])
    membership, _created = Membership.objects.get_or_create(
        user=user,
        role=role,
        programme_id=programme_id,
        institution_id=institution_id,
        instructor_id=instructor_id,
        township=township,
        defaults={"workplace": workplace, "body": body, "department": department},
    )
    return membership


@transaction.atomic
def invite_member(
    username: str,
    *,
    display_name: str,
    role: Role,
    workplace: str,
    actor: Actor,
    email: str = "",
    programme_id: int | None = None,
    institution_id: int | None = None,
    instructor_id: int | None = None,
    township: str = "",
    body: str = "",
    department: str = "",
) -> Link:
    """A new account and the link to it. The caller has asked whether the actor may give this role.

    Raises InvalidInputError if the name is taken.
    """
    if username_is_taken(username):
        raise InvalidInputError(_("这个账号名已有人用，请换一个。"))
    membership = add_member(
        username,
        display_name=display_name,
        role=role,
        workplace=workplace,
        email=email,
        programme_id=programme_id,
        institution_id=institution_id,
        instructor_id=instructor_id,
        township=township,
        body=body,
        department=department,
    )
    link = issue_link(membership.user)
    record_account(actor, "account.added", membership.user, role=role)
    return link


@transaction.atomic
def open_county_account(
    username: str,
    *,
    display_name: str,
    role: str,
    workplace: str,
    programme_id: int | None,
    actor: Actor,
    email: str = "",
    township: str = "",
    body: str = "",
    department: str = "",
) -> Link:
    """An account for somebody who works for the county, or another administrator.

    `programme_id` None is for administrators of the whole installation, whom only such a one adds.
    """
    demand(actor, "account.open")
    _demand_county_role(role, programme_id, actor, township, body, department)
    return invite_member(
        username,
        display_name=display_name,
        role=Role(role),
        workplace=workplace,
        actor=actor,
        email=email,
        programme_id=programme_id,
        township=township,
        body=body,
        department=department,
    )


def _demand_county_role(
    role: str, programme_id: int | None, actor: Actor, township: str, body: str, department: str
) -> None:
    reach = actor.reach.get("account", frozenset())
    if role not in Role.values or role in AT_INSTITUTION:
        raise InvalidInputError(_("机构的账号由商务局在“培训机构”里开通。"))
    if programme_id is None and role != Role.ADMIN:
        raise InvalidInputError(_("请选择这个岗位在哪个项目。"))
    if (role == Role.TOWNSHIP) != bool(township):
        raise InvalidInputError(_("乡镇干部要写明是哪个乡镇，其他岗位不写。"))
    if (role == Role.ACCEPTANCE) != bool(body):
        raise InvalidInputError(_("验收组成员要写明代表哪个部门，其他岗位不写。"))
    if (role == Role.DATA_DEPARTMENT) != (department in Department.values):
        raise InvalidInputError(_("数据核实部门要选是哪个部门，其他岗位不选。"))
    if not isinstance(reach, All) and programme_id not in reach:
        raise NotFoundError("programmes.Programme")


@transaction.atomic
def give_county_role(
    user_id: int,
    *,
    role: str,
    workplace: str,
    programme_id: int | None,
    actor: Actor,
    township: str = "",
    body: str = "",
    department: str = "",
) -> Membership:
    """One more role for somebody who has an account already."""
    demand(actor, "account.open")
    _demand_county_role(role, programme_id, actor, township, body, department)
    return give_role(
        user_id,
        role=Role(role),
        workplace=workplace,
        programme_id=programme_id,
        actor=actor,
        township=township,
        body=body,
        department=department,
    )


@transaction.atomic
def give_role(
    user_id: int,
    *,
    role: Role,
    workplace: str,
    programme_id: int | None,
    actor: Actor,
    institution_id: int | None = None,
    township: str = "",
    body: str = "",
    department: str = "",
) -> Membership:
    """The caller has asked whether the actor may give this role there. Asking twice adds nothing.

    Raises InvalidInputError where one account would stand on both sides of a decision.
    """
    demand(actor, "account.manage")
    user = _managed(user_id, actor)
    if any(sphere(held.role) != sphere(role) for held in user.memberships.all()):
        raise InvalidInputError(
            _("机构、县里、财政审核、财政拨付和系统管理的岗位不能由同一个账号兼任，请另开一个账号。")
        )
    membership, created = Membership.objects.get_or_create(
        user=user,
        role=role,
        programme_id=programme_id,
        institution_id=institution_id,
        township=township,
        defaults={"workplace": workplace, "body": body, "department": department},
    )
    if created:
        record_account(actor, "account.role_given", user, role=role)
    return membership


@transaction.atomic
def end_membership(membership_id: int, *, reason: str, actor: Actor) -> User:
    """Take one role away at once; the account stays, and so does everything done in that role."""
    demand(actor, "account.manage")
    membership = managed_memberships(actor).filter(pk=membership_id).first()
    if membership is None:
        raise NotFoundError("accounts.Membership", pk=membership_id)
    user = _lock(membership.user_id)
    if user.pk == actor.user_id:
        raise ForbiddenError(_("自己的岗位请另一个人办理。"))
    if membership.role == Role.ADMIN:
        _demand_another_administrator(user, [membership.programme_id])
    record_account(actor, "account.role_ended", user, role=membership.role, reason=_given(reason))
    membership.delete()
    return user


@transaction.atomic
def deactivate_account(user_id: int, *, reason: str, actor: Actor) -> User:
    """Nobody signs in with it any more, and whoever is signed in is out. Asking twice changes nothing."""
    demand(actor, "account.manage")
    user = _managed(user_id, actor)
    if not user.is_active:
        return user
    held = user.memberships.filter(role=Role.ADMIN)
    _demand_another_administrator(user, held.values_list("programme_id", flat=True))
    user.is_active = False
    user.save(update_fields=["is_active"])
    _sign_out(user)
    record_account(actor, "account.deactivated", user, reason=_given(reason))
    return user


@transaction.atomic
def reactivate_account(user_id: int, *, actor: Actor) -> User:
    """With the roles and the password it had. Asking twice changes nothing."""
    demand(actor, "account.manage")
    user = _managed(user_id, actor)
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
        record_account(actor, "account.reactivated", user)
    return user


@transaction.atomic
def issue_new_link(user_id: int, *, actor: Actor) -> Link:
    """For a forgotten password, or an invitation that was lost. The old password opens until the link is used."""
    demand(actor, "account.manage")
    user = _managed(user_id, actor)
    if not user.is_active:
        raise InvalidTransitionError(_("账号已停用，先恢复再发链接。"))
    link = issue_link(user)
    record_account(actor, "account.link_issued", user)
    return link


@transaction.atomic
def reissue_link(user: User, *, actor: Actor) -> Link:
    """Another invitation for whoever has not used theirs; the caller has asked whether the actor may.

    Raises InvalidInputError for an account that is in use or was closed.
    """
    if user.has_usable_password() or not user.is_active:
        raise InvalidInputError(_("这个账号已经启用或已停用，重发链接请联系商务局。"))
    link = issue_link(user)
    record_account(actor, "account.link_issued", user)
    return link


@transaction.atomic
def forget_second_factor(user_id: int, *, actor: Actor) -> User:
    """For a lost telephone: out everywhere, and the next sign-in sets a new one up."""
    demand(actor, "second_factor.forget")
    user = _managed(user_id, actor)
    remove_devices(user, actor=actor)
    _sign_out(user)
    return user


def _sign_out(user: User) -> None:
    Session.objects.filter(user=user).delete()


def _managed(user_id: int, actor: Actor) -> User:
    """The account, locked; raises NotFoundError and ForbiddenError."""
    account_of(user_id, actor)
    user = _lock(user_id)
    demand_whole(user, actor)
    return user


def _lock(user_id: int) -> User:
    """With every administrator, in one order: two of them who deactivate each other come one after the other."""
    rows = User.objects.select_for_update().filter(
        Q(pk=user_id) | Q(pk__in=Membership.objects.filter(role=Role.ADMIN).values("user"))
    )
    return {user.pk: user for user in rows.order_by("pk")}[user_id]


def _demand_another_administrator(user: User, programmes: Iterable[int | None]) -> None:
    """Somebody must be left who can add one; raises InvalidTransitionError."""
    active = Membership.objects.filter(role=Role.ADMIN, user__is_active=True).exclude(user=user)
    for programme_id in programmes:
        if not active.filter(Q(programme_id=None) | Q(programme_id=programme_id)).exists():
            raise InvalidTransitionError(_("这是最后一个在用的系统管理员，请先再开一个，再来办这一步。"))


def _given(reason: str) -> str:
    """Raises InvalidInputError when nothing is said."""
    if not reason.strip():
        raise InvalidInputError(_("请写明原因。"))
    return reason.strip()
