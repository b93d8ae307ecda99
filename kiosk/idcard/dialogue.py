"""What to ask a reader next and what its answer means. No port, no clock, no thread.

Status and SAM number once; then find, select, read, and the newest address, which doubles as the
question "is the card still there?" until it is lifted. Silence is an answer too: `None`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from kiosk.idcard.cards import (
    CardDataError,
    IdCard,
    parse_additional_addresses,
    parse_card,
)
from kiosk.idcard.codes import format_sam_id
from kiosk.idcard.frames import Command, Reply
from kiosk.idcard.statuses import LAY_AGAIN, NOTHING, SW3, Wording, describe

FIND_PAUSE = 0.35
"""Seconds between finds; the module manuals ask for more than 0.3."""
PRESENCE_PAUSE = 0.5
FAULT_PAUSE = 30.0
GIVE_UP_AFTER = 3
"""So many silences in a row lose the reader; so many failed tries make a card unreadable."""

FAULTS = {
    "silent": Wording("读卡器没有应答,正在重新连接。", "The reader does not answer; reconnecting."),
    "self_test_failed": Wording(
        "读卡器自检失败,请拔下等十秒再插上。",
        "The reader failed its self-test: unplug it, wait ten seconds and plug it in again.",
    ),
    "not_authorised": Wording(
        "读卡器安全模块未授权,请联系读卡器厂家。",
        "The reader's security module is not authorised: call the vendor.",
    ),
    "no_port": Wording("没有找到读卡器,请检查连线。", "No reader found: check the cable."),
    "port_busy": Wording("读卡器正被其他程序使用。", "Another program is using the reader."),
    "no_permission": Wording("没有权限打开读卡器端口。", "No permission to open the reader's port."),
    "no_reader": Wording(
        "端口上的设备不像读卡器,请检查端口设置。",
        "What is on this port does not answer like a reader: check which port is set.",
    ),
    "unplugged": Wording("读卡器已断开,请插好。", "The reader was unplugged: plug it in again."),
}
Device = Literal["card", "token"]
"""Which of a desk's readers speaks."""
FAULT_OF_STATUS = {SW3.SELF_TEST_FAILED: "self_test_failed", SW3.NOT_AUTHORISED: "not_authorised"}


@dataclass(frozen=True)
class ReaderReady:
    """The reader answers; cards can be laid. `sam_id` is empty if it would not say."""

    sam_id: str
    device: Device = "card"


@dataclass(frozen=True)
class CardFound:
    """A card lies there and is about to be read. May come again for the same card if that fails."""


@dataclass(frozen=True)
class CardRead:
    """A person laid a card. Comes once until the card is lifted."""

    card: IdCard
    sam_id: str


@dataclass(frozen=True)
class CardRemoved:
    """The card that was read is gone."""


@dataclass(frozen=True)
class CardUnreadable:
    """A card is there, or was, and can't be read; `message` says what its holder should do.

    `code` is a key of `cards.CARD_ERRORS` when the data were damaged, else `status`.
    """

    status: int
    message: str
    message_en: str
    code: str = "status"


@dataclass(frozen=True)
class TokenRead:
    """A token card was presented (`tokens` says what a token is). Comes once until it was away."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class ReaderFault:
    """No cards can be read until this device's next `ReaderReady`; `code` is a key of `FAULTS`."""

    code: str
    device: Device = "card"

    @property
    def message(self) -> str:
        """What the desk should do."""
        return FAULTS[self.code].chinese

    @property
    def message_en(self) -> str:
        """The same in English."""
        return FAULTS[self.code].english


ReaderEvent = ReaderReady | CardFound | CardRead | CardRemoved | CardUnreadable | TokenRead | ReaderFault


