"""What one person proposes another decides: the steps that corrections and lost ranges have in common.

The caller holds the lock of what the row hangs on.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from django.utils.translation import gettext as _

from training.attendance.choices import CorrectionStatus
from training.attendance.models import Correction, LostRange
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError
from training.core.files import PAPERS, keep_upload
from training.core.models import StoredFile

MAX_REASON: Final = 200
UploadedFile = tuple[str, bytes]
Proposal = TypeVar("Proposal", Correction, LostRange)
NOUNS: Final = {Correction: "correction", LostRange: "lost_range"}


def keep_evidence(upload: UploadedFile | None, *, actor: Actor) -> StoredFile | None:
    """A scan names people, so it lies encrypted; raises InvalidInputError for what is no paper."""
    return keep_upload(*upload, allow=PAPERS, actor=actor, sensitive=True) if upload else None


def propose(row: Proposal, reason: str, *, actor: Actor) -> Proposal:
    """Write it down with its reason; nothing counts yet."""
    row.reason = _given(reason)
    row.proposed_by_id = actor.person_id
    row.proposed_at = clock.now()
    row.save()
    _record(row, "proposed", actor, reason=row.reason)
    return row


def approve(row: Proposal, *, actor: Actor) -> Proposal:
    """Raises ForbiddenError for the one who proposed it."""
    _refuse_proposer(row, actor)
    return _decide(row, CorrectionStatus.APPROVED, "", actor)


def decline(row: Proposal, reason: str, *, actor: Actor) -> Proposal:
    """Raises ForbiddenError for the one who proposed it: that person withdraws it."""
    _refuse_proposer(row, actor)
    return _decide(row, CorrectionStatus.DECLINED, _given(reason), actor)


def withdraw(row: Proposal, *, actor: Actor) -> Proposal:
    """Raises ForbiddenError for everybody else."""
    if row.proposed_by_id != actor.person_id:
        raise ForbiddenError(_("只有提出的人可以撤回。"))
    return _decide(row, CorrectionStatus.WITHDRAWN, "", actor)


def _refuse_proposer(row: Proposal, actor: Actor) -> None:
    if row.proposed_by_id == actor.person_id:
        raise ForbiddenError(_("提出的人不能自己核准，请另一人办理。"))


def _decide(row: Proposal, status: CorrectionStatus, reason: str, actor: Actor) -> Proposal:
    row.enter(status)
    row.decided_by_id = actor.person_id
    row.decided_at = clock.now()
    row.decision_reason = reason
    row.save(update_fields=["decided_by", "decided_at", "decision_reason"])
    _record(row, status.value, actor, **({"reason": reason} if reason else {}))
    return row


def _record(row: Correction | LostRange, done: str, actor: Actor, **details: Any) -> None:
    record(actor, f"{NOUNS[type(row)]}.{done}", row, **details)


def _given(text: str) -> str:
    """Raises InvalidInputError when nothing is said, or more than a register can show."""
    if not text.strip():
        raise InvalidInputError(_("请写明原因。"))
    if len(text.strip()) > MAX_REASON:
        raise InvalidInputError(_("原因请写在%(count)s个字以内。") % {"count": MAX_REASON})
    return text.strip()
