"""Is this PDF only paper? A dossier keeps what can be printed, not what runs, and nothing that swells when opened.

Looked at before pikepdf parses the file: a few bytes of an object stream can unpack to gigabytes, and the
parser unpacks it whole.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

import pikepdf

MAX_UNPACKED: Final = 300 * 1024 * 1024
"""Bytes of everything but pictures; a thousand scanned pages with a text layer need a tenth of it."""
MAX_PAGES: Final = 2000
MAX_PICTURE: Final = 120_000_000  # pixels of one picture in it; A3 at 600 dpi has 70 million
RUNS: Final = frozenset(
    {"/JavaScript", "/Launch", "/ImportData", "/RichMediaExecute", "/Movie", "/Rendition"}
)
PROGRAMS: Final = frozenset(
    [
        ".app",
        ".bat",
        ".cmd",
        ".com",
        ".cpl",
        ".docm",
        ".dll",
        ".dmg",
        ".exe",
        ".hta",
        ".jar",
        ".js",
        ".jse",
        ".lnk",
        ".msi",
        ".pif",
        ".pptm",
        ".ps1",
        ".py",
        ".reg",
        ".scr",
        ".sh",
        ".vbe",
        ".vbs",
        ".wsf",
        ".xlsm",
    ]
)
_PROGRAM_STARTS: Final = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
)
_STREAM: Final = re.compile(rb"stream\r?\n")
_BLOCK: Final = 1024 * 1024


def swells(data: bytes) -> bool:
    """Whether what the file packs, pictures apart, unpacks to more than anybody's papers do."""
    left = MAX_UNPACKED
    for start in _packed(data):
        left -= _unpacked_size(data, start, left)
        if left < 0:
            return True
    return False


def _packed(data: bytes) -> Iterator[int]:
    """Where something deflated begins. A picture's size stands in its dictionary and is looked at there."""
    for found in _STREAM.finditer(data):
        said = data[max(0, found.start() - 1024) : found.start()].rpartition(b" obj")[2]
        picture = b"/Image" in said and b"/ObjStm" not in said and b"/XRef" not in said
        if not picture and data[found.end() : found.end() + 1] == b"x":
            yield found.end()


def _unpacked_size(data: bytes, start: int, limit: int) -> int:
    """Bytes that the zlib stream at `start` gives, counted until `limit` is passed."""
    unpack, size, view = zlib.decompressobj(), 0, memoryview(data)
    feed: Any = view[start : start + _BLOCK]
    after = start + len(feed)
    try:
        while feed and not unpack.eof and size <= limit:
            size += len(unpack.decompress(feed, _BLOCK))
            feed = unpack.unconsumed_tail
            if not feed:
                feed = view[after : after + _BLOCK]
                after += len(feed)
    except zlib.error:  # the parser will say what is wrong with it
        return size
    return size


def swollen_picture(pdf: pikepdf.Pdf) -> bool:
    """Whether a picture in it claims more pixels than any scanner makes."""
    return any(
        int(thing.get("/Width", 0)) * int(thing.get("/Height", 0)) > MAX_PICTURE
        for thing in _dictionaries(pdf)
        if thing.get("/Subtype") == "/Image"
    )


def runs_something(pdf: pikepdf.Pdf) -> bool:
    """Whether opening or clicking it starts a script or a program."""
    return any(str(thing.get("/S")) in RUNS or "/JS" in thing for thing in _dictionaries(pdf))


def carries_program(pdf: pikepdf.Pdf) -> bool:
    """Whether a program is attached to it, by its name or by how it begins. Other attachments are harmless."""
    return any(_is_program(thing) for thing in _dictionaries(pdf) if "/EF" in thing)


def _is_program(file: Any) -> bool:
    names = {str(file[key]) for key in ("/F", "/UF") if isinstance(file.get(key), pikepdf.String)}
    if any(PurePosixPath(name.lower()).suffix in PROGRAMS for name in names):
        return True
    streams = [stream for _key, stream in file["/EF"].items() if isinstance(stream, pikepdf.Stream)]
    return any(_beginning(stream).startswith(_PROGRAM_STARTS) for stream in streams)


def _beginning(stream: pikepdf.Stream) -> bytes:
    raw = bytes(stream.read_raw_bytes()[:4096])
    if str(stream.get("/Filter", "")) != "/FlateDecode":
        return raw
    try:
        return zlib.decompressobj().decompress(raw, 16)
    except zlib.error:
        return raw


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every dictionary of the file, those inside others too."""
    for thing in pdf.objects:
        yield from _within(thing, depth=0)


def _within(thing: Any, depth: int) -> Iterator[Any]:
    if depth > 8 or (depth and getattr(thing, "is_indirect", False)):
        return  # what is indirect comes by itself
    if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        yield thing
        children = [value for _key, value in thing.items()]
    elif isinstance(thing, pikepdf.Array):
        children = list(thing)
    else:
        return
    for child in children:
        yield from _within(child, depth + 1)
