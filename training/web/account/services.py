from __future__ import annotations

from qsessions.models import Session

from training.accounts.models import User
from training.accounts.trail import record_account
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.web.account.queries import name_of


def sign_out_browser(user_id: int, name: str, *, actor: Actor) -> str:
    """End one of an account's sessions; its key. Raises NotFoundError for one that has ended."""
    user = User.objects.get(pk=user_id)
    for session in Session.objects.filter(user=user):
        if name_of(session) == name:
            key: str = session.session_key
            session.delete()
            record_account(actor, "account.signed_out_browser", user)
            return key
    raise NotFoundError("sessions.Session")


def sign_out_others(user_id: int, *, keep: str | None, actor: Actor) -> None:
    """End an account's sessions in all browsers but the one with the session key `keep`; None ends every one."""
    user = User.objects.get(pk=user_id)
    Session.objects.filter(user=user).exclude(session_key=keep).delete()
    record_account(actor, "account.signed_out_elsewhere", user)
