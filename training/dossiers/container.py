"""The one way a package is zipped, so that the bytes of the file follow from its entries.

Stored, not compressed; sorted; no times, no extras. A byte that differs anywhere, in a header too, makes it
another file than `write` makes of its own entries, and `unpack` says which entry it belongs to.
"""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zipfile
from bisect import bisect_left
from collections.abc import Mapping
from shutil import copyfileobj
from typing import Any, BinaryIO, cast

from training.core.content import CHUNK, Content, Placed

MAX_ENTRIES = 20_000
MAX_BYTES = 4 * 1024**3 - 1  # without the Zip64 extension, which plain tools of an office may not read
DIRECTORY = "(zip)"
"""Named for damage in the closing record of the zip, which belongs to no entry."""

_HEADER = 30
"""Bytes before the name of an entry."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_DAMAGE = (zipfile.BadZipFile, struct.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
_HOSTILE = re.compile(r"^/|\\|:|(^|/)\.{0,2}(/|$)|[\x00-\x1f\x7f]")


class ContainerError(Exception):
    """Not a package made by `write`, or one that must not be opened.

    `name` is the entry concerned. Codes: `not_a_zip`, `too_large`, `unsafe_name`, `duplicate`, `compressed`,
    `damaged`.
    """

    def __init__(self, code: str, name: str) -> None:
        super().__init__(f"{code}: {name}")
        self.code = code
        self.name = name


def write(target: BinaryIO, entries: Mapping[str, Content]) -> None:
    """The zip file of these entries, one by one, into `target`, which can be read back.

    Raises ContainerError(`too_large`, `unsafe_name`).
    """
    if sum(content.size for content in entries.values()) > MAX_BYTES or len(entries) > MAX_ENTRIES:
        raise ContainerError("too_large", DIRECTORY)
    _zip(target, entries)


def _zip(target: BinaryIO, entries: Mapping[str, Content]) -> zipfile.ZipFile:
    """Written and closed; still knows where each entry begins."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as package:
        for name in sorted(entries):
            _check_name(name)
            with package.open(_info(name), "w") as entry, entries[name].open() as source:
                copyfileobj(source, entry, CHUNK)
    return package


def unpack(file: BinaryIO) -> dict[str, Content]:
    """The entries of a file that `write` made, to be read from it as long as it stays open.

    Raises ContainerError. Reads the file twice, a piece at a time.
    """
    size = file.seek(0, io.SEEK_END)
    infos = _directory(file)
    _check_directory(infos, size)
    entries = {info.filename: _entry(file, info) for info in infos}
    again = _Again(file)
    expected = _zip(cast(BinaryIO, again), entries)
    if (differs := again.first_difference(size)) is not None:
        raise ContainerError("damaged", _owner(expected, differs))
    return entries


def _directory(file: BinaryIO) -> list[zipfile.ZipInfo]:
    try:
        return zipfile.ZipFile(file).infolist()
    except _DAMAGE as error:
        file.seek(0)
        code = "damaged" if file.read(2) == b"PK" or zipfile.is_zipfile(file) else "not_a_zip"
        raise ContainerError(code, DIRECTORY) from error


def _entry(file: BinaryIO, info: zipfile.ZipInfo) -> Content:
    """What stands behind the entry's own header."""
    start = info.header_offset + _HEADER + len(info.filename.encode())
    return Content(lambda: io.BufferedReader(_Slice(file, start, info.file_size)))


class _Slice(Placed):
    """Part of a file that others read too."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__(size)
        self._file, self._start = file, start

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        self._file.seek(self._start + self.at)
        data = self._file.read(max(0, min(len(target), self.size - self.at)))
        target[: len(data)] = data
        self.at += len(data)
        return len(data)


class _Again(Placed):
    """What is written here is held against what stands at that place of `file`, and forgotten."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(0)
        self._file = file
        self._differs: dict[int, int] = {}

    def first_difference(self, size: int) -> int | None:
        """Where a file of `size` bytes first is another than what was written."""
        ends = [] if size == self.size else [min(size, self.size)]
        return min([*self._differs.values(), *ends], default=None)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        here = bytes(data)
        self._file.seek(self.at)
        there = self._file.read(len(here))
        if there != here:
            self._differs[self.at] = self.at + _first_difference(there, here)
        elif here:  # an entry's header is written again when its size is known
            self._differs.pop(self.at, None)
        self.at += len(here)
        self.size = max(self.size, self.at)
        return len(here)


def _first_difference(one: bytes, other: bytes) -> int:
    """By halves: neither byte by byte in Python nor more than a copy of them at a time."""
    most = min(len(one), len(other))
    return bisect_left(range(most), True, key=lambda n: one[: n + 1] != other[: n + 1])


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = _UNIX
    info.external_attr = 0o100644 << 16
    return info


def _check_directory(infos: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse what is dangerous before anything is read."""
    if len(infos) > MAX_ENTRIES:
        raise ContainerError("too_large", DIRECTORY)
    seen: set[str] = set()
    for info in infos:
        _check_name(info.filename)
        # Windows and macOS take these for one file.
        folded = unicodedata.normalize("NFC", info.filename).casefold()
        if folded in seen:
            raise ContainerError("duplicate", info.filename)
        seen.add(folded)
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise ContainerError("compressed", info.filename)
        if info.file_size > size:
            raise ContainerError("too_large", info.filename)
        if info.header_offset < 0:
            raise ContainerError("damaged", info.filename)
    if sum(info.file_size for info in infos) > size:  # entries that overlap
        raise ContainerError("too_large", DIRECTORY)


def _check_name(name: str) -> None:
    if not name or len(name.encode(errors="replace")) > 1024 or _HOSTILE.search(name):
        raise ContainerError("unsafe_name", name)


def _owner(expected: zipfile.ZipFile, differs: int) -> str:
    """The entry to which this byte belongs."""
    infos = expected.infolist()
    if differs < expected.start_dir:
        return [info.filename for info in infos if info.header_offset <= differs][-1]
    end = expected.start_dir
    for info in infos:  # the directory has 46 bytes and the name for each
        end += 46 + len(info.filename.encode())
        if differs < end:
            return info.filename
    return DIRECTORY
