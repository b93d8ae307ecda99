"""The stages of a session's life, as the screens meet them, and a signed-in browser for each role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import approved, county
from tests.standing import stage
from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.demo.scenery import paper
from training.dossiers.models import Dossier
from training.dossiers.reviewing import submit_dossier
from training.institutions.choices import ProofKind
from training.institutions.services import add_proof, verify_proof
from training.outcomes.choices import EvidenceGrade, EvidenceKind, OutcomeKind, Platform
from training.outcomes.models import Outcome
from training.outcomes.services import claim_outcome
from training.scheduling.services import submit_session


@pytest.fixture
def browse(county: Any) -> Callable[..., Client]:
    """A browser signed in by role, at this county unless another is given."""

    def sign_in(role: Role, at: Any = county) -> Client:
        client = Client()
        client.force_login(at.user(role))
        client.get(
            reverse("security")
        )  # the session learns its browser, which costs the first page some queries
        return client

    return sign_in


def submit(county: Any, _clock: Any) -> Any:
    """The session waits for the bureau's approval."""
    county.session = submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))
    return county


def hold(approved: Any, clock: Any) -> Any:
    """Held by a real station's signed events, and closed; roster numbers 11 and 12 never came."""
    hold_and_close(approved, clock, absent=(11, 12))
    return approved


def prove(closed: Any, _clock: Any) -> Any:
    """The last missing paper is in: all nine items are complete."""
    verify_proof(hand_in_proof(closed).pk, actor=closed.actor(Role.BUREAU_REVIEWER))
    return closed


def hand_in(complete: Any, _clock: Any) -> Any:
    """The complete dossier waits for the bureau."""
    submit_dossier(complete.session.pk, actor=complete.actor(Role.INSTITUTION_HEAD))
    return complete


submitted = stage("submitted", submit, after=county)
closed = stage("closed", hold, after=approved)
complete = stage("complete", prove, after=closed)
handed_in = stage("handed_in", hand_in, after=complete)


def hand_in_proof(county: Any) -> Any:
    """The bureau has not looked at it yet."""
    return add_proof(
        county.instructors[1].pk,
        kind=ProofKind.TITLE,
        number="赣职 2020-0412",
        issuer="江西省人力资源和社会保障厅",
        valid_until=None,
        file=paper("职称证书", "姓名：王思敏"),
        actor=county.actor(Role.INSTITUTION_CLERK),
    )


def dossier_of(county: Any) -> Dossier:
    return Dossier.objects.get(training_session=county.session)


def claim_shop(county: Any, number: int = 1) -> Outcome:
    """The follow-up officer writes down that a trainee has opened a shop."""
    return claim_outcome(
        county.session.enrolments.get(number=number).pk,
        kind=OutcomeKind.STARTED_UP,
        started_on=date(2021, 5, 18),
        grade=EvidenceGrade.PLATFORM,
        description="在拼多多开店，卖白莲",
        platform=Platform.PINDUODUO,
        shop_url=f"https://mobile.yangkeduo.com/mall_page.html?mall_id={number}",
        shop_seen_on=date(2021, 5, 18),
        evidence=EvidenceKind.SHOP,
        papers=[paper("店铺截图")],
        actor=county.actor(Role.FOLLOW_UP),
    )
