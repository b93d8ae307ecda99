"""The part of a file that has come so far, on the disk. Its size is the offset: nothing else has to agree."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from training.uploads.errors import ChecksumError, UploadBusyError, WrongOffsetError

BLOCK = 64 * 1024
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
Read = Callable[[int], bytes]


@dataclass(frozen=True)
class Checksum:
    """What a piece should hash to, as `Upload-Checksum` says it."""

    algorithm: str
    digest: bytes


def append(path: Path, read: Read, *, offset: int, size: int, checksum: Checksum | None = None) -> int:
    """Write what `read` gives behind the first `offset` bytes, up to `size` in all; returns the new offset.

    A line that breaks (OSError from `read`) leaves what came before it. Raises WrongOffsetError when `offset`
    is not where the part ends, UploadBusyError while somebody else writes, and ChecksumError, after which the
    part is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path) as part:
        if part.seek(0, os.SEEK_END) != offset:
            raise WrongOffsetError(_("续传的位置不对，请重新开始这个文件。"))
        hashed = ALGORITHMS[checksum.algorithm]() if checksum else None
        try:
            for block in _blocks(read, size - offset):
                part.write(block)
                if hashed:
                    hashed.update(block)
        finally:
            part.flush()
        if checksum and hashed and hashed.digest() != checksum.digest:
            part.truncate(offset)
            raise ChecksumError(_("这一段在传输中出了错，请重传。"))
        os.fsync(part.fileno())
        return int(part.tell())


def _blocks(read: Read, left: int) -> Iterator[bytes]:
    while left > 0 and (block := read(min(BLOCK, left))):
        left -= len(block)
        yield block


@contextmanager
def alone(path: Path) -> Iterator[Any]:
    """The part, opened for appending by nobody else; raises UploadBusyError."""
    with path.open("ab") as part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise UploadBusyError(_("这个文件正在传，请稍等再续传。")) from busy
        yield part
