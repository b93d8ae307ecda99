from __future__ import annotations

from qsessions.models import Session

from training.accounts.models import User
from training.accounts.trail import record_account
from training.core.actor import Actor


def sign_out_others(user_id: int, *, keep: str | None, actor: Actor) -> None:
    """End an account's sessions in all browsers but the one with the session key `keep`."""
    user = User.objects.get(pk=user_id)
    Session.objects.filter(user=user).exclude(session_key=keep).delete()
    record_account(actor, "account.signed_out_elsewhere", user)
