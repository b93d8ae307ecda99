from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, Role
from training.accounts.permissions import demand
from training.complaints.choices import ComplaintKind, ComplaintStatus, Verdict
from training.complaints.models import Complaint
from training.complaints.queries import handlers
from training.complaints.rules import due_on, new_secret, new_ticket, secret_hash
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.programmes.models import Programme
from training.scheduling.choices import WAS_APPROVED
from training.scheduling.models import TrainingSession

SOMEBODY: Final = Actor("群众（网上）", "public")
"""Whoever fills in the public form: nobody knows who that is, so they reach nothing."""
SHORTEST: Final = 10
"""Signs of what is said: less than that nobody can examine."""


@dataclass(frozen=True)
class Receipt:
    """What the person takes along; `secret` is nowhere else."""

    complaint: Complaint
    secret: str


@transaction.atomic
def lodge(
    programme: Programme,
    *,
    kind: ComplaintKind,
    said: str,
    contact: str = "",
    session_code: str = "",
    actor: Actor = SOMEBODY,
) -> Receipt:
    """登记. The trail says that something came in, and not what or from whom. Raises InvalidInputError."""
    if len(said.strip()) < SHORTEST:
        raise InvalidInputError(_("请把事情说得具体一些，至少 %(count)s 个字。") % {"count": SHORTEST})
    ticket, secret = new_ticket(), new_secret()
    complaint: Complaint = Complaint.objects.create(
        programme=programme,
        training_session=_session_of(programme, session_code),
        kind=kind,
        ticket=ticket,
        secret_hash=secret_hash(ticket, secret),
        said=said.strip(),
        contact=contact.strip(),
        received_at=clock.now(),
        due_on=due_on(clock.today()),
    )
    notify(Kind.COMPLAINT_RECEIVED, complaint, roles=BUREAU_ROLES, actor=actor, ticket=ticket)
    record(actor, "complaint.received", complaint, kind=kind)
    return Receipt(complaint, secret)


def _session_of(programme: Programme, code: str) -> TrainingSession | None:
    """The approved session of this county with that code; what is not approved nobody outside knows of."""
    if not code.strip():
        return None
    rows = TrainingSession.objects.filter(institution__programme=programme, status__in=WAS_APPROVED)
    session: TrainingSession | None = rows.filter(code__iexact=code.strip()).first()
    if session is None:
        raise InvalidInputError(_("没有这个期号。不知道期号的可以不填，在内容里写明时间、地点。"))
    return session


@transaction.atomic
def assign(complaint_id: int, *, user_id: int, actor: Actor) -> Complaint:
    """分办: the head of the bureau says who examines it."""
    demand(actor, "complaint.assign")
    complaint: Complaint = Complaint.objects.lock(actor, pk=complaint_id)
    if user_id not in dict(handlers(complaint)):
        raise InvalidInputError(_("请选择本县商务局的人。"))
    complaint.enter(ComplaintStatus.ASSIGNED)
    complaint.assigned_to_id, complaint.assigned_by_id = user_id, actor.user_id
    complaint.assigned_at = clock.now()
    complaint.save(update_fields=["assigned_to", "assigned_by", "assigned_at"])
    record(actor, "complaint.assigned", complaint, to=user_id)
    return complaint


@transaction.atomic
def examine(complaint_id: int, *, actor: Actor) -> Complaint:
    """核查 begins, by whoever it was given to."""
    complaint = _handled(complaint_id, actor)
    complaint.enter(ComplaintStatus.EXAMINING)
    record(actor, "complaint.examining", complaint)
    return complaint


@transaction.atomic
def answer(complaint_id: int, *, found: str, verdict: Verdict, reply: str, actor: Actor) -> Complaint:
    """答复: what was found stays inside, the reply is read by whoever holds the ticket."""
    complaint = _handled(complaint_id, actor)
    if not found.strip() or not reply.strip():
        raise InvalidInputError(_("请写明核查情况和给来信人的答复。"))
    complaint.enter(ComplaintStatus.ANSWERED)
    complaint.found, complaint.verdict, complaint.reply = found.strip(), verdict, reply.strip()
    complaint.replied_by_id, complaint.replied_at = actor.user_id, clock.now()
    complaint.save(update_fields=["found", "verdict", "reply", "replied_by", "replied_at"])
    record(actor, "complaint.answered", complaint, verdict=verdict)
    return complaint


@transaction.atomic
def archive(complaint_id: int, *, actor: Actor) -> Complaint:
    """归档: nothing more is done; the answer can still be read."""
    complaint = _handled(complaint_id, actor)
    complaint.enter(ComplaintStatus.ARCHIVED)
    complaint.archived_at = clock.now()
    complaint.save(update_fields=["archived_at"])
    record(actor, "complaint.archived", complaint)
    return complaint


def _handled(complaint_id: int, actor: Actor) -> Complaint:
    """Only who it was given to, or the head, deals with it: fewer people read it."""
    demand(actor, "complaint.handle")
    complaint: Complaint = Complaint.objects.lock(actor, pk=complaint_id)
    if actor.role != Role.BUREAU_HEAD and complaint.assigned_to_id != actor.user_id:
        raise ForbiddenError(_("这一件不是分给您办的。"))
    return complaint


@transaction.atomic
def view_contact(complaint_id: int, *, actor: Actor) -> str:
    """How to reach whoever said it, "" if they did not say. Every look is on record."""
    complaint = _handled(complaint_id, actor)
    record(actor, "complaint.contact_viewed", complaint)
    return complaint.contact
