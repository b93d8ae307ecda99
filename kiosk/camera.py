"""The camera: one thread owns it, everybody else sees the newest picture or learns there is none.

Pictures live in memory until the next one comes; nothing here writes one down.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
"""Height × width × 3, BGR."""

CameraState = Literal["off", "starting", "live", "stopped"]

REOPEN_SECONDS = 1.0
SILENCE_MS = 5000
"""OpenCV waits half a minute for a network camera before it gives up; then nobody would try again."""


@dataclass(frozen=True)
class Frame:
    """One picture; `number` grows, so that nobody looks at the same one twice."""

    number: int
    image: Image
    at: float


class Camera:
    """OpenCV capture by index (`0`), URL or file; a file plays at its own speed, over and over.

    A camera that is missing, unplugged, silent or frozen is `stopped` and tried again for ever. Frozen
    is one that hands over the same picture again and again, to the last bit: no sensor does, for its noise.
    A file may, and plays on.
    """

    def __init__(self, source: str | None, *, stale_seconds: float = 2.0) -> None:
        self._source = source
        self._stale_seconds = stale_seconds
        self._fresh = threading.Condition()
        self._frame: Frame | None = None
        self._stop = threading.Event()
        self._started_at = time.monotonic()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Open it in its own thread; returns at once."""
        if self._source and self._thread is None:
            self._started_at = time.monotonic()
            self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Let go of the camera."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=3)

    @property
    def state(self) -> CameraState:
        """Judged by the age of the newest picture, not by what the driver says."""
        if self._source is None:
            return "off"
        newest = self._frame.at if self._frame else self._started_at
        if time.monotonic() - newest > self._stale_seconds:
            return "stopped"
        return "live" if self._frame else "starting"

    def frame(self) -> Frame | None:
        """The newest picture, if it is fresh."""
        return self._frame if self.state == "live" else None

    def next_frame(self, after: int, within: float) -> Frame | None:
        """A fresh picture newer than number `after`; None if none comes within so many seconds."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._newer(after), within)
            return self._newer(after)

    def _newer(self, after: int) -> Frame | None:
        frame = self.frame()
        return frame if frame and frame.number > after else None

    def _run(self) -> None:
        logging = cv2.utils.logging
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)  # what it would print, the state says
        while not self._stop.is_set():
            self._capture()
            self._stop.wait(REOPEN_SECONDS)

    def _capture(self) -> None:
        """Show pictures until there are no more."""
        capture = _open(self._source or "")
        try:
            pause = _pause_between(capture)
            while not self._stop.wait(pause):
                taken, image = capture.read()
                if not taken and not (pause and _rewind(capture)):
                    return
                if taken and (pause or self._is_another(image)):
                    self._show(image)
                elif self.state == "stopped":
                    return  # frozen: to be opened again may wake it
        finally:
            capture.release()

    def _is_another(self, image: npt.NDArray[np.generic]) -> bool:
        return self._frame is None or not np.array_equal(self._frame.image, image)

    def _show(self, image: npt.NDArray[np.generic]) -> None:
        number = self._frame.number + 1 if self._frame else 1
        with self._fresh:
            self._frame = Frame(number, image.astype(np.uint8, copy=False), time.monotonic())
            self._fresh.notify_all()


def _open(source: str) -> cv2.VideoCapture:
    if "://" not in source:
        return cv2.VideoCapture(int(source) if source.isdecimal() else source)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, SILENCE_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, SILENCE_MS]
    return cv2.VideoCapture(source, cv2.CAP_ANY, limits)


def _pause_between(capture: cv2.VideoCapture) -> float:
    """Seconds between two pictures of a file; 0 for a camera, which keeps its own time."""
    length, speed = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    return 1 / speed if length > 0 and speed > 0 else 0.0


def _rewind(capture: cv2.VideoCapture) -> bool:
    return bool(capture.get(cv2.CAP_PROP_POS_FRAMES) > 0 and capture.set(cv2.CAP_PROP_POS_FRAMES, 0))


def as_jpeg(image: Image, quality: int = 85) -> bytes:
    """The picture as a JPEG file; for class photos only."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()
