from __future__ import annotations

from qsessions.models import Session

from training.accounts.models import User
from training.core.audit import record
from training.web.gate import WorkRequest


def sign_out_others(request: WorkRequest) -> None:
    """End this account's sessions in all other browsers."""
    Session.objects.filter(user=request.user.pk).exclude(session_key=request.session.session_key).delete()
    record(request.actor, "account.signed_out_elsewhere", User.objects.get(pk=request.user.pk))
