"""Serial ports: which there are, which may be probed, and opening one for ourselves alone.

A number such as ttyUSB0 goes to whatever is plugged in first. Its name under /dev/serial/by-id, or on
Windows the device's own serial number, stays, so that is how a port is known again.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import serial
from serial.tools.list_ports import comports
from serial.tools.list_ports_common import ListPortInfo

from kiosk.idcard.dialogue import FAULTS
from kiosk.idcard.statuses import Wording

try:
    import termios

    PORT_GONE: tuple[type[Exception], ...] = (OSError, termios.error)  # pyserial lets the second through
except ImportError:  # Windows
    PORT_GONE = (OSError,)

CANNOT_OPEN: tuple[type[Exception], ...] = (*PORT_GONE, ValueError)

AUTO = "auto"
"""In place of a port: look for the reader on every port that may be probed."""
BY_ID = Path("/dev/serial/by-id")
TICK = 0.05

READ_ERRORS = {
    **FAULTS,
    "no_card": Wording("没有等到证件,请把证件放在读卡器上。", "No card was laid in time."),
    "no_token": Wording("没有等到卡,请把卡放在读卡器上。", "No token card was presented in time."),
}


class ReaderError(Exception):
    """Reading failed; `code` is a key of `READ_ERRORS` or `card_unreadable`, `message` is for the desk."""

    def __init__(self, code: str, message: str = "", message_en: str = "") -> None:
        wording = READ_ERRORS.get(code, Wording(message, message_en))
        self.code = code
        self.message = message or wording.chinese
        self.message_en = message_en or wording.english
        super().__init__(f"{code}: {self.message}")


@contextmanager
def port_errors() -> Iterator[None]:
    """A port that goes away under us raises many things; they all mean `unplugged`."""
    try:
        yield
    except PORT_GONE as error:
        raise ReaderError("unplugged") from error


def open_port(url: str, baud: int = 115200) -> serial.Serial:
    """Open for ourselves alone, 8N1, no flow control; raises ReaderError."""
    try:
        port = serial.serial_for_url(url, baud, timeout=TICK, write_timeout=1.0, do_not_open=True)
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


@dataclass(frozen=True)
class Port:
    """One serial port. `identity` is what it is known by after replugging; `by_id` may be empty."""

    device: str
    by_id: str
    identity: str
    is_usb: bool
    description: str

    @property
    def url(self) -> str:
        """What to open: the name that stays, where there is one."""
        return self.by_id or self.device

    @property
    def names(self) -> set[str]:
        """What a pattern may call it."""
        paths = filter(None, (self.device, self.by_id))
        return {name for path in paths for name in (path, Path(path).name)}


class Ports:
    """This machine's serial ports, and which of them may be asked whether a reader is there.

    The question can upset a receipt printer or a scale, so by default only USB serial ports are asked.
    `allow`: patterns such as `*CH340*`, `ttyS0`, `COM7` that say which instead. `reserved`: ports of
    other devices, never asked. A port that is named as the reader's is opened whatever it is.
    """

    def __init__(
        self,
        allow: Collection[str] | None = None,
        *,
        reserved: Iterable[str] = (),
        by_id: Path = BY_ID,
        listing: Callable[[], Iterable[ListPortInfo]] = comports,
    ) -> None:
        self._allow = allow
        self._reserved = frozenset(reserved)
        self._by_id, self._listing = by_id, listing

    def listed(self) -> list[Port]:
        """Every port there is now, by name."""
        links = {link.resolve(): str(link) for link in sorted(self._by_id.glob("*"))}
        ports = [_port(info, links.get(Path(info.device).resolve(), "")) for info in self._listing()]
        return sorted(ports, key=lambda port: port.device)

    def may_probe(self, port: Port) -> bool:
        """Whether this port may be asked."""
        if any(_same_port(url, port) for url in self._reserved):
            return False
        if self._allow is None:
            return port.is_usb
        return any(fnmatch(name, pattern) for name in port.names for pattern in self._allow)

    def identity(self, url: str) -> str:
        """What the port at this URL will be known by; empty if that is only its name."""
        return next((port.identity for port in self.listed() if _same_port(url, port)), "")

    def candidates(self, url: str, identity: str = "") -> list[str]:
        """Where to look, in order: first where the port of this identity is now, then the set one, or,
        for `auto`, every port that may be probed."""
        listed = self.listed() if identity or url == AUTO else []
        again = [port.url for port in listed if port.identity == identity]
        rest = [port.url for port in listed if self.may_probe(port)] if url == AUTO else [url]
        return list(dict.fromkeys([*again, *rest]))


def _port(info: ListPortInfo, by_id: str) -> Port:
    is_usb = info.vid is not None
    number = f"{info.vid:04X}:{info.pid:04X}:{info.serial_number}" if is_usb and info.serial_number else ""
    return Port(info.device, by_id, by_id or number or info.device, is_usb, info.description or "")


def _same_port(url: str, port: Port) -> bool:
    """By whatever link: `/dev/serial/by-id/…` and `/dev/ttyUSB0` are one port."""
    return url in (port.device, port.by_id) or (
        "://" not in url and Path(url).resolve() == Path(port.device).resolve()
    )
