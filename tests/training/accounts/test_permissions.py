"""Who may do what (domain §4.4), spelt out again, and how far each role sees."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from training.accounts.choices import Role
from training.accounts.models import Membership, User
from training.accounts.permissions import MAY, demand, may
from training.accounts.queries import actor_for, membership_of, memberships_of
from training.accounts.services import add_member
from training.core.actor import ALL, NOBODY, SYSTEM, Actor
from training.core.errors import ForbiddenError
from training.demo.scenery import TOWNSHIP

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD


def acts_of(role: Role) -> set[str]:
    return {act for act in MAY if may(Actor("x", role), act)}


def test_an_administrator_has_no_business_rights() -> None:
    assert acts_of(Role.ADMIN) == {
        "account.view",
        "account.manage",
        "account.open",
        "programme.open",
        "second_factor.forget",
        "audit.view",
    }


def test_no_institution_user_approves_verifies_or_reviews_anything() -> None:
    never = {
        "institution.register",
        "institution.verify",
        "institution.admit",
        "registration.nominate",
        "registration.review",
        "institution.sanction",
        "agreement.confirm",
        "instructor.suspend",
        "evaluation.give",
        "proof.verify",
        "outline.approve",
        "courseware.approve",
        "session.approve",
        "session.stop",
        "change.decide",
        "station.issue_code",
        "station.revoke",
        "dossier.review",
        "outcome.verify",
        "outcome.confirm",
        "sales.record",
        "enterprise.confirm",
        "designation.grant",
        "followup.log",
        "walk_in.reveal",
        "dossier.unseal",
        "exclusion.propose",
        "exclusion.decide",
        "exclusion.decide_appeal",
        "dossier.transfer",
        "trainee.view",
        "trainee.reveal",
        "group.verify",
        "rights.handle",
    }
    assert never <= set(MAY)
    assert not (acts_of(CLERK) | acts_of(HEAD) | acts_of(Role.CLASS_MANAGER)) & never


def test_only_the_head_speaks_for_the_institution() -> None:
    assert acts_of(HEAD) - acts_of(CLERK) == {
        "exclusion.appeal",
        "institution.submit",
        "session.submit",
        "session.call_off",
        "dossier.submit",
        "claim.create",
        "claim.submit",
        "correction.decide",
        "audit.view",
        "fair.report",
        "instructor.invite",
    }
    assert acts_of(CLERK) < acts_of(HEAD)
    assert acts_of(CLERK) - acts_of(Role.CLASS_MANAGER) == {
        "institution.manage_papers",
        "outline.manage",
        "proof.add",
    }


def test_an_instructor_adds_proofs_and_courseware_and_sees_the_own_lessons_and_no_more() -> None:
    assert acts_of(Role.INSTRUCTOR) == {
        "teaching.view",
        "timetable.view",
        "instructor.view",
        "proof.add",
        "courseware.view",
        "courseware.add",
        "register.attest",
    }


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPERVISOR, Role.ACCEPTANCE])
def test_readers_only_look(role: Role) -> None:
    assert {act.rpartition(".")[2].partition("_")[0] for act in acts_of(role)} == {"view"}


@pytest.mark.parametrize("role", [Role.FINANCE_REVIEWER, Role.FINANCE_PAYER])
def test_whoever_pays_has_no_hand_in_what_is_paid_for(role: Role) -> None:
    assert acts_of(role) == {
        "programme.view",
        "archive.view",
        "claim.view",
        "dossier.view",
        "agreement.view",
        "instructor.view",
        "course.view",
        "courseware.view",
        "register.view",
        "indicator.view",
        "dashboard.view",
        "rate.view",
    }


def test_the_acceptance_group_sees_what_is_paid_for_and_nobody_in_the_trainee_pool() -> None:
    assert acts_of(Role.FINANCE_REVIEWER) < acts_of(Role.ACCEPTANCE)
    assert acts_of(Role.ACCEPTANCE) < acts_of(Role.AUDITOR) | acts_of(Role.FINANCE_REVIEWER)
    assert not {act for act in acts_of(Role.ACCEPTANCE) if act.startswith(("trainee.", "group.", "consent"))}


def test_whose_fair_it_is_neither_confirms_it_nor_asks_who_still_works_there() -> None:
    assert MAY["fair.confirm"] == {REVIEWER, CHIEF}
    assert MAY["fair.follow"] == {Role.FOLLOW_UP}
    assert Role.TOWNSHIP not in MAY["fair.view_people"]


def test_only_the_town_writes_its_report_and_only_the_office_sends_the_county_s() -> None:
    assert MAY["town_report.write"] == {Role.TOWNSHIP}
    assert MAY["roll_up.draw_up"] == {Role.LEADING_GROUP}


def test_only_the_bureau_draws_and_rings_and_whoever_is_checked_does_not_see_it() -> None:
    assert MAY["phone_check.make"] == {REVIEWER, CHIEF}
    assert not MAY["phone_check.view"] & {CLERK, HEAD, Role.CLASS_MANAGER, Role.FOLLOW_UP}


def test_whoever_approves_and_pays_verifies_no_group_and_sees_no_sensitive_one() -> None:
    for act in ("group.verify", "trainee.view_sensitive"):
        assert MAY[act] <= {Role.TOWNSHIP, Role.DATA_DEPARTMENT, Role.PRIVACY_OFFICER}


def test_only_the_reviewer_sees_a_number_in_clear() -> None:
    assert MAY["trainee.reveal"] == {Role.BUREAU_REVIEWER}


def test_the_bureau_makes_nothing_that_it_judges() -> None:
    makes = {
        "session.plan",
        "roster.import",
        "registration.open",
        "registration.accept",
        "evidence.add",
        "dossier.submit",
        "claim.create",
        "claim.submit",
        "consent.record",
    }
    assert not (acts_of(REVIEWER) | acts_of(CHIEF)) & makes


@pytest.mark.parametrize("actor", [NOBODY, SYSTEM, Actor("x", "no such role")])
def test_whoever_holds_no_role_may_do_nothing(actor: Actor) -> None:
    for act in MAY:
        with pytest.raises(ForbiddenError) as refused:
            demand(actor, act)
        assert (refused.value.http_status, str(refused.value)) == (403, "这一步不由您的岗位办理。")


def test_an_act_that_is_not_in_the_table_is_a_mistake_and_no_permission() -> None:
    with pytest.raises(KeyError):
        may(Actor("x", CHIEF), "dossier.override")


# How far each role sees


def here(county: Any) -> frozenset[int]:
    return frozenset({county.programme.pk})


def test_the_reach_of_each_role(county: Any) -> None:
    own = frozenset({county.institution.pk})
    reach = {role: county.actor(role).reach for role in set(Role) - {Role.ADMIN}}

    institution = {"programme": here(county), "institution": own}
    archives = {"programme": here(county), "county": here(county), "institution": ALL, "town": ALL}
    people = {"programme": here(county), "trainee": ALL, "township": ALL}
    assert reach == {
        **dict.fromkeys((CLERK, HEAD, Role.CLASS_MANAGER), institution),
        **dict.fromkeys(
            (REVIEWER, CHIEF, Role.FOLLOW_UP, Role.PRIVACY_OFFICER, Role.AUDITOR), archives | people
        ),
        **dict.fromkeys((Role.FINANCE_REVIEWER, Role.FINANCE_PAYER, Role.SUPERVISOR), archives),
        **dict.fromkeys((Role.LEADING_GROUP, Role.ACCEPTANCE), archives),
        Role.DATA_DEPARTMENT: people,
        Role.INSTRUCTOR: {"programme": here(county), "instructor": frozenset({county.instructors[0].pk})},
        Role.TOWNSHIP: people | {"township": frozenset({TOWNSHIP}), "town": frozenset({TOWNSHIP})},
    }


def test_an_administrator_reaches_no_business_data_even_of_a_programme_they_are_named_for(
    county: Any,
) -> None:
    admin = add_member(
        "root",
        password="x",
        display_name="管理员",
        role=Role.ADMIN,
        workplace="信息中心",
        programme_id=county.programme.pk,
    )

    assert actor_for(admin).reach == {"account": here(county)}


def test_an_administrator_of_no_programme_looks_after_the_accounts_of_all(db: None) -> None:
    admin = add_member("root", display_name="管理员", role=Role.ADMIN, workplace="信息中心")

    assert actor_for(admin).reach == {"account": ALL}


def test_somebody_with_two_roles_works_in_one_at_a_time(county: Any) -> None:
    add_member(
        "sc-2020-clerk",
        password="ignored",
        display_name="ignored",
        role=Role.AUDITOR,
        workplace="纪委",
        programme_id=county.programme.pk,
    )
    user = User.objects.get(username="sc-2020-clerk")
    first, second = memberships_of(user.pk)

    assert (first.role, second.role) == (CLERK, Role.AUDITOR)
    assert membership_of(user.pk, None) == first
    assert membership_of(user.pk, second.pk) == second
    assert actor_for(second).reach["institution"] is ALL
    assert actor_for(first).reach["institution"] == frozenset({county.institution.pk})


def test_somebody_elses_membership_can_not_be_chosen(county: Any) -> None:
    clerk, head = county.user(CLERK), county.user(REVIEWER)
    theirs = memberships_of(head.pk)[0]

    assert membership_of(clerk.pk, theirs.pk) == memberships_of(clerk.pk)[0]


def test_an_account_without_a_role_has_no_membership(db: None) -> None:
    assert membership_of(User.objects.create(username="new").pk, None) is None


def test_adding_somebody_twice_keeps_their_password_and_adds_nothing(db: None) -> None:
    details = {"display_name": "甲", "role": Role.AUDITOR, "workplace": "纪委", "programme_id": 1}
    first = add_member("auditor", password="first-one", **details)
    again = add_member("auditor", password="another", **details)

    assert first == again
    assert Membership.objects.count() == User.objects.count() == 1
    assert User.objects.get().check_password("first-one")


@pytest.mark.parametrize(
    ("role", "programme_id", "institution_id"),
    [(CLERK, 1, None), (CLERK, None, 1), (REVIEWER, 1, 1), (REVIEWER, None, None), (Role.ADMIN, None, 1)],
)
def test_a_membership_that_makes_no_sense_can_not_be_stored(
    db: None, role: Role, programme_id: int | None, institution_id: int | None
) -> None:
    user = User.objects.create(username="x")

    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(
            user=user, role=role, programme_id=programme_id, institution_id=institution_id, workplace="x"
        )