class CardDialogue:
    """One connection's conversation: send `command` after `pause` seconds, hand in the answer, repeat.

    `lost` becomes true after three silences in a row: close the port and begin a new dialogue.
    With `read_lying`, a card that was read before and never moved is read once more at the start. Without
    `with_addresses`, a card is told of as soon as it is read; moves written to it later are not waited for.
    """

    def __init__(self, *, read_lying: bool = False, with_addresses: bool = True) -> None:
        self.command = Command.STATUS
        self.pause = 0.0
        self.lost = False
        self._sam_id = ""
        self._silences = 0
        self._tries = 0
        self._finds_failed = 0
        self._with_addresses = with_addresses
        self._read_lying = read_lying
        self._guessing = read_lying
        """A card may lie there of which find says nothing, as a card is found only once."""
        self._was_reset = False
        self._complaint: CardUnreadable | None = None
        self._unannounced: IdCard | None = None
        self._steps: dict[Command, Callable[[Reply], list[ReaderEvent]]] = {
            Command.STATUS: self._take_status,
            Command.SAM_ID: self._take_sam_id,
            Command.FIND: self._take_find,
            Command.SELECT: self._take_select,
            Command.READ: self._take_read,
            Command.READ_ADDRESSES: self._take_presence,
            Command.RESET: self._take_reset,
        }

    def answer(self, reply: Reply | None) -> list[ReaderEvent]:
        """Take the answer to `command` (None: none came, or a damaged one); learn what happened."""
        if reply is None or reply.status in (SW3.BAD_CHECKSUM, SW3.BAD_LENGTH, self._out_of_step):
            return self._take_silence()
        self._silences = 0
        if reply.status in (SW3.SELF_TEST_FAILED, SW3.NOT_AUTHORISED):
            self._go(Command.STATUS, FAULT_PAUSE)
            return [*self._announce(), ReaderFault(FAULT_OF_STATUS[SW3(reply.status)])]
        return self._steps[self.command](reply)

    @property
    def _out_of_step(self) -> SW3:
        """The good status that can't belong to this command: a late answer to an earlier one."""
        return SW3.OK if self.command is Command.FIND else SW3.FOUND

    def _go(self, command: Command, pause: float = 0.0) -> list[ReaderEvent]:
        self.command, self.pause = command, pause
        return []

    def _take_silence(self) -> list[ReaderEvent]:
        """Ask again: the answer may have been lost on the line."""
        self._silences += 1
        self._guessing |= self.command is Command.FIND  # the lost answer may have said "found"
        self.pause = 0.0
        if self._silences >= GIVE_UP_AFTER:
            self.lost = True
            return [*self._announce(), ReaderFault("silent")]
        if self.command is Command.SAM_ID and self._silences == GIVE_UP_AFTER - 1:
            return self._ready("")  # reading cards matters more than the reader's number
        return self._announce()

    def _take_status(self, _reply: Reply) -> list[ReaderEvent]:
        return self._go(Command.SAM_ID)

    def _take_sam_id(self, reply: Reply) -> list[ReaderEvent]:
        try:
            return self._ready(format_sam_id(reply.data))
        except ValueError:
            return self._ready("")

    def _ready(self, sam_id: str) -> list[ReaderEvent]:
        self._sam_id = sam_id
        self._go(Command.FIND)
        return [ReaderReady(sam_id)]

    def _take_reset(self, _reply: Reply) -> list[ReaderEvent]:
        return self._go(Command.FIND)

    def _take_find(self, reply: Reply) -> list[ReaderEvent]:
        if reply.status == SW3.FOUND:
            self._guessing, self._finds_failed = False, 0
            return self._go(Command.SELECT)
        if reply.status != SW3.NO_CARD:
            return self._complain(reply.status)
        return self._go(Command.SELECT) if self._guessing else self._no_card()

    def _no_card(self) -> list[ReaderEvent]:
        """Nothing there. The first find after a pause can fail for no reason: ask once more at once."""
        self._guessing = False
        events = self._complain(SW3.SELECT_FAILED) if self._tries else []
        self._complaint = None
        self._finds_failed += 1
        self._go(Command.FIND, 0.0 if self._finds_failed == 1 else FIND_PAUSE)
        return events

    def _take_select(self, reply: Reply) -> list[ReaderEvent]:
        guessed, self._guessing = self._guessing, False
        if reply.status == SW3.OK:
            self._go(Command.READ)
            return [CardFound()]
        if reply.status != SW3.SELECT_FAILED:
            return self._complain(reply.status)
        if not guessed:
            return self._try_again(Command.FIND, reply.status)
        if not self._read_lying:
            return self._no_card()
        self._read_lying, self._guessing = False, True  # a card read before can be read, not selected
        return self._go(Command.READ)

    def _take_read(self, reply: Reply) -> list[ReaderEvent]:
        guessed, self._guessing = self._guessing, False
        if reply.status == SW3.READ_FAILED and guessed:
            return self._no_card()
        if reply.status == SW3.READ_FAILED:
            return self._try_again(Command.READ, reply.status)
        if reply.status != SW3.OK:
            return self._complain(reply.status)
        try:
            self._unannounced = parse_card(reply.data)
        except CardDataError as error:
            return self._try_again(Command.READ, reply.status, error)
        if self._with_addresses:
            return self._go(Command.READ_ADDRESSES)
        self._go(Command.READ_ADDRESSES, PRESENCE_PAUSE)
        return self._announce()

    def _take_presence(self, reply: Reply) -> list[ReaderEvent]:
        """The newest address right after the read; later only: is the card still there?"""
        addresses = parse_additional_addresses(reply.data) if reply.status == SW3.OK else ()
        events = self._announce(addresses)
        if reply.status in (SW3.OK, SW3.NO_SUCH_ITEM):
            self._go(Command.READ_ADDRESSES, PRESENCE_PAUSE)
            return events
        self._finds_failed = 0
        self._go(Command.FIND)
        return [*events, CardRemoved()]

    def _announce(self, addresses: tuple[str, ...] = ()) -> list[ReaderEvent]:
        """Tell of the card just read, whatever became of the question about its addresses."""
        if self._unannounced is None:
            return []
        card = replace(self._unannounced, additional_addresses=addresses)
        self._unannounced, self._complaint = None, None
        self._tries, self._was_reset = 0, False
        return [CardRead(card, self._sam_id)]

    def _try_again(
        self, command: Command, status: int, error: CardDataError | None = None
    ) -> list[ReaderEvent]:
        self._tries += 1
        return self._complain(status, error) if self._tries >= GIVE_UP_AFTER else self._go(command)

    def _complain(self, status: int, error: CardDataError | None = None) -> list[ReaderEvent]:
        """Say once what is wrong with this card, and go on looking for the next."""
        self._tries = 0
        if status in (SW3.UNKNOWN_ERROR, SW3.NO_RANDOM) and not self._was_reset:
            self._was_reset = True
            return self._go(Command.RESET)
        self._go(Command.FIND, FIND_PAUSE)
        complaint = explain(status, error)
        if complaint == self._complaint:
            return []
        self._complaint = complaint
        return [complaint]


def explain(status: int, error: CardDataError | None = None) -> CardUnreadable:
    """What to show for a card that can't be read."""
    if error is not None:
        chinese = f"{error.wording.chinese}。{LAY_AGAIN.chinese}"
        english = f"{error.wording.english.capitalize()}. {LAY_AGAIN.english}"
        return CardUnreadable(status, chinese, english, error.code)
    words = describe(status)
    advice = LAY_AGAIN if words.advice is NOTHING else words.advice
    chinese = f"{words.meaning.chinese}。{advice.chinese}"
    return CardUnreadable(status, chinese, f"{words.meaning.english.capitalize()}. {advice.english}")
