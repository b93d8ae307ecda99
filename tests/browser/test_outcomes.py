"""What became of a trainee, from the institution's word to 认定 and the rate it counts in."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.training.outcomes.results import note_results
from training.accounts.choices import Role
from training.demo.scenery import add_places, paper
from training.institutions.models import AgreementIndicator
from training.scheduling.models import TrainingSession

pytestmark = pytest.mark.browser


def test_an_outcome_goes_from_the_institution_through_a_call_to_the_bureau(
    a_month_later: Any, sign_in: Any, picture: Any, live_server: Any, clock: Any
) -> None:
    county = a_month_later
    add_places(county.programme)
    note_results(county)
    TrainingSession.objects.update(class_type="entrepreneurship_employment")
    AgreementIndicator.objects.create(
        agreement=county.session.agreement,
        rate="创业率",
        percent=60,
        formula="创业 ÷ 结业",
        window="结业后 1 个月内",
    )
    name, data = paper("网店开设截图", "店铺：石城莲香小店")

    page = sign_in(Role.INSTITUTION_CLERK)
    page.goto(f"{live_server.url}/outcomes/rates/")
    page.get_by_role("link", name="11").first.click()
    picture(page, "outcome-people")
    page.get_by_role("link", name="登记成果").first.click()
    page.get_by_label("成果类型").select_option(label="创业（开店）")
    page.get_by_label("开始日期").fill("2021-06-10")
    page.get_by_label("平台").select_option(label="拼多多")
    page.get_by_label("店铺链接").fill("https://mobile.yangkeduo.com/mall_page.html?mall_id=23")
    page.get_by_label("哪天看过店铺").fill("2021-06-17")
    page.get_by_label("证据等级").select_option(label="B 平台数据")
    page.get_by_label("材料类型").select_option(label="店铺页面截图")
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/pdf", "buffer": data}
    )
    picture(page, "outcome-claim")
    page.get_by_role("button", name="登记成果").click()
    expect(page.get_by_role("region", name="经过")).to_contain_text("已取证")
    expect(page.get_by_role("button", name="核实属实")).to_have_count(0)
    address = page.url

    page = sign_in(Role.FOLLOW_UP, size=PHONE)
    page.goto(address)
    page.get_by_label("电话", exact=True).check()
    page.get_by_label("怎样核实的").fill("本人接电话，店铺在营业。")
    picture(page, "outcome-verify")
    page.get_by_role("button", name="核实属实").click()
    expect(page.get_by_role("region", name="经过")).to_contain_text("店铺在营业")

    page = sign_in(Role.BUREAU_REVIEWER)
    page.goto(address)
    picture(page, "outcome-confirm")
    page.get_by_role("button", name="认定", exact=True).click()
    expect(page.get_by_role("region", name="经过")).to_contain_text("已认定")
    page.goto(f"{live_server.url}/outcomes/rates/?months=1")
    expect(page.get_by_role("region", name="协议约定的比率")).to_contain_text("未达到")
    for shown in ("", "rates/", "sales/", "enterprises/", "designations/", "designations/gaps/", "rechecks/"):
        page.goto(f"{live_server.url}/outcomes/{shown}")
        expect(page.locator("main h1")).to_be_visible()
        picture(page, f"outcomes-{shown.strip('/').replace('/', '-')}")
