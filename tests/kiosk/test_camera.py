"""The camera: what it says of itself when pictures come, stay the same, or stay away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from kiosk.camera import Camera, as_jpeg

Eventually = Callable[..., None]


class NetworkCamera:
    """Serves MJPEG; `mode` may be changed while somebody watches."""

    def __init__(self) -> None:
        self.mode: Literal["live", "frozen", "silent"] = "live"
        self._chance, self._jpeg = np.random.default_rng(1), b""
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args: object) -> None:
                pass

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
                self.end_headers()
                try:
                    for part in camera._parts():
                        self.wfile.write(part)
                except OSError:
                    self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/live.mjpg"

    def _parts(self) -> Iterator[bytes]:
        while True:
            if self.mode == "live":
                self._jpeg = as_jpeg(self._chance.integers(0, 255, (240, 320, 3)).astype(np.uint8))
            if self.mode != "silent":
                head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(self._jpeg)}\r\n\r\n"
                yield head.encode() + self._jpeg + b"\r\n"
            time.sleep(0.04)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def network_camera() -> Iterator[NetworkCamera]:
    camera = NetworkCamera()
    yield camera
    camera.mode = "live"  # whoever waits for a picture can leave
    camera.stop()


@pytest.fixture
def watch() -> Iterator[Callable[[str], Camera]]:
    running: list[Camera] = []

    def start(source: str) -> Camera:
        camera = Camera(source, stale_seconds=0.6)
        running.append(camera)
        camera.start()
        return camera

    yield start
    for camera in running:
        camera.stop()


@pytest.mark.parametrize("trouble", ["frozen", "silent"])
def test_a_camera_that_freezes_or_falls_silent_is_stopped_until_it_shows_something_new(
    network_camera: NetworkCamera, watch: Callable[[str], Camera], eventually: Eventually, trouble: str
) -> None:
    camera = watch(network_camera.address)
    eventually(lambda: camera.state == "live")

    network_camera.mode = trouble  # type: ignore[assignment]
    eventually(lambda: camera.state == "stopped")
    assert camera.frame() is None
    assert camera.next_frame(0, within=0.2) is None

    network_camera.mode = "live"
    eventually(lambda: camera.state == "live", seconds=20)  # OpenCV may be waiting for an answer
    assert camera.next_frame(0, within=0.5) is not None


def test_a_file_may_show_the_same_picture_for_ever(
    tmp_path: Path, watch: Callable[[str], Camera], eventually: Eventually
) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "still.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 15, (64, 48))
    for _number in range(8):
        writer.write(np.full((48, 64, 3), 120, np.uint8))
    writer.release()

    camera = watch(str(tmp_path / "still.avi"))

    eventually(lambda: (frame := camera.frame()) is not None and frame.number > 20)
    assert camera.state == "live"


def test_a_camera_that_is_not_there_is_stopped_and_none_is_off(
    watch: Callable[[str], Camera], eventually: Eventually
) -> None:
    camera = watch("/nowhere/camera.avi")

    assert camera.state == "starting"
    eventually(lambda: camera.state == "stopped")
    assert Camera(None).state == "off"
