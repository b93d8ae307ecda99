"""A card reader without hardware: the SAM module's behaviour, and a pseudo-terminal to reach it by.

`SamModule` is the module itself, bytes in and bytes out. `SimulatedReader` puts it behind a device path
that any serial program can open, with the faults of real lines and real people.
"""

from __future__ import annotations

import os
import pty
import select
import termios
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event as Flag
from threading import RLock, Thread, current_thread
from time import sleep
from types import TracebackType
from typing import Literal, Self, get_args

from kiosk.idcard.cards import IdCard
from kiosk.idcard.frames import BadFrame, Command, FrameCutter, seal
from kiosk.idcard.statuses import SW3
from kiosk.simulator.cards import CardChip, read_reply_data

REQUEST_SIZES = range(3, 64)
SAM_ID = bytes.fromhex("05 00 03 00 E0 DD 32 01 87 D6 12 00 B1 68 DE 3A")
"""Of no real module; prints as 05.03-20110816-0001234567-0987654321."""
CHIP_NUMBER = "00000000000000".encode("utf-16-le")
BAUD_CODES = (115200, 57600, 38400, 19200, 9600)

FaultKind = Literal["silence", "garbage", "half", "checksum", "pulled", "unplug"]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)


def encode_reply(status: int, data: bytes = b"", sw1: int = 0, sw2: int = 0) -> bytes:
    """A reply as a reader sends it."""
    return seal(bytes([sw1, sw2, status]) + data)


class SamModule:
    """A SAM module and the card on it. Sans IO: `receive` takes request bytes and gives reply bytes.

    A card is found once until it is lifted. Once read, it is not selected again either, but it
    can be read again while it stays: so the working readers do.
    """

    def __init__(self, sam_id: bytes = SAM_ID, *, fingers: bytes = b"") -> None:
        self.sam_id = sam_id
        self.statuses: dict[Command, int] = {}
        """Commands that always get this status, whatever lies there: a worn card, a broken module."""
        self._fingers = fingers
        self._cutter = FrameCutter(REQUEST_SIZES)
        self._chip: CardChip | None = None
        self._found = self._selected = self._read = False

    @property
    def has_card(self) -> bool:
        """A card lies there."""
        return self._chip is not None

    def lay(self, chip: CardChip) -> None:
        """Put this card on the reader, in place of any other."""
        self._forget(chip)

    def lift(self) -> None:
        """Take the card away."""
        self._forget(None)

    def receive(self, data: bytes) -> bytes:
        """Answer every whole request among these bytes."""
        return b"".join(reply for _command, reply in self.replies(data))

    def replies(self, data: bytes) -> list[tuple[Command | None, bytes]]:
        """As `receive`, one by one, each with the command it answers (None: not understood)."""
        return [self._reply(cut) for cut in self._cutter.cut(data)]

    def _forget(self, chip: CardChip | None) -> None:
        self._chip = chip
        self._found = self._selected = self._read = False

    def _reply(self, cut: bytes | BadFrame) -> tuple[Command | None, bytes]:
        if isinstance(cut, BadFrame):
            status = SW3.BAD_CHECKSUM if cut.reason == "checksum" else SW3.BAD_LENGTH
            return None, encode_reply(status)
        if cut not in {command.value for command in Command}:
            return None, encode_reply(SW3.BAD_COMMAND)
        command = Command(cut)
        if command in self.statuses:
            return command, encode_reply(self.statuses[command])
        return command, encode_reply(*self._carry_out(command))

    def _carry_out(self, command: Command) -> tuple[int, bytes]:
        actions: dict[Command, Callable[[], tuple[int, bytes]]] = {
            Command.RESET: self._reset,
            Command.STATUS: lambda: (SW3.OK, b""),
            Command.SAM_ID: lambda: (SW3.OK, self.sam_id),
            Command.FIND: self._find,
            Command.SELECT: self._select,
            Command.READ: lambda: self._read_card(None),
            Command.READ_WITH_FINGERS: lambda: self._read_card(self._fingers),
            Command.READ_ADDRESSES: self._read_addresses,
            Command.READ_CHIP_NUMBER: self._read_chip_number,
        }
        return actions[command]()

    def _reset(self) -> tuple[int, bytes]:
        self._forget(self._chip)
        return SW3.OK, b""

    def _find(self) -> tuple[int, bytes]:
        if self._chip is None or self._found:
            return SW3.NO_CARD, b""
        self._found = True
        return SW3.FOUND, bytes(4)

    def _select(self) -> tuple[int, bytes]:
        if not self._found or self._read:
            return SW3.SELECT_FAILED, b""
        self._selected = True
        return SW3.OK, bytes(8)

    def _read_card(self, fingers: bytes | None) -> tuple[int, bytes]:
        if self._chip is None or not self._selected:
            return SW3.READ_FAILED, b""
        self._read = True
        return SW3.OK, read_reply_data(self._chip, fingers)

    def _read_addresses(self) -> tuple[int, bytes]:
        if self._chip is None or not self._selected:
            return SW3.READ_FAILED, b""
        return (SW3.OK, self._chip.addresses) if self._chip.addresses else (SW3.NO_SUCH_ITEM, b"")

    def _read_chip_number(self) -> tuple[int, bytes]:
        if not self._selected:
            return SW3.READ_FAILED, b""
        return SW3.OK, CHIP_NUMBER


