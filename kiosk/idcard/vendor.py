"""The process in which a vendor's photo library runs, so that its crash or hang is nobody else's.

Run by `kiosk.idcard.photo` as a bare script: it imports the standard library only. Arguments: library,
symbol, call style, mode, directory for files. Says once whether the library is there; then, per photo,
1024 bytes come in, and what the library returned and made goes out, each as `ANSWER` and that many bytes.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

ANSWER = struct.Struct("<ii")
WLT_SIZE = 1024
LOADED, NO_LIBRARY, NO_SYMBOL = 1, 0, -1
MOST = 38_862
"""Bytes of a photo as BMP, the longest there is."""
ROOM = 1 << 16
LIFETIME = 60
"""Seconds after which a call that hangs ends even if the station is gone."""

Decode = Callable[[bytes], tuple[int, bytes]]


def main(library: str, symbol: str, call: str, mode: str, folder: str) -> None:
    """Answer until the input ends."""
    answers = keep_quiet()
    leave_no_traces()
    try:
        with suppress(OSError):
            os.chdir(Path(library).parent)  # licence files are looked for here
        entry = getattr(getattr(ctypes, "WinDLL", ctypes.CDLL)(library), symbol)
    except (OSError, AttributeError) as error:
        answer(answers, NO_SYMBOL if isinstance(error, AttributeError) else NO_LIBRARY, b"")
        return
    answer(answers, LOADED, b"")
    styles: dict[str, Decode] = {
        "buffer": lambda wlt: into_buffer(entry, wlt, int(mode)),
        "unpack": lambda wlt: into_sized_buffer(entry, wlt),
        "file": lambda wlt: beside_file(entry, wlt, int(mode), Path(folder)),
    }
    while len(wlt := sys.stdin.buffer.read(WLT_SIZE)) == WLT_SIZE:
        end_after(LIFETIME)
        answer(answers, *styles[call](wlt))
        end_after(0)


def keep_quiet() -> BinaryIO:
    """Where answers go; what the library prints goes nowhere, as it may be somebody's data."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answers


def leave_no_traces() -> None:
    """A crash must not write a person's photo into a core file."""
    with suppress(ImportError):  # Windows
        import resource  # noqa: PLC0415  optional dependency

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_after(seconds: int) -> None:
    """The default action of SIGALRM ends the process even in the library's own code."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def answer(answers: BinaryIO, status: int, data: bytes) -> None:
    """One answer, at once."""
    answers.write(ANSWER.pack(status, len(data)) + data)
    answers.flush()


def into_buffer(entry: Any, wlt: bytes, mode: int) -> tuple[int, bytes]:
    """`int f(const char *src, char *dst, int mode)`."""
    room = ctypes.create_string_buffer(ROOM)
    status = entry(ctypes.create_string_buffer(wlt), room, mode)
    return status, room.raw[:MOST]


def into_sized_buffer(entry: Any, wlt: bytes) -> tuple[int, bytes]:
    """`int f(const char *src, int size, char *dst, int *length)`."""
    room, length = ctypes.create_string_buffer(ROOM), ctypes.c_int(ROOM)
    status = entry(ctypes.create_string_buffer(wlt), len(wlt), room, ctypes.byref(length))
    return status, room.raw[: max(0, min(length.value, MOST))]


def beside_file(entry: Any, wlt: bytes, interface: int, folder: Path) -> tuple[int, bytes]:
    """`int f(char *path, int interface)`: reads `….wlt` and writes `….bmp` beside it."""
    source, made = folder / "photo.wlt", folder / "photo.bmp"
    source.write_bytes(wlt)
    status = entry(ctypes.create_string_buffer(os.fsencode(source)), interface)
    return status, made.read_bytes()[:MOST] if made.exists() else b""


if __name__ == "__main__":
    main(*sys.argv[1:])
