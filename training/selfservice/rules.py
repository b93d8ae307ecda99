"""When a link opens, and how somebody shows that they are the one it is for. Plain data in, plain data out."""

from __future__ import annotations

from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Final

from training.core.crypto import keyed_hash
from training.selfservice.choices import LinkState

LIFETIME: Final = timedelta(days=30)
VISIT: Final = timedelta(minutes=30)
MOST_WRONG_ANSWERS: Final = 5
"""Of ten thousand possible ones, two of which are right."""


def token_hash(token: str) -> str:
    return keyed_hash(token, purpose="self-link")


def ballot(enrolment_id: int, about: int | None) -> str:
    """A keyed hash in place of the person: one answer each, and without the key nobody can say whose."""
    return keyed_hash(f"{enrolment_id}:{about or 'class'}", purpose="rating")


def link_state(link: Any, now: datetime) -> LinkState:
    """A new link closes the old one, its first use closes it, and so do wrong answers and time."""
    if link.replaced_at:
        return LinkState.REPLACED
    if link.used_at:
        return LinkState.USED
    if link.wrong_answers >= MOST_WRONG_ANSWERS:
        return LinkState.LOCKED
    return LinkState.EXPIRED if link.expires_at <= now else LinkState.OPEN


def visit_is_open(link: Any, now: datetime) -> bool:
    """For half an hour after the link was used, unless its owner left."""
    return link.used_at is not None and link.closed_at is None and now < link.used_at + VISIT


def knows(last_four: str, *, id_number: str, phone: str) -> bool:
    """Whether these are the last four signs of the number or of the phone; both are compared, whatever fits."""
    said = last_four.strip().upper()
    by_number = bool(id_number) and compare_digest(said.encode(), id_number[-4:].upper().encode())
    by_phone = bool(phone) and compare_digest(said.encode(), phone[-4:].encode())
    return len(said) == 4 and (by_number or by_phone)
