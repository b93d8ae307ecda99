"""A client that costs next to nothing: on one machine its time is taken from the server's."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self
from urllib.parse import urlsplit

from benchmarks.door import BenchmarkError
from kiosk.envelope import Envelope


def encode(path: str, envelopes: Sequence[Envelope], token: str = "") -> bytes:
    """A whole POST request of a batch, as the station's uplink sends it."""
    body = json.dumps({"envelopes": [envelope.model_dump() for envelope in envelopes]}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection:
    """One kept-alive connection."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def post(self, request: bytes) -> bytes:
        """The answer's body; raises BenchmarkError unless it is a 200."""
        self._socket.sendall(request)
        answer = self._socket.recv(65536)
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        head, body = answer[:end], answer[end + 4 :]
        if not head.startswith(b"HTTP/1.1 200"):
            raise BenchmarkError(answer[:300].decode(errors="replace"))
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += self._more()
        return body

    def _more(self) -> bytes:
        if not (data := self._socket.recv(65536)):
            raise BenchmarkError("the server hung up")
        return data


def post_all(
    connections: Sequence[Connection], requests: Sequence[Sequence[bytes]]
) -> tuple[float, list[bytes]]:
    """Each connection posts its own requests in order, all at once; the seconds and the answers."""

    def work(connection: Connection, mine: Sequence[bytes]) -> list[bytes]:
        return [connection.post(request) for request in mine]

    with ThreadPoolExecutor(len(connections)) as pool:
        started = time.perf_counter()
        answers = list(pool.map(work, connections, requests))
        return time.perf_counter() - started, [answer for mine in answers for answer in mine]


def demand_accepted(answers: Sequence[bytes], count: int) -> None:
    """Every event of these answers was accepted; raises BenchmarkError."""
    receipts = [receipt for answer in answers for receipt in json.loads(answer)["receipts"]]
    accepted = sum(receipt["status"] == "accepted" for receipt in receipts)
    if accepted != count:
        raise BenchmarkError(f"{accepted} of {count} accepted: {receipts[:1]}")
