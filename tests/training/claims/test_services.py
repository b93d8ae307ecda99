"""档案不全，不予以补贴: without the whole, sealed archive there is no claim, for nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.training.reviews import review_and_seal, stand_in
from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.accounts.permissions import MAY
from training.claims.choices import ClaimStatus
from training.claims.models import Claim
from training.claims.services import (
    DossierNotSealedError,
    NotClaimableError,
    claim_session,
    submit_claim,
)
from training.core.errors import ForbiddenError, NotFoundError, TrainingError
from training.core.models import AuditEvent
from training.demo.scenery import paper
from training.dossiers.models import Dossier
from training.dossiers.reviewing import IncompleteDossierError, submit_dossier
from training.dossiers.seal import Sealer
from training.dossiers.sealing import finish_seal, seal_key
from training.institutions.choices import ProofKind
from training.institutions.services import add_proof, verify_proof
from training.notifications.queries import inbox
from training.programmes.models import FundLine
from training.scheduling.choices import SessionStatus

HEAD, REVIEWER = Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER
NO_PROOF = "缺 A3：授课人王思敏（第2课次）无资质证明"


@pytest.fixture
def closed(approved: Any, clock: Any) -> Any:
    """Ten of twelve completed; the second instructor's qualification is missing."""
    hold_and_close(approved, clock, absent={11, 12})
    return approved


def prove(county: Any) -> None:
    proof = add_proof(
        county.instructors[1].pk,
        kind=ProofKind.QUALIFICATION,
        number="电商师 2020-3607-0999",
        issuer="江西省职业技能鉴定指导中心",
        valid_until=None,
        file=paper("电子商务师资格证书", "姓名：王思敏"),
        actor=county.actor(Role.INSTITUTION_CLERK),
    )
    verify_proof(proof.pk, actor=county.actor(Role.BUREAU_REVIEWER))


@pytest.fixture
def sealed(closed: Any) -> Any:
    prove(closed)
    submit_dossier(closed.session.pk, actor=closed.actor(HEAD))
    dossier = review_and_seal(closed)
    sealer = Sealer(seal_key(), "温审核", closed.session.closed_at + timedelta(days=1))
    finish_seal(
        dossier.pk,
        pdf=stand_in(b"%PDF"),
        package=stand_in(b"PK"),
        manifest_sha256="ab" * 32,
        pages=9,
        sealer=sealer,
    )
    return closed


def claim(county: Any, role: Role = HEAD) -> Claim:
    return claim_session(county.session.pk, actor=county.actor(role))


def test_ac01_a_claim_on_eight_of_nine_items_is_refused_by_name_and_the_attempt_is_on_record(
    closed: Any,
) -> None:
    with pytest.raises(IncompleteDossierError) as refused:
        claim(closed)

    assert str(refused.value) == f"档案不全，不予以补贴：{NO_PROOF}。"
    assert refused.value.details == {"findings": [NO_PROOF]}
    assert Claim.objects.count() == 0
    closed.session.refresh_from_db()
    assert closed.session.status == SessionStatus.CLOSED
    attempt = AuditEvent.objects.latest("pk")
    assert (attempt.verb, attempt.actor_name, attempt.role, attempt.subject_id, attempt.details) == (
        "claim.refused",
        "陈校长",
        "institution_head",
        str(closed.session.pk),
        {"code": "dossier_incomplete", "details": {"findings": [NO_PROOF]}},
    )


def test_what_hangs_on_a_line_without_subsidy_is_never_claimed_though_sealed(sealed: Any) -> None:
    """石城 三（三）: 鼓励……组织开展各种形式的电商人才培训 (SC-09)."""
    FundLine.objects.filter(programme=sealed.programme, code="training").update(claimable=False)

    with pytest.raises(NotClaimableError, match="只计入统计，不申领补贴"):
        claim(sealed)

    assert Claim.objects.count() == 0
    assert AuditEvent.objects.latest("pk").details["code"] == "not_claimable"


def test_ac01_no_role_may_go_past_a_missing_item(closed: Any) -> None:
    for role in set(Role) - {Role.ADMIN}:
        with pytest.raises(TrainingError):
            claim(closed, role)

    assert Claim.objects.count() == 0
    assert not [act for act in MAY if "override" in act or "force" in act]
    business = set(MAY) - {
        "account.view",
        "account.manage",
        "account.open",
        "programme.open",  # before there is one, nobody else is there
        "second_factor.forget",
        "audit.view",
    }
    assert not [act for act in business if Role.ADMIN in MAY[act]]


def test_ac02_with_the_missing_file_and_the_seal_there_is_a_claim(sealed: Any) -> None:
    made = claim(sealed)

    assert (made.renci, made.unit_price_fen, made.amount_fen, made.status) == (10, 40_000, 400_000, "draft")
    assert (made.fund_line.code, made.created_by) == ("training", sealed.user(HEAD))
    sealed.session.refresh_from_db()
    assert sealed.session.status == SessionStatus.CLAIMED
    assert AuditEvent.objects.latest("pk").details == {"renci": 10, "amount_fen": 400_000}


