"""The bureau's day at the browser: approve, check an attendance back to its signature, seal, enrol a station."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.training.reviews import pass_review
from training.accounts.choices import Role
from training.scheduling.services import submit_session

pytestmark = pytest.mark.browser


def test_an_application_in_the_queue_is_approved(county: Any, sign_in: Any) -> None:
    submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))
    page = sign_in(Role.BUREAU_REVIEWER)
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="审批", exact=True).click()
    page.get_by_role("link", name=county.session.title).click()
    page.get_by_role("button", name="批准开班").click()
    expect(page.get_by_text(re.compile("批准，文号"))).to_be_visible()
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="审批", exact=True).click()
    expect(page.get_by_text("没有待审批的开班申请")).to_be_visible()


def test_an_attendance_is_followed_to_its_signature_and_the_dossier_sealed(
    handed_in: Any, sign_in: Any, picture: Any
) -> None:
    page = sign_in(Role.BUREAU_HEAD)
    page.get_by_role("link", name="期与档案").click()
    page.get_by_role("link", name=handed_in.session.title).click()
    picture(page, "archive")

    name = handed_in.session.enrolments.first().trainee.name
    row = page.get_by_role("region", name="A8").get_by_role("row").filter(has_text=name).first
    row.get_by_role("link", name="签到").click()
    expect(page.get_by_role("region", name="现在重新验证")).to_contain_text("是这台终端签的，内容没有改动")
    expect(page.get_by_role("region", name="计入签到名册的哪一行")).to_contain_text(name)
    picture(page, "event")

    pass_review(handed_in)  # test_review.py does that by hand
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="期与档案").first.click()
    page.get_by_role("link", name=handed_in.session.title).click()
    page.get_by_role("link", name="逐项核验").click()
    page.get_by_role("button", name="核验通过，封存").click()
    sealed = page.get_by_role("region", name="封存的档案")
    expect(sealed).to_be_visible()
    expect(page.get_by_role("button", name="核验通过，封存")).to_have_count(0)
    picture(page, "seal")
    with page.expect_download() as package:
        sealed.get_by_role("link", name=".zip").click()
    assert package.value.suggested_filename.endswith(".zip")


def test_a_station_code_is_shown_once(county: Any, sign_in: Any) -> None:
    page = sign_in(Role.BUREAU_REVIEWER)
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="机构与终端").click()
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="签到终端").click()
    page.get_by_role("link", name="登记新终端").first.click()
    page.get_by_label("终端归哪个机构用").select_option(label=county.institution.name)
    page.get_by_label("终端名称").fill("三楼教室门口")
    page.get_by_role("button", name="生成登记码").click()
    code = page.get_by_role("status").filter(has_text="一次性登记码")
    expect(code).to_contain_text(re.compile(r"[0-9A-Z]{4}"))
    expect(page.get_by_role("img", name="登记用的二维码")).to_be_visible()
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="签到终端").click()
    expect(code).to_have_count(0)
