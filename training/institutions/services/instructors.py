"""授课人: presented by an institution, proved, verified and now and then suspended by the bureau."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import AT_INSTITUTION
from training.accounts.permissions import demand
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.core.files import PAPERS, keep_upload
from training.institutions.choices import InstructorStatus, ProofKind
from training.institutions.models import Institution, Instructor, InstructorProof
from training.institutions.queries import rules_today
from training.institutions.rules import certificate_key
from training.institutions.verdicts import mark_refused, mark_verified, the_reason
from training.notifications.choices import Kind
from training.notifications.services import notify

DETAILS = ("name", "title", "employer", "phone", "profile", "source", "teaches", "domains")


@transaction.atomic
def add_instructor(
    institution_id: int,
    *,
    name: str,
    title: str,
    employer: str,
    phone: str,
    profile: str,
    source: str = "",
    teaches: str = "",
    domains: Sequence[str] = (),
    actor: Actor,
) -> Instructor:
    """`domains` are names of the programme's topics."""
    demand(actor, "institution.manage_papers")
    institution: Institution = Institution.objects.fetch(actor, pk=institution_id)
    _refuse_strange_topics(institution, domains, actor)
    instructor: Instructor = Instructor.objects.create(
        institution=institution,
        name=name,
        title=title,
        employer=employer,
        phone=phone,
        profile=profile,
        source=source,
        teaches=teaches,
        domains=list(domains),
    )
    record(actor, "instructor.added", instructor)
    return instructor


def _refuse_strange_topics(institution: Institution, domains: Sequence[str], actor: Actor) -> None:
    rules = rules_today(institution.programme, actor)
    known = {topic.name for category in rules.categories for topic in category.topics}
    if strange := [name for name in domains if name not in known]:
        raise InvalidInputError(_("“%(topic)s”不是本项目的专题。") % {"topic": strange[0]})


@transaction.atomic
def revise_instructor(instructor_id: int, *, actor: Actor, **details: Any) -> Instructor:
    """DETAILS anew; what sealed dossiers say of this person stays as it was."""
    demand(actor, "institution.manage_papers")
    instructor: Instructor = Instructor.objects.lock(actor, pk=instructor_id)
    added = [name for name in details["domains"] if name not in instructor.domains]
    _refuse_strange_topics(instructor.institution, added, actor)
    for name in DETAILS:
        setattr(instructor, name, details[name])
    instructor.save(update_fields=list(DETAILS))
    record(actor, "instructor.revised", instructor)
    return instructor


@transaction.atomic
def suspend_instructor(instructor_id: int, *, reason: str, actor: Actor) -> Instructor:
    """No timetable takes this person from now on; a lesson that is planned keeps its mark."""
    demand(actor, "instructor.suspend")
    instructor: Instructor = Instructor.objects.lock(actor, pk=instructor_id)
    instructor.reason = the_reason(reason)
    instructor.enter(InstructorStatus.SUSPENDED)
    instructor.save(update_fields=["reason"])
    notify(Kind.INSTRUCTOR_SUSPENDED, instructor, roles=AT_INSTITUTION, actor=actor, name=instructor.name)
    record(actor, "instructor.suspended", instructor, reason=instructor.reason)
    return instructor


@transaction.atomic
def reinstate_instructor(instructor_id: int, *, reason: str, actor: Actor) -> Instructor:
    """恢复授课, for a reason that stays in the trail."""
    demand(actor, "instructor.suspend")
    instructor: Instructor = Instructor.objects.lock(actor, pk=instructor_id)
    said = the_reason(reason)
    instructor.reason = ""
    instructor.enter(InstructorStatus.ACTIVE)
    instructor.save(update_fields=["reason"])
    record(actor, "instructor.reinstated", instructor, reason=said)
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
    valid_from: date | None = None,
    actor: Actor,
) -> InstructorProof:
    """Hand in the scan of a title or qualification; it answers A3 for the lessons from `valid_from` on."""
    demand(actor, "proof.add")
    if valid_from and valid_until and valid_until < valid_from:
        raise InvalidInputError(_("有效期止早于发证日期。"))
    instructor = Instructor.objects.fetch(actor, pk=instructor_id)
    proof: InstructorProof = InstructorProof.objects.create(
        instructor=instructor,
        kind=kind,
        number=number,
        key=certificate_key(number),
        issuer=issuer,
        valid_from=valid_from,
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
    if mark_verified(proof, actor):
        record(actor, "proof.verified", proof)
    return proof


@transaction.atomic
def refuse_proof(proof_id: int, *, reason: str, actor: Actor) -> InstructorProof:
    """It proves nothing any more: not for the timetable, not for A3 of an open archive."""
    demand(actor, "proof.verify")
    proof: InstructorProof = InstructorProof.objects.lock(actor, pk=proof_id)
    mark_refused(proof, reason, actor)
    person = proof.instructor
    notify(Kind.PROOF_REFUSED, person, roles=AT_INSTITUTION, actor=actor, name=person.name)
    record(actor, "proof.refused", proof, reason=proof.refusal)
    return proof
