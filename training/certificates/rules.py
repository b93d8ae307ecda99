"""Numbers of certificates, and the code that shows that somebody holds the paper."""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from training.core.crypto import keyed_hash

_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another
CODE_LENGTH: Final = 8


def certificate_number(session_code: str, place: int, edition: int) -> str:
    """SC-2020-01-001-012; another edition adds its number: SC-2020-01-001-012-2."""
    return f"{session_code}-{place:03d}" + (f"-{edition}" if edition > 1 else "")


def check_code(number: str) -> str:
    """Eight signs that follow from the number and our key: nobody goes through numbers without the papers."""
    value = int(keyed_hash(number, purpose="certificate"), 16)
    signs = []
    for _position in range(CODE_LENGTH):
        value, place = divmod(value, len(_LETTERS))
        signs.append(_LETTERS[place])
    return "".join(signs)


def is_check_code(number: str, said: str) -> bool:
    """However it was typed: small letters, blanks and hyphens do not matter."""
    tidy = "".join(sign for sign in said.upper() if sign in _LETTERS)
    return compare_digest(check_code(number), tidy)
