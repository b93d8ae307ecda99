from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.crypto import keyed_hash
from training.core.errors import InvalidInputError
from training.institutions.models import Institution
from training.partners.choices import COUNTY_WIDE, LONGEST, Purpose, Resource, TokenState
from training.partners.errors import TokenUnknownError
from training.partners.models import PartnerToken, PartnerUse
from training.programmes.queries import the_programme

MARK: Final = "ydp_"
"""How every token begins, so that one that strayed into a file or a chat is recognised."""
SHOWN: Final = len(MARK) + 8


@dataclass(frozen=True)
class IssuedToken:
    """To be shown once: nobody can find `text` again."""

    token: PartnerToken
    text: str


def _hash(text: str) -> str:
    return keyed_hash(text, purpose="partner-token")


@transaction.atomic
def issue_token(
    *,
    partner: str,
    contact: str,
    reason: str,
    purposes: Collection[str],
    expires_on: date,
    actor: Actor,
    institution_id: int | None = None,
) -> IssuedToken:
    """A token for one partner and its purposes, good to the end of `expires_on`, a year at most.

    Raises InvalidInputError.
    """
    demand(actor, "token.manage")
    programme = the_programme(actor)
    institution = Institution.objects.fetch(actor, pk=institution_id) if institution_id else None
    _demand_purposes(purposes, institution)
    _demand_term(expires_on)
    text = MARK + secrets.token_urlsafe(32)
    token: PartnerToken = PartnerToken.objects.create(
        programme=programme,
        institution=institution,
        partner=partner,
        contact=contact,
        reason=reason,
        purposes=[purpose for purpose in Purpose.values if purpose in purposes],
        prefix=text[:SHOWN],
        token_hash=_hash(text),
        issued_by_id=actor.person_id,
        issued_at=clock.now(),
        expires_on=expires_on,
    )
    record(actor, "token.issued", token, purposes=token.purposes, expires_on=expires_on.isoformat())
    return IssuedToken(token, text)


def _demand_purposes(purposes: Collection[str], institution: Institution | None) -> None:
    if not purposes or not set(purposes) <= set(Purpose.values):
        raise InvalidInputError(_("请至少选一项可以读取的内容。"))
    if institution and (wide := COUNTY_WIDE & set(purposes)):
        names = _("、").join(str(Purpose(purpose).label) for purpose in sorted(wide))
        raise InvalidInputError(_("只限一家机构的凭证不能读取全县的内容：%(names)s。") % {"names": names})


def _demand_term(expires_on: date) -> None:
    today = clock.today()
    if not today <= expires_on <= today + LONGEST:
        raise InvalidInputError(_("有效期止要在今天与一年之内，到期后重新签发。"))


@transaction.atomic
def revoke_token(token_id: int, *, reason: str, actor: Actor) -> PartnerToken:
    """From now on it opens nothing. Twice changes nothing."""
    demand(actor, "token.manage")
    token: PartnerToken = PartnerToken.objects.lock(actor, pk=token_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明停用的原因。"))
    if token.revoked_at is None:
        token.revoked_by_id, token.revoked_at = actor.person_id, clock.now()
        token.revoked_reason = reason.strip()
        token.save(update_fields=["revoked_by", "revoked_at", "revoked_reason"])
        record(actor, "token.revoked", token, reason=token.revoked_reason)
    return token


def authenticate(text: str) -> PartnerToken:
    """The token in use that reads so; raises TokenUnknownError."""
    found: PartnerToken | None = (
        PartnerToken.objects.select_related("programme").filter(token_hash=_hash(text)).first()
    )
    if found is None or found.state != TokenState.ACTIVE:
        raise TokenUnknownError(_("凭证无效、已到期或已停用，请向签发的商务局核对。"))
    return found


def note_use(token: PartnerToken, resource: Resource, *, refused: bool = False) -> None:
    """Add one to the day's count. One statement, but for the first of the day."""
    counted = {"refused" if refused else "answered": F("refused" if refused else "answered") + 1}
    day = {"token": token, "on": clock.today(), "resource": resource}
    if PartnerUse.objects.filter(**day).update(**counted):
        return
    try:
        with transaction.atomic():
            PartnerUse.objects.create(**day, **dict.fromkeys(counted, 1))
    except IntegrityError:  # another process was first
        PartnerUse.objects.filter(**day).update(**counted)
