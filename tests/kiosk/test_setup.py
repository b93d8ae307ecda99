"""A machine becomes a station at its own screen, by form or by QR code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import segno

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.journal import Identity, Journal
from kiosk.station import Station
from kiosk.uplink import Uplink


@pytest.fixture
def blank(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "blank") as journal:
        yield journal


@pytest.fixture
def begin(blank: Journal) -> Iterator[Callable[..., Station]]:
    """The station program on a machine that is none yet."""
    running: list[Station] = []

    def connect(identity: Identity) -> Uplink:
        return Uplink(blank, identity, Clock(), events_every=0.1, package_every=0.1)

    def begin(camera: Camera | None = None) -> Station:
        station = Station(blank, Clock(), camera or Camera(None), connect=connect)
        running.append(station)
        station.start()
        return station

    yield begin
    for station in running:
        station.stop()


def test_a_machine_is_enrolled_at_its_screen_and_goes_on_without_a_restart(
    county: Any, begin: Callable[..., Station], card: Any, eventually: Any
) -> None:
    station = begin()
    assert (station.state()["screen"], station.state()["may_enrol"]) == ("setup", True)

    assert station.enrol(county.address, "9999-9999").code == "server_refused"
    assert station.enrol("http://127.0.0.1:9", "4711-0815").code == "server_unreachable"
    assert station.enrol(f" {county.address} ", "4711-0815").zh == "登记成功：琴江镇签到终端 1"

    eventually(lambda: station.state()["package_version"])
    station.admit(card("赵春禾"))
    assert station.state()["message"]["zh"] == "签到成功"
    eventually(lambda: len(county.events) == 1)
    assert station.state()["may_enrol"] is False
    assert station.enrol(county.address, "4711-0815").code == "already_enrolled"


def test_a_qr_code_held_to_the_camera_is_as_good_as_the_form(
    tmp_path: Path, county: Any, begin: Callable[..., Station], eventually: Any
) -> None:
    video = film_of(tmp_path, f"yidang-enrol:{county.address}|4711-0815")
    camera = Camera(str(video))
    camera.start()
    try:
        station = begin(camera)
        eventually(lambda: station.state()["enrolled"], 15.0)
    finally:
        camera.stop()

    eventually(lambda: station.state()["package_version"])


def test_a_station_the_server_no_longer_knows_takes_a_new_code(
    county: Any, begin: Callable[..., Station], eventually: Any
) -> None:
    station = begin()
    station.enrol(county.address, "4711-0815")
    county.token = "another"
    eventually(lambda: station.state()["may_enrol"])

    assert station.enrol(county.address, "RENE-WAL2").code == "enrolled"

    eventually(lambda: station.state()["online"] and not station.state()["banners"])


def film_of(directory: Path, words: str) -> Path:
    """A video of a sheet with this QR code."""
    code = np.array(list(segno.make(words, error="m").matrix_iter(scale=6, border=4)), np.uint8)
    picture = cv2.cvtColor(255 - 255 * code, cv2.COLOR_GRAY2BGR)
    height, width = picture.shape[:2]
    path = directory / "qr.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15, (width, height))
    for _ in range(15):
        writer.write(picture)
    writer.release()
    return path
