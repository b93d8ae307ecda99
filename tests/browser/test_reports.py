"""A township's day, and the office's: the month is written, handed in, missed, rolled up and sent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_pages import serious, width_beyond_the_window
from tests.training.county_reports.leaving import leave_reports
from training.accounts.choices import Role
from training.core import clock
from training.core.actor import SYSTEM
from training.demo.scenery import TOWNSHIP, add_places
from training.programmes.models import RuleSet
from training.programmes.preset_file import load_preset
from training.reports.models import (
    Meeting,
    MinistryReport,
    PhoneCheck,
    PhoneCheckLine,
    RollUp,
    SelfEvaluation,
    TownReport,
)
from training.reports.services.town_reports import open_month

pytestmark = pytest.mark.browser
MAY, JUNE = date(2021, 5, 1), date(2021, 6, 1)


@pytest.fixture
def reporting(a_month_later: Any) -> Any:
    """The county asks its towns for reports as 惠东 does; May's was due when nobody had begun."""
    rule_set = RuleSet.objects.get(programme=a_month_later.programme)
    rule_set.body["reports"] = load_preset("huidong").model_dump(mode="json")["reports"]
    rule_set.save()
    add_places(a_month_later.programme)
    for month in (MAY, JUNE):
        open_month(a_month_later.programme, month, actor=SYSTEM)
    return a_month_later


def test_the_township_writes_its_month_and_hands_it_in(reporting: Any, sign_in: Any, picture: Any) -> None:
    page = sign_in(Role.TOWNSHIP, size=PHONE)
    page.get_by_role("link", name="月报", exact=True).first.click()
    row = page.get_by_role("row").filter(has_text="2021-05")
    expect(row.get_by_text("未报")).to_have_class("mark")
    page.get_by_role("row").filter(has_text="2021-06").get_by_role("link").click()
    expect(page.get_by_role("region", name="系统数据")).to_contain_text("培训人次")
    picture(page, "town-report")

    page.get_by_label("服务站点建设").fill("新建两个村级服务站。")
    page.get_by_label("人员培训").fill("动员 12 人参训。")
    page.get_by_label("农村产品上行").fill("白莲、脐橙。")
    page.get_by_role("button", name="报送").click()
    expect(page.get_by_text("还没有写：季度总结。")).to_be_visible()
    expect(page.get_by_label("服务站点建设")).to_have_value("新建两个村级服务站。")
    page.get_by_label("季度总结").fill("二季度办班一期。")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存，还没有报送。")).to_be_visible()
    page.get_by_role("button", name="报送").click()
    expect(page.get_by_text("已报送，数据不再变化。")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("二季度办班一期。")
    assert page.get_by_text("迟报").count() == 0

    page.get_by_role("link", name="乡镇月报").first.click()
    page.get_by_role("row").filter(has_text="2021-05").get_by_role("link").click()
    expect(page.get_by_text("现在报送会标为“迟报”")).to_be_visible()
    for section in ("服务站点建设", "人员培训", "农村产品上行"):
        page.get_by_label(section).fill("上月没有报。")
    page.get_by_role("button", name="报送").click()
    expect(page.locator(".mark", has_text="迟报").first).to_be_visible()


def test_the_office_sees_who_is_late_and_sends_the_county_s_month_with_them_named(
    reporting: Any, sign_in: Any, picture: Any
) -> None:
    others = TownReport.objects.filter(month=MAY).exclude(township=TOWNSHIP)
    others.update(submitted_at=clock.now() - timedelta(days=40), status="submitted")
    others.update(figures={"period": {}, "total": {}})
    page = sign_in(Role.LEADING_GROUP)
    page.get_by_role("link", name="报表", exact=True).first.click()
    page.get_by_label("月份").select_option(label="2021-05")
    page.get_by_label("状态").select_option(label="未报")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_role("rowheader")).to_have_text([TOWNSHIP])
    picture(page, "town-reports")

    page.get_by_role("link", name="全县汇总").first.click()
    page.get_by_role("link", name="汇总一个月").first.click()
    page.get_by_label("月份").select_option(label="2021-05")
    page.get_by_label("全县工作情况").fill("全县本月情况。")
    page.get_by_role("button", name="汇总").click()
    expect(page.get_by_text(f"1 个乡镇未报：{TOWNSHIP}。要照样汇总")).to_be_visible()
    page.get_by_label("未报的乡镇照实列明").check()
    page.get_by_role("button", name="汇总").click()
    expect(page.get_by_text(f"1 个乡镇未报：{TOWNSHIP}。上报时照此列明。")).to_be_visible()
    picture(page, "roll-up")

    page.get_by_role("link", name="登记上报").click()
    page.get_by_label("报给").select_option(label="县政府")
    page.get_by_label("文号").fill("石商电〔2021〕5号")
    page.get_by_role("button", name="登记上报").click()
    expect(page.get_by_role("region", name="上报记录")).to_contain_text("石商电〔2021〕5号")
    expect(page.get_by_text("还没有报：惠州市商务局")).to_be_visible()
    assert RollUp.objects.get().missing == [TOWNSHIP]


