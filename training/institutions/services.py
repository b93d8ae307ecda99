from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.accounts.invitations import Link
from training.accounts.models import Membership
from training.accounts.permissions import demand
from training.accounts.services import give_role, invite_member
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.core.files import PAPERS, keep_upload
from training.core.refusals import InputError
from training.institutions.choices import (
    AgreementKind,
    InstitutionStatus,
    InstitutionType,
    LicenceKind,
    ProofKind,
)
from training.institutions.models import Agreement, Institution, Instructor, InstructorProof, Licence
from training.institutions.rules import check_uscc
from training.programmes.models import FundLine, Programme


@transaction.atomic
def register_institution(
    programme: Programme,
    *,
    name: str,
    uscc: str,
    institution_type: InstitutionType,
    contact: str,
    actor: Actor,
) -> Institution:
    """Enter an institution for 资格预审; raises InvalidInputError on a code that can't be one or is there."""
    demand(actor, "institution.register")
    try:
        uscc = check_uscc(uscc)
    except InputError as problem:
        raise InvalidInputError(problem.message) from problem
    if Institution.objects.filter(programme=programme, uscc=uscc).exists():
        raise InvalidInputError(_("这个统一社会信用代码已经登记过。"))
    institution: Institution = Institution.objects.create(
        programme=programme,
        name=name,
        uscc=uscc,
        institution_type=institution_type,
        contact=contact,
        status=InstitutionStatus.SUBMITTED,
    )
    record(actor, "institution.registered", institution)
    return institution


@transaction.atomic
def add_staff(
    institution_id: int, *, username: str, display_name: str, role: str, actor: Actor, email: str = ""
) -> Link:
    """An account for somebody who works at the institution, as its clerk or its head."""
    demand(actor, "institution.register")
    institution: Institution = Institution.objects.fetch(actor, pk=institution_id)
    return invite_member(
        username,
        display_name=display_name,
        role=_staff_role(role),
        workplace=institution.name,
        actor=actor,
        email=email,
        programme_id=institution.programme_id,
        institution_id=institution.pk,
    )


@transaction.atomic
def give_staff_role(institution_id: int, *, user_id: int, role: str, actor: Actor) -> Membership:
    """One more role for somebody who has an account already."""
    demand(actor, "institution.register")
    institution: Institution = Institution.objects.fetch(actor, pk=institution_id)
    return give_role(
        user_id,
        role=_staff_role(role),
        workplace=institution.name,
        programme_id=institution.programme_id,
        institution_id=institution.pk,
        actor=actor,
    )


def _staff_role(role: str) -> Role:
    if role not in INSTITUTION_ROLES:
        raise InvalidInputError(_("请选择机构经办或机构负责人。"))
    return Role(role)


@transaction.atomic
def admit_institution(institution_id: int, *, actor: Actor) -> Institution:
    """入库: from here on the institution may plan sessions. Needs a licence of each kind in force."""
    demand(actor, "institution.admit")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    today = clock.today()
    for kind in LicenceKind:
        if not any(_in_force(paper, today) for paper in institution.licences.filter(kind=kind)):
            raise InvalidInputError(
                _("%(kind)s缺失或已过期，请机构先补交。") % {"kind": kind.label}, kind=kind.value
            )
    institution.enter(InstitutionStatus.ADMITTED)
    record(actor, "institution.admitted", institution)
    return institution


def _in_force(paper: Licence, day: date) -> bool:
    return paper.valid_from <= day and (paper.valid_until is None or day <= paper.valid_until)


@transaction.atomic
def add_licence(
    institution_id: int,
    *,
    kind: LicenceKind,
    number: str,
    issuer: str,
    valid_from: date,
    valid_until: date | None,
    file: tuple[str, bytes],
    actor: Actor,
) -> Licence:
    demand(actor, "institution.manage_papers")
    institution = Institution.objects.fetch(actor, pk=institution_id)
    licence: Licence = Licence.objects.create(
        institution=institution,
        kind=kind,
        number=number,
        issuer=issuer,
        valid_from=valid_from,
        valid_until=valid_until,
        file=keep_upload(*file, allow=PAPERS, actor=actor),
    )
    record(actor, "licence.added", licence)
    return licence


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
    actor: Actor,
) -> Agreement:
    demand(actor, "institution.manage_papers")
    institution = Institution.objects.fetch(actor, pk=institution_id)
    if fund_line.programme_id != institution.programme_id:
        raise InvalidInputError(_("资金条线不属于本项目。"))
    if valid_until < valid_from:
        raise InvalidInputError(_("有效期止不能早于有效期起。"))
    agreement: Agreement = Agreement.objects.create(
        institution=institution,
        fund_line=fund_line,
        kind=kind,
        number=number,
        signed_on=signed_on,
        valid_from=valid_from,
        valid_until=valid_until,
        unit_price_fen=unit_price_fen,
        file=keep_upload(*file, allow=PAPERS, actor=actor),
    )
    record(actor, "agreement.added", agreement)
    return agreement


@transaction.atomic
def add_instructor(
    institution_id: int, *, name: str, title: str, employer: str, phone: str, profile: str, actor: Actor
) -> Instructor:
    demand(actor, "institution.manage_papers")
    institution = Institution.objects.fetch(actor, pk=institution_id)
    instructor: Instructor = Instructor.objects.create(
        institution=institution, name=name, title=title, employer=employer, phone=phone, profile=profile
    )
    record(actor, "instructor.added", instructor)
    return instructor


@transaction.atomic
def add_proof(
    instructor_id: int,
    *,
    kind: ProofKind,
    number: str,
    issuer: str,
    valid_until: date | None,
    file: tuple[str, bytes],
    actor: Actor,
) -> InstructorProof:
    """Hand in the scan of a title or qualification; it answers A3 for every session this person teaches."""
    demand(actor, "institution.manage_papers")
    instructor = Instructor.objects.fetch(actor, pk=instructor_id)
    proof: InstructorProof = InstructorProof.objects.create(
        instructor=instructor,
        kind=kind,
        number=number,
        issuer=issuer,
        valid_until=valid_until,
        file=keep_upload(*file, allow=PAPERS, actor=actor),
    )
    record(actor, "proof.added", proof)
    return proof


@transaction.atomic
def verify_proof(proof_id: int, *, actor: Actor) -> InstructorProof:
    """The bureau has looked at it. Asking twice changes nothing."""
    demand(actor, "proof.verify")
    proof: InstructorProof = InstructorProof.objects.lock(actor, pk=proof_id)
    if proof.verified_at is None:
        proof.verified_by_id = actor.user_id
        proof.verified_at = clock.now()
        proof.save(update_fields=["verified_by", "verified_at"])
        record(actor, "proof.verified", proof)
    return proof
