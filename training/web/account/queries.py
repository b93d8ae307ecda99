from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from qsessions.models import Session

from training.core import clock
from training.core.crypto import keyed_hash
from training.core.models import AuditEvent
from training.web.bureau.history import Deed, deed
from training.web.gate import WorkRequest

SHOWN = 10


@dataclass(frozen=True)
class OwnSession:
    """One browser in which this account is signed in."""

    device: str
    address: str
    since: datetime
    seen_at: datetime
    here: bool
    name: str


def name_of(session: Session) -> str:
    """What a page calls a session: the key itself would open it."""
    return keyed_hash(session.session_key, purpose="browser")[:16]


def own_sessions(request: WorkRequest) -> list[OwnSession]:
    rows = Session.objects.filter(user=request.user.pk, expire_date__gt=clock.now()).order_by("-updated_at")
    here = request.session.session_key
    return [
        OwnSession(
            row.device, row.ip or "", row.created_at, row.updated_at, row.session_key == here, name_of(row)
        )
        for row in rows
    ]


def done_by_others(user_id: int) -> list[Deed]:
    """What somebody else did to one's own account, newest first: nobody's account is opened behind their back."""
    about = AuditEvent.objects.filter(subject_type="accounts.User", subject_id=str(user_id))
    return [deed(event) for event in about.exclude(user_id=user_id)[:SHOWN]]
