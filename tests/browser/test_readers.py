"""Those who read and change nothing: finance follows a claim to its archive, the supervisor an hour to its event."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.training.reviews import review_and_seal
from training.accounts.choices import Role
from training.claims.services import claim_session

pytestmark = pytest.mark.browser


def demand_no_act(page: Page) -> None:
    """Nothing on the page changes anything: the only forms are those of the frame and of filters."""
    acts = page.locator("main form[method='post']")
    assert acts.count() == 0, [form.inner_text() for form in acts.all()]


@pytest.fixture
def claimed(handed_in: Any) -> Any:
    review_and_seal(handed_in)
    claim_session(handed_in.session.pk, actor=handed_in.actor(Role.INSTITUTION_HEAD))
    return handed_in


def test_finance_reads_from_the_claim_to_the_sealed_archive(
    claimed: Any, sign_in: Any, live_server: Any
) -> None:
    page = sign_in(Role.FINANCE_REVIEWER)
    page.goto(live_server.url + reverse("claims"))
    expect(page.get_by_text("4,400.00")).not_to_have_count(0)
    demand_no_act(page)

    page.get_by_role("link", name=claimed.session.title).first.click()
    demand_no_act(page)

    page.goto(live_server.url + reverse("bureau-dossier", args=[claimed.session.dossier.pk]))
    expect(page.get_by_role("region", name="封存的档案")).to_be_visible()
    demand_no_act(page)


def test_the_supervisor_reads_from_the_session_to_the_signed_event(
    claimed: Any, sign_in: Any, live_server: Any
) -> None:
    page = sign_in(Role.SUPERVISOR)
    page.goto(live_server.url + reverse("bureau-session", args=[claimed.session.pk]))
    demand_no_act(page)

    enrolment = claimed.session.enrolments.get(number=1)
    page.goto(live_server.url + reverse("trace", args=[enrolment.pk]))
    demand_no_act(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    refused = page.goto(live_server.url + reverse("trainees"))
    assert refused is not None
    assert refused.status in (403, 404)
