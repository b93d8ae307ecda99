"""The drivers: a dialogue held over a serial port, or tokens listened for. Clock and threads are here.

The port is any pyserial URL: `/dev/ttyUSB0`, `COM3`, `socket://host:port`, `rfc2217://…`, or `auto`. (`spy://`
writes every byte to a file, personal data included: for the bench only.) Nothing personal is logged.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Event as Flag
from threading import Thread
from time import monotonic
from types import TracebackType
from typing import NamedTuple, Self

import serial

from kiosk.idcard.cards import IdCard
from kiosk.idcard.dialogue import (
    CardDialogue,
    CardRead,
    CardUnreadable,
    Device,
    ReaderEvent,
    ReaderFault,
    ReaderReady,
    TokenRead,
)
from kiosk.idcard.frames import BadFrame, Command, FrameDecoder, Reply, encode
from kiosk.idcard.ports import Ports, ReaderError, open_port, port_errors
from kiosk.idcard.tokens import Presence, TokenDecoder

logger = logging.getLogger(__name__)

BAUDS = (115200, 57600, 38400, 19200, 9600)
"""The vendors' order of trying; these are all there are."""
TOKEN_BAUD = 9600
SETTLE = (0.1, 0.5)
"""Seconds of quiet after opening, first and later tries: a CH341 may drop what comes too early."""
GAP = 0.010
"""Seconds between an answer and the next question; working programs leave 10 to 20 ms."""
BACK_OFF = (1.0, 30.0)
CLOSENESS = ("no_port", "unplugged", "no_reader", "port_busy", "no_permission")
"""Of several ports without a reader, the one that got furthest in this list tells best what to do."""


class Patience(NamedTuple):
    """Seconds to the start of an answer, from there to its end, and its size for the line time."""

    header: float
    body: float
    size: int


SHORT = Patience(1.0, 0.5, 27)
PATIENCE = {
    Command.RESET: Patience(2.0, 0.5, 11),
    Command.READ: Patience(3.0, 2.0, 1295),
    Command.READ_ADDRESSES: Patience(2.0, 0.5, 291),
}
ONCE_DAMAGED = 0.2
"""After a damaged frame a good one can only be right behind it."""


class Until:
    """When to stop: at a deadline, when told to, or both."""

    def __init__(self, seconds: float | None = None) -> None:
        self._end = None if seconds is None else monotonic() + seconds
        self._told = Flag()

    def tell(self) -> None:
        """Stop now; every wait ends."""
        self._told.set()

    def over(self) -> bool:
        """Whether it is time."""
        return self._told.is_set() or (self._end is not None and monotonic() >= self._end)

    def wait(self, seconds: float) -> None:
        """Let time pass, but no more than there is."""
        left = seconds if self._end is None else min(seconds, self._end - monotonic())
        self._told.wait(max(left, 0))


@dataclass
class Line:
    """An open port at some baud."""

    url: str
    port: serial.Serial
    until: Until

    def exchange(self, command: Command) -> Reply | None:
        """Ask one question; None when no whole answer came. Raises ReaderError(`unplugged`)."""
        with port_errors():
            self.port.reset_input_buffer()  # a late answer to an earlier question is nobody's
            self.port.write(encode(command))
            reply = self._listen(PATIENCE.get(command, SHORT))
        log_exchange(command, reply)
        return reply

    def _listen(self, patience: Patience) -> Reply | None:
        decoder, begun = FrameDecoder(), False
        end = monotonic() + patience.header
        while monotonic() < end and not self.until.over():
            events = decoder.feed(self.port.read(self.port.in_waiting or 1))
            for event in events:
                if isinstance(event, Reply):
                    return event
            if BadFrame in map(type, events):
                end = min(end, monotonic() + ONCE_DAMAGED)
            elif decoder.mid_frame and not begun:
                begun, end = True, monotonic() + patience.body + patience.size * 10 / self.port.baudrate
        return next((event for event in decoder.give_up() if isinstance(event, Reply)), None)

    def set_baud(self, baud: int) -> None:
        """Change the speed of the open port."""
        with port_errors():
            self.port.baudrate = baud


