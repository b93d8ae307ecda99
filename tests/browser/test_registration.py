"""Registration as a villager does it on a telephone, and as township and institution do it at their desks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, TakePicture, Visit
from tests.browser.test_pages import serious, width_beyond_the_window
from tests.training.enrolment.applicants import HERE, PEOPLE, apply, open_call
from training.accounts.choices import Role
from training.demo.scenery import TOWNSHIP

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(county: Any) -> Any:
    return open_call(county, note="请自带手机，中午管饭。", quotas={TOWNSHIP: 12, "小松镇": 6})


def fits_and_opens(page: Page) -> None:
    assert serious(page) == []
    assert width_beyond_the_window(page) == 0


def fill_in(page: Page, person: Any) -> None:
    page.get_by_label("姓名").fill(person.name)
    page.get_by_label("身份证号").fill(person.id_number)
    page.get_by_label("手机号").fill(person.phone)
    page.get_by_label("乡镇").select_option(TOWNSHIP)
    page.get_by_label("村（社区）").fill(person.village)
    page.get_by_label("学员类别").select_option(person.group)
    page.get_by_label("我看过上面的告知").check()
    page.get_by_label("单独同意用它核对").check()


def test_a_villager_applies_on_a_telephone_looks_it_up_and_takes_it_back(
    opened: Any, open_page: Visit, live_server: Any, picture: TakePicture
) -> None:
    person = HERE[0]
    page = open_page(live_server.url + reverse("public-registration", args=[opened.token]), size=PHONE)
    fits_and_opens(page)
    fill_in(page, person)
    page.get_by_label("身份证号").fill(person.id_number[:-1])
    page.get_by_role("button", name="提交报名").click()
    expect(page.get_by_text("身份证号应为 18 位")).to_be_visible()
    fits_and_opens(page)

    page.get_by_label("身份证号").fill(person.id_number)
    page.get_by_role("button", name="提交报名").click()
    expect(page.get_by_role("heading", name="报名已收到")).to_be_visible()
    receipt = page.locator("output").inner_text()
    assert re.fullmatch(r"[2-9A-Z]{5}-[2-9A-Z]{5}", receipt)
    fits_and_opens(page)
    picture(page, "registration-receipt")

    page.get_by_role("link", name="查询或撤回报名").click()
    fits_and_opens(page)
    page.get_by_label("报名编号").fill(receipt.lower())
    page.get_by_label("手机号后四位").fill(person.phone[-4:])
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_text("待资格审核")).to_be_visible()
    fits_and_opens(page)
    page.get_by_role("button", name="撤回这份报名").click()
    expect(page.get_by_text("这份报名已经撤回。")).to_be_visible()


def test_the_public_page_speaks_english_and_reads_without_a_mouse(
    opened: Any, open_page: Visit, live_server: Any
) -> None:
    page = open_page(live_server.url + reverse("public-registration", args=[opened.token]), size=PHONE)
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    fits_and_opens(page)
    for _stop in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") != "website"


def test_from_the_township_s_desk_to_the_roster(
    county: Any, opened: Any, sign_in: Any, picture: TakePicture
) -> None:
    for person in HERE[:3]:
        apply(opened, person)
    apply(opened, next(person for person in PEOPLE if person.township != TOWNSHIP))

    page = sign_in(Role.TOWNSHIP)
    page.get_by_role("link", name="报名待资格审核").click()
    page.get_by_role("link", name=opened.training_session.code).click()
    fits_and_opens(page)
    picture(page, "registration-township")
    page.get_by_role("checkbox", name=f"选择{HERE[0].name}").check()
    page.get_by_role("checkbox", name=f"选择{HERE[1].name}").check()
    page.get_by_role("button", name="勾选的资格通过").click()
    expect(page.get_by_text("2 人资格通过。")).to_be_visible()
    page.get_by_role("checkbox", name=f"选择{HERE[2].name}").check()
    page.get_by_label("不通过的原因").fill("不是本镇户籍")
    page.get_by_role("button", name="勾选的不通过").click()
    expect(page.get_by_text("不是本镇户籍")).to_be_visible()
    page.get_by_role("link", name="推荐一人").click()
    fits_and_opens(page)
    page.get_by_label("姓名").fill(HERE[3].name)
    page.get_by_label("身份证号").fill(HERE[3].id_number)
    page.get_by_role("button", name="推荐").click()
    expect(page.get_by_text("已推荐，等培训机构录取。")).to_be_visible()

    page = sign_in(Role.INSTITUTION_CLERK)
    page.get_by_role("link", name="报名待录取").click()
    page.get_by_role("link", name=opened.training_session.code).click()
    fits_and_opens(page)
    picture(page, "registration-institution")
    page.get_by_role("button", name="按报名先后录取").click()
    expect(page.get_by_text("录取 3 人，候补 0 人。")).to_be_visible()
    page.get_by_role("link", name=HERE[0].name).click()
    page.get_by_role("link", name="在这一期的经过").click()
    expect(page.get_by_role("cell", name="本人（网上报名）")).to_be_visible()
    fits_and_opens(page)


@pytest.mark.parametrize("role", [Role.TOWNSHIP, Role.INSTITUTION_CLERK])
def test_the_desk_fits_a_telephone(opened: Any, sign_in: Any, live_server: Any, role: Role) -> None:
    apply(opened, HERE[0])
    page = sign_in(role, size=PHONE)
    for name, args in (("registration", []), ("registration-call", [opened.pk])):
        page.goto(live_server.url + reverse(name, args=args))
        fits_and_opens(page)
