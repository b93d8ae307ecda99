"""The reviewer's day: by keyboard through one archive, back to the institution, a second look, a second person."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.training.dossiers.conftest import jpeg
from training.accounts.choices import Role
from training.dossiers.choices import EvidenceKind
from training.dossiers.collecting import add_evidence
from training.dossiers.models import Dossier, ItemReview
from training.people.models import Trainee

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


def open_desk(page: Page, title: str) -> None:
    areas = page.get_by_role("navigation", name="主导航")
    areas.get_by_role("link", name="审批", exact=True).click()
    areas.get_by_role("link", name="档案核验").click()
    page.get_by_role("link", name=title).click()


def standing(page: Page, words: str) -> None:
    expect(page.get_by_role("status").first).to_contain_text(words)


@pytest.fixture
def suspicious(handed_in: Any) -> Any:
    """Two people on the roster have one telephone, so a second person is wanted."""
    for trainee in Trainee.objects.order_by("pk")[:2]:
        trainee.phone = "13800000000"
        trainee.save()
    return handed_in


def test_an_archive_is_judged_by_keyboard_fixed_looked_at_again_confirmed_and_sealed(
    suspicious: Any, sign_in: Any, live_server: Any, picture: Any
) -> None:
    title = suspicious.session.title
    page = sign_in(Role.BUREAU_REVIEWER)
    open_desk(page, title)
    expect(page.get_by_text("2 人与同班的人共用手机号")).to_be_visible()
    for number in range(1, 9):
        expect(page.get_by_role("heading", name=f"A{number} ")).to_be_visible()
        page.wait_for_load_state()  # the keys are a script's, which runs when the page is there
        page.keyboard.press("a")
    standing(page, "8 / 9 项通过")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="A8 ")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="A9 ")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("navigation", name="材料").get_by_role("link").nth(1)).to_have_attribute(
        "aria-current", "page"
    )
    page.locator("[data-place]").click(position={"x": 40, "y": 30})
    page.keyboard.type("横幅看不清")
    page.evaluate("window.scrollTo(0, 0)")
    picture(page, "desk")
    page.get_by_role("button", name="退回 A9").click()
    standing(page, "1 项要退回")
    assert ItemReview.objects.get(item="A9").x is not None
    page.get_by_role("button", name="退回标出的项目").click()
    expect(page.get_by_text("已退回 A9")).to_be_visible()

    fix(sign_in(Role.INSTITUTION_HEAD), suspicious, live_server)

    open_desk(page, title)
    standing(page, "8 / 9 项通过")
    expect(page.get_by_role("region", name="与上一轮相比")).to_contain_text("新增：补拍的横幅")
    page.keyboard.press("a")
    standing(page, "9 / 9 项通过")
    expect(page.get_by_text("请另一人复核")).to_be_visible()
    expect(page.get_by_role("button", name="核验通过，封存")).to_have_count(0)

    head = sign_in(Role.BUREAU_HEAD)
    open_desk(head, title)
    head.get_by_role("button", name="复核同意").click()
    head.get_by_role("button", name="核验通过，封存").click()
    expect(head.get_by_role("region", name="封存的档案")).to_be_visible()


def fix(page: Page, county: Any, live_server: Any) -> None:
    """The institution finds the reason, puts that item right and hands the archive in again."""
    page.goto(live_server.url + reverse("session", args=[county.session.pk]))
    expect(page.get_by_text("横幅看不清").first).to_be_visible()
    add_evidence(
        county.session.pk,
        item="A9",
        kind=EvidenceKind.PHOTO,
        caption="补拍的横幅",
        file=("补拍的横幅.jpg", jpeg("banner")),
        lesson_id=county.session.lessons.first().pk,
        actor=county.actor(Role.INSTITUTION_CLERK),
    )  # how files are handed in has tests of its own
    page.goto(live_server.url + reverse("session", args=[county.session.pk]))
    page.get_by_role("button", name="提交档案").click()
    expect(page.get_by_text("档案已提交")).to_be_visible()


def test_on_a_telephone_the_desk_is_one_column_and_nothing_is_cut_off(
    handed_in: Any, sign_in: Any, live_server: Any
) -> None:
    page = sign_in(Role.BUREAU_REVIEWER, size=PHONE)
    for item in ("A1", "A8", "A9"):
        address = reverse("desk-dossier", args=[Dossier.objects.get().pk])
        page.goto(f"{live_server.url}{address}?item={item}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), item
