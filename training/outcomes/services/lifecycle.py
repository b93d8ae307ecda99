"""One outcome from claim to lapse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import INSTITUTION_ROLES
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError
from training.core.files import PAPERS, keep_upload
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.institutions.verdicts import good_uscc, the_reason
from training.outcomes import rules
from training.outcomes.choices import (
    Check,
    EvidenceGrade,
    EvidenceKind,
    OutcomeKind,
    OutcomeStatus,
)
from training.outcomes.models import Outcome, OutcomeEvidence, OutcomeStep
from training.outcomes.queries import claimant_of, doubles_of, to_recheck

Upload = tuple[str, bytes]
DETAILS = ("organisation", "uscc", "post", "contract", "platform", "shop_url", "shop_seen_on", "product")


@transaction.atomic
def claim_outcome(
    enrolment_id: int,
    *,
    kind: OutcomeKind,
    started_on: date,
    grade: EvidenceGrade = EvidenceGrade.DECLARED,
    description: str = "",
    papers: Sequence[Upload] = (),
    evidence: EvidenceKind = EvidenceKind.OTHER,
    actor: Actor,
    **details: Any,
) -> Outcome:
    """申报: what became of a trainee; with `papers` it is 已取证 at once.

    `details` are DETAILS; what is needed of them is in `rules.faults`. An institution claims for its own
    trainees only: others are not in its sight. An actor without an account is the trainee.
    """
    if actor.user_id is not None:
        demand(actor, "outcome.claim")
    enrolment: Enrolment = Enrolment.objects.fetch(actor, pk=enrolment_id)
    _refuse_impossible(enrolment, started_on)
    said = _checked(kind, details)
    outcome: Outcome = Outcome.objects.create(
        enrolment=enrolment,
        kind=kind,
        started_on=started_on,
        grade=grade,
        description=description.strip(),
        claimant=claimant_of(actor),
        claimed_by_id=actor.user_id,
        claimed_at=clock.now(),
        **said,
    )
    _note(outcome, actor)
    if papers:
        _keep_evidence(outcome, papers, evidence, actor)
        _enter(outcome, OutcomeStatus.EVIDENCED, actor)
    record(actor, "outcome.claimed", outcome, kind=kind, papers=len(papers))
    return outcome


@transaction.atomic
def add_evidence(
    outcome_id: int, *, papers: Sequence[Upload], evidence: EvidenceKind, actor: Actor
) -> Outcome:
    """取证: more papers while nothing is decided, and again for the recheck."""
    demand(actor, "outcome.add_evidence")
    outcome = _locked(outcome_id, actor)
    if not outcome.live:
        raise InvalidInputError(_("这项成果已有结论，不再补充材料。需要的话请重新申报。"))
    kept = _keep_evidence(outcome, papers, evidence, actor)
    if outcome.status == OutcomeStatus.CLAIMED:
        _enter(outcome, OutcomeStatus.EVIDENCED, actor)
    record(actor, "outcome.evidence_added", outcome, kind=evidence, sha256=[row.file.sha256 for row in kept])
    return outcome


@transaction.atomic
def verify_outcome(outcome_id: int, *, method: Check, note: str, actor: Actor) -> Outcome:
    """核实: somebody outside the institution has telephoned or been there, and it is so."""
    demand(actor, "outcome.verify")
    outcome = _locked(outcome_id, actor)
    _refuse_partial(outcome, actor)
    outcome.verified_by_id, outcome.verified_as = actor.user_id, str(actor.role)
    outcome.verified_at = clock.now()
    outcome.save(update_fields=["verified_by", "verified_as", "verified_at"])
    _enter(outcome, OutcomeStatus.VERIFIED, actor, method=method, reason=note)
    record(actor, "outcome.verified", outcome, method=method)
    return outcome


@transaction.atomic
def confirm_outcome(
    outcome_id: int, *, grade: EvidenceGrade, started_on: date, actor: Actor, note: str = ""
) -> Outcome:
    """认定 with its day and grade; it counts from today and is looked at again after RECHECK_DAYS.

    Of two that look like one (same shop, same licence, same person and kind) a word is asked for.
    """
    demand(actor, "outcome.confirm")
    outcome = _locked(outcome_id, actor)
    _refuse_partial(outcome, actor)
    _refuse_impossible(outcome.enrolment, started_on)
    if fault := rules.grade_fault(grade, set(outcome.evidence.values_list("kind", flat=True))):
        raise InvalidInputError(fault)
    if not note.strip() and doubles_of(outcome, actor).exists():
        raise InvalidInputError(
            _("这项成果与别的登记疑似重复（同一店铺、同一执照，或同一人同类成果）。认定要写明理由。")
        )
    today = clock.today()
    outcome.grade, outcome.started_on = grade, started_on
    outcome.confirmed_by_id, outcome.confirmed_as = actor.user_id, str(actor.role)
    outcome.confirmed_on, outcome.recheck_on = today, today + timedelta(days=rules.RECHECK_DAYS)
    outcome.save(
        update_fields=["grade", "started_on", "confirmed_by", "confirmed_as", "confirmed_on", "recheck_on"]
    )
    _enter(outcome, OutcomeStatus.CONFIRMED, actor, reason=note)
    record(actor, "outcome.confirmed", outcome, grade=grade)
    return outcome


@transaction.atomic
def reject_outcome(outcome_id: int, *, reason: str, actor: Actor) -> Outcome:
    """不予认定, with why; never by the claimant."""
    demand(actor, "outcome.verify")
    outcome = _locked(outcome_id, actor)
    _refuse_partial(outcome, actor)
    _enter(outcome, OutcomeStatus.REJECTED, actor, reason=the_reason(reason))
    record(actor, "outcome.rejected", outcome)
    return outcome


@transaction.atomic
def withdraw_outcome(outcome_id: int, *, reason: str, actor: Actor) -> Outcome:
    """Taken back before it is confirmed, by whoever claimed it or a colleague of the same side."""
    demand(actor, "outcome.claim")
    outcome = _locked(outcome_id, actor)
    if outcome.claimant != claimant_of(actor):
        raise ForbiddenError(_("只有申报的一方能撤回。您可以写明理由，不予认定。"))
    _enter(outcome, OutcomeStatus.WITHDRAWN, actor, reason=the_reason(reason))
    record(actor, "outcome.withdrawn", outcome)
    return outcome


@transaction.atomic
def open_rechecks(on: date, *, actor: Actor) -> int:
    """Everything whose recheck has come up to `on` waits for somebody now; how many are new."""
    due = to_recheck(actor, on).filter(status=OutcomeStatus.CONFIRMED).values_list("pk", flat=True)
    for outcome in Outcome.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk__in=list(due)):
        _enter(outcome, OutcomeStatus.RECHECK_DUE, actor)
    return len(due)


@transaction.atomic
def recheck_outcome(outcome_id: int, *, true: bool, method: Check, note: str, actor: Actor) -> Outcome:
    """复核: whether it is still so; what no longer is has 失效 and counts no more from today."""
    demand(actor, "outcome.verify")
    outcome = _locked(outcome_id, actor)
    _refuse_partial(outcome, actor)
    if to_recheck(actor, clock.today()).filter(pk=outcome.pk, status=OutcomeStatus.CONFIRMED).exists():
        _enter(outcome, OutcomeStatus.RECHECK_DUE, actor)  # the daily job has not been by yet
    if true:
        _enter(outcome, OutcomeStatus.VALID, actor, method=method, reason=note)
    else:
        _lapse(outcome, actor, method=method, reason=the_reason(note))
    record(actor, "outcome.rechecked", outcome, true=true, method=method)
    return outcome


@transaction.atomic
def lapse_outcome(outcome_id: int, *, reason: str, actor: Actor) -> Outcome:
    """失效 at any time after 认定: the shop is closed, the job is gone."""
    demand(actor, "outcome.verify")
    outcome = _locked(outcome_id, actor)
    _lapse(outcome, actor, reason=the_reason(reason))
    record(actor, "outcome.lapsed", outcome)
    return outcome


def _lapse(outcome: Outcome, actor: Actor, *, reason: str, method: str = "") -> None:
    _enter(outcome, OutcomeStatus.LAPSED, actor, method=method, reason=reason)
    outcome.lapsed_on = clock.today()
    outcome.save(update_fields=["lapsed_on"])


def _locked(outcome_id: int, actor: Actor) -> Outcome:
    outcome: Outcome = Outcome.objects.lock(actor, pk=outcome_id)
    return outcome


def _enter(
    outcome: Outcome, target: OutcomeStatus, actor: Actor, *, method: str = "", reason: str = ""
) -> None:
    outcome.enter(target)
    _note(outcome, actor, method=method, reason=reason)


def _note(outcome: Outcome, actor: Actor, *, method: str = "", reason: str = "") -> None:
    OutcomeStep.objects.create(
        outcome=outcome,
        entered=outcome.status,
        at=clock.now(),
        by_id=actor.user_id,
        by_name=actor.name[:64],
        method=method,
        reason=reason.strip(),
    )


def _keep_evidence(
    outcome: Outcome, papers: Sequence[Upload], kind: EvidenceKind, actor: Actor
) -> list[OutcomeEvidence]:
    return [
        OutcomeEvidence.objects.create(
            outcome=outcome,
            kind=kind,
            file=keep_upload(*file, allow=PAPERS, actor=actor, sensitive=True),
            added_by_id=actor.user_id,
            added_at=clock.now(),
        )
        for file in papers
    ]


def _refuse_partial(outcome: Outcome, actor: Actor) -> None:
    """Neither the claimant nor the institution whose rate depends on it."""
    if actor.user_id is not None and outcome.claimed_by_id == actor.user_id:
        raise ForbiddenError(_("申报人不能核实自己申报的成果。"))
    if actor.role in INSTITUTION_ROLES:
        raise ForbiddenError(_("培训机构不能核实自己学员的成果。"))


def _refuse_impossible(enrolment: Enrolment, started_on: date) -> None:
    if enrolment.status != EnrolmentStatus.COMPLETED:
        raise InvalidInputError(_("只有结业的学员才登记成果。"))
    if started_on > clock.today():
        raise InvalidInputError(_("开始日期不能晚于今天。"))


def _checked(kind: OutcomeKind, details: dict[str, Any]) -> dict[str, Any]:
    """The details as they are kept; raises InvalidInputError with everything that is missing."""
    said = {name: details[name] for name in DETAILS if details.get(name)}
    if wrong := list(rules.faults(kind, said)):
        raise InvalidInputError("".join(wrong))
    if uscc := said.get("uscc"):
        said["uscc"] = good_uscc(uscc)
    if (seen := said.get("shop_seen_on")) and seen > clock.today():
        raise InvalidInputError(_("查看店铺的日期不能晚于今天。"))
    return said | {"shop_key": rules.shop_key(said.get("shop_url", ""))[:200]}
