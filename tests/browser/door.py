"""A classroom's door, for tests: station program, reader on a pseudo-terminal, camera, and the cable to the site."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from kiosk.simulator.network import NetworkCable
from training.accounts.choices import Role
from training.demo.people import synthetic_people
from training.demo.stage import Clock, Processes, Talk, free_port, until
from training.demo.story import card
from training.stations.services import issue_code

PEOPLE = synthetic_people(13, seed=7)
"""The roster's twelve, and one who is on no roster."""
STRANGER = 12


@dataclass
class Door:
    directory: Path
    county: Any
    clock: Clock
    cable: NetworkCable
    processes: Processes
    reader: Talk = field(init=False)
    station: subprocess.Popen[str] | None = None

    @classmethod
    @contextmanager
    def at(cls, directory: Path, county: Any, site: Any, clock: Clock) -> Iterator[Self]:
        """Enrol a station of the county's institution; a reader lies ready, the program is not started yet."""
        directory.mkdir()
        host, port = site.thread.host, site.thread.port
        with NetworkCable(host, port) as cable, Processes(directory) as processes:
            door = cls(directory, county, clock, cable, processes)
            door.kiosk("enrol", "--server", cable.url, "--code", door.code(), "--home", door.home)
            door.reader = door._plug_in_reader()
            yield door

    @property
    def home(self) -> str:
        return str(self.directory / "station")

    def code(self) -> str:
        """A one-time code from the bureau."""
        actor = self.county.actor(Role.BUREAU_REVIEWER)
        return issue_code(self.county.institution.pk, station_name="三楼教室门口", actor=actor)

    def kiosk(self, *command: str) -> None:
        subprocess.run([sys.executable, "-m", "kiosk.cli", *command], check=True, stdout=subprocess.DEVNULL)

    def _plug_in_reader(self) -> Talk:
        cards = self.directory / "cards.json"
        cards.write_text(json.dumps([card(person) for person in PEOPLE]), encoding="utf-8")
        simulate = ["-m", "kiosk.cli", "simulate", "reader", "--people", str(cards)]
        link = str(self.directory / "reader")
        return Talk(self.processes.start("reader", *simulate, "--link", link, talk=True))

    def open(self, camera: str = "") -> str:
        """Start the station, with a video of this face as its camera; gives the address of its screen."""
        return self._start(self.home, camera, "rest")

    def open_unenrolled(self) -> str:
        """Start the program on a machine that is no station yet."""
        return self._start(str(self.directory / "blank"), "", "setup")

    def _start(self, home: str, camera: str, screen: str) -> str:
        listen = f"127.0.0.1:{free_port()}"
        run = ["run", "--home", home, "--reader", str(self.directory / "reader"), "--listen", listen]
        if camera:
            video = self.directory / f"{camera}.avi"
            self.kiosk("simulate", "camera", "--out", str(video), "--face", camera, "--seconds", "2")
            run += ["--camera", str(video)]
        self.station = self.processes.start("station", "-m", "kiosk.cli", *run, "--package-every", "1")
        url = f"http://{listen}"
        until("签到终端就绪", lambda: _ready(url, screen, camera=bool(camera)))
        return url

    def close(self) -> None:
        """Switch the station off."""
        if self.station:
            self.processes.end(self.station)

    def lay(self, index: int) -> None:
        self.reader.say(json.dumps({"lay": index}))

    def lift(self) -> None:
        self.reader.say(json.dumps({"lift": True}))

    def unplug(self) -> None:
        self.reader.say(json.dumps({"unplug": True}))

    def replug(self) -> None:
        self.reader.say(json.dumps({"replug": True}))


def _ready(url: str, screen: str, *, camera: bool) -> bool:
    try:
        state = httpx.get(f"{url}/api/state").json()
    except httpx.TransportError:
        return False
    wanted = {"screen": screen, "reader": "reader_ready"}
    found = {"screen": state["screen"], "reader": state["reader"]["code"]}
    if camera:
        wanted |= {"face": "ready", "camera": "live"}
        found |= {"face": state["face"], "camera": state["camera"]["state"]}
    return found == wanted
