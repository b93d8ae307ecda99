"""The photo in the chip, decoded by the customer's own vendor library, if there is one.

The format (WLT) is closed and no open decoder exists. A library is set by path, symbol and call style, and
runs in a process of its own (`vendor`): it may crash, hang or quit, and the station goes on. Raw bytes and
pictures stay in memory, and nothing of them is logged.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np

from kiosk.camera import Image
from kiosk.idcard import vendor
from kiosk.idcard.statuses import Wording

HEIGHT, WIDTH = 126, 102
ROW = WIDTH * 3
PADDED_ROW = 308
"""Rows of a BMP begin at a multiple of four bytes."""
RAW_SIZE, PADDED_SIZE, BMP_SIZE = HEIGHT * ROW, HEIGHT * PADDED_ROW, vendor.MOST

Call = Literal["buffer", "unpack", "file"]
"""`int f(src, dst, mode)`; `int f(src, 1024, dst, &length)`; `int f(path, mode)`, which writes a .bmp. All
return 1 for done."""
Channels = Literal["bgr", "rgb"]
Flip = Literal["none", "vertical", "both"]
SYMBOLS: dict[Call, str] = {"buffer": "unpack", "unpack": "_Unpack", "file": "GetBmp"}
DONE = 1

SECONDS = 3.0
LIVES = 3
"""So many deaths of the library in a row, with no answer between them, and it is left alone."""
MEMORY = Path("/dev/shm")  # noqa: S108  a file system in memory is what is wanted

PHOTO_ERRORS = {
    "no_decoder": Wording("没有配置芯片照片解码库", "no decoder for the chip's photo is set"),
    "no_photo": Wording("卡内没有照片", "the card has no photo"),
    "library": Wording("照片解码库打不开", "the decoder's library can't be loaded"),
    "symbol": Wording("照片解码库里没有设定的函数", "the decoder's library has no such function"),
    "refused": Wording("照片解码库没有解出照片", "the decoder's library made no picture of it"),
    "bad_image": Wording("照片解码库给出的不是照片", "what the decoder's library made is no picture"),
    "ended": Wording("照片解码库意外退出", "the decoder's library crashed or quit"),
    "time_out": Wording("照片解码库没有反应", "the decoder's library hung"),
}


class PhotoError(Exception):
    """No picture; `code` is a key of `PHOTO_ERRORS`, `status` what the library returned, if it did."""

    def __init__(self, code: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {PHOTO_ERRORS[code].english}")
        self.code, self.status = code, status
        self.wording = PHOTO_ERRORS[code]


class PhotoDecoder(Protocol):
    """Makes a picture of the chip's 1024 bytes."""

    @property
    def trouble(self) -> str:
        """Why no picture can be had at all, a key of `PHOTO_ERRORS`; empty while it works."""

    def decode(self, wlt: bytes) -> Image:
        """126 × 102 × 3, BGR, the head up; raises PhotoError. May take some seconds."""

    def stop(self) -> None:
        """Let go of whatever it holds. It may be used again."""


