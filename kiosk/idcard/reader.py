"""The driver: a dialogue held over a serial port. Port, clock and thread are here and nowhere else.

The port is any pyserial URL: `/dev/ttyUSB0`, `COM3`, `socket://host:port`, `rfc2217://…`. (`spy://` writes
every byte to a file, personal data included: for the bench only.) Nothing personal is logged.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event as Flag
from threading import Thread
from time import monotonic
from types import TracebackType
from typing import NamedTuple, Self

import serial

from kiosk.idcard.cards import IdCard
from kiosk.idcard.dialogue import (
    FAULTS,
    CardDialogue,
    CardRead,
    CardUnreadable,
    ReaderEvent,
    ReaderFault,
    ReaderReady,
)
from kiosk.idcard.frames import BadFrame, Command, FrameDecoder, Reply, encode
from kiosk.idcard.statuses import Wording

try:
    import termios

    PORT_GONE: tuple[type[Exception], ...] = (OSError, termios.error)  # pyserial lets the second through
except ImportError:  # Windows
    PORT_GONE = (OSError,)

CANNOT_OPEN: tuple[type[Exception], ...] = (*PORT_GONE, ValueError)

logger = logging.getLogger(__name__)

BAUDS = (115200, 57600, 38400, 19200, 9600)
"""The vendors' order of trying; these are all there are."""
SETTLE = (0.1, 0.5)
"""Seconds of quiet after opening, first and later tries: a CH341 may drop what comes too early."""
GAP = 0.010
"""Seconds between an answer and the next question; working programs leave 10 to 20 ms."""
TICK = 0.05
BACK_OFF = (1.0, 30.0)


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

READ_ERRORS = {
    **FAULTS,
    "no_card": Wording("没有等到证件,请把证件放在读卡器上。", "No card was laid in time."),
}


class ReaderError(Exception):
    """Reading failed; `code` is a key of `READ_ERRORS` or `card_unreadable`, `message` is for the desk."""

    def __init__(self, code: str, message: str = "", message_en: str = "") -> None:
        wording = READ_ERRORS.get(code, Wording(message, message_en))
        self.code = code
        self.message = message or wording.chinese
        self.message_en = message_en or wording.english
        super().__init__(f"{code}: {self.message}")


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


@contextmanager
def port_errors() -> Iterator[None]:
    """A port that goes away under us raises many things; they all mean `unplugged`."""
    try:
        yield
    except PORT_GONE as error:
        raise ReaderError("unplugged") from error


@dataclass
class Line:
    """An open port at some baud."""

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


def open_port(url: str) -> serial.Serial:
    """Open for ourselves alone, 8N1, no flow control; raises ReaderError."""
    try:
        port = serial.serial_for_url(url, BAUDS[0], timeout=TICK, write_timeout=1.0, do_not_open=True)
        port.exclusive = True
        port.open()
    except CANNOT_OPEN as error:
        raise ReaderError(code_of(error)) from error
    return port


def code_of(error: Exception) -> str:
    """Why a port would not open."""
    busy = {errno.EAGAIN, errno.EBUSY}
    number = getattr(error, "errno", None)
    if number in busy:
        return "port_busy"
    return "no_permission" if number in (errno.EACCES, errno.EPERM) else "no_port"


def bauds_to_try(url: str) -> tuple[int, ...]:
    """A raw socket has no speed of its own, so one try tells all."""
    return BAUDS[:1] if url.startswith("socket://") else BAUDS


def converse(
    url: str, until: Until, dialogue: CardDialogue, settle: float = SETTLE[0]
) -> Iterator[ReaderEvent]:
    """Open, find the baud, and hold this dialogue until time is over; raises ReaderError.

    Ends by itself when the reader falls silent, after the fault that says so. Closes the port.
    """
    port = open_port(url)
    try:
        line = Line(port, until)
        until.wait(settle)
        yield from dialogue.answer(find_baud(line, bauds_to_try(url)))
        while not dialogue.lost and not until.over():
            until.wait(max(dialogue.pause, GAP))
            reply = line.exchange(dialogue.command)
            if reply is not None or not until.over():  # cut short by us is not silence
                yield from dialogue.answer(reply)
    finally:
        port.close()


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


def read_one(url: str, timeout: float = 10.0) -> IdCard:
    """Wait up to `timeout` seconds for one card and read it; raises ReaderError.

    A card that lies there already is read too, even if another program has read it before. One that
    can't be read may be laid again until the time is over.
    """
    refusal = ReaderError("no_card")
    until = Until(timeout)
    for event in converse(url, until, CardDialogue(read_lying=True)):
        if isinstance(event, CardRead):
            return event.card
        if isinstance(event, CardUnreadable):
            refusal = ReaderError("card_unreadable", event.message, event.message_en)
        if isinstance(event, ReaderFault):
            raise ReaderError(event.code)
    raise refusal


class CardReader:
    """Reads cards for as long as it runs, over unplugging and replugging.

    `on_event` is called from the reader's own thread, one event at a time, and should return soon:
    no card is read meanwhile. The same fault is told once until the reader is ready again.
    `with_addresses` as for `CardDialogue`.
    """

    def __init__(
        self, url: str, on_event: Callable[[ReaderEvent], None], *, with_addresses: bool = True
    ) -> None:
        self.url = url
        self._with_addresses = with_addresses
        self._on_event = on_event
        self._until = Until()
        self._thread: Thread | None = None
        self._fault: ReaderFault | None = None
        self._wait = BACK_OFF[0]

    def start(self) -> None:
        """Begin; a second call changes nothing."""
        if self._thread is None:
            self._until = Until()
            self._thread = Thread(target=self._run, name=f"card reader {self.url}", daemon=True)
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

    def _run(self) -> None:
        settle, later = SETTLE
        while not self._until.over():
            try:
                dialogue = CardDialogue(with_addresses=self._with_addresses)
                for event in converse(self.url, self._until, dialogue, settle):
                    self._publish(event)
            except ReaderError as error:
                self._publish(ReaderFault(error.code))
            settle = later
            self._until.wait(self._wait)
            self._wait = min(self._wait * 2, BACK_OFF[1])

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
