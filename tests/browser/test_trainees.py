"""The people behind the rosters: a department verifies, the bureau looks, the privacy officer answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, TakePicture
from training.accounts.choices import Role
from training.demo.scenery import TOWNSHIP
from training.people.services import note_groups

pytestmark = pytest.mark.browser
SignIn = Callable[..., Page]


@pytest.fixture
def person(handed_in: Any) -> Any:
    trainee = handed_in.session.enrolments.get(number=1).trainee
    trainee.township = TOWNSHIP
    trainee.save()
    note_groups([(trainee, "farmer"), (trainee, "poor_household")], source="农业农村局名单")
    return trainee


def test_a_department_verifies_what_a_roster_said(person: Any, sign_in: SignIn, picture: TakePicture) -> None:
    page = sign_in(Role.DATA_DEPARTMENT)
    page.get_by_role("link", name="学员类别待核实").click()
    expect(page.get_by_role("heading", name="待核实的学员类别")).to_be_visible()
    picture(page, "trainee-groups")

    for box in page.get_by_role("checkbox").all()[:3]:
        box.check()
    page.get_by_label("核实有效到").fill("2022-12-31")
    page.get_by_role("button", name="勾选的核实无误").click()

    expect(page.get_by_text("核实了 3 条。")).to_be_visible()


def test_the_reviewer_finds_a_person_by_pinyin_and_sees_the_number_once(
    person: Any, sign_in: SignIn, picture: TakePicture
) -> None:
    page = sign_in(Role.BUREAU_REVIEWER)
    page.get_by_role("link", name="学员与成果").click()
    page.get_by_role("link", name="学员库").click()
    picture(page, "trainees")
    page.get_by_role("searchbox").fill(person.id_number[-4:])
    page.get_by_role("button", name="查找").click()
    page.get_by_role("link", name=person.name, exact=True).click()
    expect(page.get_by_text("敏感，不显示")).to_be_visible()
    page.get_by_role("link", name="查看完整号码").click()
    page.get_by_label("为哪件事查看").fill("核对第 1 期名册")
    page.get_by_role("button", name="查看完整号码").click()

    expect(page.get_by_text(person.id_number)).to_be_visible()
    picture(page, "trainee")
    page.goto(page.url.replace("number/", ""))
    expect(page.get_by_text(person.id_number)).to_have_count(0)


def test_the_privacy_officer_answers_on_a_phone(person: Any, sign_in: SignIn, picture: TakePicture) -> None:
    page = sign_in(Role.PRIVACY_OFFICER, size=PHONE)
    page.goto(f"{page.url.rstrip('/')}/trainees/{person.pk}/")
    page.get_by_role("link", name="登记权利请求").click()
    page.get_by_label("要求什么").select_option(label="删除")
    page.get_by_label("本人的要求").fill("不想再被打电话，把我的信息删了")
    page.get_by_role("button", name="登记请求").click()
    page.get_by_role("link", name="删除", exact=True).click()
    expect(page.get_by_text("会删什么、依法要留什么")).to_be_visible()
    page.get_by_role("link", name="核对身份").click()
    page.get_by_label("当面核对身份证").check()
    page.get_by_role("button", name="是本人，开始办理").click()
    picture(page, "rights-request")
    page.get_by_role("link", name="办理并答复").click()
    page.get_by_label("答复").fill("电话和类别已删除；名册、签到是档案，依法保留，不再使用。")
    page.get_by_role("button", name="删除并答复").click()

    expect(page.get_by_text("删了什么、留下什么")).to_be_visible()


def test_a_consent_is_given_with_its_text_and_taken_back_with_one_tap(
    person: Any, sign_in: SignIn, picture: TakePicture
) -> None:
    page = sign_in(Role.TOWNSHIP)
    page.goto(f"{page.url.rstrip('/')}/trainees/{person.pk}/consents/")
    calls = page.get_by_role("region", name="训后电话回访")
    calls.get_by_text("告知书全文").click()
    expect(calls.get_by_text("不影响您参加培训和结业")).to_be_visible()
    calls.get_by_label("见证人").fill("温支书")
    calls.get_by_role("button", name="本人同意").click()
    picture(page, "consents")
    expect(page.get_by_text("已记录：同意。")).to_be_visible()

    page.get_by_role("region", name="训后电话回访").get_by_role("button", name="撤回").click()

    expect(page.get_by_text("从现在起不再打电话")).to_be_visible()
