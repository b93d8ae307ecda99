"""A short day of those whose work is a small part of everybody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.test_readers import claimed, demand_no_act  # noqa: F401  the fixture
from training.accounts.choices import Role
from training.demo.scenery import paper

pytestmark = pytest.mark.browser


def follow(page: Page, area: str, place: str) -> None:
    bar = page.get_by_role("navigation", name="主导航")
    bar.get_by_role("link", name=area, exact=True).first.click()
    if place != area:
        page.get_by_role("link", name=place, exact=True).first.click()


def test_the_class_manager_hands_in_what_the_trainees_thought(taught: Any, sign_in: Any) -> None:
    page = sign_in(Role.CLASS_MANAGER)
    page.get_by_role("link", name="授课人待评价的期").click()
    page.get_by_role("link", name="评价", exact=False).last.click()
    page.get_by_role("link", name="登记").first.click()
    page.get_by_label("收回份数").fill("9")
    for field in page.locator("main input[type=number]").all()[1:]:
        field.fill("4.5")
    page.get_by_role("button", name="登记评价").click()
    expect(page.get_by_text("评价已登记。")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("收回 9 份")


def test_the_instructor_finds_the_next_class_and_hands_in_a_proof(
    approved: Any, sign_in: Any, tmp_path: Path
) -> None:
    page = sign_in(Role.INSTRUCTOR)
    expect(page.get_by_role("region", name="接下来的课")).to_contain_text("电商基础知识")
    follow(page, "我的课", "周课表")
    expect(page.get_by_role("main")).to_contain_text("电商基础知识")
    expect(page.get_by_role("main")).not_to_contain_text("电商交易安全")

    follow(page, "资质与评价", "资质与评价")
    name, data = paper("讲师职称证书")
    scan = tmp_path / name
    scan.write_bytes(data)
    page.get_by_label("证书编号").fill("赣职 2021-0007")
    page.get_by_label("发证机关").fill("省人社厅")
    page.get_by_label("扫描件").set_input_files(scan)
    page.get_by_role("button", name="上传证明").click()
    expect(page.get_by_text("赣职 2021-0007")).to_be_visible()
    names = [place.trainee.name for place in approved.session.enrolments.select_related("trainee")]
    assert not [one for one in names if one in page.content()]


def test_whoever_pays_reads_the_claim_and_changes_nothing(
    claimed: Any,  # noqa: F811
    sign_in: Any,
    live_server: Any,
) -> None:
    page = sign_in(Role.FINANCE_PAYER)
    page.goto(live_server.url + reverse("claims"))
    demand_no_act(page)
    page.get_by_role("link", name=claimed.session.title).first.click()
    demand_no_act(page)
    refused = page.goto(live_server.url + reverse("trainees"))
    assert refused is not None
    assert refused.status == 403


def test_the_acceptance_group_reads_the_sealed_archive_and_the_agreements(
    claimed: Any,  # noqa: F811
    sign_in: Any,
    live_server: Any,
) -> None:
    page = sign_in(Role.ACCEPTANCE)
    page.get_by_role("link", name="已封存的档案").click()
    page.get_by_role("link", name=claimed.session.title).first.click()
    demand_no_act(page)
    page.goto(live_server.url + reverse("agreements"))
    page.get_by_role("link", name="委托培训协议").click()
    demand_no_act(page)


def test_the_auditor_finds_an_approval_in_the_trail_and_takes_what_is_listed_along(
    claimed: Any,  # noqa: F811
    sign_in: Any,
) -> None:
    page = sign_in(Role.AUDITOR)
    follow(page, "操作记录", "操作记录")
    page.get_by_label("动作").select_option("session.approved")
    page.get_by_role("button", name="查找").click()
    expect(page.locator("main tbody tr")).to_have_count(1)
    expect(page.locator("main tbody tr")).to_contain_text(claimed.session.code)
    demand_no_act(page)

    with page.expect_download() as taken:
        page.get_by_role("link", name="导出所列").click()
    lines = Path(taken.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + 1
    assert claimed.session.code in lines[1]

    follow(page, "操作记录", "数据核对")
    demand_no_act(page)
