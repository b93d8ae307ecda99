"""The register at the browser: a paper sheet keyed in by its code, approved by the bureau, and nothing in the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.test_pages import serious, width_beyond_the_window
from tests.training.signing import attend, enrol, scan, send
from training.accounts.choices import Role
from training.attendance.services import (
    approve_corrections,
    propose_correction,
    propose_lost_range,
    propose_void,
)
from training.demo.scenery import paper

pytestmark = pytest.mark.browser


@pytest.fixture
def noon(approved: Any, clock: Any) -> Any:
    """After a morning on which much went wrong: holes, somebody at two stations, a void, proposals."""
    session, lesson = approved.session, approved.session.lessons.first()
    people = list(session.enrolments.all())
    first, second = enrol(approved), enrol(approved, "二号终端")
    attend(first, lesson, people[:8])
    scan(second, "sign_in", lesson, people[0], lesson.starts_at + timedelta(minutes=2))
    clock.set(lesson.ends_at + timedelta(minutes=20))
    send(first, [envelope for n, envelope in enumerate(first.chain, 1) if n not in (3, 5)])
    send(second)
    clerk, about = approved.actor(Role.INSTITUTION_CLERK), {"reason": "读卡器坏了", "lesson_id": lesson.pk}
    for person in people[8:10]:
        said = {"enrolment_id": person.pk, "kind": "sign_in", "happened_at": lesson.starts_at}
        proposed = propose_correction(session.pk, **about, **said, evidence=paper("说明"), actor=clerk)
    approve_corrections([proposed.pk], actor=approved.actor(Role.BUREAU_REVIEWER))
    propose_void(session.events.get(enrolment=people[1], kind="sign_out").pk, reason="误刷", actor=clerk)
    propose_lost_range(first.station.pk, first_seq=3, last_seq=3, reason="硬盘损坏", actor=clerk)
    return approved


def test_the_code_on_a_row_leads_to_the_line_and_the_bureau_approves_the_sheet(
    noon: Any, sign_in: Any, live_server: Any, picture: Any
) -> None:
    person = noon.session.enrolments.select_related("trainee").get(number=12)
    clerk = sign_in(Role.INSTITUTION_CLERK, size=PHONE)
    keyed_in = reverse("register-paper", args=[noon.session.pk])
    clerk.goto(f"{live_server.url}{keyed_in}?half_day=2021-05-18-am&row={person.pk}")
    came = clerk.get_by_label(f"12 号{person.trainee.name}，签到时间")
    expect(came).to_be_focused()
    expect(came).to_be_in_viewport()

    came.fill("05:00")
    clerk.get_by_label("签到表的扫描件或照片").set_input_files(sheet())
    clerk.get_by_label("为什么用纸质签到").fill("上午停电")
    clerk.get_by_role("button", name="提交，等待核准").click()
    wrong = clerk.get_by_role("alert")
    expect(wrong).to_contain_text("有 1 个时间不对")
    wrong.get_by_role("link").click()
    came.fill("09:05")
    clerk.get_by_label("签到表的扫描件或照片").set_input_files(sheet())
    clerk.get_by_role("button", name="提交，等待核准").click()
    expect(clerk.get_by_role("status")).to_contain_text("补录了 1 个时间")

    bureau = sign_in(Role.BUREAU_REVIEWER)
    bureau.get_by_role("link", name="更正待核准").click()
    bureau.get_by_role("link", name="勾选本页等您核准的 3 条").click()
    picture(bureau, "corrections")
    bureau.get_by_role("button", name="核准勾选的").click()
    expect(bureau.get_by_role("status")).to_contain_text("已核准 3 条")

    clerk.set_viewport_size(LAPTOP)
    clerk.reload()
    row = clerk.get_by_role("region", name="上午").get_by_role("row").filter(has_text=person.trainee.name)
    expect(row).to_contain_text("09:05 纸")
    picture(clerk, "register")


def sheet() -> Any:
    name, data = paper("签到表")
    return {"name": name, "mimeType": "application/pdf", "buffer": data}


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("role", [Role.INSTITUTION_HEAD, Role.BUREAU_HEAD])
def test_full_pages_have_no_serious_barrier_and_fit(
    noon: Any, sign_in: Any, live_server: Any, role: Role, size: Any
) -> None:
    page: Page = sign_in(role, size=size)
    session = noon.session
    addresses = [
        reverse("register", args=[session.pk]),
        reverse("register", args=[session.pk]) + "?by=lesson",
        reverse("attendance-person", args=[session.enrolments.get(number=2).pk]),
        reverse("corrections"),
        reverse("corrections") + "?waits=for_me&ticked=all",
        reverse("clashes"),
        reverse("chains"),
    ]
    if role == Role.INSTITUTION_HEAD:
        addresses += [reverse(name, args=[session.pk]) for name in ("register-paper", "correction-add")]

    found = {}
    for address in addresses:
        page.goto(live_server.url + address)
        found[address] = serious(page), width_beyond_the_window(page)

    assert found == dict.fromkeys(addresses, ([], 0))


def test_sixty_people_s_half_day_prints_on_one_page(
    make_county: Any, open_page: Any, live_server: Any, tmp_path: Any
) -> None:
    county = make_county(people=60)
    page: Page = open_page(live_server.url)
    page.get_by_label("账号").fill("sc-2020-clerk")
    page.get_by_label("密码").fill("yidang-demo-2021")
    page.get_by_role("button", name="登录").click()
    page.goto(live_server.url + reverse("register", args=[county.session.pk]))

    page.pdf(path=tmp_path / "register.pdf", prefer_css_page_size=True)

    with pikepdf.open(tmp_path / "register.pdf") as pdf:
        assert len(pdf.pages) == 2
