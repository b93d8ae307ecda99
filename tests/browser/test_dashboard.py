"""The head of the bureau opens a county that is half-way through its year."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_pages import serious, width_beyond_the_window
from training.accounts.choices import Role
from training.core import clock as now
from training.demo.description import describe
from training.demo.seeding import seed
from training.programmes.preset_file import load_preset

pytestmark = pytest.mark.browser


def test_progress_is_read_from_the_chart_down_to_the_people(
    county: Any, sign_in: Any, live_server: Any, picture: Any
) -> None:
    description = describe(load_preset("shicheng"), renci=600, seed=3, as_of=now.today())
    seed(county.programme, county.county_staff, description, prefix="year-")

    page = sign_in(Role.BUREAU_HEAD)
    page.goto(f"{live_server.url}/county/indicators/dashboard/")
    expect(page.get_by_role("img", name=re.compile("人次")).first).to_be_visible()
    assert serious(page) == []
    picture(page, "dashboard")

    figure = page.get_by_role("region", name=re.compile("班型")).get_by_role("link").first
    said = figure.inner_text()
    figure.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"：{said} 人次")
    with page.expect_download() as coming:
        page.get_by_role("link", name=f"导出 {said} 行 CSV").click()
    assert coming.value.path().read_text(encoding="utf-8-sig").count("\n") == int(said) + 1

    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/county/indicators/dashboard/")
    assert width_beyond_the_window(page) == 0


def test_the_numbers_behind_a_chart_are_on_the_paper(sign_in: Any, live_server: Any, county: Any) -> None:
    description = describe(load_preset("shicheng"), renci=60, seed=3, as_of=now.today())
    seed(county.programme, county.county_staff, description, prefix="paper-")
    page = sign_in(Role.BUREAU_HEAD)
    page.goto(f"{live_server.url}/county/indicators/dashboard/")
    numbers = page.locator(".chart-table table").first

    expect(numbers).to_be_hidden()
    page.emulate_media(media="print")
    expect(numbers).to_be_visible()