class PtyLine:
    """One pseudo-terminal: calls `on_bytes` from its own thread; `send` writes back."""

    def __init__(self, on_bytes: Callable[[bytes], None]) -> None:
        self._master, self._slave = pty.openpty()  # the slave stays open: no hang-up between clients
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.device = os.ttyname(self._slave)
        self._on_bytes = on_bytes
        self._closing = Flag()
        self._thread = Thread(target=self._serve, name=f"simulated reader {self.device}", daemon=True)
        self._thread.start()

    @property
    def speed(self) -> int:
        """The termios code of the speed the other side has set."""
        return int(termios.tcgetattr(self._master)[5])

    def send(self, data: bytes) -> None:
        """Write; what nobody reads is lost, as on a real line."""
        with suppress(OSError):
            os.write(self._master, data)

    def close(self) -> None:
        """Hang up. May be called from within `on_bytes`."""
        self._closing.set()
        if current_thread() is not self._thread:
            self._thread.join()

    def _serve(self) -> None:
        while not self._closing.is_set():
            if select.select([self._master], [], [], 0.02)[0]:
                self._on_bytes(os.read(self._master, 4096))
        os.close(self._master)
        os.close(self._slave)


class SimulatedReader:
    """A reader at the device path `link` while the `with` block lasts.

    `baud` None: answers at any speed and at once, like a USB-CDC module. A number: answers only at that
    speed, and no faster than it. `piece`: so many bytes at a time, 1 for byte by byte.
    """

    def __init__(
        self, link: Path | str, *, baud: int | None = None, piece: int = 64, sam: SamModule | None = None
    ) -> None:
        self.link = Path(link)
        self.baud = baud
        self.piece = piece
        self.sam = sam or SamModule()
        self.asked: list[Command | None] = []
        """Every command that came, in order."""
        self._lock = RLock()
        self._fault: FaultKind | None = None
        self._fault_at: Command | None = None
        self._fault_times = 0
        self._line: PtyLine | None = None

    @property
    def url(self) -> str:
        """What a driver opens."""
        return str(self.link)

    def __enter__(self) -> Self:
        self.replug()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.unplug()

    def lay(self, card: IdCard | CardChip) -> None:
        """Put a card on the reader."""
        chip = CardChip.of(card) if isinstance(card, IdCard) else card
        with self._lock:
            self.sam.lay(chip)

    def lift(self) -> None:
        """Take the card away."""
        with self._lock:
            self.sam.lift()

    def fault(self, kind: FaultKind | None, times: int = 1, at: Command | None = None) -> None:
        """Spoil the next `times` answers, or those to `at` only; None mends.

        `silence`; `garbage` before the answer; `half` of it; a wrong `checksum`; the card is `pulled` away
        as it is read; the reader is unplugged (`unplug`) half-way through the answer.
        """
        with self._lock:
            self._fault, self._fault_times = kind, times
            self._fault_at = Command.READ if kind == "pulled" else at

    def unplug(self) -> None:
        """Pull the plug: the device path goes, an open port hangs up."""
        with self._lock:
            line, self._line = self._line, None
            if line is not None:
                self.link.unlink(missing_ok=True)
        if line is not None:
            line.close()

    def replug(self) -> None:
        """Plug in again: a new device under the same path. The module has forgotten what it had found."""
        with self._lock:
            if self._line is None:
                self.sam.receive(seal(Command.RESET.value))
                self._line = PtyLine(self._take)
                self._point_link_at(self._line.device)

    def _point_link_at(self, device: str) -> None:
        fresh = self.link.with_name(f".{self.link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(device)
        fresh.replace(self.link)

    def _take(self, data: bytes) -> None:
        with self._lock:
            if not self._hears():
                return
            for command, reply in self.sam.replies(data):
                self.asked.append(command)
                self._send(self._spoil(command, reply))

    def _hears(self) -> bool:
        """At another speed a line carries nothing anybody understands."""
        if self._line is None:
            return False
        return self.baud is None or self._line.speed == getattr(termios, f"B{self.baud}")

    def _spoil(self, command: Command | None, reply: bytes) -> bytes:
        kind = self._fault
        if kind is None or self._fault_at not in (None, command):
            return reply
        self._fault_times -= 1
        if self._fault_times <= 0:
            self._fault = None
        return self._spoilers()[kind](reply)

    def _spoilers(self) -> dict[FaultKind, Callable[[bytes], bytes]]:
        return {
            "silence": lambda _reply: b"",
            "garbage": lambda reply: bytes.fromhex("00 FF AA AA 13 AA AA AA 96 69 00 00") + reply,
            "half": lambda reply: reply[: len(reply) // 2],
            "checksum": lambda reply: reply[:-1] + bytes([reply[-1] ^ 0xFF]),
            "pulled": self._pull_card,
            "unplug": self._unplug_after,
        }

    def _pull_card(self, _reply: bytes) -> bytes:
        self.sam.lift()
        return encode_reply(SW3.READ_FAILED)

    def _unplug_after(self, reply: bytes) -> bytes:
        self._send(reply[: len(reply) // 2])
        self.unplug()
        return b""

    def _send(self, data: bytes) -> None:
        for start in range(0, len(data), self.piece):
            if self._line is None:
                return
            piece = data[start : start + self.piece]
            self._line.send(piece)
            if self.baud is not None:
                sleep(len(piece) * 10 / self.baud)
            elif self.piece == 1:
                sleep(0)
