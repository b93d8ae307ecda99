"""A card reader without hardware: the SAM module's behaviour, and a line to reach it by.

`SamModule` is the module itself, bytes in and bytes out. `SimulatedReader` puts it behind a device path or
TCP port that any serial program can open, with the faults of real lines and real people.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kiosk.idcard.cards import IdCard
from kiosk.idcard.frames import BadFrame, Command, FrameCutter, seal
from kiosk.idcard.statuses import SW3
from kiosk.simulator.cards import CardChip, read_reply_data
from kiosk.simulator.device import FaultKind, SimulatedDevice

REQUEST_SIZES = range(3, 64)
SAM_ID = bytes.fromhex("05 00 03 00 E0 DD 32 01 87 D6 12 00 B1 68 DE 3A")
"""Of no real module; prints as 05.03-20110816-0001234567-0987654321."""
CHIP_NUMBER = "00000000000000".encode("utf-16-le")


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


class SimulatedReader(SimulatedDevice):
    """A reader of identity cards."""

    GARBAGE = bytes.fromhex("00 FF AA AA 13 AA AA AA 96 69 00 00")

    def __init__(
        self, address: Path | str, *, baud: int | None = None, piece: int = 64, sam: SamModule | None = None
    ) -> None:
        super().__init__(address, baud=baud, piece=piece)
        self.sam = sam or SamModule()
        self.asked: list[Command | None] = []
        """Every command that came, in order."""
        self._fault_at: Command | None = None

    def lay(self, card: IdCard | CardChip) -> None:
        """Put a card on the reader, where it lies until it is lifted."""
        chip = CardChip.of(card) if isinstance(card, IdCard) else card
        with self._lock:
            self.sam.lay(chip)

    def lift(self) -> None:
        """Take the card away."""
        with self._lock:
            self.sam.lift()

    def fault(self, kind: FaultKind | None, times: int = 1, at: Command | None = None) -> None:
        """As for every device, `at` one command only; and `pulled`: the card goes as it is read."""
        with self._lock:
            super().fault(kind, times)
            self._fault_at = Command.READ if kind == "pulled" else at

    def replug(self) -> None:
        """Plug in again. The module has forgotten what it had found."""
        with self._lock:
            if self._line is None:
                self.sam.receive(seal(Command.RESET.value))
            super().replug()

    def _take(self, data: bytes) -> None:
        with self._lock:
            if not self._hears():
                return
            for command, reply in self.sam.replies(data):
                self.asked.append(command)
                meant = self._fault_at in (None, command)
                self._send(self._spoil(reply) if meant else reply)

    def _miscounted(self, message: bytes) -> bytes:
        return message[:-1] + bytes([message[-1] ^ 0xFF])

    def _spoilers(self) -> dict[FaultKind, Callable[[bytes], bytes]]:
        return {**super()._spoilers(), "pulled": self._pull_card}

    def _pull_card(self, _reply: bytes) -> bytes:
        self.sam.lift()
        return encode_reply(SW3.READ_FAILED)
