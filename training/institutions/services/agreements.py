"""Agreements: drafted by the institution, put in force by the bureau, changed by a new version."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.core.files import PAPERS, keep_upload
from training.institutions.choices import AgreementKind, AgreementStatus, InstitutionStatus
from training.institutions.models import Agreement, AgreementIndicator, AgreementTask, Institution
from training.institutions.queries import line_fault, rates_fault, rules_today
from training.institutions.verdicts import the_reason
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.programmes.models import FundLine


@transaction.atomic
def add_agreement(
    institution_id: int,
    *,
    fund_line: FundLine,
    kind: AgreementKind,
    number: str,
    signed_on: date,
    valid_from: date,
    valid_until: date,
    unit_price_fen: int,
    file: tuple[str, bytes],
    procurement: str = "",
    award_url: str = "",
    data_duties: str = "",
    privacy_clause: str = "",
    actor: Actor,
) -> Agreement:
    """A draft; of a number that is there already, its next version."""
    demand(actor, "institution.manage_papers")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    if institution.status == InstitutionStatus.REMOVED:
        raise InvalidInputError(_("机构已被清退，不能再签协议、下任务。"))
    if fund_line.programme_id != institution.programme_id:
        raise InvalidInputError(_("资金条线不属于本项目。"))
    if valid_until < valid_from:
        raise InvalidInputError(_("有效期止不能早于有效期起。"))
    if institution.agreements.filter(number=number).exists():
        raise InvalidInputError(
            _("编号“%(number)s”已有协议，要改请在那份协议上“变更”。") % {"number": number}
        )
    agreement: Agreement = Agreement.objects.create(
        institution=institution,
        fund_line=fund_line,
        kind=kind,
        number=number,
        signed_on=signed_on,
        valid_from=valid_from,
        valid_until=valid_until,
        unit_price_fen=unit_price_fen,
        procurement=procurement,
        award_url=award_url,
        data_duties=data_duties,
        privacy_clause=privacy_clause,
        file=keep_upload(*file, allow=PAPERS, actor=actor),
    )
    _tell(Kind.AGREEMENT_SUBMITTED, agreement, BUREAU_ROLES, actor)
    record(actor, "agreement.added", agreement)
    return agreement


@transaction.atomic
def change_agreement(
    agreement_id: int,
    *,
    signed_on: date,
    valid_from: date,
    valid_until: date,
    unit_price_fen: int,
    reason: str,
    file: tuple[str, bytes],
    actor: Actor,
) -> Agreement:
    """变更: the next version as a draft, with the tasks and indicators of this one to start from."""
    demand(actor, "institution.manage_papers")
    old: Agreement = Agreement.objects.lock(actor, pk=agreement_id)
    if not old.in_force:
        raise InvalidTransitionError(_("只有生效的协议可以变更。"))
    versions = Agreement.objects.filter(institution=old.institution, number=old.number)
    if versions.filter(status=AgreementStatus.DRAFT).exists():
        raise InvalidTransitionError(_("这份协议已有一个变更在起草，请先办完。"))
    if valid_until < valid_from:
        raise InvalidInputError(_("有效期止不能早于有效期起。"))
    new: Agreement = Agreement.objects.create(
        institution=old.institution,
        fund_line=old.fund_line,
        kind=old.kind,
        number=old.number,
        version=(versions.aggregate(last=Max("version"))["last"] or 0) + 1,
        signed_on=signed_on,
        valid_from=valid_from,
        valid_until=valid_until,
        unit_price_fen=unit_price_fen,
        procurement=old.procurement,
        award_url=old.award_url,
        data_duties=old.data_duties,
        privacy_clause=old.privacy_clause,
        file=keep_upload(*file, allow=PAPERS, actor=actor),
        reason=the_reason(reason),
    )
    _copy_terms(old, new)
    _tell(Kind.AGREEMENT_SUBMITTED, new, BUREAU_ROLES, actor)
    record(actor, "agreement.changed", new, reason=new.reason)
    return new


def _tell(kind: Kind, agreement: Agreement, roles: Collection[Role], actor: Actor) -> None:
    said = {"agreement": str(agreement), "institution": agreement.institution.name}
    notify(kind, agreement, roles=roles, actor=actor, **said)


def _copy_terms(old: Agreement, new: Agreement) -> None:
    for row in (*old.tasks.all(), *old.indicators.all()):
        row.pk, row.agreement, row._state.adding = None, new, True  # noqa: SLF001  Django's way to copy a row
        row.save()


def _draft(agreement_id: int, actor: Actor) -> Agreement:
    demand(actor, "institution.manage_papers")
    agreement: Agreement = Agreement.objects.lock(actor, pk=agreement_id)
    if not agreement.draft:
        raise InvalidTransitionError(_("协议已经生效，任务和指标不能直接改，请办变更。"))
    return agreement


@transaction.atomic
def add_task(
    agreement_id: int, *, class_type: str, renci: int, unit_price_fen: int, actor: Actor
) -> AgreementTask:
    """A task of one class type, which the agreement's fund line must be the one to pay for."""
    agreement = _draft(agreement_id, actor)
    kinds = {kind.code: kind for kind in rules_today(agreement.institution.programme, actor).class_types}
    kind = kinds.get(class_type)
    if kind is None or kind.fund_line != agreement.fund_line.code:
        raise InvalidInputError(_("这一班型不由本协议的资金条线支付。"))
    if agreement.tasks.filter(class_type=class_type).exists():
        raise InvalidInputError(_("“%(kind)s”的任务已经有了，要改请先删掉。") % {"kind": kind.name})
    if renci < 1:
        raise InvalidInputError(_("人次要大于 0。"))
    task: AgreementTask = AgreementTask.objects.create(
        agreement=agreement, class_type=class_type, renci=renci, unit_price_fen=unit_price_fen
    )
    record(actor, "agreement.task_added", task, renci=renci)
    return task


