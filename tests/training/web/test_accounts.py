"""The accounts' pages: who is there, and what is done to an account."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from training.accounts.choices import SECOND_FACTOR_ROLES, Role
from training.accounts.models import Membership, User
from training.accounts.services import add_member
from training.core.models import AuditEvent

CLERK, CHIEF = Role.INSTITUTION_CLERK, Role.BUREAU_HEAD


@pytest.fixture
def root(county: Any) -> Client:
    """Looks after the whole installation."""
    member = add_member("root", display_name="管理员", role=Role.ADMIN, workplace="县信息中心")
    client = Client()
    client.force_login(member.user)
    client.get(reverse("security"))
    return client


def names(client: Client, **query: Any) -> list[str]:
    page = client.get(reverse("accounts"), query)
    assert page.status_code == 200
    return [row.user.username for row in page.context["rows"]]


def exported(client: Client, **query: Any) -> list[list[str]]:
    answer = client.get(reverse("accounts-export"), query)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(StringIO(text)))


def test_an_administrator_comes_home_to_the_accounts(root: Client, county: Any) -> None:
    add_member(
        "new",
        display_name="新来的",
        role=Role.AUDITOR,
        workplace="县审计局",
        programme_id=county.programme.pk,
    )
    home = root.get(reverse("home"))

    links = {place.href for area in home.context["links"] for place in area.places}
    assert links == {reverse(name) for name in ("home", "accounts", "programmes", "audit")}
    counts = {waiting.what: waiting.count for waiting in home.context["waiting"]}
    assert counts == {"账号还没设密码": 2, "该设动态码还没设": len(SECOND_FACTOR_ROLES)}
    for waiting in home.context["waiting"]:
        assert root.get(waiting.href).context["page_obj"].paginator.count == waiting.count


def test_the_list_is_searched_filtered_and_exported_as_shown(
    root: Client, county: Any, other_county: Any
) -> None:
    TOTPDevice.objects.create(user=county.user(CHIEF), confirmed=True)
    User.objects.filter(pk=county.user(CLERK).pk).update(is_active=False)

    assert root.get(reverse("accounts")).context["page_obj"].paginator.count == 2 * (len(Role) - 1) + 1
    assert set(names(root, q="赖局长")) == {"sc-2020-head", "yf-2020-head"}
    assert set(names(root, q="永丰县", role=CHIEF)) == {"yf-2020-head"}
    assert names(root, q="SC-2020-AUD") == ["sc-2020-auditor"]
    assert names(root, state="inactive") == ["sc-2020-clerk"]
    assert set(names(root, state="invited")) == {"root"}
    assert "sc-2020-head" not in names(root, state="no_factor")
    header, *lines = exported(root, role=CHIEF, q="石城")
    assert header[:4] == ["姓名", "账号", "身份", "单位"]
    assert [(line[1], line[2], line[5], line[6]) for line in lines] == [
        ("sc-2020-head", "商务局负责人", "有", "在用")
    ]
    assert "没有符合条件的账号" in root.get(reverse("accounts"), {"q": "无此人"}).content.decode()


def test_the_bureau_s_head_sees_the_people_of_the_institutions(
    county: Any, browse: Callable[..., Client]
) -> None:
    at_institutions = ("clerk", "principal", "manager", "instructor")
    assert set(names(browse(CHIEF))) == {f"sc-2020-{name}" for name in at_institutions}


def test_with_no_account_yet_the_page_says_where_they_are_opened(
    county: Any, browse: Callable[..., Client]
) -> None:
    Membership.objects.filter(institution_id__isnull=False).delete()

    assert "先登记培训机构" in browse(CHIEF).get(reverse("accounts")).content.decode()


@pytest.mark.parametrize("more", [0, 30])
def test_a_long_list_asks_no_more_often_than_a_short_one(
    root: Client, county: Any, django_assert_num_queries: Any, more: int
) -> None:
    for number in range(more):
        add_member(
            f"a{number}",
            display_name=f"人{number}",
            role=Role.AUDITOR,
            workplace="县审计局",
            programme_id=county.programme.pk,
        )

    with django_assert_num_queries(9):
        root.get(reverse("accounts"))


def test_a_deactivated_account_is_out_at_once(
    root: Client, county: Any, browse: Callable[..., Client]
) -> None:
    user, theirs = county.user(CLERK), browse(CLERK)
    assert theirs.get(reverse("sessions")).status_code == 200

    page = root.post(reverse("account-deactivate", args=[user.pk]), {"reason": "离职"}, follow=True)

    assert "已停用" in page.content.decode()
    assert "离职" in page.content.decode()
    assert theirs.get(reverse("sessions"))["Location"].startswith(reverse("login"))
    again = root.post(reverse("account-reactivate", args=[user.pk]), follow=True).content.decode()
    assert "账号已恢复" in again


def test_a_new_link_is_shown_once_and_never_kept_in_the_browser(root: Client, county: Any) -> None:
    user = county.user(CHIEF)
    page = root.post(reverse("account-link", args=[user.pk]))

    address = page.context["link"].address
    assert address in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert address not in root.get(reverse("account", args=[user.pk])).content.decode()


def test_a_forgotten_second_factor_ends_the_sessions_and_is_on_record(
    root: Client, county: Any, browse: Callable[..., Client]
) -> None:
    user, theirs = county.user(CHIEF), browse(CHIEF)
    TOTPDevice.objects.create(user=user, confirmed=True)

    root.post(reverse("account-forget-factor", args=[user.pk]))

    assert not TOTPDevice.objects.filter(user=user).exists()
    assert theirs.get(reverse("home")).status_code == 302
    event = AuditEvent.objects.get(verb="second_factor.removed")
    assert (event.actor_name, event.subject, event.programme_id) == (
        "管理员",
        "赖局长",
        county.programme.pk,
    )


def test_roles_are_given_and_ended(root: Client, county: Any, browse: Callable[..., Client]) -> None:
    user = county.user(Role.AUDITOR)
    asked = reverse("account-role", args=[user.pk])
    given = {"role": "follow_up", "programme_id": county.programme.pk, "workplace": "石城县商务局"}
    assert "岗位已增加" in root.post(asked, given, follow=True).content.decode()

    refused = root.post(asked, given | {"role": "admin"})
    assert refused.status_code == 422
    assert "兼任" in refused.content.decode()

    ended = user.memberships.get(role=Role.AUDITOR)
    root.post(reverse("role-end", args=[ended.pk]), {"reason": "调走"})
    assert user.memberships.get().role == Role.FOLLOW_UP


def test_the_bureau_s_head_makes_a_clerk_the_head(county: Any, browse: Callable[..., Client]) -> None:
    user = county.user(CLERK)
    form = {"role": "institution_head", "institution_id": county.institution.pk}

    browse(CHIEF).post(reverse("account-role", args=[user.pk]), form)

    assert user.memberships.count() == 2


def test_one_s_own_account_has_no_buttons(root: Client) -> None:
    own = User.objects.get(username="root")
    page = root.get(reverse("account", args=[own.pk])).content.decode()

    assert "这是您自己的账号" in page
    assert reverse("account-deactivate", args=[own.pk]) not in page
    answer = root.post(reverse("account-deactivate", args=[own.pk]), {"reason": "x"}, follow=True)
    assert answer.status_code == 403
    assert User.objects.get(pk=own.pk).is_active


def test_somebody_who_also_works_elsewhere_is_left_to_the_administrator(
    county: Any, other_county: Any, browse: Callable[..., Client]
) -> None:
    user = county.user(CLERK)
    Membership.objects.create(
        user=user, role=Role.AUDITOR, programme_id=other_county.programme.pk, workplace="永丰县审计局"
    )
    page = browse(CHIEF).get(reverse("account", args=[user.pk])).content.decode()

    assert "在别处还有岗位" in page
    assert "永丰县审计局" not in page
    assert reverse("account-link", args=[user.pk]) not in page


def test_the_site_of_django_shows_accounts_and_changes_none(county: Any) -> None:
    User.objects.create_superuser("operator", password="x")
    client = Client()
    client.force_login(User.objects.get(username="operator"))
    user = county.user(CLERK)

    assert client.get(reverse("admin:accounts_user_change", args=[user.pk])).status_code == 200
    assert client.get(reverse("admin:accounts_user_add")).status_code == 403
    assert client.post(reverse("admin:accounts_user_change", args=[user.pk]), {}).status_code == 403
    assert client.post(reverse("admin:accounts_user_delete", args=[user.pk]), {}).status_code == 403
