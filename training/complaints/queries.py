from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from training.accounts.choices import BUREAU_ROLES
from training.accounts.models import Membership
from training.complaints.choices import UNANSWERED, WEIGHS
from training.complaints.models import Complaint
from training.complaints.rules import secret_hash, tidy
from training.core.actor import Actor
from training.scheduling.models import TrainingSession


def complaints(actor: Actor) -> QuerySet[Any]:
    """What is due first comes first."""
    rows: QuerySet[Any] = Complaint.objects.visible_to(actor)
    return rows.select_related("training_session", "assigned_to")


def open_complaints(actor: Actor) -> QuerySet[Any]:
    return complaints(actor).filter(status__in=UNANSWERED)


def complaint_of(pk: int, actor: Actor) -> Complaint:
    """Raises NotFoundError."""
    found: Complaint = Complaint.objects.select_related(
        "programme", "training_session__institution", "assigned_to", "assigned_by", "replied_by"
    ).fetch(actor, pk=pk)
    return found


def handlers(complaint: Complaint) -> list[tuple[int, str]]:
    """The bureau's people of this county, each once."""
    held = Membership.objects.filter(
        programme_id=complaint.programme_id, role__in=BUREAU_ROLES, user__is_active=True
    ).select_related("user")
    return list({one.user_id: (one.user_id, str(one.user)) for one in held.order_by("pk")}.values())


def own_complaint(ticket: str, secret: str) -> Complaint | None:
    """The one of whoever holds ticket and code; None alike for either being wrong."""
    found: Complaint | None = (
        Complaint.objects.filter(ticket=tidy(ticket), secret_hash=secret_hash(ticket, secret))
        .select_related("programme", "training_session")
        .first()
    )
    return found


def weighing_on(session: TrainingSession) -> int:
    """How many complaints about it nobody has answered: the bureau's mark, told to no institution."""
    return Complaint.objects.filter(WEIGHS, training_session=session).count()
