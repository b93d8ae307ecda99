"""What the running station keeps in memory, with and without the face model."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.door import card_of, crowd, furnish
from benchmarks.measure import Comparison, Result, series
from kiosk.simulator.camera import film
from training.demo.stage import Desk, Processes, Talk, free_port, until

SIZES = {"rounds": 3, "visits": 5}
TINY = {"rounds": 1, "visits": 1}
BARE = {
    "bare Python with the station's libraries": "import cv2, cryptography, flask, httpx, pydantic, serial, waitress",
    "bare Python with the libraries and the face model": "import cv2, cryptography, flask, httpx, pydantic, serial,"
    " waitress, warnings; warnings.simplefilter('ignore'); import face_recognition",
}


def run(rounds: int, visits: int) -> Result:
    """Whole programs as they are started at a door, after some visits."""
    found: dict[str, list[float]] = {}
    for _round in range(rounds):
        for name, measure in kinds(visits).items():
            found.setdefault(name, []).append(measure())
    figures = {name: series(values, "MB") for name, values in found.items()}
    without, with_model = figures["station without face check"], figures["station with face check"]
    bare, bare_model = (figures[name] for name in BARE)
    return Result(
        "memory",
        "Resident memory (VmRSS) of `kiosk run` with a reader, its uplink and its screen, after a few visits; "
        "with the camera and the face model loaded, and without either. 1 MB = 10⁶ bytes.",
        "a bare Python process that has imported the same libraries",
        figures,
        [
            Comparison("with the model", with_model, 400.0),
            Comparison("without", without, 120.0),
            Comparison("with the model / bare Python with it", with_model.over(bare_model)),
            Comparison("without / bare Python", without.over(bare)),
        ],
        {"rounds": rounds, "visits": visits},
    )


def kinds(visits: int) -> dict[str, Callable[[], float]]:
    return {
        "station without face check": lambda: station(visits, face=False),
        "station with face check": lambda: station(visits, face=True),
        **{name: lambda code=code: bare(code) for name, code in BARE.items()},  # type: ignore[misc]
    }


def station(visits: int, *, face: bool) -> float:
    """Megabytes of a station that has signed in `visits` people."""
    people = crowd(visits)
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        directory, port = Path(folder), free_port()
        furnish(directory / "home", people, face=face)
        cards = [vars(card_of(person)) for person in people]
        (directory / "cards.json").write_text(json.dumps([plain(card) for card in cards]), encoding="utf-8")
        reader = Talk(
            processes.start(
                "reader", "-m", "kiosk.cli", "simulate", "reader", "--link", str(directory / "reader"),
                "--people", str(directory / "cards.json"), talk=True,
            )
        )  # fmt: skip
        program = processes.start(
            "station", "-m", "kiosk.cli", "run", "--home", str(directory / "home"),
            "--reader", str(directory / "reader"), "--listen", f"127.0.0.1:{port}", *eyes(directory, face=face),
        )  # fmt: skip
        desk = Desk(f"http://127.0.0.1:{port}", reader, [person.name for person in people])
        until("station", lambda: ready(desk.state(), face=face))
        for index in range(visits):
            desk.visit(index, expect=["signed_in"])
        return resident(program.pid)


def plain(card: dict[str, Any]) -> dict[str, Any]:
    """The card's fields as the simulator's file of people has them."""
    names = ("name", "sex", "ethnicity", "address", "number", "issuer")
    days = {"born_on": str(card["born_on"]), "valid_from": str(card["valid_from"]), "valid_until": "长期"}
    return {name: card[name] for name in names} | days


def eyes(directory: Path, *, face: bool) -> list[str]:
    if not face:
        return ["--no-face"]
    film(directory / "film.avi", "astronaut")
    return ["--camera", str(directory / "film.avi")]


def ready(state: dict[str, Any], *, face: bool) -> bool:
    return (
        bool(state)
        and state["reader"]["code"] == "reader_ready"
        and state["face"] == ("ready" if face else "off")
    )


def bare(code: str) -> float:
    """Megabytes of an interpreter that has run `code` and nothing else."""
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        program = processes.start("bare", "-c", f"{code}; print('{{}}', flush=True); input()", talk=True)
        Talk(program)
        return resident(program.pid)


def resident(pid: int) -> float:
    """Resident set in megabytes (10⁶ bytes)."""
    if not sys.platform.startswith("linux"):
        raise OSError("resident memory is read from /proc, which only Linux has")
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(kilobytes) * 1024 / 1e6
