"""The pieces of a file that have come so far, in the storage that all machines share.

How much has come is `Upload.received`: a piece counts when its row says so, and is found by where it begins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Final
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _

from training.uploads.errors import ChecksumError

BLOCK: Final = 64 * 1024
HELD: Final = 1024 * 1024
"""Of a piece in memory; the rest waits on this machine's disk until the line has delivered it."""
FOLDER: Final = "parts"
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
Read = Callable[[int], bytes]


@dataclass(frozen=True)
class Checksum:
    """What a piece should hash to, as `Upload-Checksum` says it."""

    algorithm: str
    digest: bytes


def spool(read: Read, *, most: int, checksum: Checksum | None = None) -> SpooledTemporaryFile[bytes]:
    """What `read` gives, `most` bytes of it, until the line ends or breaks; the caller closes it.

    Raises ChecksumError where it came otherwise than it was sent.
    """
    piece = SpooledTemporaryFile[bytes](HELD)
    hashed = ALGORITHMS[checksum.algorithm]() if checksum else None
    for block in _blocks(read, most):
        piece.write(block)
        if hashed:
            hashed.update(block)
    if checksum and hashed and hashed.digest() != checksum.digest:
        piece.close()
        raise ChecksumError(_("这一段在传输中出了错，请重传。"))
    return piece


def _blocks(read: Read, left: int) -> Iterator[bytes]:
    while left > 0 and (block := read(min(BLOCK, left))):
        left -= len(block)
        yield block


def save(upload: UUID, offset: int, piece: IO[bytes]) -> None:
    """In place of what a crash may have left there, which no row ever counted."""
    name = _name(upload, offset)
    default_storage.delete(name)
    piece.seek(0)
    default_storage.save(name, File(piece))


def joined(upload: UUID, size: int) -> bytes:
    """The whole of `size` bytes; raises OSError where a piece is lost."""
    whole = bytearray()
    while len(whole) < size:
        with default_storage.open(_name(upload, len(whole))) as piece:
            whole += piece.read()
    return bytes(whole)


def drop(upload: UUID) -> None:
    folder = f"{FOLDER}/{upload.hex}"
    try:
        _folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)  # a disk has a directory there


def _name(upload: UUID, offset: int) -> str:
    return f"{FOLDER}/{upload.hex}/{offset:015}"
