"""The desk at the door: the station's own screen, with cards on a real serial line and a camera."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP
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
    page.get_by_role("dialog").get_by_role("textbox", name="见证码").fill(WITNESS_PIN)
    page.get_by_role("button", name="打开名册").click()


def choose(page: Page, index: int, what: str) -> None:
    """In the open roster: this person, and what is to be done."""
    page.get_by_role("dialog").get_by_role("button", name=PEOPLE[index].name).click()
    page.get_by_role("dialog").get_by_role("button", name=what).click()


def take_portrait(page: Page, index: int) -> None:
    open_roster(page)
    choose(page, index, "登记头像")
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
    choose(page, 6, "签到/签退：没带身份证")
    expect(page.get_by_role("dialog").get_by_role("button", name=PEOPLE[6].name)).to_contain_text("已签到")
    page.get_by_role("button", name="完成").click()

    door.replug()
    expect(alert).to_be_hidden()
    door.lay(7)
    says(page, "签到成功")


def test_a_machine_becomes_a_station_at_its_own_screen(door: Door, open_page: Any, picture: Any) -> None:
    page = open_page(door.open_unenrolled())
    says(page, "本机尚未登记")
    expect(page.locator("#date")).to_contain_text("2021")
    expect(page.get_by_role("main")).to_contain_text("把登记二维码对准摄像头")
    page.get_by_label("服务器地址").fill(door.cable.url)
    picture(page, "station-setup")
    page.get_by_label("一次性登记码").fill("0000-0000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("服务器没有同意")

    page.get_by_label("一次性登记码").fill(door.code())
    page.keyboard.press("Enter")

    rests(page)
    expect(page.get_by_label("一次性登记码")).to_be_hidden()
    door.lay(0)
    says(page, "签到成功")


def in_the_middle_of_the_morning(door: Door) -> None:
    lesson = door.county.session.lessons.order_by("starts_at").first()
    door.clock.set(lesson.starts_at + (lesson.ends_at - lesson.starts_at) / 2)


def test_a_check_in_class_is_started_with_a_pin_and_answered_by_card(
    door: Door, open_page: Any, picture: Any
) -> None:
    page = open_page(door.open())
    for index in (0, 1):
        door.lay(index)
        expect(page.get_by_role("main")).to_contain_text(PEOPLE[index].name)
        door.lift()
    in_the_middle_of_the_morning(door)
    open_roster(page)
    page.get_by_role("button", name="开始随堂抽查").click()
    says(page, "抽查开始")
    says(page, "随堂抽查：请再刷一次卡")
    expect(page.locator("#answered")).to_have_text("0 / 2")
    expect(page.locator("#left")).to_have_text(re.compile(r"^9:\d\d$"))

    door.lay(0)
    says(page, "抽查已记录")
    door.lift()
    expect(page.locator("#answered")).to_have_text("1 / 2")
    picture(page, "station-check")
    door.lay(0)
    says(page, "抽查已刷过，无需重复")
    door.lift()
    door.lay(2)  # somebody who comes late signs in meanwhile
    says(page, "签到成功")

    until("上传", lambda: AttendanceEvent.objects.filter(kind="check", enrolment__isnull=False).count() == 1)


@pytest.fixture
def second_witness(approved: Any) -> str:
    """The session has another witness; this is their PIN."""
    approved.session.witnesses.create(name="黄主任", post="村委会主任", pin_hash=make_password("161803"))
    return "161803"


def test_without_a_card_two_witnesses_sign_in_by_the_keyboard_alone(
    second_witness: str, door: Door, open_page: Any, picture: Any
) -> None:
    page = open_page(door.open())
    dialog, keys = page.get_by_role("dialog"), page.keyboard
    rests(page)
    keys.press("F1")
    keys.type(WITNESS_PIN)
    keys.press("Enter")
    expect(dialog.get_by_role("button", name=PEOPLE[5].name)).to_be_visible()
    picture(page, "station-roster")
    keys.type(PEOPLE[5].name)
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(dialog.get_by_role("button", name="没带身份证")).to_be_focused()
    keys.press("F2")
    expect(dialog.get_by_role("checkbox", name="他人协助")).to_be_checked()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Enter")

    second = dialog.get_by_role("textbox", name="第二位见证人的见证码")
    expect(second).to_be_focused()
    keys.type(WITNESS_PIN)
    keys.press("Enter")
    expect(dialog).to_contain_text("两个见证码是同一个人的")
    keys.type(second_witness)
    keys.press("Enter")
    expect(dialog).to_contain_text("签到成功")
    keys.press("Escape")
    expect(dialog).to_be_hidden()

    event = until("上传", lambda: AttendanceEvent.objects.filter(kind="sign_in").first())
    said = json.loads(event.payload)["witness"]
    assert (said["reason"], said["assisted"], said["second"] is not None) == ("other", True, True)


def test_a_card_that_can_not_be_read_is_typed_with_its_check_digit(door: Door, open_page: Any) -> None:
    number = PEOPLE[3].id_number
    page = open_page(door.open())
    open_roster(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="输入证件号码").click()
    typed = dialog.get_by_role("textbox", name="证件号码")
    typed.fill(number[:-1] + ("1" if number[-1] != "1" else "2"))
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("证件号码不对")
    typed.fill(number)
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("签到成功")
    page.keyboard.press("Escape")

    event = until("上传", lambda: AttendanceEvent.objects.filter(kind="sign_in").first())
    assert (event.enrolment.trainee.name, event.method) == (PEOPLE[3].name, "witness")
    assert number not in event.payload


def test_a_token_card_is_given_and_signs_in_by_a_reader_that_types(door: Door, open_page: Any) -> None:
    page = open_page(door.open())
    open_roster(page)
    choose(page, 4, "发卡")
    says(page, "请刷要发的卡")
    present = lambda: page.keyboard.type("0006480648\n")  # noqa: E731  as fast as a machine
    present()
    says(page, "发卡成功")
    present()
    says(page, "签到成功")
    expect(page.get_by_role("main")).to_contain_text(PEOPLE[4].name)

    page.keyboard.type("0006480648\n", delay=80)  # a person's fingers are no reader
    rests(page)
    until("上传", lambda: AttendanceEvent.objects.filter(kind="bind").count() == 1)
    assert list(AttendanceEvent.objects.filter(kind="sign_in").values_list("method", flat=True)) == ["card"]


def test_the_way_without_a_face_check_is_as_large_and_one_key_away(
    approved: Any, door: Door, open_page: Any, picture: Any
) -> None:
    people = {place.trainee.name: place.trainee for place in approved.session.enrolments.all()}
    record_consent(people[PEOPLE[MATCHES].name], given=True, actor=approved.actor(Role.INSTITUTION_CLERK))
    page = open_page(door.open("astronaut"))
    take_portrait(page, MATCHES)
    page.close()
    door.close()

    page = open_page(door.open("nobody"))
    door.lay(MATCHES)
    without = page.get_by_role("button", name="不刷脸，只刷卡")
    expect(without).to_be_visible()
    asked, way = page.locator(".prompt").bounding_box(), without.bounding_box()
    assert asked is not None
    assert way is not None
    assert [round(asked[side]) for side in ("width", "height", "y")] == [
        round(way[side]) for side in ("width", "height", "y")
    ]
    picture(page, "station-look")
    page.keyboard.press("Enter")
    says(page, "签到成功")

    event = until("上传", lambda: AttendanceEvent.objects.filter(kind="sign_in").first())
    assert (event.method, json.loads(event.payload)["face"]) == ("card", None)


def test_what_this_device_knows_is_a_page_without_a_name_and_without_a_pin(
    door: Door, open_page: Any, picture: Any
) -> None:
    page = open_page(door.open())
    door.lay(0)
    says(page, "签到成功")
    page.get_by_role("link", name="本机资料").click()

    main = page.get_by_role("main")
    expect(main).to_contain_text("名册 12 人")
    expect(main).to_contain_text("公钥指纹")
    assert not any(person.name in main.inner_text() for person in PEOPLE)
    picture(page, "station-knows")
    page.get_by_role("link", name="English").click()
    expect(main).to_contain_text("12 on the roster")
    page.get_by_label("Witness PIN").fill(WITNESS_PIN)
    page.get_by_role("button", name="Try again").click()
    expect(main).to_contain_text("0 queued again")
    page.get_by_role("link", name="Back to the screen").click()
    expect(page.get_by_role("contentinfo")).to_be_visible()


def test_the_paper_register_prints_on_a4_without_a_network(
    door: Door, open_page: Any, tmp_path: Path, picture: Any
) -> None:
    url = door.open()
    door.cable.cut()
    page = open_page(f"{url}/paper")
    page.get_by_label("见证码").fill(WITNESS_PIN)
    page.keyboard.press("Enter")
    expect(page.locator(".sheet")).to_have_count(2)
    expect(page.locator(".sheet").first.get_by_role("row")).to_have_count(13)
    picture(page, "station-paper")

    printed = tmp_path / "register.pdf"
    page.pdf(path=printed, prefer_css_page_size=True)
    with pikepdf.open(printed) as pdf:
        sizes = [tuple(round(float(side)) for side in sheet.mediabox[2:]) for sheet in pdf.pages]
    assert sizes == [(595, 842)] * 2  # A4 in points, a half-day each


SMALL = {"width": 1024, "height": 600}


@pytest.mark.parametrize("size", [LAPTOP, SMALL], ids=["laptop", "netbook"])
def test_nothing_on_the_screen_moves_when_something_is_said(door: Door, open_page: Any, size: Any) -> None:
    page = open_page(door.open(), size=size)
    rests(page)

    def places() -> Any:
        return page.evaluate(
            "[...document.querySelectorAll('header, .lesson, main, .bar, footer')].map("
            "(part) => [part.getBoundingClientRect().top, part.getBoundingClientRect().height])"
            ".concat(document.documentElement.scrollHeight, document.documentElement.scrollWidth)"
        )

    at_rest = places()
    assert at_rest[-2:] == [size["height"], size["width"]]
    door.lay(0)
    says(page, "签到成功")
    assert places() == at_rest
    door.lift()
    door.lay(STRANGER)
    says(page, "不在本期名册，请到工作台登记")
    assert places() == at_rest
    door.unplug()
    expect(page.get_by_role("alert")).to_contain_text("读卡器没有反应")
    assert places() == at_rest
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("alert")).to_contain_text("The card reader does not answer")
    assert places() == at_rest
