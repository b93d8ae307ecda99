"""A 125 kHz token reader without hardware: says what lies on it, ten times a second, and hears nothing."""

from __future__ import annotations

from functools import reduce
from operator import xor
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from types import TracebackType
from typing import Self

from kiosk.simulator.device import SimulatedDevice

EVERY = 0.1


def encode_frame(number: bytes) -> bytes:
    """What an RDM6300 says of a card whose number these five bytes are."""
    return b"\x02" + (number + bytes([reduce(xor, number)])).hex().upper().encode("ascii") + b"\x03"


class SimulatedTokenReader(SimulatedDevice):
    """A reader of the RDM6300 class."""

    GARBAGE = bytes.fromhex("00 FF 02 36 32 03 02")

    def __init__(self, address: Path | str, *, baud: int | None = None, piece: int = 64) -> None:
        super().__init__(address, baud=baud, piece=piece)
        self._number: bytes | None = None
        self._ending = Flag()
        self._thread = Thread(target=self._repeat, name="simulated token reader", daemon=True)

    def lay(self, number: bytes) -> None:
        """Put a card with these five bytes on the reader, where it lies until it is lifted."""
        if len(number) != 5:
            raise ValueError(f"a card's number has 5 bytes, not {len(number)}")
        with self._lock:
            self._number = number

    def lift(self) -> None:
        """Take the card away."""
        with self._lock:
            self._number = None

    def __enter__(self) -> Self:
        self._thread.start()
        return super().__enter__()

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        self.unplug()

    def _repeat(self) -> None:
        while not self._ending.wait(EVERY):
            with self._lock:
                if self._number and self._hears():
                    self._send(self._spoil(encode_frame(self._number)))

    def _take(self, data: bytes) -> None:
        """It has nothing to say to questions."""

    def _miscounted(self, message: bytes) -> bytes:
        return message[:-2] + (b"1" if message[-2:-1] == b"0" else b"0") + message[-1:]
