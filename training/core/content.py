"""A file of a package, in memory or where it lies, so that no more than one of them is held at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from io import SEEK_SET, BytesIO, RawIOBase
from pathlib import Path
from typing import BinaryIO

CHUNK = 2**20


class Placed(RawIOBase):
    """A file with a place and a size, for one that is not what lies on the disk."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.at, self.size = 0, size

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        self.at = max(0, (0, self.at, self.size)[whence] + offset)
        return self.at


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


NOTHING = Content.held(b"")
