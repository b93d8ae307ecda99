from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, FINANCE_ROLES
from training.accounts.models import User
from training.accounts.permissions import demand
from training.accounts.trail import record_account
from training.claims.choices import ClaimStatus
from training.claims.models import Claim
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.db import ScopedModel
from training.core.errors import InvalidInputError, InvalidTransitionError, TrainingError
from training.dossiers.after_seal import queue_check
from training.dossiers.choices import CheckStage, DossierStatus
from training.dossiers.models import Dossier
from training.dossiers.reviewing import demand_complete
from training.dossiers.services import completed_count
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession


class DossierNotSealedError(TrainingError):
    """Complete, but the bureau has not sealed it yet; a claim can't exist before that."""

    code = "dossier_not_sealed"
    http_status = 409


class NotClaimableError(TrainingError):
    """The session is on a fund line that pays no subsidy."""

    code = "not_claimable"
    http_status = 409


def claim_session(session_id: int, *, actor: Actor) -> Claim:
    """申领补贴 for one session: 人次 × the agreement's price. Asking twice returns the same claim.

    石城 附件2 项目3 三是: without a complete dossier there is no claim, for nobody. A refusal is on
    record, whoever asks and whatever the reason; raises IncompleteDossierError,
    DossierNotSealedError or NotClaimableError.
    """
    with _refusal_on_record(TrainingSession, session_id, actor):
        session: TrainingSession = TrainingSession.objects.fetch(actor, pk=session_id)
        demand(actor, "claim.create")
        return _claim(session, actor)


@contextmanager
def _refusal_on_record(model: type[ScopedModel], pk: int, actor: Actor) -> Iterator[None]:
    """Outside the transaction that the refusal rolls back.

    Where the row does not exist for this actor, the attempt stands with the account that made it.
    """
    try:
        yield
    except TrainingError as refusal:
        said = {"code": refusal.code, "details": refusal.details}
        if subject := model.objects.visible_to(actor).filter(pk=pk).first():
            record(actor, "claim.refused", subject, **said)
        else:
            record_account(actor, "claim.refused", User.objects.get(pk=actor.person_id), **said)
        raise


@transaction.atomic
def _claim(session: TrainingSession, actor: Actor) -> Claim:
    line = session.agreement.fund_line
    if not line.claimable:
        raise NotClaimableError(
            _("这一期挂在资金条线“%(line)s”上，只计入统计，不申领补贴。") % {"line": line.name}
        )
    dossier = Dossier.objects.select_for_update().filter(training_session=session).first()
    if dossier is None or dossier.status != DossierStatus.SEALED:
        demand_complete(session)  # a sealed one was, and no later rule or paper takes that back
        raise DossierNotSealedError(_("档案已齐全，但商务局还没有封存，封存后才能申领。"))
    existing: Claim | None = Claim.objects.filter(
        dossier=dossier, fund_line=session.agreement.fund_line
    ).first()
    if existing:
        return existing
    renci = completed_count(session)
    price = session.agreement.price_of(session.class_type)
    claim: Claim = Claim.objects.create(
        dossier=dossier,
        fund_line=session.agreement.fund_line,
        status=ClaimStatus.DRAFT,
        renci=renci,
        unit_price_fen=price,
        amount_fen=renci * price,
        created_by_id=actor.person_id,
        created_at=clock.now(),
    )
    session.enter(SessionStatus.CLAIMED)
    queue_check(dossier, CheckStage.CLAIM)
    record(actor, "claim.created", claim, renci=renci, amount_fen=claim.amount_fen)
    return claim


def submit_claim(claim_id: int, *, actor: Actor) -> Claim:
    """Hand it in. Twice changes nothing; a refusal is on record like one of `claim_session`.

    Raises DossierNotSealedError when the dossier was opened again, InvalidTransitionError when the figures are
    no longer those of the archive.
    """
    with _refusal_on_record(Claim, claim_id, actor):
        return _submit(claim_id, actor)


@transaction.atomic
def _submit(claim_id: int, actor: Actor) -> Claim:
    claim: Claim = Claim.objects.lock(actor, pk=claim_id)
    demand(actor, "claim.submit")
    if claim.status == ClaimStatus.SUBMITTED:
        return claim
    session = claim.dossier.training_session
    if claim.dossier.status != DossierStatus.SEALED:
        demand_complete(session)
        raise DossierNotSealedError(_("档案现在没有封存，封存后才能提交申领。"))
    if claim.renci != completed_count(session):
        raise InvalidTransitionError(_("结业人次已经改变，与申领的不一致，请联系商务局。"))
    claim.submitted_by_id, claim.submitted_at = actor.person_id, clock.now()
    claim.save(update_fields=["submitted_by", "submitted_at"])
    claim.enter(ClaimStatus.SUBMITTED)
    queue_check(claim.dossier, CheckStage.CLAIM)  # it may have been sealed anew since the claim was made
    institution = session.institution.name
    hear = BUREAU_ROLES | FINANCE_ROLES
    notify(
        Kind.CLAIM_SUBMITTED, session, roles=hear, actor=actor, institution=institution, session=str(session)
    )
    record(actor, "claim.submitted", claim, renci=claim.renci, amount_fen=claim.amount_fen)
    return claim


@transaction.atomic
def withdraw_claim(claim_id: int, *, reason: str, actor: Actor) -> Claim:
    """撤回: while nobody has decided on it; it may be handed in again."""
    demand(actor, "claim.submit")
    claim: Claim = Claim.objects.lock(actor, pk=claim_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明撤回的原因。"))
    claim.withdrawn_reason = reason.strip()
    claim.save(update_fields=["withdrawn_reason"])
    claim.enter(ClaimStatus.WITHDRAWN)
    record(actor, "claim.withdrawn", claim, reason=claim.withdrawn_reason)
    return claim
