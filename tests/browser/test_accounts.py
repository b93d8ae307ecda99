"""An account from the link to the sign-in, and the administrator's own pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.pages import walk
from tests.browser.test_pages import serious, width_beyond_the_window
from training.accounts.choices import Role
from training.accounts.services import add_member
from training.demo.scenery import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def administrator(open_page: Any, live_server: Any, county: Any) -> Any:
    add_member("root", display_name="刘管理", role=Role.ADMIN, workplace="石城县信息中心", password=PASSWORD)

    def sign_in(**options: Any) -> Page:
        page = open_page(live_server.url, **options)
        page.get_by_label("账号").fill("root")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", name="等您处理")).to_be_visible()
        return page

    return sign_in


def test_somebody_new_scans_the_link_chooses_a_password_and_is_in(
    county: Any, sign_in: Any, open_page: Any, live_server: Any, picture: Any
) -> None:
    bureau = sign_in(Role.BUREAU_HEAD)
    bureau.get_by_role("link", name="机构与终端").click()
    bureau.get_by_role("link", name=county.institution.name).click()
    bureau.get_by_role("link", name="开通账号").click()
    bureau.get_by_label("姓名").fill("刘文员")
    bureau.get_by_label("账号").fill("liu")
    bureau.get_by_role("button", name="开通账号").click()
    expect(bureau.get_by_role("img", name="设密码用的二维码")).to_be_visible()
    assert serious(bureau) == []
    picture(bureau, "invitation")
    address = bureau.locator("output").inner_text()

    phone = open_page(live_server.url + urlsplit(address).path, size=PHONE)
    expect(phone.get_by_text("刘文员，您的账号是 liu")).to_be_visible()
    assert serious(phone) == []
    assert width_beyond_the_window(phone) == 0
    for box in phone.locator("input[type=password]").all():
        box.fill("lotus-and-tea-2021")
    phone.get_by_role("button", name="设好密码，登录").click()

    expect(phone.get_by_text("密码已设好，您已登录。")).to_be_visible()
    again = open_page(live_server.url + urlsplit(address).path, size=PHONE)
    expect(again.get_by_text("已经用来设过密码")).to_be_visible()


def test_an_administrator_s_pages_fit_a_phone_and_have_no_serious_barrier(
    county: Any, administrator: Any
) -> None:
    wrong = []
    page = administrator()
    for name in walk(page):
        wrong += [(name, barrier) for barrier in serious(page)]
    page = administrator(size=PHONE)
    for name in walk(page, each=2):
        if beyond := width_beyond_the_window(page):
            wrong.append((name, beyond))
    assert wrong == []


def test_an_account_is_closed_from_its_page(county: Any, administrator: Any, picture: Any) -> None:
    page = administrator()
    page.get_by_role("link", name="账号与记录").click()
    picture(page, "accounts")
    page.get_by_label("搜索").fill("邓经办")
    page.get_by_role("button", name="查找").click()
    page.get_by_role("link", name="邓经办").click()
    page.get_by_role("link", name="停用").click()
    page.get_by_label("原因").fill("已离职")
    page.get_by_role("button", name="停用账号").click()

    expect(page.get_by_text("账号已停用，已登录的浏览器全部退出。")).to_be_visible()
    expect(page.get_by_role("cell", name="已离职")).to_be_visible()
    expect(page.get_by_role("button", name="恢复账号")).to_be_visible()
    page.get_by_role("link", name="操作记录").click()
    expect(page.get_by_role("cell", name="停用账号")).to_be_visible()
    picture(page, "audit")
