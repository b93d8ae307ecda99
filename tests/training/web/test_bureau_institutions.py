"""The bureau brings an institution in: registered, its people given accounts, its papers looked at."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from training.accounts.choices import Role
from training.accounts.models import Membership, User
from training.institutions.models import Institution

USCC = "91360735MA37HGQN5Q"


@pytest.fixture
def reviewer(county: Any, client: Client) -> Client:
    client.force_login(county.user(Role.BUREAU_REVIEWER))
    return client


def register(client: Client, **changes: str) -> Any:
    form = {"name": "赣江源电商学校", "uscc": USCC, "kind": "training", "contact": "刘校长"}
    return client.post(reverse("bureau-institution-register"), form | changes, follow=True)


def test_an_institution_is_registered_and_its_head_is_given_a_link(county: Any, reviewer: Client) -> None:
    register(reviewer)
    institution = Institution.objects.get(uscc=USCC)
    page = reviewer.post(
        reverse("bureau-institution-staff", args=[institution.pk]),
        {"display_name": "刘校长", "username": "liu", "role": "institution_head"},
    )

    link = page.context["link"]
    member = Membership.objects.get(user__username="liu")
    assert (institution.programme, institution.status) == (county.programme, "draft")
    assert (member.role, member.institution_id) == ("institution_head", institution.pk)
    assert link.address in page.content.decode()
    assert not member.user.has_usable_password()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "school"}, "不在可用的选项中"),
        ({"uscc": "91360735MA37HGQN5A"}, "统一社会信用代码"),
        ({"uscc": "91360735MA35NXTP4H"}, "已经登记过"),
    ],
)
def test_a_wrong_code_and_one_that_is_there_are_refused_and_nothing_is_kept(
    reviewer: Client, changes: dict[str, str], says: str
) -> None:
    page = register(reviewer, **changes)

    assert page.status_code == 422
    assert says in page.content.decode()
    assert Institution.objects.count() == 1


def test_a_name_that_is_taken_gives_nobody_a_second_role(county: Any, reviewer: Client) -> None:
    taken = county.user(Role.BUREAU_HEAD).username
    page = reviewer.post(
        reverse("bureau-institution-staff", args=[county.institution.pk]),
        {"display_name": "某某", "username": taken, "role": "institution_clerk"},
    )

    assert page.status_code == 422
    assert Membership.objects.filter(user__username=taken).count() == 1


def test_people_change_their_own_password(county: Any, reviewer: Client) -> None:
    user = county.user(Role.BUREAU_REVIEWER)
    user.set_password("old-word-2021")
    user.save()
    reviewer.force_login(user)

    new = {"old_password": "old-word-2021", "new_password1": "lotus-9-seed", "new_password2": "lotus-9-seed"}
    answer = reviewer.post(reverse("password"), new)

    assert answer.status_code == 302
    assert User.objects.get(pk=user.pk).check_password("lotus-9-seed")