def test_complete_is_not_enough_before_the_bureau_sealed_it(closed: Any) -> None:
    prove(closed)

    for step in (lambda: None, lambda: submit_dossier(closed.session.pk, actor=closed.actor(HEAD))):
        step()
        with pytest.raises(DossierNotSealedError):
            claim(closed)
        assert AuditEvent.objects.latest("pk").details == {"code": "dossier_not_sealed", "details": {}}
    assert Claim.objects.count() == 0


def test_a_claim_that_is_handed_in_is_told_to_the_bureau_and_finance(sealed: Any) -> None:
    claim = claim_session(sealed.session.pk, actor=sealed.actor(HEAD))
    submit_claim(claim.pk, actor=sealed.actor(HEAD))

    for role in (Role.BUREAU_REVIEWER, Role.FINANCE_REVIEWER):
        told = inbox(sealed.actor(role))[0]
        assert told.sentence == f"{sealed.institution.name}提交了补贴申领：{sealed.session}"


def test_asking_twice_gives_the_same_claim_and_changes_nothing(sealed: Any) -> None:
    first, trail = claim(sealed), AuditEvent.objects.count()

    assert claim(sealed) == first
    assert Claim.objects.count() == 1
    assert AuditEvent.objects.count() == trail


@pytest.mark.parametrize("role", sorted(set(Role) - {HEAD, Role.ADMIN}))
def test_only_the_head_of_the_institution_claims(sealed: Any, role: Role) -> None:
    with pytest.raises((ForbiddenError, NotFoundError)) as refused:
        claim(sealed, role)
    assert Claim.objects.count() == 0
    attempt = AuditEvent.objects.latest("pk")
    assert (attempt.verb, attempt.user, attempt.details["code"]) == (
        "claim.refused",
        sealed.user(role),
        refused.value.code,
    )


def test_another_institution_does_not_find_the_session(sealed: Any, other_county: Any) -> None:
    with pytest.raises(NotFoundError):
        claim_session(sealed.session.pk, actor=other_county.actor(HEAD))
    assert Claim.objects.count() == 0
    attempt = AuditEvent.objects.latest("pk")
    assert (attempt.verb, attempt.subject_type, attempt.programme_id, attempt.details) == (
        "claim.refused",
        "accounts.User",
        other_county.programme.pk,
        {
            "account": other_county.user(HEAD).username,
            "code": "not_found",
            "details": {"what": "scheduling.TrainingSession", "pk": str(sealed.session.pk)},
        },
    )


def test_somebody_elses_claim_is_not_handed_in_and_the_attempt_is_on_record(sealed: Any) -> None:
    made = claim(sealed)

    with pytest.raises(ForbiddenError):
        submit_claim(made.pk, actor=sealed.actor(REVIEWER))
    attempt = AuditEvent.objects.latest("pk")
    assert (attempt.verb, attempt.subject_type, attempt.details["code"]) == (
        "claim.refused",
        "claims.Claim",
        "forbidden",
    )


def test_the_database_itself_allows_one_claim_and_only_sums_that_add_up(sealed: Any) -> None:
    made = claim(sealed)

    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.update(amount_fen=made.amount_fen + 1)
    made.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save(force_insert=True)
    assert Dossier.objects.get().claims.count() == 1


def test_the_database_itself_makes_no_claim_without_a_sealed_dossier(closed: Any) -> None:
    prove(closed)
    submit_dossier(closed.session.pk, actor=closed.actor(HEAD))
    said = {"renci": 1, "unit_price_fen": 1, "amount_fen": 1, "created_by": closed.user(HEAD)}

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Claim.objects.create(
            dossier=Dossier.objects.get(),
            fund_line=closed.session.agreement.fund_line,
            created_at=closed.session.closed_at,
            **said,
        )
    assert "claim_needs_sealed_dossier" in str(refused.value)


def test_a_dossier_that_was_opened_again_lets_no_claim_be_handed_in(sealed: Any) -> None:
    made = claim(sealed)
    Dossier.objects.update(status="submitted")

    with pytest.raises(DossierNotSealedError):
        submit_claim(made.pk, actor=sealed.actor(HEAD))
    attempt = AuditEvent.objects.latest("pk")
    assert (attempt.verb, attempt.details["code"]) == ("claim.refused", "dossier_not_sealed")
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.update(status="submitted", submitted_by=sealed.user(HEAD), submitted_at=made.created_at)


ALLOWED = {("draft", "submitted"), ("submitted", "withdrawn"), ("withdrawn", "submitted")}


@pytest.mark.parametrize("start", ClaimStatus)
@pytest.mark.parametrize("target", ClaimStatus)
def test_only_these_moves_are_allowed(start: ClaimStatus, target: ClaimStatus) -> None:
    assert Claim(status=start).may_enter(target) == ((start, target) in ALLOWED)
