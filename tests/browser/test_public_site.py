"""Somebody without an account, on a phone: the county's page, a certificate, a complaint, one's own page."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.test_pages import serious, width_beyond_the_window
from tests.training.reviews import review_and_seal
from training.accounts.choices import Role
from training.certificates.models import Certificate
from training.certificates.rules import check_code
from training.publications.services import draft_sessions, publish
from training.selfservice.services import issue_link

pytestmark = pytest.mark.browser
SIZES = pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])


@pytest.fixture
def sealed(handed_in: Any) -> Any:
    review_and_seal(handed_in)
    head = handed_in.actor(Role.BUREAU_HEAD)
    publish(draft_sessions(actor=head).pk, actor=head)
    return handed_in


def is_sound(page: Page) -> None:
    assert serious(page) == []
    assert width_beyond_the_window(page) == 0


@SIZES
def test_the_county_s_page_leads_to_everything(
    sealed: Any, open_page: Any, live_server: Any, size: Any, picture: Any
) -> None:
    page = open_page(live_server.url + reverse("portal"), size=size)
    is_sound(page)
    page.get_by_role("link", name="石城县").click()
    expect(page.get_by_role("region", name="已办培训一览")).to_contain_text(sealed.session.code)
    is_sound(page)
    picture(page, "public")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    is_sound(page)


def test_a_certificate_is_checked_by_number_and_code(sealed: Any, open_page: Any, live_server: Any) -> None:
    certificate = Certificate.objects.first()
    assert certificate is not None
    page = open_page(live_server.url + reverse("certificate-check"), size=PHONE)
    is_sound(page)
    for code, said in (("22222222", "没有查到"), (check_code(certificate.number), "现在有效")):
        page.get_by_label("证书编号").fill(certificate.number)
        page.get_by_label("校验码").fill(code)
        page.get_by_role("button", name="查验").click()
        expect(page.get_by_role("main")).to_contain_text(said)
        is_sound(page)


def test_a_complaint_gives_a_ticket_that_finds_it_again(
    sealed: Any, open_page: Any, live_server: Any
) -> None:
    page = open_page(live_server.url + reverse("portal-programme", args=[sealed.programme.code]), size=PHONE)
    page.get_by_role("link", name="提意见、举报").click()
    is_sound(page)
    page.get_by_label("举报、投诉").check()
    page.get_by_label("事情").fill("五月十八日下午有人替别人刷卡签到。")
    page.get_by_role("button", name="提交").click()
    ticket, secret = (one.inner_text() for one in page.locator(".receipt").all())
    is_sound(page)
    page.get_by_role("link", name="查答复").click()
    is_sound(page)
    page.get_by_label("受理编号").fill(ticket)
    page.get_by_label("查询码").fill(secret)
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_role("status")).to_contain_text("正在办理")
    is_sound(page)


def test_a_trainee_opens_their_own_page_answers_and_leaves(
    sealed: Any, open_page: Any, live_server: Any, picture: Any
) -> None:
    place = sealed.session.enrolments.select_related("trainee").get(number=1)
    token = issue_link(place.pk, actor=sealed.actor(Role.FOLLOW_UP)).token
    page = open_page(live_server.url + reverse("own-link", args=[token]), size=PHONE)
    is_sound(page)
    page.get_by_label("后四位").fill(place.trainee.phone[-4:])
    page.get_by_role("button", name="打开我的页面").click()
    expect(page.get_by_role("heading", name="说说近况")).to_be_visible()
    is_sound(page)
    picture(page, "own-page")
    page.get_by_label("创业").check()
    page.get_by_label("开店指导").check()
    page.get_by_role("button", name="提交近况").click()
    expect(page.get_by_role("main")).to_contain_text("近况已收到")
    page.get_by_label("学了用得上").select_option("5")
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_role("main")).to_contain_text("不记名")
    page.get_by_role("link", name="看一看").click()
    expect(page.get_by_role("main")).to_contain_text(place.trainee.masked_id_number)
    is_sound(page)
    page.get_by_role("button", name="看完了，退出").click()
    is_sound(page)
    page.goto(live_server.url + reverse("own-page"))
    expect(page.get_by_role("heading", name="链接不能用了")).to_be_visible()
