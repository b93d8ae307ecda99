"""Frames between computer and reader: what is asked, and the cutting of what comes back.

Request and reply share one form: `AA AA AA 96 69`, a big-endian length that counts everything after
itself, the body, and one byte that makes the XOR over length and body zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import reduce
from operator import xor
from typing import Literal

PREAMBLE = bytes.fromhex("AA AA AA 96 69")
TIME_OUT_NOTICE = PREAMBLE + bytes.fromhex("00 05 05 05 05")
"""What one vendor's readers say when the card is too slow. It is two bytes shorter than it announces,
and the `AA AA` of a reply right behind it would make its checksum good: it must go before that."""
REPLY_SIZES = range(4, 4097)
"""Lengths a reply may announce: SW1, SW2, SW3 and checksum at least; 2314 is the longest known."""

Refusal = Literal["length", "checksum", "time_out"]


class Command(Enum):
    """CMD and PARA of a request. `READ_WITH_FINGERS` and `READ_CHIP_NUMBER` are known, never sent."""

    RESET = b"\x10\xff"
    STATUS = b"\x11\xff"
    SAM_ID = b"\x12\xff"
    FIND = b"\x20\x01"
    SELECT = b"\x20\x02"
    READ = b"\x30\x01"
    READ_ADDRESSES = b"\x30\x03"
    READ_CHIP_NUMBER = b"\x30\x05"
    READ_WITH_FINGERS = b"\x30\x10"


@dataclass(frozen=True)
class Reply:
    """A whole, undamaged answer. `status` (SW3) decides; SW1 and SW2 are for the log only.

    `data` may be a person's card, so it stays out of every repr.
    """

    status: int
    data: bytes = field(default=b"", repr=False)
    sw1: int = 0
    sw2: int = 0


@dataclass(frozen=True)
class BadFrame:
    """Something began like a frame and was not one; `size` is the length it announced."""

    reason: Refusal
    size: int


Event = Reply | BadFrame


def seal(body: bytes) -> bytes:
    """Put preamble, length and checksum around a body."""
    counted = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + counted + bytes([reduce(xor, counted)])


def encode(command: Command) -> bytes:
    """The request as it goes over the line."""
    return seal(command.value)


class FrameCutter:
    """Cuts whole bodies out of a stream that may be split, noisy or damaged anywhere.

    Holds no more than one frame of the largest size. Damage gives a `BadFrame`, never an exception.
    """

    def __init__(self, sizes: range) -> None:
        self._sizes = sizes
        self._pending = bytearray()

    @property
    def mid_frame(self) -> bool:
        """A frame has begun and is not whole yet."""
        return self._pending.startswith(PREAMBLE)

    def cut(self, data: bytes) -> list[bytes | BadFrame]:
        """Take bytes; give what became whole with them, in order."""
        self._pending += data
        cuts: list[bytes | BadFrame] = []
        while (cut := self._next()) is not None:
            cuts.append(cut)
        return cuts

    def give_up(self) -> list[bytes | BadFrame]:
        """Nothing more will come: give what was waiting behind a frame that never became whole."""
        cuts: list[bytes | BadFrame] = []
        while self.mid_frame:
            del self._pending[: len(PREAMBLE)]
            cuts += self.cut(b"")
        return cuts

    def _next(self) -> bytes | BadFrame | None:
        pending, start = self._pending, self._pending.find(PREAMBLE)
        del pending[: start if start >= 0 else -4]  # four bytes may be the start of a preamble
        if start < 0 or len(pending) < 7:
            return None
        size = int.from_bytes(pending[5:7], "big")
        if pending.startswith(TIME_OUT_NOTICE):
            return self._refuse("time_out", size)
        if size not in self._sizes:
            return self._refuse("length", size)
        if len(pending) < 7 + size:
            return None
        counted = bytes(pending[5 : 7 + size])
        if reduce(xor, counted):
            return self._refuse("checksum", size)
        del pending[: 7 + size]
        return counted[2:-1]

    def _refuse(self, reason: Refusal, size: int) -> BadFrame:
        """Look again right behind this preamble: a good frame may lie inside the bad one."""
        del self._pending[: len(PREAMBLE)]
        return BadFrame(reason, size)


class FrameDecoder:
    """A reader's bytes in, events out: no port, no clock, no thread."""

    def __init__(self) -> None:
        self._cutter = FrameCutter(REPLY_SIZES)

    @property
    def mid_frame(self) -> bool:
        """A reply has begun and is not whole yet."""
        return self._cutter.mid_frame

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes as they come, in pieces of any size."""
        return [parse_reply(cut) for cut in self._cutter.cut(data)]

    def give_up(self) -> list[Event]:
        """What can still be found once the deadline has passed."""
        return [parse_reply(cut) for cut in self._cutter.give_up()]


def parse_reply(cut: bytes | BadFrame) -> Event:
    """Name the parts of a reply's body."""
    if isinstance(cut, BadFrame):
        return cut
    return Reply(status=cut[2], data=cut[3:], sw1=cut[0], sw2=cut[1])
