"""A mail server that keeps what it is given: enough of RFC 5321 for Django's own client, on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


@dataclass
class PostOffice:
    """`refuses` makes it answer every letter with a temporary failure."""

    port: int = 0
    refuses: bool = False
    letters: list[EmailMessage] = field(default_factory=list)


class _Desk(StreamRequestHandler):
    office: PostOffice

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline():
            command = line.split(maxsplit=1)[0].upper() if line.strip() else b""
            if command == b"DATA":
                self._take()
            elif command == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        if self.office.refuses:
            self._say("451 try again later")
            return
        letter = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.office.letters.append(letter)
        self._say("250 kept")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def open_post_office() -> Iterator[PostOffice]:
    office = PostOffice()
    desk = type("Desk", (_Desk,), {"office": office})
    with ThreadingTCPServer(("127.0.0.1", 0), desk) as server:
        server.daemon_threads = True
        office.port = server.server_address[1]
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield office
        finally:
            server.shutdown()
