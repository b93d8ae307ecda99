"""The way into an account: a link that opens once, for whoever was just added or forgot their password."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Final

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from training.accounts.choices import InvitationState
from training.accounts.models import Invitation, User
from training.accounts.trail import record_account
from training.core import clock
from training.core.actor import Actor
from training.core.crypto import keyed_hash
from training.core.errors import InvalidTransitionError

logger = logging.getLogger(__name__)
LIFETIME: Final = timedelta(hours=72)


@dataclass(frozen=True)
class Link:
    """To be shown once: nobody can find `token` again."""

    user: User
    token: str
    expires_at: datetime

    @property
    def address(self) -> str:
        site: str = settings.PUBLIC_URL.rstrip("/")
        return site + reverse("invitation", args=[self.token])


def issue_link(user: User) -> Link:
    """A new link; an older one that nobody used no longer opens. The caller records who asked for it."""
    now, token = clock.now(), secrets.token_urlsafe(24)
    user.invitations.filter(used_at=None, replaced_at=None).update(replaced_at=now)
    invitation = user.invitations.create(token_hash=_hash(token), issued_at=now, expires_at=now + LIFETIME)
    return Link(user, token, invitation.expires_at)


def _hash(token: str) -> str:
    return keyed_hash(token, purpose="invitation")


def find_invitation(token: str) -> Invitation | None:
    return Invitation.objects.select_related("user").filter(token_hash=_hash(token)).first()


def state_of(invitation: Invitation) -> InvitationState:
    if not invitation.user.is_active:
        return InvitationState.CLOSED
    if invitation.used_at:
        return InvitationState.USED
    if invitation.replaced_at:
        return InvitationState.REPLACED
    return InvitationState.OPEN if clock.now() < invitation.expires_at else InvitationState.EXPIRED


@transaction.atomic
def accept_invitation(invitation_id: int, password: str) -> User:
    """Give the account this password, which the caller has found good; raises InvalidTransitionError."""
    invitation = (
        Invitation.objects.select_for_update(of=("self",)).select_related("user").get(pk=invitation_id)
    )
    if state_of(invitation) != InvitationState.OPEN:
        raise InvalidTransitionError(_("这个链接已经失效。"))
    user: User = invitation.user
    user.set_password(password)
    user.save(update_fields=["password"])
    invitation.used_at = clock.now()
    invitation.save(update_fields=["used_at"])
    record_account(Actor(str(user), "", user.pk), "account.password_set", user)
    return user


def mail_link(link: Link) -> bool:
    """Send it to the account's address; False where there is none, or no mail server, or it did not answer."""
    if not (settings.EMAIL_URL and link.user.email):
        return False
    words = {"name": link.user, "account": link.user.username, "address": link.address}
    try:
        send_mail(
            _("设置您的一期一档密码"),
            _(
                "%(name)s：\n\n您的账号是 %(account)s。请打开下面的链接，自己设密码；72 小时内有效，只能用一次。\n\n"
                "%(address)s\n\n不认识这封邮件的，请不要打开链接，直接删除。"
            )
            % words,
            None,
            [link.user.email],
        )
    except (OSError, SMTPException):
        logger.exception("the invitation was not sent")
        return False
    return True