def log_exchange(command: Command, reply: Reply | None) -> None:
    """Sizes and statuses only: the data are somebody's identity."""
    if reply is None:
        logger.debug("%s: no answer", command.name)
    else:
        said = (command.name, reply.status, reply.sw1, reply.sw2, len(reply.data))
        logger.debug("%s: %02X (card said %02X%02X), %d bytes", *said)


def bauds_to_try(url: str) -> tuple[int, ...]:
    """A raw socket has no speed of its own, so one try tells all."""
    return BAUDS[:1] if url.startswith("socket://") else BAUDS


def find_reader(urls: Iterable[str], until: Until, settle: float = SETTLE[0]) -> tuple[Line, Reply | None]:
    """The first of these ports on which a reader answers, open, and what it said; raises ReaderError."""
    refusals = [ReaderError("no_port")]
    for url in urls:
        try:
            return knock(url, until, settle)
        except ReaderError as error:
            refusals.append(error)
    raise max(refusals, key=lambda error: CLOSENESS.index(error.code))


def knock(url: str, until: Until, settle: float) -> tuple[Line, Reply | None]:
    """Open this port and find its baud; raises ReaderError, the port closed again."""
    line = Line(url, open_port(url), until)
    try:
        until.wait(settle)
        return line, find_baud(line, bauds_to_try(url))
    except ReaderError:
        line.port.close()
        raise


def converse(line: Line, reply: Reply | None, dialogue: CardDialogue) -> Iterator[ReaderEvent]:
    """Hold this dialogue, which `reply` begins, until time is over; raises ReaderError.

    Ends by itself when the reader falls silent, after the fault that says so. Closes the port.
    """
    until = line.until
    try:
        yield from dialogue.answer(reply)
        while not dialogue.lost and not until.over():
            until.wait(max(dialogue.pause, GAP))
            reply = line.exchange(dialogue.command)
            if reply is not None or not until.over():  # cut short by us is not silence
                yield from dialogue.answer(reply)
    finally:
        line.port.close()


def find_baud(line: Line, bauds: tuple[int, ...]) -> Reply | None:
    """Leave the line at the speed at which a reader answers; raises ReaderError(`no_reader`).

    None only if time was over before.
    """
    for baud in bauds:
        if line.until.over():
            return None
        line.set_baud(baud)
        if reply := line.exchange(Command.STATUS):
            logger.info("reader answers at %d baud", baud)
            return reply
    if line.until.over():
        return None
    raise ReaderError("no_reader")


def read_one(url: str, timeout: float = 10.0, ports: Ports | None = None) -> IdCard:
    """Wait up to `timeout` seconds for one card and read it; raises ReaderError.

    A card that lies there already is read too, even if another program has read it before. One that
    can't be read may be laid again until the time is over.
    """
    refusal = ReaderError("no_card")
    line, reply = find_reader((ports or Ports()).candidates(url), Until(timeout))
    for event in converse(line, reply, CardDialogue(read_lying=True)):
        if isinstance(event, CardRead):
            return event.card
        if isinstance(event, CardUnreadable):
            refusal = ReaderError("card_unreadable", event.message, event.message_en)
        if isinstance(event, ReaderFault):
            raise ReaderError(event.code)
    raise refusal


def read_token(url: str, timeout: float = 10.0) -> str:
    """Wait up to `timeout` seconds for one token; raises ReaderError."""
    for event in listen(open_port(url, TOKEN_BAUD), Until(timeout)):
        if isinstance(event, TokenRead):
            return event.token
    raise ReaderError("no_token")


