"""Accounts are added, invited, closed and opened again by those who may, and never past them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from training.accounts.choices import AT_INSTITUTION, InvitationState, Role
from training.accounts.invitations import accept_invitation, find_invitation, issue_link, state_of
from training.accounts.models import Invitation, Membership, User
from training.accounts.queries import accounts, actor_for
from training.accounts.services import (
    add_member,
    deactivate_account,
    end_membership,
    forget_second_factor,
    give_county_role,
    issue_new_link,
    open_county_account,
    reactivate_account,
)
from training.core.actor import Actor
from training.core.errors import (
    ForbiddenError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
    TrainingError,
)
from training.core.models import AuditEvent
from training.demo.scenery import add_institution
from training.institutions.services import add_staff, give_staff_role

CLERK, HEAD, CHIEF = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_HEAD
GOOD = "石城-白莲-2021-lotus"


def administrator(username: str = "root", programme_id: int | None = None) -> Membership:
    return add_member(
        username,
        display_name="管理员",
        role=Role.ADMIN,
        workplace="县信息中心",
        password=GOOD,
        programme_id=programme_id,
    )


@pytest.fixture
def root(db: None) -> Actor:
    """Looks after the whole installation."""
    return actor_for(administrator())


def last_verbs(count: int) -> list[str]:
    return list(AuditEvent.objects.values_list("verb", flat=True)[:count])


# Invitations


def test_whoever_uses_a_link_has_a_password_and_the_link_is_spent(county: Any, root: Actor) -> None:
    link = issue_new_link(county.user(CLERK).pk, actor=root)
    invitation = find_invitation(link.token)
    assert invitation is not None

    user = accept_invitation(invitation.pk, GOOD)

    assert user == county.user(CLERK)
    assert User.objects.get(pk=user.pk).check_password(GOOD)
    assert state_of(Invitation.objects.get()) == InvitationState.USED
    with pytest.raises(InvalidTransitionError):
        accept_invitation(invitation.pk, "another-2021-lotus")
    assert last_verbs(2) == ["account.password_set", "account.link_issued"]


def test_only_the_hash_of_a_link_is_kept(county: Any, root: Actor) -> None:
    link = issue_new_link(county.user(CLERK).pk, actor=root)

    assert link.token not in str([*Invitation.objects.values(), *AuditEvent.objects.values()])
    assert link.address.endswith(f"/account/invitation/{link.token}/")


def test_a_new_link_closes_the_one_before_it(county: Any) -> None:
    first, second = (issue_link(county.user(CLERK)) for _time in range(2))

    states = [state_of(find_invitation(link.token)) for link in (first, second)]
    assert states == [InvitationState.REPLACED, InvitationState.OPEN]


def test_a_link_opens_for_three_days(county: Any, clock: Any) -> None:
    link = issue_link(county.user(CLERK))
    clock.advance(hours=71, minutes=59)
    assert state_of(find_invitation(link.token)) == InvitationState.OPEN

    clock.advance(minutes=2)

    assert state_of(find_invitation(link.token)) == InvitationState.EXPIRED


def test_a_deactivated_account_is_given_no_link_and_opens_with_none(county: Any, root: Actor) -> None:
    user = county.user(CLERK)
    link = issue_link(user)
    deactivate_account(user.pk, reason="离职", actor=root)

    assert state_of(find_invitation(link.token)) == InvitationState.CLOSED
    with pytest.raises(InvalidTransitionError):
        issue_new_link(user.pk, actor=root)


def test_somebody_who_was_added_has_no_password_yet(county: Any) -> None:
    link = add_staff(
        county.institution.pk, username="liu", display_name="刘", role=CLERK, actor=county.actor(CHIEF)
    )

    assert not User.objects.get(username="liu").has_usable_password()
    assert link.user.username == "liu"
    event = AuditEvent.objects.get(verb="account.added")
    assert (event.institution_id, event.details) == (
        county.institution.pk,
        {"account": "liu", "role": "institution_clerk"},
    )


# Who may look after which accounts


def test_an_administrator_sees_every_account_and_the_bureau_those_at_its_institutions(
    county: Any, other_county: Any, root: Actor
) -> None:
    assert set(accounts(root)) == set(User.objects.all())

    seen = set(accounts(county.actor(CHIEF)))

    assert seen == {county.user(role) for role in AT_INSTITUTION}


def test_an_administrator_of_one_county_sees_no_other_s(county: Any, other_county: Any) -> None:
    actor = actor_for(administrator("sc-root", county.programme.pk))

    seen = set(accounts(actor))

    assert county.user(Role.AUDITOR) in seen
    assert other_county.user(Role.AUDITOR) not in seen
    with pytest.raises(NotFoundError):
        issue_new_link(other_county.user(Role.AUDITOR).pk, actor=actor)


@pytest.mark.parametrize("role", [CLERK, HEAD, Role.BUREAU_REVIEWER, Role.FOLLOW_UP, Role.AUDITOR])
def test_nobody_else_looks_after_accounts(county: Any, role: Role) -> None:
    user, actor = county.user(CLERK), county.actor(role)
    for act in (
        lambda: deactivate_account(user.pk, reason="x", actor=actor),
        lambda: reactivate_account(user.pk, actor=actor),
        lambda: issue_new_link(user.pk, actor=actor),
        lambda: forget_second_factor(user.pk, actor=actor),
        lambda: end_membership(user.memberships.get().pk, reason="x", actor=actor),
    ):
        with pytest.raises(ForbiddenError):
            act()


def test_the_bureau_does_not_forget_a_second_factor(county: Any) -> None:
    with pytest.raises(ForbiddenError):
        forget_second_factor(county.user(CLERK).pk, actor=county.actor(CHIEF))


def test_the_bureau_gets_no_key_to_an_account_that_opens_more_than_its_institutions(
    county: Any, other_county: Any
) -> None:
    """The link would let its head in as somebody of another county."""
    user = county.user(CLERK)
    Membership.objects.create(
        user=user, role=Role.AUDITOR, programme_id=other_county.programme.pk, workplace="永丰县审计局"
    )
    for act in (issue_new_link, reactivate_account):
        with pytest.raises(ForbiddenError, match="别处还有岗位"):
            act(user.pk, actor=county.actor(CHIEF))
    with pytest.raises(ForbiddenError):
        deactivate_account(user.pk, reason="离职", actor=county.actor(CHIEF))

    end_membership(user.memberships.get(role=CLERK).pk, reason="离职", actor=county.actor(CHIEF))
    assert user.memberships.get().role == Role.AUDITOR


def test_the_bureau_does_not_end_a_colleague_s_role(county: Any) -> None:
    colleague = county.user(Role.BUREAU_REVIEWER)

    with pytest.raises(NotFoundError):
        end_membership(colleague.memberships.get().pk, reason="x", actor=county.actor(CHIEF))


# Roles


def test_an_administrator_adds_people_of_the_county_only(county: Any, root: Actor) -> None:
    named: dict[str, Any] = {"display_name": "钟", "workplace": "石城县商务局", "actor": root}
    here = county.programme.pk

    open_county_account("zhong", role=Role.FOLLOW_UP, programme_id=here, **named)

    assert User.objects.get(username="zhong").memberships.get().role == Role.FOLLOW_UP
    for role, programme_id in ((CLERK, here), (Role.AUDITOR, None), ("nobody", here)):
        with pytest.raises(InvalidInputError):
            open_county_account("other", role=role, programme_id=programme_id, **named)
    with pytest.raises(InvalidInputError, match="已有人用"):
        open_county_account("ZHONG", role=Role.AUDITOR, programme_id=here, **named)
    with pytest.raises(ForbiddenError):
        open_county_account(
            "other", role=Role.AUDITOR, programme_id=here, **named | {"actor": county.actor(CHIEF)}
        )


def test_a_data_department_says_which_it_is_and_nobody_else_does(county: Any, root: Actor) -> None:
    named: dict[str, Any] = {"display_name": "熊", "workplace": "残联", "actor": root}
    here = county.programme.pk

    for role, department in (
        (Role.DATA_DEPARTMENT, ""),
        (Role.AUDITOR, "veterans"),
        (Role.DATA_DEPARTMENT, "x"),
    ):
        with pytest.raises(InvalidInputError, match="要选是哪个部门"):
            open_county_account("xiong", role=role, department=department, programme_id=here, **named)
    open_county_account(
        "xiong", role=Role.DATA_DEPARTMENT, department="disabled_federation", programme_id=here, **named
    )

    held = User.objects.get(username="xiong").memberships.get()
    assert (held.department, actor_for(held).department) == ("disabled_federation", "disabled_federation")


def test_an_administrator_of_one_county_makes_none_of_the_whole_installation(county: Any) -> None:
    actor = actor_for(administrator("sc-root", county.programme.pk))

    with pytest.raises(NotFoundError):
        open_county_account(
            "x", display_name="x", role=Role.ADMIN, workplace="x", programme_id=None, actor=actor
        )


def test_one_account_does_not_stand_on_both_sides(county: Any, root: Actor) -> None:
    here = county.programme.pk
    give_county_role(
        county.user(Role.AUDITOR).pk, role=Role.FOLLOW_UP, workplace="县", programme_id=here, actor=root
    )
    assert county.user(Role.AUDITOR).memberships.count() == 2

    for user, role in ((county.user(CLERK), Role.BUREAU_REVIEWER), (county.user(CHIEF), Role.ADMIN)):
        with pytest.raises(InvalidInputError, match="兼任"):
            give_county_role(user.pk, role=role, workplace="县", programme_id=here, actor=root)


def test_a_clerk_becomes_the_head_and_asking_twice_adds_nothing(county: Any) -> None:
    user = county.user(CLERK)
    for _time in range(2):
        give_staff_role(county.institution.pk, user_id=user.pk, role=HEAD, actor=county.actor(CHIEF))

    assert set(user.memberships.values_list("role", flat=True)) == {CLERK, HEAD}
    assert AuditEvent.objects.filter(verb="account.role_given").count() == 1


# Closing


def test_a_deactivated_account_keeps_its_rows_and_comes_back_as_it_was(county: Any, root: Actor) -> None:
    user = county.user(CLERK)
    for _time in range(2):
        deactivate_account(user.pk, reason="离职", actor=root)
    assert not User.objects.get(pk=user.pk).is_active
    assert county.session.witnesses.exists()
    assert AuditEvent.objects.filter(verb="account.deactivated").get().details["reason"] == "离职"

    reactivate_account(user.pk, actor=root)

    again = User.objects.get(pk=user.pk)
    assert again.is_active
    assert again.password == user.password
    assert again.memberships.get().role == CLERK


def test_what_is_done_to_somebody_s_account_stands_in_the_trail_of_each_place_they_work_in(
    county: Any, root: Actor
) -> None:
    user = county.user(CLERK)
    second, _staff = add_institution(
        county.programme, name="第二", uscc="91350100M000100Y43", prefix="2-", bureau=county.actor(CHIEF)
    )
    give_staff_role(second.pk, user_id=user.pk, role=CLERK, actor=county.actor(CHIEF))

    deactivate_account(user.pk, reason="离职", actor=root)

    places = AuditEvent.objects.filter(verb="account.deactivated").values_list("institution_id", flat=True)
    assert set(places) == {county.institution.pk, second.pk}


def test_a_reason_is_asked_for(county: Any, root: Actor) -> None:
    with pytest.raises(InvalidInputError):
        deactivate_account(county.user(CLERK).pk, reason=" ", actor=root)
    with pytest.raises(InvalidInputError):
        end_membership(county.user(CLERK).memberships.get().pk, reason="", actor=root)

    assert User.objects.get(pk=county.user(CLERK).pk).is_active


def test_nobody_closes_opens_or_unlocks_their_own_account(root: Actor) -> None:
    administrator("second")
    own = Membership.objects.get(user_id=root.person_id)
    for act in (
        lambda: deactivate_account(root.person_id, reason="x", actor=root),
        lambda: issue_new_link(root.person_id, actor=root),
        lambda: forget_second_factor(root.person_id, actor=root),
        lambda: give_county_role(
            root.person_id, role=Role.ADMIN, workplace="x", programme_id=None, actor=root
        ),
        lambda: end_membership(own.pk, reason="x", actor=root),
    ):
        with pytest.raises(ForbiddenError):
            act()


def test_the_last_administrator_stays(root: Actor) -> None:
    """Whoever signed in before they lost the role acts a last time."""
    second = administrator("second")
    deactivate_account(root.person_id, reason="换人", actor=actor_for(second))

    for act in (
        lambda: deactivate_account(second.user_id, reason="x", actor=root),
        lambda: end_membership(second.pk, reason="x", actor=root),
    ):
        with pytest.raises(InvalidTransitionError, match="最后一个"):
            act()
    assert User.objects.get(pk=second.user_id).is_active


def test_an_administrator_of_one_county_is_no_stand_in_for_the_whole(root: Actor, county: Any) -> None:
    administrator("sc-root", county.programme.pk)
    second = administrator("second")
    deactivate_account(root.person_id, reason="换人", actor=actor_for(second))

    with pytest.raises(InvalidTransitionError):
        deactivate_account(second.user_id, reason="x", actor=root)


@pytest.mark.postgres
@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="row locks: TEST_POSTGRES_URL is not set")
@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_deactivate_each_other_leave_one() -> None:
    members = [administrator(name) for name in ("first", "second")]

    def rival(mine: Membership, theirs: Membership) -> Callable[[], bool]:
        def act() -> bool:
            try:
                deactivate_account(theirs.user_id, reason="x", actor=actor_for(mine))
            except TrainingError:
                return False
            finally:
                connection.close()
            return True

        return act

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(rival(*pair)) for pair in (members, members[::-1])]
        assert sorted(one.result() for one in done) == [False, True]
    assert User.objects.filter(is_active=True).count() == 1
