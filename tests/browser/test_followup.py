"""A follow-up officer on the road: everything on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from training.accounts.choices import Role
from training.demo.scenery import paper

pytestmark = pytest.mark.browser


def test_a_contact_and_an_outcome_are_logged_on_a_phone_and_counted_with_the_formula(
    a_month_later: Any, sign_in: Any, picture: Any
) -> None:
    page = sign_in(Role.FOLLOW_UP, size=PHONE)
    page.get_by_role("link", name="跟踪").first.click()
    picture(page, "followup")
    page.get_by_role("link", name="记联系").first.click()
    page.get_by_label("电话", exact=True).check()
    page.get_by_label("联系到本人").check()
    page.get_by_label("提供的服务").select_option(label="开店指导")
    page.get_by_label("情况记录").fill("网店已上架白莲，约好下周上门。")
    page.get_by_role("button", name="记下这次联系").click()
    expect(page.get_by_role("region", name="联系记录")).to_contain_text("约好下周上门")

    name, data = paper("网店开设截图", "店铺：石城莲香小店")
    page.get_by_role("link", name="登记成果").click()
    page.get_by_label("成果类型").select_option(label="创业（开店）")
    page.get_by_label("开始日期").fill("2021-06-10")
    page.get_by_label("证据等级").select_option(label="B 平台数据")
    page.get_by_label("说明").fill("开设网店，首月成交 23 单。")
    page.get_by_label("证据*").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": data})
    page.get_by_role("button", name="登记成果").click()
    expect(page.get_by_role("region", name="就业创业成果")).to_contain_text("首月成交 23 单")

    page.get_by_role("link", name="指标").first.click()
    targets = page.get_by_role("region", name="任务完成情况")
    expect(targets.get_by_role("link", name="11")).to_be_visible()
    expect(targets).to_contain_text("/ 2000 人次")
    expect(targets).to_contain_text("培训人次 = 本项目已批准各期中")
    picture(page, "indicators")
