"""Who sits in an acceptance group, and who of it may sign (BF-39)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from training.accounts.choices import Body, Role
from training.accounts.models import Membership, User
from training.accounts.queries import actor_for
from training.accounts.rules import Member, composition
from training.accounts.services import add_member, give_county_role, open_county_account
from training.core.errors import InvalidInputError

ALL_THREE = (Member(1, Body.COMMERCE), Member(2, Body.FINANCE), Member(3, Body.AUDIT))
bodies = st.sampled_from(Body)
members = st.lists(st.builds(Member, st.integers(1, 99), bodies, st.booleans(), st.booleans()), max_size=8)


def test_ac27_a_group_without_an_audit_member_is_not_quorate_and_says_who_is_missing() -> None:
    group = composition(ALL_THREE[:2])

    assert (group.is_quorate, group.missing) == (False, (Body.AUDIT,))


def test_the_three_departments_make_a_group_and_discipline_only_watches() -> None:
    observer = Member(4, Body.DISCIPLINE)
    group = composition([*ALL_THREE, observer])

    assert (group.is_quorate, group.signers, group.observers) == (True, ALL_THREE, (observer,))


def test_a_third_party_is_needed_only_where_the_programme_asks_for_one() -> None:
    assert composition(ALL_THREE).is_quorate
    assert composition(ALL_THREE, third_party=True).missing == (Body.THIRD_PARTY,)
    assert composition([*ALL_THREE, Member(5, Body.THIRD_PARTY)], third_party=True).is_quorate


@pytest.mark.parametrize("why", ["reviewed", "tied"])
def test_whoever_approved_the_dossier_or_belongs_to_the_trainer_may_attend_and_not_sign(why: str) -> None:
    judge = Member(1, Body.COMMERCE, **{why: True})
    group = composition([judge, *ALL_THREE[1:]])

    assert (group.barred, group.missing) == ((judge,), (Body.COMMERCE,))


@given(members)
def test_everybody_is_a_signer_an_observer_or_barred_and_only_signers_count(people: list[Member]) -> None:
    group = composition(people)

    parts = (*group.signers, *group.observers, *group.barred)
    assert sorted(map(repr, parts)) == sorted(map(repr, people))
    assert group.is_quorate == ({Body.COMMERCE, Body.FINANCE, Body.AUDIT} <= {m.body for m in group.signers})


@pytest.mark.parametrize(("role", "body"), [(Role.ACCEPTANCE, ""), (Role.AUDITOR, Body.AUDIT)])
def test_members_of_the_group_name_their_body_and_nobody_else_does(
    county: Any, role: Role, body: str
) -> None:
    admin = add_member("root", display_name="管理员", role=Role.ADMIN, workplace="信息中心")
    with pytest.raises(InvalidInputError):
        open_county_account(
            "new",
            display_name="甲",
            role=role,
            workplace="审计局",
            programme_id=county.programme.pk,
            body=body,
            actor=actor_for(admin),
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(
            user=User.objects.create(username="x"), role=role, programme_id=1, workplace="x", body=body
        )


def test_an_account_of_a_training_institution_can_not_sit_in_the_group(county: Any) -> None:
    admin = add_member("root", display_name="管理员", role=Role.ADMIN, workplace="信息中心")

    with pytest.raises(InvalidInputError, match="不能由同一个账号兼任"):
        give_county_role(
            county.user(Role.INSTITUTION_CLERK).pk,
            role=Role.ACCEPTANCE,
            workplace="第三方",
            programme_id=county.programme.pk,
            body=Body.THIRD_PARTY,
            actor=actor_for(admin),
        )
