"""The desk at the door: the station's own screen, with cards on a real serial line and a camera."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.door import PEOPLE, STRANGER, Door
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent
from training.demo.scenery import WITNESS_PIN
from training.demo.stage import until
from training.people.services import record_consent

pytestmark = pytest.mark.browser
MATCHES, LOOKS_DIFFERENT, DECLINES = 0, 1, 2


def says(page: Page, words: str) -> None:
    """The one big message."""
    expect(page.get_by_role("main").get_by_role("heading", level=1)).to_have_text(words)


def rests(page: Page) -> None:
    says(page, "请放身份证")


def open_roster(page: Page) -> None:
    """The witness's dialogue, unlocked."""
    page.get_by_role("button", name="见证签到").click()
    page.get_by_role("dialog").get_by_label("见证码").fill(WITNESS_PIN)
    page.get_by_role("button", name="打开名册").click()


def take_portrait(page: Page, index: int) -> None:
    open_roster(page)
    row = page.get_by_role("listitem").filter(has_text=PEOPLE[index].name)
    row.get_by_role("button", name="登记头像").click()
    expect(page.get_by_role("dialog")).to_contain_text("头像已登记")
    page.get_by_role("button", name="完成").click()


def test_a_card_is_enough_and_a_face_never_the_only_way(
    approved: Any, door: Door, open_page: Any, picture: Any
) -> None:
    people = {place.trainee.name: place.trainee for place in approved.session.enrolments.all()}
    clerk = approved.actor(Role.INSTITUTION_CLERK)
    for index, given in ((MATCHES, True), (LOOKS_DIFFERENT, True), (DECLINES, False)):
        record_consent(people[PEOPLE[index].name], given=given, actor=clerk)

    page = open_page(door.open("grace_hopper"))
    take_portrait(page, LOOKS_DIFFERENT)
    page.close()
    door.close()
    page = open_page(door.open("astronaut"))
    take_portrait(page, MATCHES)
    rests(page)
    picture(page, "station-rest")

    for index in (MATCHES, DECLINES, 3):
        door.lay(index)
        says(page, "签到成功")
        expect(page.get_by_role("main")).to_contain_text(PEOPLE[index].name)
        if index == MATCHES:
            picture(page, "station-signed")
        door.lift()

    door.lay(LOOKS_DIFFERENT)
    says(page, "请工作人员确认")
    picture(page, "station-witness")
    page.get_by_label("见证码").first.fill("000000")
    page.get_by_role("button", name="是本人", exact=True).click()
    says(page, "见证码不对")
    page.get_by_label("见证码").first.fill(WITNESS_PIN)
    page.get_by_role("button", name="是本人", exact=True).click()
    says(page, "签到成功")
    door.lift()

    until("上传", lambda: AttendanceEvent.objects.filter(kind="sign_in").count() == 4)
    signed = AttendanceEvent.objects.filter(kind="sign_in").order_by("seq")
    assert list(signed.values_list("enrolment__trainee__name", "method")) == [
        (PEOPLE[MATCHES].name, "card+face"),
        (PEOPLE[DECLINES].name, "card"),
        (PEOPLE[3].name, "card"),
        (PEOPLE[LOOKS_DIFFERENT].name, "witness"),
    ]


def test_without_a_network_people_sign_in_and_the_screen_says_how_many_wait(
    door: Door, open_page: Any
) -> None:
    page = open_page(door.open())
    door.cable.cut()
    for index in (4, 5):
        door.lay(index)
        says(page, "签到成功")
        expect(page.get_by_role("main")).to_contain_text(PEOPLE[index].name)
        door.lift()
    door.lay(STRANGER)
    says(page, "不在本期名册，请到工作台登记")
    door.lift()
    footer = page.get_by_role("contentinfo")
    expect(footer).to_contain_text("已记录，待上传 3 条")
    expect(footer).to_contain_text("请勿关机")
    door.cable.restore()
    expect(footer).to_contain_text("全部已上传", timeout=40_000)
    expect(footer).to_contain_text("可以关机")
    assert AttendanceEvent.objects.count() == 3


def test_a_reader_pulled_out_is_said_with_what_to_do_in_either_language(door: Door, open_page: Any) -> None:
    page = open_page(door.open())
    rests(page)
    door.unplug()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("读卡器没有反应")
    expect(alert).to_contain_text("请检查连线")
    page.get_by_role("button", name="English").click()
    expect(alert).to_contain_text("The card reader does not answer")
    expect(page.locator("html")).to_have_attribute("lang", "en")

    page.get_by_role("button", name="中文").click()
    open_roster(page)
    row = page.get_by_role("listitem").filter(has_text=PEOPLE[6].name)
    row.get_by_role("button", name="签到/签退").click()
    expect(row).to_contain_text("已签到")
    page.get_by_role("button", name="完成").click()

    door.replug()
    expect(alert).to_be_hidden()
    door.lay(7)
    says(page, "签到成功")
