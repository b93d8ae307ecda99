"""Tickets, their secrets, and by when an answer is due. Plain data in, plain data out."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Final

from training.core.crypto import keyed_hash
from training.core.working_days import end_of_term

ANSWER_WORKING_DAYS: Final = 15
"""No document of the five names a term; the mildest that administrations set themselves for a simple matter."""
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another


def new_ticket() -> str:
    """Eight signs. Not in a row: from one ticket nobody learns how many there are, or another one."""
    return _signs(8)


def new_secret() -> str:
    """Eight signs, to be shown once: with the ticket it opens the answer."""
    return _signs(8)


def _signs(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _n in range(count))


def tidy(text: str) -> str:
    """As it was given, however it was typed."""
    return "".join(sign for sign in text.upper() if sign in _LETTERS)


def secret_hash(ticket: str, secret: str) -> str:
    """Of both together, so that neither can be tried for itself."""
    return keyed_hash(f"{tidy(ticket)}:{tidy(secret)}", purpose="complaint")


def due_on(received_on: date) -> date:
    """The last of `ANSWER_WORKING_DAYS` full working days after the day of receipt."""
    return end_of_term(received_on, ANSWER_WORKING_DAYS)