@transaction.atomic
def remove_task(task_id: int, *, actor: Actor) -> Agreement:
    """From a draft only: what is in force changes by a new version."""
    task: AgreementTask = AgreementTask.objects.fetch(actor, pk=task_id)
    agreement = _draft(task.agreement_id, actor)
    record(actor, "agreement.task_removed", task)
    task.delete()
    return agreement


@transaction.atomic
def add_indicator(
    agreement_id: int,
    *,
    rate: str,
    class_type: str,
    percent: Decimal,
    formula: str,
    window: str,
    actor: Actor,
) -> AgreementIndicator:
    """`percent` is above 0 and at most 100; `class_type` blank is for all of them."""
    agreement = _draft(agreement_id, actor)
    kinds = {kind.code for kind in rules_today(agreement.institution.programme, actor).class_types}
    if class_type and class_type not in kinds:
        raise InvalidInputError(_("本项目没有这一班型。"))
    if not 0 < percent <= 100:
        raise InvalidInputError(_("目标值要大于 0、不超过 100。"))
    if agreement.indicators.filter(rate=rate, class_type=class_type).exists():
        raise InvalidInputError(_("“%(rate)s”已经有了，要改请先删掉。") % {"rate": rate})
    indicator: AgreementIndicator = AgreementIndicator.objects.create(
        agreement=agreement, rate=rate, class_type=class_type, percent=percent, formula=formula, window=window
    )
    record(actor, "agreement.indicator_added", indicator)
    return indicator


@transaction.atomic
def remove_indicator(indicator_id: int, *, actor: Actor) -> Agreement:
    """From a draft only: what is in force changes by a new version."""
    indicator: AgreementIndicator = AgreementIndicator.objects.fetch(actor, pk=indicator_id)
    agreement = _draft(indicator.agreement_id, actor)
    record(actor, "agreement.indicator_removed", indicator)
    indicator.delete()
    return agreement


@transaction.atomic
def activate_agreement(agreement_id: int, *, actor: Actor) -> Agreement:
    """生效: the bureau confirms that both sides have signed. The version before it is superseded.

    Locks the fund line: two that are confirmed at once do not both get what is left of it.

    石城 附件2 项目3 四是: a task of a class type with required rates needs their numbers first.
    """
    demand(actor, "agreement.confirm")
    agreement: Agreement = Agreement.objects.select_related("institution").lock(actor, pk=agreement_id)
    FundLine.objects.lock(actor, pk=agreement.fund_line_id)
    rules = rules_today(agreement.institution.programme, actor)
    if fault := rates_fault(agreement, [task.class_type for task in agreement.tasks.all()], rules):
        raise InvalidInputError(fault)
    if fault := line_fault(agreement, rules):
        raise InvalidInputError(fault)
    if not agreement.may_enter(AgreementStatus.IN_FORCE):
        raise InvalidTransitionError(_("这份协议不在起草，不能确认生效。"))
    for earlier in agreement.institution.agreements.filter(
        number=agreement.number, status=AgreementStatus.IN_FORCE
    ).select_for_update():
        earlier.enter(AgreementStatus.SUPERSEDED)
    agreement.enter(AgreementStatus.IN_FORCE)
    agreement.confirmed_by_id, agreement.confirmed_at = actor.user_id, clock.now()
    agreement.save(update_fields=["confirmed_by", "confirmed_at"])
    _tell(Kind.AGREEMENT_CONFIRMED, agreement, INSTITUTION_ROLES, actor)
    record(actor, "agreement.confirmed", agreement, version=agreement.version)
    return agreement


@transaction.atomic
def fulfil_agreement(agreement_id: int, *, reason: str, actor: Actor) -> Agreement:
    """履行完毕; nothing more is planned under it."""
    agreement = _end(agreement_id, AgreementStatus.FULFILLED, reason, actor)
    record(actor, "agreement.fulfilled", agreement, reason=agreement.reason)
    return agreement


@transaction.atomic
def terminate_agreement(agreement_id: int, *, reason: str, actor: Actor) -> Agreement:
    """解除, for a reason; sessions that were approved under it are the bureau's to decide one by one."""
    agreement = _end(agreement_id, AgreementStatus.TERMINATED, reason, actor)
    _tell(Kind.AGREEMENT_TERMINATED, agreement, INSTITUTION_ROLES, actor)
    record(actor, "agreement.terminated", agreement, reason=agreement.reason)
    return agreement


def _end(agreement_id: int, status: AgreementStatus, reason: str, actor: Actor) -> Agreement:
    demand(actor, "agreement.confirm")
    agreement: Agreement = Agreement.objects.lock(actor, pk=agreement_id)
    agreement.reason = the_reason(reason)
    agreement.enter(status)
    agreement.save(update_fields=["reason"])
    return agreement
