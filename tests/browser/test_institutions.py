"""A licence is renewed, an agreement comes into force, an instructor is judged: both sides at the browser."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from training.accounts.choices import Role
from training.demo.scenery import paper
from training.institutions.models import Licence

pytestmark = pytest.mark.browser


def hand_in(page: Page, label: str, title: str) -> None:
    name, data = paper(title)
    page.get_by_label(label).set_input_files({"name": name, "mimeType": "application/pdf", "buffer": data})


def go(page: Page, area: str, place: str) -> None:
    bar = page.get_by_role("navigation", name="主导航")
    bar.get_by_role("link", name=area, exact=True).click()
    bar.get_by_role("link", name=place, exact=True).click()


def test_a_licence_that_ran_out_stops_work_until_its_renewal_is_verified(
    county: Any, sign_in: Any, picture: Any
) -> None:
    Licence.objects.filter(kind="training").update(valid_until=date(2021, 5, 17))
    clerk = sign_in(Role.INSTITUTION_CLERK)
    expect(clerk.get_by_role("link", name="本机构现在不能开班")).to_be_visible()
    go(clerk, "本机构", "证照与协议")
    expect(clerk.get_by_role("alert")).to_contain_text("培训资质证明在 2021-05-18 没有经商务局核验的有效证照")
    clerk.get_by_role("link", name="添加证照").click()
    clerk.get_by_label("证照类型").select_option(label="培训资质证明")
    clerk.get_by_label("证照编号").fill("新证 2021-1")
    clerk.get_by_label("发证机关").fill("石城县人社局")
    clerk.get_by_label("有效期起").fill("2021-05-01")
    hand_in(clerk, "扫描件", "办学许可证")
    clerk.get_by_role("button", name="添加证照").click()
    expect(clerk.get_by_text("证照已收下，商务局核验后生效")).to_be_visible()

    reviewer = sign_in(Role.BUREAU_REVIEWER)
    reviewer.get_by_role("link", name="有证照待核验").click()
    reviewer.get_by_role("link", name=county.institution.name).click()
    picture(reviewer, "institution")
    reviewer.get_by_role("button", name="核验通过 新证 2021-1").click()
    expect(reviewer.get_by_text("证照已核验")).to_be_visible()
    expect(reviewer.get_by_role("alert")).to_have_count(0)


def test_an_agreement_comes_into_force_once_its_rates_are_written(county: Any, sign_in: Any) -> None:
    clerk = sign_in(Role.INSTITUTION_CLERK)
    go(clerk, "本机构", "证照与协议")
    clerk.get_by_role("link", name="添加协议或任务文件").click()
    clerk.get_by_label("文件编号").fill("石商培协〔2021〕9号")
    clerk.get_by_label("资金条线").select_option(label="人才培训")
    clerk.get_by_label("签署日期").fill("2021-05-01")
    clerk.get_by_label("有效期起").fill("2021-05-01")
    clerk.get_by_label("有效期止").fill("2021-12-31")
    clerk.get_by_label("每人次单价（元）").fill("600")
    hand_in(clerk, "双方签署的扫描件", "委托培训协议")
    clerk.get_by_role("button", name="添加协议或任务文件").click()
    clerk.get_by_role("link", name="添加任务").click()
    clerk.get_by_label("班型").select_option(label="创业就业型")
    clerk.get_by_label("人次").first.fill("100")
    clerk.get_by_role("button", name="添加任务").click()
    expect(clerk.get_by_role("alert")).to_contain_text("创业就业型：创业率")
    for rate in ("创业率", "就业率"):
        clerk.get_by_role("link", name="添加指标").click()
        clerk.get_by_label("指标", exact=False).first.select_option(label=rate)
        clerk.get_by_label("目标值（%）").fill("60")
        clerk.get_by_label("怎样计算").fill("结业后创业、就业人数 ÷ 结业人数")
        clerk.get_by_label("时间范围").fill("结业后 180 天内")
        clerk.get_by_role("button", name="添加指标").click()
    expect(clerk.get_by_role("alert")).to_have_count(0)

    head = sign_in(Role.BUREAU_HEAD)
    head.get_by_role("link", name="有协议待确认").click()
    head.get_by_role("link", name=county.institution.name).click()
    agreements = head.get_by_role("region", name="委托培训协议和任务文件")
    agreements.get_by_role("row").filter(has_text="9号").get_by_role("link").click()
    head.get_by_role("button", name="确认生效").click()
    expect(head.get_by_text("协议已生效，可以据它开班")).to_be_visible()


def test_trainees_papers_and_the_bureau_s_scores_stand_side_by_side(
    taught: Any, sign_in: Any, picture: Any
) -> None:
    clerk = sign_in(Role.INSTITUTION_CLERK)
    go(clerk, "培训", "各期培训")
    clerk.get_by_role("link", name=taught.session.code).click()
    clerk.get_by_role("link", name="讲师评价").click()
    clerk.get_by_role("link", name="登记问卷结果").first.click()
    clerk.get_by_label("收回份数").fill("10")
    for question in ("讲得清楚", "内容实用", "有动手练习", "耐心"):
        clerk.get_by_label(question).fill("4.5")
    clerk.get_by_role("button", name="登记评价").click()
    expect(clerk.get_by_text("评价已登记")).to_be_visible()

    reviewer = sign_in(Role.BUREAU_REVIEWER)
    reviewer.goto(clerk.url)
    reviewer.get_by_role("link", name="评分").first.click()
    for question in ("备课和课件", "讲授和课堂组织", "实操指导", "守时和纪律"):
        reviewer.get_by_label(question).fill("4")
    reviewer.get_by_role("button", name="登记评价").click()
    row = reviewer.get_by_role("row").filter(has_text="第 1 课次")
    expect(row).to_contain_text("4.50")
    expect(row).to_contain_text("4.00")
    picture(reviewer, "evaluations")
    row.get_by_role("link").first.click()
    expect(reviewer.get_by_role("region", name="授课与评价")).to_contain_text("4.50")
