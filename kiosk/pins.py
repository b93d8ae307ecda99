"""Which witness has this PIN; guessing is slowed down."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence

from kiosk.messages import Message, say
from kiosk.package import TrainingSession, Witness, witness_by_pin

WRONG_PINS = 5
LOCKED_SECONDS = 60.0


class PinError(Exception):
    """No witness, or not the one that is needed; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.message = message


class Pins:
    """Remembers who typed what right, under a key of this run, so that only the first time is slow."""

    def __init__(self) -> None:
        self._wrong = 0
        self._locked_until = 0.0
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, Witness] = {}

    def witness(self, sessions: Sequence[TrainingSession], pin: str) -> Witness:
        """Raises PinError."""
        if (left := self._locked_until - time.monotonic()) > 0:
            raise PinError(say("pin_locked", seconds=round(left + 0.5)))
        if witness := self._remembered(sessions, pin) or self._look_up(sessions, pin):
            self._wrong = 0
            return witness
        self._wrong += 1
        if self._wrong % WRONG_PINS == 0:
            self._locked_until = time.monotonic() + LOCKED_SECONDS
        raise PinError(say("pin_wrong"))

    def _remembered(self, sessions: Sequence[TrainingSession], pin: str) -> Witness | None:
        """Only while the package still names this witness with this PIN."""
        witness = self._known.get(self._digest(pin))
        named = (other for session in sessions for other in session.witnesses)
        return witness if witness is not None and witness in named else None

    def _look_up(self, sessions: Sequence[TrainingSession], pin: str) -> Witness | None:
        if witness := witness_by_pin(sessions, pin):
            self._known[self._digest(pin)] = witness
        return witness

    def _digest(self, pin: str) -> bytes:
        return hmac.new(self._key, pin.encode(), hashlib.sha256).digest()
