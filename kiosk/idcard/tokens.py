"""Cards that only stand for their holder: what readers of the 125 kHz kind say, and what wedges type.

The same card must be the same token at every desk, whoever made the desk's reader. All of them tell the
lowest 24 bits of the card's number (readers that print "3+5" tell no more), so a token is those: six hex
digits. It names nobody by itself; a witness binds it to a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import reduce
from math import inf
from operator import xor
from typing import Literal

from kiosk.idcard.statuses import Wording

TokenFormat = Literal["decimal", "hex", "decimal-reversed", "hex-reversed", "3+5"]
"""What a wedge types: ten digits or eight hex digits, the bytes in order or backwards, or `123,45678`."""

FRAME = re.compile(rb"\x02([0-9A-Fa-f]{10})([0-9A-Fa-f]{2})(?:\r\n)?\x03")
"""RDM6300 class, 9600 8N1: STX, five bytes in hex, the XOR of them, ETX (ID-12 readers: CR LF before it)."""
LONGEST_FRAME = 16
AWAY = 1.0
"""Seconds without a frame after which a token was lifted; readers repeat it several times a second."""

_SPELLINGS: dict[TokenFormat, tuple[str, Callable[..., bytes]]] = {
    "decimal": (r"([0-9]{10})", lambda digits: int(digits).to_bytes(4, "big")),
    "hex": (r"([0-9A-Fa-f]{8})", bytes.fromhex),
    "decimal-reversed": (r"([0-9]{10})", lambda digits: int(digits).to_bytes(4, "little")),
    "hex-reversed": (r"([0-9A-Fa-f]{8})", lambda digits: bytes.fromhex(digits)[::-1]),
    "3+5": (
        r"([0-9]{3})[, ]?([0-9]{5})",
        lambda facility, number: bytes([int(facility)]) + int(number).to_bytes(2, "big"),
    ),
}


class TokenError(Exception):
    """What was typed is no card number in the format that is set. Carries nothing of it."""

    code = "token_wrong"
    wording = Wording(
        "卡号不对,请再刷一次;总是不对,请检查卡号格式设置。",
        "Not a card number: present the card again; if it never works, check which format is set.",
    )

    def __init__(self) -> None:
        super().__init__(f"{self.code}: {self.wording.english}")


def normalise(text: str, form: TokenFormat) -> str:
    """The token in what a keyboard wedge typed; raises TokenError.

    Full-width digits and commas, as an input method makes them, and the Enter at the end don't matter.
    """
    pattern, to_bytes = _SPELLINGS[form]
    typed = re.fullmatch(pattern, unicodedata.normalize("NFKC", text).strip())
    if typed is None:
        raise TokenError
    try:
        return token_of(to_bytes(*typed.groups()))
    except (ValueError, OverflowError) as error:  # more than the bytes can hold
        raise TokenError from error


def token_of(number: bytes) -> str:
    """The token of a card's number, highest byte first; raises TokenError for a blank one."""
    if not any(number[-3:]):
        raise TokenError
    return number[-3:].hex().upper()


def mask_token(token: str) -> str:
    """As logs and screens may show it."""
    return "*" * (len(token) - 2) + token[-2:]


class TokenDecoder:
    """A serial token reader's bytes in, tokens out: no port, no clock. Damage gives nothing."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> list[str]:
        """Take bytes as they come, in pieces of any size; give the tokens that became whole."""
        self._pending += data
        frames = list(FRAME.finditer(self._pending))
        begun = self._pending.rfind(b"\x02", frames[-1].end() if frames else 0)
        self._pending = self._pending[begun:][:LONGEST_FRAME] if begun >= 0 else b""
        return [token for frame in frames for token in _tokens_in(frame)]


def _tokens_in(frame: re.Match[bytes]) -> list[str]:
    """The token of a frame whose checksum holds."""
    number, checksum = (bytes.fromhex(part.decode("ascii")) for part in frame.groups())
    if reduce(xor, number) != checksum[0]:
        return []
    try:
        return [token_of(number)]
    except TokenError:
        return []


class Presence:
    """Which tokens lie on the reader: each is told of once until it was away for a moment."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}

    def arrives(self, token: str, now: float) -> bool:
        """Whether this frame is the first of a new visit; `now` in monotonic seconds."""
        lying = now - self._seen.get(token, -inf) < AWAY
        self._seen = {other: at for other, at in self._seen.items() if now - at < AWAY} | {token: now}
        return not lying
