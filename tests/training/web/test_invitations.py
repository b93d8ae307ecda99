"""The link: from whoever adds somebody to that person's own password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from training.accounts.choices import Role
from training.accounts.invitations import Link, issue_link
from training.accounts.models import User
from training.accounts.services import add_member

PASSWORD = "lotus-and-tea-2021"
CLERK, CHIEF = Role.INSTITUTION_CLERK, Role.BUREAU_HEAD


def address(link: Link) -> str:
    return reverse("invitation", args=[link.token])


def choose(link: Link, client: Client | None = None, password: str = PASSWORD, **other: str) -> Any:
    form = {"new_password1": password, "new_password2": password} | other
    return (client or Client()).post(address(link), form)


def test_the_bureau_adds_somebody_who_sets_a_password_and_is_in(
    county: Any, browse: Callable[..., Client]
) -> None:
    page = browse(CHIEF).post(
        reverse("bureau-institution-staff", args=[county.institution.pk]),
        {"display_name": "刘文员", "username": "liu", "role": "institution_clerk"},
    )
    link = page.context["link"]
    assert link.address in page.content.decode()
    assert "<svg" in page.content.decode()
    assert "no-store" in page["Cache-Control"]

    visitor = Client()
    assert "刘文员，您的账号是 liu" in visitor.get(address(link)).content.decode()
    answer = choose(link, visitor)

    assert answer["Location"] == reverse("home")
    home = visitor.get(reverse("home")).content.decode()
    assert "密码已设好，您已登录。" in home
    assert "草稿待提交" in home
    assert Client().post(reverse("login"), {"username": "liu", "password": PASSWORD}).status_code == 302


def test_looking_at_a_link_does_not_use_it_up(county: Any) -> None:
    link = issue_link(county.user(CLERK))
    for _look in range(3):
        assert Client().get(address(link)).status_code == 200


@pytest.mark.parametrize("password", ["short", "password1234", "8473920156", "sc-2020-clerk1"])
def test_a_bad_password_is_refused_and_the_link_still_opens(county: Any, password: str) -> None:
    link = issue_link(county.user(CLERK))

    assert choose(link, password=password).context["form"].errors
    assert choose(link, new_password2="something-else-1").context["form"].errors
    assert choose(link).status_code == 302


def test_a_used_link_says_so_and_sends_to_the_door(county: Any) -> None:
    link = issue_link(county.user(CLERK))
    choose(link)

    for answer in (Client().get(address(link)), choose(link, password="stolen-word-2021")):
        assert answer.status_code == 410
        assert "已经用来设过密码" in answer.content.decode()
    assert User.objects.get(pk=county.user(CLERK).pk).check_password(PASSWORD)


def test_links_that_do_not_open_say_what_to_do(county: Any, clock: Any) -> None:
    replaced, current = issue_link(county.user(CLERK)), issue_link(county.user(CLERK))
    assert "请打开最新的那个" in Client().get(address(replaced)).content.decode()

    clock.advance(hours=73)
    assert "已经过期" in Client().get(address(current)).content.decode()

    User.objects.filter(pk=current.user.pk).update(is_active=False)
    assert "账号已经停用" in Client().get(address(current)).content.decode()

    unknown = Client().get(reverse("invitation", args=["no-such-link"]))
    assert unknown.status_code == 404
    assert "是否复制完整" in unknown.content.decode()


def test_a_new_password_ends_the_sessions_opened_with_the_old_one(
    county: Any, browse: Callable[..., Client]
) -> None:
    old = browse(CLERK)

    choose(issue_link(county.user(CLERK)))

    assert old.get(reverse("home")).status_code == 302


def test_whoever_is_signed_in_as_somebody_else_becomes_the_invited(
    county: Any, browse: Callable[..., Client]
) -> None:
    client = browse(Role.AUDITOR)

    choose(issue_link(county.user(CLERK)), client)

    assert "草稿待提交" in client.get(reverse("home")).content.decode()


def test_a_role_that_approves_still_sets_up_its_second_factor(county: Any, settings: Any) -> None:
    settings.SECOND_FACTOR = True
    client = Client()

    choose(issue_link(county.user(CHIEF)), client)

    assert client.get(reverse("home"))["Location"] == reverse("second-factor")


def test_the_link_is_mailed_where_there_is_a_mail_server(
    county: Any, browse: Callable[..., Client], settings: Any
) -> None:
    asked = reverse("bureau-institution-staff", args=[county.institution.pk])
    client = browse(CHIEF)
    assert "电子邮箱" not in client.get(asked).content.decode()

    settings.EMAIL_URL = "smtp://localhost"
    assert "电子邮箱" in client.get(asked).content.decode()
    form = {"display_name": "刘", "username": "liu", "role": "institution_clerk", "email": "liu@example.cn"}
    page = client.post(asked, form)

    (letter,) = mail.outbox
    assert letter.to == ["liu@example.cn"]
    assert page.context["link"].address in letter.body
    assert "已发到 liu@example.cn" in page.content.decode()


def test_a_letter_that_does_not_leave_is_said_so_and_the_link_stands(
    county: Any, browse: Callable[..., Client], settings: Any
) -> None:
    settings.EMAIL_URL = "smtp://localhost"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    form = {"display_name": "刘", "username": "liu", "role": "institution_clerk", "email": "liu@example.cn"}

    page = browse(CHIEF).post(reverse("bureau-institution-staff", args=[county.institution.pk]), form)

    assert "没有发出去，请转交" in page.content.decode()
    assert choose(page.context["link"]).status_code == 302


def test_one_s_own_page_shows_what_others_did_to_the_account(
    county: Any, browse: Callable[..., Client]
) -> None:
    browse(CHIEF).post(reverse("account-link", args=[county.user(CLERK).pk]))

    page = browse(CLERK).get(reverse("security")).content.decode()

    assert "发出设密码的链接" in page
    assert "赖局长" in page


def test_an_administrator_adds_somebody_for_the_county(county: Any) -> None:
    root = add_member("root", display_name="管理员", role=Role.ADMIN, workplace="县信息中心")
    client = Client()
    client.force_login(root.user)
    form = {
        "display_name": "钟审核",
        "username": "zhong",
        "role": "bureau_reviewer",
        "programme_id": county.programme.pk,
        "workplace": "石城县商务局",
    }

    link = client.post(reverse("account-add"), form).context["link"]

    visitor = Client()
    choose(link, visitor)
    assert "开班申请待审批" in visitor.get(reverse("home")).content.decode()
