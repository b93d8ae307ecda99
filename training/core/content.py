"""A file of a package, in memory or where it lies, so that no more than one of them is held at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

CHUNK = 2**20


class Content:
    """How to open a file, and its size and SHA-256, which are found out once."""

    def __init__(self, open_: Callable[[], BinaryIO]) -> None:
        self.open = open_

    @classmethod
    def held(cls, data: bytes) -> Content:
        return cls(partial(BytesIO, data))

    @classmethod
    def at(cls, path: Path) -> Content:
        """Of a file that stays as it is."""
        return cls(lambda: path.open("rb"))

    @property
    def size(self) -> int:
        return self._known[0]

    @property
    def sha256(self) -> str:
        return self._known[1]

    def read(self) -> bytes:
        """All of it, hashed on the way."""
        with self.open() as file:
            data = file.read()
        self.__dict__.setdefault("_known", (len(data), hashlib.sha256(data).hexdigest()))
        return data

    def chunks(self) -> Iterator[bytes]:
        with self.open() as file:
            yield from iter(partial(file.read, CHUNK), b"")

    @cached_property
    def _known(self) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        for chunk in self.chunks():
            size += len(chunk)
            digest.update(chunk)
        return size, digest.hexdigest()
