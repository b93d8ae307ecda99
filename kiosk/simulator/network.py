"""A network cable that can be cut: a TCP forwarder on 127.0.0.1 between a station and its server."""

from __future__ import annotations

import argparse
import json
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock, Thread
from types import TracebackType
from typing import Literal, Self

Way = Literal["server", "station"]
"""Where bytes are going."""


class NetworkCable:
    """Forwards `127.0.0.1:port` to the target. Made whole; `close` (or `with`) ends it."""

    def __init__(self, target_host: str, target_port: int) -> None:
        self.target = (target_host, target_port)
        self.port = 0
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._left: dict[Way, int] = {}
        self._listener: socket.socket | None = None
        self.restore()

    @property
    def url(self) -> str:
        """Where a client should go instead of the target."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_cut(self) -> bool:
        """No connection passes."""
        return self._listener is None

    def restore(self) -> None:
        """Take connections again, on the same port as before."""
        with self._lock:
            self._left = {}
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self.port = self._listener.getsockname()[1]
            Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def cut(self) -> None:
        """Drop every connection, in the middle of whatever it was doing, and refuse new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            dropped, self._open = self._open, set()
        for end in [*([listener] if listener else []), *dropped]:
            hang_up(end)

    close = cut

    def cut_after(self, size: int, *, towards: Way) -> None:
        """Cut by itself once so many more bytes (at least one) have gone that way; `restore` takes it back.

        Half a request arrives, or half an answer, or a whole request whose answer is lost.
        """
        with self._lock:
            self._left = {towards: max(size, 1)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener was closed: the cable is cut
            while True:
                near, _address = listener.accept()
                Thread(target=self._connect, args=[listener, near], daemon=True).start()

    def _connect(self, listener: socket.socket, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self.target)
        except OSError:
            hang_up(near)
            return
        with self._lock:
            alive = self._listener is listener
            self._open |= {near, far} if alive else set()
        if not alive:
            hang_up(near)
            hang_up(far)
            return
        Thread(target=self._pump, args=[near, far, "server"], daemon=True).start()
        self._pump(far, near, "station")

    def _pump(self, source: socket.socket, sink: socket.socket, towards: Way) -> None:
        """Carry one direction until it ends; the other may go on."""
        with suppress(OSError):
            while data := source.recv(65536):
                passing, torn = self._take(data, towards)
                sink.sendall(passing)
                if torn:
                    self.cut()
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        self._forget(source, sink)

    def _take(self, data: bytes, towards: Way) -> tuple[bytes, bool]:
        """What of it still gets through, and whether the cable is torn with it."""
        with self._lock:
            left = self._left.get(towards)
            if left is None:
                return data, False
            torn = 0 < left <= len(data)
            if torn:  # nothing more passes either way, or an answer to the torn request might slip through
                self._left = {"server": 0, "station": 0}
            elif left:
                self._left = {towards: left - len(data)}
            return data[:left], torn

    def _forget(self, source: socket.socket, sink: socket.socket) -> None:
        """Close both ends once both directions are done: the second to come here does it."""
        with self._lock:
            done = source not in self._open or sink not in self._open
            self._open.discard(source)
        if done:
            hang_up(source)
            hang_up(sink)


def hang_up(end: socket.socket) -> None:
    """Close at once; wakes whoever is waiting on it."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def main(argv: Sequence[str] | None = None) -> int:
    """A cable as a process: commands come as lines, each is answered by a JSON line.

    `cut`, `restore`, and `cut server 300` or `cut station 300`: once so many more bytes went there.
    """
    parser = argparse.ArgumentParser(
        prog="kiosk simulate network", description="模拟网线 / a simulated cable"
    )
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="服务器 / the server")
    host, _colon, port = parser.parse_args(argv).to.rpartition(":")
    with NetworkCable(host, int(port)) as cable:
        _say({"ready": True, "url": cable.url})
        for line in sys.stdin:
            _say({"ok": obey(cable, line.split()), "cut": cable.is_cut})
    return 0


def obey(cable: NetworkCable, words: Sequence[str]) -> bool:
    """Carry out one command; False if it is none."""
    match words:
        case ["cut"]:
            cable.cut()
        case ["restore"]:
            cable.restore()
        case ["cut", ("server" | "station") as towards, size] if size.isdecimal():
            cable.cut_after(int(size), towards=towards)
        case _:
            return False
    return True


def _say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