class NoDecoder:
    """None is set."""

    trouble = "no_decoder"

    def decode(self, wlt: bytes) -> Image:
        """Raises PhotoError."""
        raise PhotoError(self.trouble)

    def stop(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class Library:
    """A vendor's library and how to use it; `mode` is its third argument, or for files the interface."""

    path: Path
    symbol: str | None = None
    call: Call = "buffer"
    mode: int = 0
    channels: Channels = "bgr"
    flip: Flip = "none"


class LibraryDecoder:
    """Decodes with a vendor's library, one photo at a time; from any thread.

    A process that dies or hangs is replaced for the next photo. After `LIVES` of them in a row the
    library is off, and `trouble` says why, until a new decoder is made.
    """

    def __init__(self, library: Library, *, seconds: float = SECONDS) -> None:
        self._library, self._seconds = library, seconds
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._deaths = 0
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why it is off; empty while it is not."""
        return self._trouble if self._deaths >= LIVES else ""

    def decode(self, wlt: bytes) -> Image:
        """As `PhotoDecoder`."""
        if len(wlt) != vendor.WLT_SIZE:
            raise PhotoError("no_photo")
        with self._lock:
            if self.trouble:
                raise PhotoError(self.trouble)
            status, data = self._ask(wlt)
        if status != DONE:
            raise PhotoError("refused", status)
        return arrange(read_pixels(data), self._library.channels, self._library.flip)

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            self._drop()

    def _ask(self, wlt: bytes) -> tuple[int, bytes]:
        try:
            if self._process is None:
                self._process = _Process(self._library, self._seconds)
                self._process.load()
            answer = self._process.ask(wlt)
        except PhotoError as error:
            self._drop()
            self._deaths, self._trouble = self._deaths + 1, error.code
            raise
        self._deaths = 0
        return answer

    def _drop(self) -> None:
        if self._process:
            self._process.end()
            self._process = None


class _Process:
    """A process for the library, and a directory for the files of the `file` style."""

    def __init__(self, library: Library, seconds: float) -> None:
        self._seconds = seconds
        in_memory = MEMORY if MEMORY.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(prefix="yidang-", dir=in_memory)
        symbol = library.symbol or SYMBOLS[library.call]
        path = library.path.expanduser().resolve()
        arguments = [path, symbol, library.call, library.mode, self._folder.name]
        # Isolated: nothing of ours is loaded there, and no module of ours hides one of Python's.
        self._popen = subprocess.Popen(  # noqa: S603  our own script
            [sys.executable, "-I", vendor.__file__, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def load(self) -> None:
        """Wait until the library is loaded; raises PhotoError."""
        status, _ = self._answer()
        if status != vendor.LOADED:
            raise PhotoError("symbol" if status == vendor.NO_SYMBOL else "library")

    def ask(self, wlt: bytes) -> tuple[int, bytes]:
        """What the library returned and made of this photo; raises PhotoError if it died of it."""
        assert self._popen.stdin is not None  # noqa: S101  opened above
        try:
            with suppress(BrokenPipeError):  # the answer will tell
                self._popen.stdin.write(wlt)
                self._popen.stdin.flush()
            return self._answer()
        finally:
            self._empty_folder()

    def end(self) -> None:
        """Kill it and take its files away."""
        self._popen.kill()
        for pipe in (self._popen.stdin, self._popen.stdout):
            with suppress(BrokenPipeError):
                if pipe:
                    pipe.close()
        self._popen.wait()
        self._folder.cleanup()

    def _answer(self) -> tuple[int, bytes]:
        assert self._popen.stdout is not None  # noqa: S101  opened above
        with self._killed_when_late() as late:
            head = self._popen.stdout.read(vendor.ANSWER.size)
            status, size = vendor.ANSWER.unpack(head) if len(head) == vendor.ANSWER.size else (None, 0)
            data = self._popen.stdout.read(size)
        if status is None or len(data) < size:
            raise PhotoError("time_out" if late.is_set() else "ended")
        return status, data

    @contextmanager
    def _killed_when_late(self) -> Iterator[threading.Event]:
        """Reading from a killed process ends; this way it works wherever Python does."""
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._popen.kill()

        alarm = threading.Timer(self._seconds, kill)
        alarm.start()
        try:
            yield late
        finally:
            alarm.cancel()

    def _empty_folder(self) -> None:
        for file in Path(self._folder.name).iterdir():
            file.unlink(missing_ok=True)


def read_pixels(data: bytes) -> Image:
    """The picture in what a library made: a BMP, padded rows, or bare rows; raises PhotoError."""
    if data[:2] == b"BM" and int.from_bytes(data[2:6], "little") == BMP_SIZE:
        return _read_bmp(data)
    if len(data) == PADDED_SIZE:
        return np.frombuffer(data, np.uint8).reshape(HEIGHT, PADDED_ROW)[:, :ROW].reshape(HEIGHT, WIDTH, 3)
    if len(data) < RAW_SIZE or not any(data):
        raise PhotoError("bad_image")
    return np.frombuffer(data[:RAW_SIZE], np.uint8).reshape(HEIGHT, WIDTH, 3)


def _read_bmp(data: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None or image.shape != (HEIGHT, WIDTH, 3):
        raise PhotoError("bad_image")
    return image.astype(np.uint8, copy=False)


def arrange(image: Image, channels: Channels, flip: Flip) -> Image:
    """BGR with the head up, from what the library makes of it; checked once with a card one knows."""
    if flip != "none":
        image = image[::-1]
    if flip == "both":
        image = image[:, ::-1]
    if channels == "rgb":
        image = image[..., ::-1]
    return np.array(image, order="C")
