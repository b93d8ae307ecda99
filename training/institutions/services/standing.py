"""An institution: registered, submitted, admitted, suspended, reinstated, removed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.institutions.choices import InstitutionStatus, SuspendedFor
from training.institutions.models import Institution
from training.institutions.queries import (
    kind_names,
    missing_to_admit,
    missing_to_submit,
    rules_today,
    run_out,
)
from training.institutions.verdicts import good_uscc, the_reason
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.programmes.models import Programme

BOTH_SIDES: Final = INSTITUTION_ROLES | BUREAU_ROLES
DETAILS = ("contact", "phone", "legal_person", "address", "business_scope")


@transaction.atomic
def register_institution(
    programme: Programme, *, name: str, uscc: str, kind: str, contact: str, actor: Actor
) -> Institution:
    """Enter an institution as a draft that its own people complete.

    `kind` is a code of the programme's own list, blank where its document has none. Raises
    InvalidInputError on that, and on a code that can't be one or is there.
    """
    demand(actor, "institution.register")
    uscc = good_uscc(uscc)
    names = kind_names(rules_today(programme, actor))
    if kind not in (names or {""}):
        raise InvalidInputError(_("请按本项目的文件选择机构类型。"))
    if Institution.objects.filter(programme=programme, uscc=uscc).exists():
        raise InvalidInputError(_("这个统一社会信用代码已经登记过。"))
    institution: Institution = Institution.objects.create(
        programme=programme, name=name, uscc=uscc, kind=kind, contact=contact
    )
    record(actor, "institution.registered", institution)
    return institution


@transaction.atomic
def revise_details(institution_id: int, *, actor: Actor, **details: str) -> Institution:
    """DETAILS, by the institution itself. A new business scope has to be confirmed again."""
    demand(actor, "institution.manage_papers")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    _refuse_removed(institution)
    if details["business_scope"] != institution.business_scope:
        institution.scope_confirmed_by = institution.scope_confirmed_at = None
    for name in DETAILS:
        setattr(institution, name, details[name])
    institution.save(update_fields=[*DETAILS, "scope_confirmed_by", "scope_confirmed_at"])
    record(actor, "institution.revised", institution)
    return institution


def _refuse_removed(institution: Institution) -> None:
    if institution.status == InstitutionStatus.REMOVED:
        raise InvalidTransitionError(_("机构已被清退，资料不能再改；原有档案照常保留。"))


@transaction.atomic
def submit_institution(institution_id: int, *, actor: Actor) -> Institution:
    """The head hands the institution in for 资格预审; every required licence must be there."""
    demand(actor, "institution.submit")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    if missing := missing_to_submit(institution):
        raise InvalidInputError(
            _("还不能提交，缺：%(missing)s。") % {"missing": _("、").join(map(str, missing))}
        )
    _enter(institution, InstitutionStatus.SUBMITTED)
    _tell(Kind.INSTITUTION_SUBMITTED, institution, BUREAU_ROLES, actor)
    record(actor, "institution.submitted", institution)
    return institution


@transaction.atomic
def return_institution(institution_id: int, *, reason: str, actor: Actor) -> Institution:
    """退回 to the institution, with what is to be put right."""
    demand(actor, "institution.admit")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    _enter(institution, InstitutionStatus.DRAFT, reason=the_reason(reason))
    _tell(Kind.INSTITUTION_RETURNED, institution, INSTITUTION_ROLES, actor)
    record(actor, "institution.returned", institution, reason=institution.reason)
    return institution


@transaction.atomic
def admit_institution(institution_id: int, *, actor: Actor) -> Institution:
    """入库: from here on the institution may plan sessions.

    Every required licence is verified and in force, and where the programme demands qualifications that
    match the business scope (宝丰 附件2 第八条), somebody has confirmed that they do.
    """
    demand(actor, "institution.admit")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    if missing := missing_to_admit(institution, actor):
        raise InvalidInputError(_("还不能入库：%(missing)s。") % {"missing": _("；").join(map(str, missing))})
    _enter(institution, InstitutionStatus.ADMITTED)
    _tell(Kind.INSTITUTION_ADMITTED, institution, INSTITUTION_ROLES, actor)
    record(actor, "institution.admitted", institution)
    return institution


@transaction.atomic
def confirm_scope(institution_id: int, *, actor: Actor) -> Institution:
    """A reviewer has compared the business scope with the training. Asking twice changes nothing."""
    demand(actor, "institution.verify")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    if not institution.business_scope.strip():
        raise InvalidInputError(_("机构还没有填经营（业务）范围。"))
    if institution.scope_confirmed_at is None:
        institution.scope_confirmed_by_id = actor.user_id
        institution.scope_confirmed_at = clock.now()
        institution.save(update_fields=["scope_confirmed_by", "scope_confirmed_at"])
        record(actor, "institution.scope_confirmed", institution)
    return institution


@transaction.atomic
def note_local_registration(
    institution_id: int,
    *,
    due_on: date | None,
    registered_on: date | None,
    local_uscc: str,
    resident: bool,
    actor: Actor,
) -> Institution:
    """The bureau's note of when the winner must register in the county, and of what it registered."""
    demand(actor, "institution.verify")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    code = good_uscc(local_uscc) if local_uscc.strip() else ""
    if registered_on and not code:
        raise InvalidInputError(_("请填本地登记主体的统一社会信用代码。"))
    if code and code[2:8] != institution.programme.region_code:
        raise InvalidInputError(
            _("这个代码的登记机关是 %(there)s，不是本县的 %(here)s。")
            % {"there": code[2:8], "here": institution.programme.region_code}
        )
    institution.local_due_on, institution.local_registered_on = due_on, registered_on
    institution.local_uscc, institution.resident = code, resident
    institution.save(update_fields=["local_due_on", "local_registered_on", "local_uscc", "resident"])
    record(actor, "institution.local_registration_noted", institution)
    return institution


