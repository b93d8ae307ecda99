"""The day something has to be otherwise: asked for, seen side by side, decided, told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from training.accounts.choices import Role
from training.scheduling.services import approve_session, submit_session

pytestmark = pytest.mark.browser
CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER


@pytest.fixture
def approved(county: Any) -> Any:
    """Submitted and approved, with both instructors' proofs verified."""
    submit_session(county.session.pk, actor=county.actor(HEAD))
    county.session = approve_session(county.session.pk, actor=county.actor(REVIEWER))
    return county


def test_a_lesson_is_moved_by_two_sides_and_both_are_told(
    approved: Any, sign_in: Callable[..., Page]
) -> None:
    clerk = sign_in(CLERK)
    clerk.get_by_role("link", name="消息").click()
    clerk.get_by_role("link", name="已批准开班").click()
    clerk.get_by_role("link", name="申请变更第 2 课次").click()
    clerk.get_by_label("日期").fill("2021-05-19")
    clerk.get_by_label("原因").fill("当天下午停电")
    clerk.get_by_role("button", name="提交变更申请").click()
    expect(clerk.get_by_text("变更申请已提交")).to_be_visible()

    reviewer = sign_in(REVIEWER)
    reviewer.get_by_role("link", name="变更申请待审").click()
    reviewer.get_by_role("link", name=approved.session.title).click()
    row = reviewer.get_by_role("row").filter(has_text="时间")
    expect(row).to_contain_text("2021-05-18 14:00–16:15")
    expect(row).to_contain_text("2021-05-19 14:00–16:15")
    reviewer.get_by_role("button", name="批准变更").click()
    expect(reviewer.get_by_text("变更已批准")).to_be_visible()

    clerk.get_by_role("link", name="消息").click()
    clerk.get_by_role("link", name="变更已批准，请通知学员").click()
    clerk.get_by_role("link", name="通知名单").click()
    clerk.get_by_role("button", name="显示电话号码").click()
    expect(clerk.get_by_role("row")).to_have_count(13)


def test_a_person_leaves_the_frozen_roster_with_a_reason(approved: Any, sign_in: Callable[..., Page]) -> None:
    page = sign_in(HEAD)
    page.get_by_role("link", name="消息").click()
    page.get_by_role("link", name="已批准开班").click()
    page.get_by_role("link", name="名册增减").click()
    name = approved.session.enrolments.get(number=3).trainee.name
    page.get_by_role("link", name=f"{name}退出名册").click()
    page.get_by_label("原因").fill("住院")
    page.get_by_role("button", name="退出名册").click()

    expect(page.get_by_text("批准时名册 12 人，其后增加 0 人、退出 1 人")).to_be_visible()
    expect(
        page.get_by_role("region", name="增减记录").get_by_role("row").filter(has_text=name)
    ).to_contain_text("住院")
