"""`kiosk run` as a process of its own at a reader on a line, and the hand that lays cards on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any, Self

import httpx

from kiosk.clock import CLOCK_FILE
from kiosk.idcard.cards import IdCard
from kiosk.simulator.reader import SimulatedReader
from tests.campaign.office import ROOT
from training.demo.stage import free_port, until

PATIENCE = 30.0


class GoneError(Exception):
    """The station died before its screen answered."""


@dataclass
class Door:
    """One station's desk. `with` holds the simulated reader; `open` and `kill` begin and end the program."""

    home: Path
    clock: Path | None = None
    """A clock file of its own; else the one that everybody reads."""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.reader = SimulatedReader(self.home.with_name(f"{self.home.name}.reader"))
        self._screen = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=5)

    def __enter__(self) -> Self:
        self.reader.replug()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.kill()
        self.reader.unplug()
        self._screen.close()

    def open(self) -> None:
        """Start the program and wait until it takes cards."""
        self.launch()
        until("a desk that takes cards", self.takes_cards, PATIENCE)

    def launch(self) -> None:
        """Start the program."""
        command = [
            sys.executable, "-m", "kiosk.cli", "run", "--home", str(self.home), "--reader", self.reader.url,
            "--no-face", "--listen", f"127.0.0.1:{self.port}",
        ]  # fmt: skip
        own = {CLOCK_FILE: str(self.clock)} if self.clock else {}
        with self.home.with_name(f"{self.home.name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | own)

    def kill(self) -> None:
        """Kill -9; twice changes nothing."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def state(self) -> dict[str, Any]:
        """What the screen shows; empty before there is one. Raises GoneError."""
        try:
            return self._screen.get("/api/state").json()
        except httpx.TransportError as error:
            if self.process is None or self.process.poll() is not None:
                raise GoneError from error
            return {}

    def takes_cards(self) -> bool:
        state = self.state()
        return bool(state) and (state["screen"], state["reader"]["code"]) == ("rest", "reader_ready")

    def lay(self, card: IdCard) -> str:
        """The code of what the screen says about this card; it is taken away again. Raises GoneError."""
        until("the screen to forget them", lambda: not self._names(card), PATIENCE)
        before = self.state().get("version", 0)
        self.reader.lay(card)
        try:
            return str(until(f"words about {card}", lambda: self._said(card, before), PATIENCE))
        finally:
            self.reader.lift()

    def _names(self, card: IdCard) -> bool:
        return (self.state().get("person") or {}).get("name") == card.name

    def _said(self, card: IdCard, before: int) -> str:
        state = self.state()
        about_them = state and state["version"] > before and (state["person"] or {}).get("name") == card.name
        return str(state["message"]["code"]) if about_them else ""

    def kill_in(self, seconds: float) -> Timer:
        """Kill -9 later, whatever goes on then; whoever is at the door finds out by GoneError."""
        assert self.process is not None
        timer = Timer(seconds, self.process.kill)
        timer.start()
        return timer