def test_the_bureau_draws_rings_and_reads_the_rate(reporting: Any, sign_in: Any, picture: Any) -> None:
    page = sign_in(Role.BUREAU_REVIEWER)
    page.get_by_role("link", name="指标与规则").first.click()
    page.get_by_role("link", name="报表", exact=True).first.click()
    page.get_by_role("link", name="抽查电话核实").click()
    page.get_by_role("link", name="抽取样本").first.click()
    page.get_by_label("名称").fill("五月抽查")
    page.get_by_label("样本量").fill("2")
    page.get_by_label("随机种子").fill("20210617")
    page.get_by_role("button", name="抽取").click()
    expect(page.get_by_text("重抽一遍，人和次序都一样")).to_be_visible()
    page.get_by_role("rowheader").get_by_role("link").first.click()
    page.get_by_role("button", name="查看姓名和号码（会记录）").click()
    expect(page.get_by_text("已记录您查看过。")).to_be_visible()
    picture(page, "phone-check-line")
    page.get_by_label("否认参训").check()
    page.get_by_label("情况").fill("说那天在外地打工")
    page.get_by_role("button", name="记下结果").click()
    page.get_by_role("rowheader").get_by_role("link").first.click()
    page.get_by_label("本人确认参训").check()
    page.get_by_role("button", name="记下结果").click()

    result = page.get_by_role("region", name="结果", exact=True)
    expect(result).to_contain_text("50.0 % 1 / 2")
    expect(result).to_contain_text("95% 区间 9.5%–90.5%")
    picture(page, "phone-check")
    page.get_by_role("button", name="结束核实").click()
    expect(page.get_by_text("核实已结束。")).to_be_visible()


def test_every_report_fits_a_phone_and_has_no_serious_barrier(
    a_month_later: Any, sign_in: Any, live_server: Any, picture: Any
) -> None:
    leave_reports(a_month_later)
    programme = a_month_later.programme
    models = {
        "town-report": TownReport,
        "roll-up": RollUp,
        "ministry-report": MinistryReport,
        "self-evaluation": SelfEvaluation,
        "phone-check": PhoneCheck,
        "meeting": Meeting,
    }
    names = ("reports", "town-reports", "roll-ups", "ministry-reports", "self-evaluations", "phone-checks")
    addresses = {name: reverse(name) for name in (*names, "meetings", "phone-check-draw", "meeting-add")}
    for name, model in models.items():
        addresses[name] = reverse(name, args=[model.objects.get(programme=programme).pk])
    line = PhoneCheckLine.objects.get(phone_check__programme=programme)
    addresses["phone-check-line"] = reverse("phone-check-line", args=[line.pk])
    evaluation = SelfEvaluation.objects.get(programme=programme)
    addresses["score"] = reverse("self-evaluation-score", args=[evaluation.pk, "C1"])
    page = sign_in(Role.BUREAU_REVIEWER, size=PHONE)
    wrong = {}
    for name, address in addresses.items():
        page.goto(live_server.url + address)
        picture(page, f"reports-{name}")
        wrong[name] = (width_beyond_the_window(page), serious(page))
    assert {name: found for name, found in wrong.items() if found != (0, [])} == {}
