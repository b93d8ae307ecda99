"""Claims on the pages: made after the seal, handed in by the head, listed, counted, printed. No way around."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.machine import POPPLER
from tests.training.reviews import review_and_seal
from tests.training.web.conftest import dossier_of
from tests.training.web.test_bureau import page, text
from training.accounts.choices import Role
from training.claims.models import Claim
from training.claims.services import claim_session
from training.core.models import AuditEvent
from training.dossiers.models import Dossier
from training.programmes.models import FundLine
from training.scheduling.models import TrainingSession

HEAD, REVIEWER = Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER
ACROSS = [HEAD, Role.INSTITUTION_CLERK, REVIEWER, Role.BUREAU_HEAD, Role.FINANCE_REVIEWER, Role.AUDITOR]


@pytest.fixture
def claimed(handed_in: Any, django_capture_on_commit_callbacks: Any) -> Any:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    claim_session(handed_in.session.pk, actor=handed_in.actor(HEAD))
    return handed_in


def test_a_class_without_subsidy_is_archived_and_waits_for_no_claim(
    handed_in: Any, browse: Callable[..., Client], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    client = browse(HEAD)
    assert "1 已封存待申领" in text(client.get(reverse("home")))

    FundLine.objects.filter(programme=handed_in.programme).update(claimable=False)

    assert "0 已封存待申领" in text(client.get(reverse("home")))
    page_of_it = text(client.get(reverse("session", args=[handed_in.session.pk])))
    assert "本期挂在不申领补贴的资金条线上，只计入统计" in page_of_it
    refused = client.post(reverse("session-claim", args=[handed_in.session.pk]), follow=True)
    assert "只计入统计，不申领补贴" in text(refused)
    assert not Claim.objects.exists()


def more_claims(county: Any, count: int) -> None:
    """Of other sessions of the same institution, each for one attendance."""
    first = Claim.objects.get()
    for number in range(2, count + 1):
        session = TrainingSession.objects.get(pk=county.session.pk)
        session.pk, session.number, session.code = None, number, f"SC-{number:03d}"
        session.save(force_insert=True)
        dossier = Dossier.objects.get(pk=first.dossier_id)
        dossier.pk, dossier.training_session, dossier.public_token = None, session, f"token-{number}"
        dossier.save(force_insert=True)
        Claim.objects.create(
            dossier=dossier,
            fund_line=first.fund_line,
            renci=1,
            unit_price_fen=100,
            amount_fen=100,
            created_by=first.created_by,
            created_at=first.created_at,
        )


@pytest.mark.parametrize("role", ACROSS)
def test_a_claim_is_the_count_times_the_price_for_everybody_who_may_see_it(
    claimed: Any, browse: Callable[..., Client], role: Role
) -> None:
    shown = page(browse(role), "claims")

    assert "10 400.00 4,000.00" in shown
    assert "10 人次 × 400.00 元" in page(browse(role), "claim", Claim.objects.get().pk)


def test_the_head_hands_it_in_and_takes_it_back_with_a_reason(
    claimed: Any, browse: Callable[..., Client]
) -> None:
    claim, client = Claim.objects.get(), browse(HEAD)
    submit, withdraw = (reverse(f"claim-{act}", args=[claim.pk]) for act in ("submit", "withdraw"))

    assert "已提交" in text(client.post(submit, follow=True))
    client.post(submit)
    assert client.post(withdraw, {"reason": ""}).status_code == 422
    assert "已撤回：人次要再核对" in text(client.post(withdraw, {"reason": "人次要再核对"}, follow=True))
    client.post(submit)

    claim.refresh_from_db()
    assert (claim.status, claim.submitted_by) == ("submitted", claimed.user(HEAD))
    verbs = AuditEvent.objects.filter(verb__startswith="claim.").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["claim.created", "claim.submitted", "claim.withdrawn", "claim.submitted"]


def test_totals_are_of_what_is_listed_and_the_file_has_the_same_rows(
    claimed: Any, browse: Callable[..., Client]
) -> None:
    more_claims(claimed, 3)
    client = browse(REVIEWER)

    assert "全部申领合计 12 4,002.00" in page(client, "claims")
    assert "所列合计 1 1.00" in page(client, "claims", q="SC-002")
    assert "没有这样的申领" in page(client, "claims", status="submitted")
    exported = b"".join(client.get(reverse("claims-export"), {"q": "SC-002"})).decode("utf-8-sig")
    assert [line.split(",")[0] for line in exported.splitlines()[1:]] == ["SC-002"]


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_asks_a_constant_number_of_questions(
    claimed: Any, browse: Callable[..., Client], django_assert_num_queries: Any, rows: int
) -> None:
    more_claims(claimed, rows)
    client = browse(REVIEWER)

    with django_assert_num_queries(12):
        page(client, "claims")


def test_another_institution_sees_nothing_of_it(
    claimed: Any, other_county: Any, browse: Callable[..., Client]
) -> None:
    claim = Claim.objects.get()
    stranger = browse(HEAD, other_county)

    assert "还没有补贴申领" in page(stranger, "claims")
    for name in ("claim", "print-claim", "claim-withdraw"):
        assert stranger.get(reverse(name, args=[claim.pk])).status_code == 404


@pytest.mark.skipif(not POPPLER.here(), reason=POPPLER.message)
def test_the_form_says_what_is_asked_for_and_masks_everybody(
    claimed: Any, browse: Callable[..., Client]
) -> None:
    claim, person = Claim.objects.get(), claimed.session.enrolments.get(number=1).trainee

    response = browse(Role.INSTITUTION_CLERK).get(reverse("print-claim", args=[claim.pk]))

    command = ["pdftotext", "-enc", "UTF-8", "-", "-"]
    said = subprocess.run(command, input=response.content, capture_output=True, check=True).stdout.decode()
    said = "".join(said.split())
    for words in (
        "补贴申领表",
        "4,000.00 元",
        "10 人次",
        "全国电子商务进农村综合示范项目",
        person.masked_id_number,
        dossier_of(claimed).public_token,
    ):
        assert words.replace(" ", "") in said
    assert person.id_number not in said
    assert "第1页/共1页" in said or "第1页/共2页" in said
    assert AuditEvent.objects.filter(verb="claim.printed").count() == 1


@pytest.mark.parametrize("role", ACROSS)
def test_before_the_seal_there_is_no_control_that_goes_on_anyway(
    handed_in: Any, browse: Callable[..., Client], role: Role
) -> None:
    client = browse(role)
    pages = [client.get(reverse("claims"))]
    if role in (HEAD, Role.INSTITUTION_CLERK):
        pages.append(client.get(reverse("session", args=[handed_in.session.pk])))
    else:
        pages.append(client.get(reverse("desk-dossier", args=[dossier_of(handed_in).pk])))

    for response in pages:
        assert response.status_code == 200
        for words in ("继续", "强制", "仍然申领", "跳过"):
            assert words not in text(response)
    client.post(reverse("session-claim", args=[handed_in.session.pk]))
    assert not Claim.objects.exists()
