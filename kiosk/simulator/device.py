"""What every simulated serial device has: a line that can be pulled out, a speed, and faults on command.

The line is a pseudo-terminal behind a device path, or a TCP port as of an RS-232 network converter.
"""

from __future__ import annotations

import os
import select
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event as Flag
from threading import RLock, Thread, current_thread
from time import sleep
from types import TracebackType
from typing import Literal, Self, get_args
from urllib.parse import urlsplit

with suppress(ImportError):  # Windows has no pseudo-terminals, only TCP
    import pty
    import termios
    import tty

FaultKind = Literal["silence", "garbage", "half", "checksum", "pulled", "unplug"]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
BAUD_CODES = (115200, 57600, 38400, 19200, 9600)

OnBytes = Callable[[bytes], None]


class Line(ABC):
    """One way in: calls `on_bytes` from its own thread; `send` writes back. `address` is what is opened."""

    address: str

    def __init__(self, on_bytes: OnBytes) -> None:
        self._on_bytes = on_bytes
        self._closing = Flag()
        self._thread = Thread(target=self._serve, name=f"simulated line {self.address}", daemon=True)
        self._thread.start()

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Write; what nobody reads is lost, as on a real line."""

    @abstractmethod
    def hears_at(self, baud: int) -> bool:
        """Whether a device at this speed understands the other side."""

    @abstractmethod
    def withdraw(self) -> None:
        """Nobody can open it any more."""

    def close(self) -> None:
        """Hang up. May be called from within `on_bytes`."""
        self._closing.set()
        if current_thread() is not self._thread:
            self._thread.join()

    @abstractmethod
    def _serve(self) -> None: ...


class PtyLine(Line):
    """A pseudo-terminal, and the path `link` that leads to it."""

    def __init__(self, link: Path, on_bytes: OnBytes) -> None:
        self._master, self._slave = pty.openpty()  # the slave stays open: no hang-up between clients
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.address, self._link = str(link), link
        self._point_link_at(os.ttyname(self._slave))
        super().__init__(on_bytes)

    def send(self, data: bytes) -> None:
        with suppress(OSError):
            os.write(self._master, data)

    def hears_at(self, baud: int) -> bool:
        return bool(termios.tcgetattr(self._master)[5] == getattr(termios, f"B{baud}"))

    def withdraw(self) -> None:
        self._link.unlink(missing_ok=True)

    def _point_link_at(self, device: str) -> None:
        fresh = self._link.with_name(f".{self._link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(device)
        fresh.replace(self._link)

    def _serve(self) -> None:
        while not self._closing.is_set():
            if select.select([self._master], [], [], 0.02)[0]:
                self._on_bytes(os.read(self._master, 4096))
        os.close(self._master)
        os.close(self._slave)


class TcpLine(Line):
    """A TCP port; one connection at a time, the next waits."""

    def __init__(self, host: str, port: int, on_bytes: OnBytes) -> None:
        self._listener = socket.create_server((host, port))
        self._connection: socket.socket | None = None
        self.address = f"socket://{host}:{self._listener.getsockname()[1]}"
        super().__init__(on_bytes)

    def send(self, data: bytes) -> None:
        with suppress(OSError):
            if self._connection:
                self._connection.sendall(data)

    def hears_at(self, baud: int) -> bool:
        """A network converter's serial side is set at the converter."""
        return True

    def withdraw(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            with suppress(OSError, ValueError):  # the listener or the connection was closed
                self._step()
        if self._connection:
            self._connection.close()

    def _step(self) -> None:
        source = self._connection or self._listener
        if not select.select([source], [], [], 0.02)[0]:
            return
        if self._connection is None:
            self._connection, _address = self._listener.accept()
        elif data := self._received():
            self._on_bytes(data)
        else:
            self._connection.close()
            self._connection = None

    def _received(self) -> bytes:
        """Empty when the other side hung up, however roughly."""
        with suppress(ConnectionError):
            return self._connection.recv(4096) if self._connection else b""
        return b""


def open_line(address: str, on_bytes: OnBytes) -> Line:
    """A line at `socket://host:port` (port 0: any), or at a device path; raises OSError."""
    if address.startswith("socket://"):
        place = urlsplit(address)
        return TcpLine(place.hostname or "127.0.0.1", place.port or 0, on_bytes)
    if os.name == "nt":
        raise OSError("no pseudo-terminals on this system: use --tcp")
    return PtyLine(Path(address), on_bytes)


class SimulatedDevice(ABC):
    """A serial device at `address` while the `with` block lasts.

    `baud` None: hears any speed and speaks at once, like a USB-CDC module. A number: hears only that
    speed, and speaks no faster than it. `piece`: so many bytes at a time, 1 for byte by byte.
    """

    GARBAGE: bytes
    """What comes before a message on a line with noise."""

    def __init__(self, address: Path | str, *, baud: int | None = None, piece: int = 64) -> None:
        self.baud = baud
        self.piece = piece
        self._address = str(address)
        self._lock = RLock()
        self._fault: FaultKind | None = None
        self._fault_times = 0
        self._line: Line | None = None

    @property
    def url(self) -> str:
        """What a driver opens."""
        return self._address

    def __enter__(self) -> Self:
        self.replug()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.unplug()

    @abstractmethod
    def lift(self) -> None:
        """Take away what lies there."""

    @abstractmethod
    def _take(self, data: bytes) -> None:
        """Bytes came."""

    @abstractmethod
    def _miscounted(self, message: bytes) -> bytes:
        """The message with a wrong checksum."""

    def fault(self, kind: FaultKind | None, times: int = 1) -> None:
        """Spoil the next `times` messages; None mends.

        `silence`; `garbage` before the message; `half` of it; a wrong `checksum`; the device is
        unplugged (`unplug`) half-way through it.
        """
        with self._lock:
            self._fault, self._fault_times = kind, times

    def unplug(self) -> None:
        """Pull the plug: the address goes, an open port hangs up."""
        with self._lock:
            line, self._line = self._line, None
            if line is not None:
                line.withdraw()
        if line is not None:
            line.close()

    def replug(self) -> None:
        """Plug in again: a new device at the same address."""
        with self._lock:
            if self._line is None:
                self._line = open_line(self._address, self._take)
                self._address = self._line.address

    def _hears(self) -> bool:
        """At another speed a line carries nothing anybody understands."""
        return self._line is not None and (self.baud is None or self._line.hears_at(self.baud))

    def _spoil(self, message: bytes) -> bytes:
        kind = self._fault
        if kind is None:
            return message
        self._fault_times -= 1
        if self._fault_times <= 0:
            self._fault = None
        return self._spoilers()[kind](message)

    def _spoilers(self) -> dict[FaultKind, Callable[[bytes], bytes]]:
        return {
            "silence": lambda _message: b"",
            "garbage": lambda message: self.GARBAGE + message,
            "half": lambda message: message[: len(message) // 2],
            "checksum": self._miscounted,
            "unplug": self._unplug_after,
        }

    def _unplug_after(self, message: bytes) -> bytes:
        self._send(message[: len(message) // 2])
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