@transaction.atomic
def suspend_institution(institution_id: int, *, reason: str, actor: Actor) -> Institution:
    """暂停 as a sanction: ends only by the bureau's head."""
    demand(actor, "institution.sanction")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    said = the_reason(reason)
    _enter(institution, InstitutionStatus.SUSPENDED, reason=said, suspended_for=SuspendedFor.SANCTION)
    _tell(Kind.INSTITUTION_SUSPENDED, institution, BOTH_SIDES, actor)
    record(actor, "institution.suspended", institution, reason=said)
    return institution


@transaction.atomic
def reinstate_institution(institution_id: int, *, reason: str, actor: Actor) -> Institution:
    """恢复, for a reason; refused while a required licence is not in force."""
    demand(actor, "institution.sanction")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    said = the_reason(reason)
    if missing := institution.lacking_on(clock.today()):
        raise InvalidInputError(
            _("还不能恢复，没有有效的：%(missing)s。") % {"missing": _("、").join(map(str, missing))}
        )
    _enter(institution, InstitutionStatus.ADMITTED)
    _tell(Kind.INSTITUTION_REINSTATED, institution, BOTH_SIDES, actor)
    record(actor, "institution.reinstated", institution, reason=said)
    return institution


@transaction.atomic
def remove_institution(institution_id: int, *, reason: str, actor: Actor) -> Institution:
    """清退: no new tasks from here on; what was done and archived stays."""
    demand(actor, "institution.sanction")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    said = the_reason(reason)
    _enter(institution, InstitutionStatus.REMOVED, reason=said)
    _tell(Kind.INSTITUTION_REMOVED, institution, BOTH_SIDES, actor)
    record(actor, "institution.removed", institution, reason=said)
    return institution


def settle_standings(*, actor: Actor = SYSTEM) -> list[Institution]:
    """Suspend whoever's licences ran out, reinstate whoever's are in force again; each that changed.

    For the daily job. Nothing depends on its having run: `Institution.standing` knows by itself.
    """
    expired = Institution.objects.visible_to(actor).filter(
        status=InstitutionStatus.SUSPENDED, suspended_for=SuspendedFor.EXPIRED
    )
    due = [*run_out(actor, clock.today()), *expired]
    return [row for row in due if settle(row.pk, actor=actor)]


@transaction.atomic
def settle(institution_id: int, *, actor: Actor) -> bool:
    """Bring one institution's status up to what its papers say today; whether that changed it."""
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    gone = institution.lacking_on(clock.today())
    if institution.status == InstitutionStatus.ADMITTED and gone:
        said = _("证照过期：%(papers)s") % {"papers": _("、").join(map(str, gone))}
        _enter(institution, InstitutionStatus.SUSPENDED, reason=said, suspended_for=SuspendedFor.EXPIRED)
        _tell(Kind.INSTITUTION_SUSPENDED, institution, BOTH_SIDES, actor)
        record(actor, "institution.suspended", institution, reason=said)
        return True
    if institution.suspended_for == SuspendedFor.EXPIRED and not gone:
        said = _("过期的证照已补交并核验")
        _enter(institution, InstitutionStatus.ADMITTED)
        _tell(Kind.INSTITUTION_REINSTATED, institution, BOTH_SIDES, actor)
        record(actor, "institution.reinstated", institution, reason=said)
        return True
    return False


def _tell(kind: Kind, institution: Institution, roles: Collection[Role], actor: Actor) -> None:
    notify(kind, institution, roles=roles, actor=actor, institution=institution.name)


def _enter(
    institution: Institution, status: InstitutionStatus, *, reason: str = "", suspended_for: str = ""
) -> None:
    institution.reason, institution.suspended_for = reason, suspended_for
    institution.enter(status)
    institution.save(update_fields=["reason", "suspended_for"])
