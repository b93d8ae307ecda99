"""The one way a package is zipped, so that the bytes of the file follow from its entries.

Stored, not compressed; sorted; no times, no extras. A byte that differs anywhere, in a header too, makes it
another file than `pack` of its own entries, and `unpack` says which entry it belongs to.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zipfile
from collections.abc import Mapping
from io import BytesIO
from shutil import copyfileobj
from typing import BinaryIO

from training.core.content import CHUNK, Content

MAX_ENTRIES = 20_000
MAX_BYTES = 4 * 1024**3 - 1  # without the Zip64 extension, which plain tools of an office may not read
DIRECTORY = "(zip)"
"""Named for damage in the closing record of the zip, which belongs to no entry."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_DAMAGE = (zipfile.BadZipFile, struct.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
_HOSTILE = re.compile(r"^/|\\|:|(^|/)\.{0,2}(/|$)|[\x00-\x1f\x7f]")


class ContainerError(Exception):
    """Not a package made by `pack`, or one that must not be opened.

    `name` is the entry concerned. Codes: `not_a_zip`, `too_large`, `unsafe_name`, `duplicate`, `compressed`,
    `damaged`.
    """

    def __init__(self, code: str, name: str) -> None:
        super().__init__(f"{code}: {name}")
        self.code = code
        self.name = name


def pack(entries: Mapping[str, bytes]) -> bytes:
    """The zip file of these entries; raises ContainerError(`too_large`, `unsafe_name`)."""
    target = BytesIO()
    write(target, {name: Content.held(content) for name, content in entries.items()})
    return target.getvalue()


def write(target: BinaryIO, entries: Mapping[str, Content]) -> None:
    """As `pack`, entry by entry; `target` can be read back."""
    if sum(content.size for content in entries.values()) > MAX_BYTES or len(entries) > MAX_ENTRIES:
        raise ContainerError("too_large", DIRECTORY)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as package:
        for name in sorted(entries):
            _check_name(name)
            with package.open(_info(name), "w") as entry, entries[name].open() as source:
                copyfileobj(source, entry, CHUNK)


def unpack(content: bytes) -> dict[str, bytes]:
    """The entries of a file that `pack` made; raises ContainerError, and never more memory than the file."""
    if not content.startswith(b"PK") and not zipfile.is_zipfile(BytesIO(content)):
        raise ContainerError("not_a_zip", DIRECTORY)
    try:
        package = zipfile.ZipFile(BytesIO(content))
    except _DAMAGE as error:
        raise ContainerError("damaged", DIRECTORY) from error
    _check_directory(package.infolist(), len(content))
    entries = {info.filename: _read(package, info) for info in package.infolist()}
    expected = pack(entries)
    if expected != content:
        raise ContainerError("damaged", _owner(expected, content))
    return entries


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
    if sum(info.file_size for info in infos) > size:  # entries that overlap
        raise ContainerError("too_large", DIRECTORY)


def _check_name(name: str) -> None:
    if not name or len(name.encode(errors="replace")) > 1024 or _HOSTILE.search(name):
        raise ContainerError("unsafe_name", name)


def _read(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        return package.read(info)
    except _DAMAGE as error:
        raise ContainerError("damaged", info.filename) from error


def _owner(expected: bytes, content: bytes) -> str:
    """The entry to which the first differing byte belongs."""
    both = zip(expected, content, strict=False)
    differs = next((at for at, (a, b) in enumerate(both) if a != b), min(len(expected), len(content)))
    package = zipfile.ZipFile(BytesIO(expected))
    infos = sorted(package.infolist(), key=lambda info: info.header_offset)
    if differs < package.start_dir:
        return [info.filename for info in infos if info.header_offset <= differs][-1]
    end = package.start_dir
    for info in infos:  # the directory has 46 bytes and the name for each
        end += 46 + len(info.filename.encode())
        if differs < end:
            return info.filename
    return DIRECTORY
