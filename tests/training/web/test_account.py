"""Signing in, changing role and language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from training.accounts.choices import Role
from training.accounts.models import Membership
from training.demo.scenery import PASSWORD

CLERK, REVIEWER = Role.INSTITUTION_CLERK, Role.BUREAU_REVIEWER


def test_a_stranger_is_sent_to_sign_in_and_then_to_where_they_wanted_to_go(county: Any) -> None:
    client = Client()
    asked = client.get(reverse("sessions"))
    assert asked.url == f"{reverse('login')}?next={reverse('sessions')}"

    answer = client.post(asked.url, {"username": county.user(CLERK).username, "password": PASSWORD})

    assert answer.url == reverse("sessions")


def test_a_wrong_password_says_what_to_do(county: Any) -> None:
    answer = Client().post(reverse("login"), {"username": county.user(CLERK).username, "password": "x"})

    assert "账号或密码不对，请重新输入。忘记密码，请找给您开账号的人要一个新链接" in answer.content.decode()


def test_signing_out_forgets_who_it_was(county: Any, browse: Callable[..., Client]) -> None:
    client = browse(CLERK)
    client.post(reverse("logout"))

    assert client.get(reverse("home")).status_code == 302


def test_someone_with_two_roles_works_in_the_one_they_chose(
    county: Any, browse: Callable[..., Client]
) -> None:
    user = county.user(REVIEWER)
    second = Membership.objects.create(
        user=user, role=Role.FOLLOW_UP, programme_id=county.programme.pk, workplace="石城县商务局"
    )
    client = browse(REVIEWER)
    assert "开班申请待审批" in client.get(reverse("home")).content.decode()

    client.post(reverse("switch-membership"), {"membership": second.pk})

    assert "回访已超期" in client.get(reverse("home")).content.decode()


@pytest.mark.parametrize("chosen", ["", "nonsense", "999999"])
def test_nobody_switches_to_a_role_that_does_not_exist(
    county: Any, browse: Callable[..., Client], chosen: str
) -> None:
    answer = browse(CLERK).post(reverse("switch-membership"), {"membership": chosen})

    assert answer.status_code == 404


def test_nobody_switches_to_the_role_of_somebody_else(county: Any, browse: Callable[..., Client]) -> None:
    foreign = county.county_staff.members[Role.BUREAU_HEAD]
    client = browse(CLERK)

    assert client.post(reverse("switch-membership"), {"membership": foreign.pk}).status_code == 404
    assert "草稿待提交" in client.get(reverse("home")).content.decode()


def test_the_language_changes_and_stays(county: Any, browse: Callable[..., Client]) -> None:
    client = browse(CLERK)
    assert '<html lang="zh-hans">' in client.get(reverse("home")).content.decode()

    back = client.post(reverse("set_language"), {"language": "en", "next": reverse("sessions")})

    assert back.url == reverse("sessions")
    assert '<html lang="en">' in client.get(reverse("home")).content.decode()
