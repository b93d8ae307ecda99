"""A follow-up officer on the road: everything on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from training.accounts.choices import Role
from training.demo.scenery import paper
from training.followup.models import Contact

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
    page.get_by_label("开店指导").check()
    page.get_by_label("情况记录").fill("网店已上架白莲，约好下周上门。")
    page.get_by_role("button", name="记下这次联系").click()
    expect(page.get_by_role("region", name="联系记录")).to_contain_text("约好下周上门")

    name, data = paper("网店开设截图", "店铺：石城莲香小店")
    page.get_by_role("link", name="登记成果").click()
    page.get_by_label("成果类型").select_option(label="创业（开店）")
    page.get_by_label("开始日期").fill("2021-06-10")
    page.get_by_label("证据等级").select_option(label="B 平台数据")
    page.get_by_label("平台").select_option(label="拼多多")
    page.get_by_label("店铺链接").fill("https://mobile.yangkeduo.com/mall_page.html?mall_id=23")
    page.get_by_label("哪天看过店铺").fill("2021-06-17")
    page.get_by_label("材料类型").select_option(label="店铺页面截图")
    page.get_by_label("证据", exact=True).set_input_files(
        {"name": name, "mimeType": "application/pdf", "buffer": data}
    )
    page.get_by_label("说明").fill("开设网店，首月成交 23 单。")
    page.get_by_role("button", name="登记成果").click()
    expect(page.get_by_role("region", name="成果", exact=True)).to_contain_text("首月成交 23 单")

    page.get_by_role("link", name="指标").first.click()
    targets = page.get_by_role("region", name="任务完成情况")
    expect(targets.get_by_role("link", name="11").first).to_be_visible()
    expect(targets).to_contain_text("/ 2000 人次")
    expect(targets).to_contain_text("培训人次 = 本项目已批准各期中")
    picture(page, "indicators")


@pytest.fixture
def form(a_month_later: Any, sign_in: Any) -> Any:
    """The form of the first who is due, on a phone, half filled in."""
    page = sign_in(Role.FOLLOW_UP, size=PHONE)
    page.get_by_role("link", name="跟踪").first.click()
    page.get_by_role("link", name="记联系").first.click()
    page.get_by_label("上门", exact=True).check()
    page.get_by_label("联系到本人").check()
    page.get_by_label("物流").check()
    page.get_by_label("情况记录").fill("快递进村要等到下个月。")
    return page


def written_down(page: Any) -> Any:
    return page.get_by_role("region", name="联系记录")


def test_without_network_a_contact_waits_on_the_phone_and_goes_out_by_itself(form: Any) -> None:
    form.context.set_offline(True)
    form.get_by_role("button", name="记下这次联系").click()
    expect(form.get_by_text("没有网络。已经存在这台手机上")).to_be_visible()
    form.get_by_role("button", name="记下这次联系").click()  # somebody is impatient
    assert Contact.objects.count() == 0

    form.context.set_offline(False)
    expect(written_down(form)).to_contain_text("快递进村要等到下个月。")
    expect(written_down(form)).to_contain_text("物流")
    assert Contact.objects.count() == 1
    form.get_by_role("link", name="跟踪名单").click()
    expect(form.get_by_text("还有没有送出的联系记录")).to_be_hidden()


def test_an_answer_that_gets_lost_on_the_way_back_makes_no_second_contact(form: Any) -> None:
    def lose(route: Any) -> None:
        if route.request.method != "POST":
            return route.continue_()
        route.fetch()  # the server has it
        return route.abort()

    form.route("**/contact/", lose)
    form.get_by_role("button", name="记下这次联系").click()
    expect(form.get_by_text("没有网络。已经存在这台手机上")).to_be_visible()
    assert Contact.objects.count() == 1
    form.unroute("**/contact/")

    expect(written_down(form)).to_contain_text("快递进村要等到下个月。")
    assert Contact.objects.count() == 1


def test_a_page_that_was_left_comes_back_as_it_was(form: Any, live_server: Any) -> None:
    who, address = form.locator("h1").inner_text().split()[0], form.url
    form.goto(f"{live_server.url}/followup/")
    left = form.get_by_role("status").get_by_role("link", name=who)
    expect(left).to_be_visible()
    left.click()

    assert form.url == address
    expect(form.get_by_text("上次填了没有送出的，已经恢复")).to_be_visible()
    expect(form.get_by_label("情况记录")).to_have_value("快递进村要等到下个月。")
    expect(form.get_by_label("上门", exact=True)).to_be_checked()
    expect(form.get_by_label("物流")).to_be_checked()
    form.get_by_role("button", name="记下这次联系").click()
    expect(written_down(form)).to_contain_text("快递进村要等到下个月。")
    assert Contact.objects.count() == 1


def test_signing_out_asks_before_it_takes_what_was_not_sent(form: Any, live_server: Any) -> None:
    form.goto(f"{live_server.url}/")
    form.once("dialog", lambda dialog: dialog.dismiss())
    form.get_by_role("button", name="退出").click()
    expect(form.get_by_role("link", name="账号安全")).to_be_visible()
    assert kept(form) == 1

    form.once("dialog", lambda dialog: dialog.accept())
    form.get_by_role("button", name="退出").click()
    expect(form.get_by_label("密码")).to_be_visible()
    assert kept(form) == 0


def test_what_was_left_for_a_month_is_gone(form: Any) -> None:
    form.evaluate(
        """() => { for (const name of Object.keys(localStorage)) {
            const draft = JSON.parse(localStorage[name]);
            localStorage[name] = JSON.stringify({ ...draft, at: Date.now() - 31 * 86400000 });
        } }"""
    )

    form.reload()

    expect(form.get_by_label("情况记录")).to_have_value("")
    assert kept(form) == 0


def kept(page: Any) -> int:
    found: int = page.evaluate(
        "Object.keys(localStorage).filter((it) => it.startsWith('yidang.contact')).length"
    )
    return found


def test_what_the_server_refuses_stays_in_the_form(form: Any) -> None:
    form.get_by_label("无人接听").check()
    form.get_by_label("阶段结论").select_option(label="失联")
    form.get_by_role("button", name="记下这次联系").click()

    expect(form.get_by_text("失联要在三个不同的日子各联系一次。连这次试了")).to_be_visible()
    expect(form.get_by_label("情况记录")).to_have_value("快递进村要等到下个月。")
    assert Contact.objects.count() == 0


def test_the_officers_day_at_the_desk(a_month_later: Any, sign_in: Any, picture: Any, tmp_path: Any) -> None:
    """Work is shared out, calls come back in a workbook, and the statistics lead to the people they count."""
    page = sign_in(Role.FOLLOW_UP)
    page.get_by_role("link", name="训后跟踪").first.click()
    page.get_by_label("进度").select_option(label="已超期")
    page.get_by_role("button", name="查找").click()
    page.get_by_label("交给").select_option(label="黄跟踪")
    page.get_by_label("交接说明").fill("城东各村")
    page.get_by_role("button", name="交接所列全部").click()
    expect(page.get_by_text("交接了 33 个阶段")).to_be_visible()
    page.get_by_role("button", name="撤回").click()
    expect(page.get_by_text("已撤回：还在他名下的都退回原来的负责人")).to_be_visible()

    page.get_by_role("link", name="跟踪名单").click()
    page.get_by_label("进度").select_option(label="已超期")
    page.get_by_role("button", name="查找").click()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="下载工作表").click()
    book = tmp_path / "回访.xlsx"
    downloading.value.save_as(book)
    fill_in(book)
    page.get_by_role("link", name="上传工作表").click()
    page.get_by_label("填好的工作表").set_input_files(book)
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_text("记下了 1 次联系")).to_be_visible()
    expect(page.get_by_text("不在列表里")).to_be_visible()

    page.get_by_role("link", name="跟踪名单").click()
    page.get_by_role("link", name="跟踪统计").click()
    picture(page, "followup-statistics")
    page.get_by_role("row", name="合计").get_by_role("link", name="1", exact=True).first.click()
    expect(page.get_by_text("共 1 条")).to_be_visible()


def fill_in(book: Any) -> None:
    """The first person was reached; of the second the result is no word of the list."""
    workbook = load_workbook(book)
    sheet = workbook.active
    columns = [cell.value for cell in sheet[2]]
    for row, result in ((3, "联系到本人"), (4, "聊得很好")):
        for column, text in (("联系日期", "2021-06-18"), ("联系方式", "电话"), ("结果", result)):
            sheet.cell(row, columns.index(column) + 1, text)
    workbook.save(book)