def listen(port: serial.Serial, until: Until) -> Iterator[ReaderEvent]:
    """Tell of tokens until time is over; raises ReaderError. Closes the port.

    These readers speak only when a token comes, so an open port is all that can be known of them.
    """
    decoder, presence = TokenDecoder(), Presence()
    try:
        yield ReaderReady("", "token")
        while not until.over():
            with port_errors():
                data = port.read(port.in_waiting or 1)
            for token in decoder.feed(data):
                if presence.arrives(token, monotonic()):
                    yield TokenRead(token)
    finally:
        port.close()


class Driver(ABC):
    """Reads for as long as it runs, over unplugging and replugging.

    `on_event` is called from the driver's own thread, one event at a time, and should return soon:
    nothing is read meanwhile. The same fault is told once until the reader is ready again. A port that
    comes back under another number is found by what it is known by (`Port.identity`).
    """

    device: Device

    def __init__(self, url: str, on_event: Callable[[ReaderEvent], None], ports: Ports | None = None) -> None:
        self.url = url
        self._ports = ports or Ports()
        self._identity = ""
        self._on_event = on_event
        self._until = Until()
        self._thread: Thread | None = None
        self._fault: ReaderFault | None = None
        self._wait = BACK_OFF[0]

    def start(self) -> None:
        """Begin; a second call changes nothing."""
        if self._thread is None:
            self._until = Until()
            self._thread = Thread(target=self._run, name=f"{self.device} reader {self.url}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End and give the port back; no event comes after this returns."""
        if self._thread is not None:
            self._until.tell()
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    @abstractmethod
    def _connect(self, urls: list[str], settle: float) -> tuple[str, Iterator[ReaderEvent]]:
        """Open one of these; its URL and what comes from it. Raises ReaderError, as the iterator does."""

    def _run(self) -> None:
        settle, later = SETTLE
        while not self._until.over():
            try:
                self._serve(settle)
            except ReaderError as error:
                self._publish(ReaderFault(error.code, self.device))
            settle = later
            self._until.wait(self._wait)
            self._wait = min(self._wait * 2, BACK_OFF[1])

    def _serve(self, settle: float) -> None:
        """One connection, from opening the port to losing it; raises ReaderError."""
        with port_errors():  # a list of ports can change while it is made
            url, events = self._connect(self._ports.candidates(self.url, self._identity), settle)
            self._identity = self._ports.identity(url)
        for event in events:
            self._publish(event)

    def _publish(self, event: ReaderEvent) -> None:
        if self._until.over():
            return
        if isinstance(event, ReaderReady):
            self._fault, self._wait = None, BACK_OFF[0]
        if isinstance(event, ReaderFault):
            if event == self._fault:
                return
            self._fault = event
        try:
            self._on_event(event)
        except Exception:  # a fault of the listener must not leave the desk without a reader
            logger.exception("the listener failed on %s", type(event).__name__)


class CardReader(Driver):
    """A reader of identity cards. `with_addresses` as for `CardDialogue`."""

    device: Device = "card"

    def __init__(
        self,
        url: str,
        on_event: Callable[[ReaderEvent], None],
        ports: Ports | None = None,
        *,
        with_addresses: bool = True,
    ) -> None:
        super().__init__(url, on_event, ports)
        self._with_addresses = with_addresses

    def _connect(self, urls: list[str], settle: float) -> tuple[str, Iterator[ReaderEvent]]:
        line, reply = find_reader(urls, self._until, settle)
        return line.url, converse(line, reply, CardDialogue(with_addresses=self._with_addresses))


class TokenReader(Driver):
    """A 125 kHz reader (RDM6300 class) of token cards; its URL is named, as it can't be asked what it is."""

    device: Device = "token"

    def _connect(self, urls: list[str], settle: float) -> tuple[str, Iterator[ReaderEvent]]:
        refusal = ReaderError("no_port")
        for url in urls:
            try:
                return url, listen(open_port(url, TOKEN_BAUD), self._until)
            except ReaderError as error:
                refusal = error
        raise refusal
