"""An institution's day at the browser: plan, lessons, roster, submission; later the archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from training.accounts.choices import Role
from training.demo.people import synthetic_people
from training.demo.scenery import WITNESS_PIN, paper, roster_workbook
from training.institutions.services import verify_proof

pytestmark = pytest.mark.browser
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def a_roster_with_one_wrong_number() -> dict[str, Any]:
    people = synthetic_people(6, seed=11)
    wrong = "0" if people[3].id_number[-1] != "0" else "1"
    people[3] = replace(people[3], id_number=people[3].id_number[:-1] + wrong)
    return {"name": "名册.xlsx", "mimeType": XLSX, "buffer": roster_workbook(people)}


def write_the_plan(page: Page) -> None:
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="培训", exact=True).click()
    page.get_by_role("link", name="新建一期").first.click()
    page.get_by_label("协议或任务文件").select_option(index=1)
    page.get_by_label("培训名称").fill("农民网店入门培训班")
    page.get_by_label("课程类别").select_option(label="农民")
    page.get_by_label("班型").select_option(index=1)
    page.get_by_label("培训形式").select_option(index=1)
    page.get_by_label("培训对象").fill("小松镇农民")
    page.get_by_label("培训目标").fill("会开网店，会看订单。")
    page.get_by_label("培训内容").fill("电商基础知识；农村产品网销。")
    page.get_by_label("考核方式").fill("随堂实操。")
    page.get_by_label("班主任").fill("邓经办")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("农民网店入门培训班")


def add_lesson(page: Page, start: str, end: str, topic: str) -> None:
    page.get_by_role("link", name="添加课次").first.click()
    page.get_by_label("日期").fill(f"{date(2021, 5, 25)}")
    page.get_by_label("开始时间").fill(start)
    page.get_by_label("结束时间").fill(end)
    page.get_by_role("combobox", name="专题").select_option(label=topic)
    page.get_by_label("授课人").select_option(index=1)
    page.get_by_label("场地").select_option(index=1)
    page.get_by_role("button", name="保存课次").click()
    expect(page.get_by_text("课次已加入课程安排")).to_be_visible()


def write_the_budget(page: Page) -> None:
    page.get_by_role("link", name="写预算").click()
    for label, said in (("项目", "讲课费"), ("单价（元）", "500"), ("数量", "6"), ("计量单位", "学时")):
        page.get_by_role("row").nth(1).get_by_label(label).fill(said)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("经费预算已保存")).to_be_visible()


def add_witness(page: Page) -> None:
    page.get_by_role("link", name="添加", exact=True).click()
    page.get_by_label("姓名").fill("温支书")
    page.get_by_label("职务").fill("长江村党支部书记")
    page.get_by_label("见证码").fill(WITNESS_PIN)
    page.get_by_role("button", name="添加见证人").click()
    expect(page.get_by_text("见证人已添加")).to_be_visible()


def test_a_session_is_planned_with_lessons_witness_and_roster_and_submitted(
    make_county: Callable[..., Any], sign_in: Any, picture: Any
) -> None:
    make_county(people=0)
    page = sign_in(Role.INSTITUTION_CLERK)
    write_the_plan(page)
    session = page.url
    add_lesson(page, "09:00", "11:15", "电商基础知识")
    add_lesson(page, "14:00", "16:15", "农村产品网销")
    page.goto(session)
    write_the_budget(page)
    add_witness(page)

    page.get_by_role("link", name="导入名册").click()
    page.get_by_label("名册文件（.xlsx 或 .csv）").set_input_files(a_roster_with_one_wrong_number())
    page.get_by_role("button", name="导入名册").click()
    expect(page.get_by_role("heading", name="1 处没有导入")).to_be_visible()
    reason = page.get_by_role("row").filter(has_text="身份证").first
    expect(reason).to_contain_text("校验")
    expect(page.get_by_role("heading", name="导入了 5 人")).to_be_visible()
    picture(page, "roster-result")
    page.goto(session)
    expect(page.get_by_text("由机构负责人提交")).to_be_visible()

    head = sign_in(Role.INSTITUTION_HEAD)
    head.get_by_role("navigation", name="主导航").get_by_role("link", name="培训", exact=True).click()
    head.get_by_role("row").filter(has_text="农民网店入门培训班").get_by_role("link").first.click()
    head.get_by_role("button", name="提交开班申请").click()
    expect(head.get_by_role("status")).to_contain_text("开班申请已提交，等商务局审批")
    expect(head.get_by_role("button", name="提交开班申请")).to_have_count(0)


def test_a_claim_is_refused_by_the_name_of_what_is_missing_until_the_file_is_there(
    taught: Any, sign_in: Any, picture: Any
) -> None:
    page = sign_in(Role.INSTITUTION_HEAD)
    picture(page, "home-institution")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="培训", exact=True).click()
    page.get_by_role("link", name=taught.session.code).click()
    missing = page.get_by_role("region", name="培训档案", exact=True).locator("li li")
    expect(missing).to_have_count(1)
    expect(missing).to_contain_text("王思敏")
    picture(page, "session")
    page.get_by_role("button", name="申领补贴").click()
    expect(page.get_by_role("alert")).to_contain_text("王思敏")

    page.get_by_role("link", name="王思敏").click()
    name, data = paper("助理电子商务师资格证书", "姓名：王思敏")
    page.get_by_label("证书编号").fill("电商师 2020-3607-0977")
    page.get_by_label("发证机关").fill("江西省职业技能鉴定指导中心")
    page.get_by_label("扫描件").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": data})
    page.get_by_role("button", name="上传证明").click()
    expect(page.get_by_text("资质证明已收下")).to_be_visible()
    proof = taught.instructors[1].proofs.get(number="电商师 2020-3607-0977")
    verify_proof(proof.pk, actor=taught.actor(Role.BUREAU_REVIEWER))  # its page has tests of its own

    page.get_by_role("navigation", name="主导航").get_by_role("link", name="培训", exact=True).click()
    page.get_by_role("link", name=taught.session.code).click()
    page.get_by_role("button", name="提交档案").click()
    expect(page.get_by_text("档案已提交，等商务局核验")).to_be_visible()
