"""What holds for every page of every role: both languages, a phone's width, a screen reader, paper."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.pages import walk
from tests.training.reviews import review_and_seal
from training.accounts.choices import Role
from training.accounts.services import add_member
from training.demo.scenery import PASSWORD

pytestmark = pytest.mark.browser
# A clerk and a reviewer see what their heads see, less a button or two.
ROLES = (Role.INSTITUTION_HEAD, Role.BUREAU_HEAD, Role.FOLLOW_UP, Role.AUDITOR)
OTHERS = tuple(sorted(set(Role) - {*ROLES, Role.INSTITUTION_CLERK, Role.BUREAU_REVIEWER}))
WCAG_22_AA = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}
A4 = (595, 842)  # points


def width_beyond_the_window(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@pytest.mark.parametrize(("language", "button"), [("zh-hans", "中文"), ("en", "English")])
def test_every_page_of_every_role_fits_a_phone_and_names_its_language(
    busy: Any, sign_in: Any, language: str, button: str
) -> None:
    wrong = []
    for role in ROLES:
        page = sign_in(role, size=PHONE)
        if language == "en":
            page.get_by_role("button", name=button).click()
        for name in walk(page, each=2):
            lang, beyond = page.locator("html").get_attribute("lang"), width_beyond_the_window(page)
            if (lang, beyond) != (language, 0):
                wrong.append((role, name, page.url, lang, beyond))
        page.close()
    assert wrong == []


def test_the_pages_of_the_other_roles_fit_a_phone_and_have_no_serious_barrier(
    busy: Any, sign_in: Any
) -> None:
    """Each kind of page once, at whoever of them meets it first."""
    programme = busy.programme.pk
    admin = {"display_name": "管理员", "role": Role.ADMIN, "workplace": "县信息中心"}
    add_member("sc-2020-root", password=PASSWORD, programme_id=programme, **admin)
    seen: set[str] = set()
    wrong = []
    for role in OTHERS:
        page = sign_in(role, size=PHONE)
        for name in walk(page, seen=seen):
            found = [width_beyond_the_window(page), serious(page)]
            if found != [0, []]:
                wrong.append((role, name, page.url, *found))
        page.close()
    assert wrong == []
    assert {"taught-lessons", "town-reports", "roll-ups", "rights", "accounts", "programmes"} <= seen


def serious(page: Page) -> list[str]:
    found = Axe().run(page, options=WCAG_22_AA).response["violations"]
    return [
        f"{violation['id']} {node['target']}: {node['failureSummary']}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def test_no_page_has_a_serious_barrier(busy: Any, sign_in: Any, open_page: Any, live_server: Any) -> None:
    barriers: dict[str, list[str]] = {}
    for role in ROLES:
        page = sign_in(role)
        for name in walk(page):
            if name not in barriers:
                barriers[name] = serious(page)
        if role == Role.BUREAU_HEAD:
            sealed = review_and_seal(busy, Role.BUREAU_HEAD)
            page.goto(live_server.url + reverse("bureau-dossier", args=[sealed.pk]))
            expect(page.get_by_role("region", name="封存的档案")).to_be_visible()
            barriers["a sealed dossier"] = serious(page)
        page.close()
    page = open_page(live_server.url)
    barriers["the door"] = serious(page)
    page.goto(live_server.url + reverse("public-dossier", args=[sealed.public_token]))
    barriers["the public page"] = serious(page)
    assert {where: found for where, found in barriers.items() if found} == {}


def test_the_stations_screen_has_no_serious_barrier(door: Any, open_page: Any) -> None:
    page = open_page(door.open())
    assert serious(page) == []
    page.get_by_role("button", name="见证签到").click()
    assert serious(page) == []
    door.lay(0)
    expect(page.get_by_role("main")).to_contain_text("签到成功")
    page.keyboard.press("Escape")
    assert serious(page) == []


def test_the_keyboard_alone_gets_past_the_bars_to_the_first_thing_that_waits(
    county: Any, sign_in: Any
) -> None:
    page = sign_in(Role.INSTITUTION_HEAD)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sessions/"))


def test_the_register_prints_on_a4_with_the_mark_of_the_programme(
    taught: Any, sign_in: Any, tmp_path: Path
) -> None:
    page = sign_in(Role.INSTITUTION_CLERK)
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="培训", exact=True).click()
    page.get_by_role("link", name=taught.session.code).click()
    page.get_by_role("link", name="签到名册").last.click()
    printed = tmp_path / "register.pdf"
    page.pdf(path=printed, prefer_css_page_size=True)
    with pikepdf.open(printed) as pdf:
        sizes = {tuple(round(float(side)) for side in sheet.mediabox[2:]) for sheet in pdf.pages}
        assert len(pdf.pages) == 2  # a half-day each
    assert sizes == {A4}
    text = subprocess.run(
        ["pdftotext", "-layout", printed, "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "全国电子商务进农村综合示范项目" in text
    assert all(place.trainee.name in text for place in taught.session.enrolments.all())
    assert "退出" not in text
