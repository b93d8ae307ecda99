"""A county's server as a process of its own, on the test's own database, to be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.db import connection

from kiosk.clock import Clock
from kiosk.enrolment import enrol
from kiosk.journal import Journal
from kiosk.server import Server
from training.accounts.choices import Role
from training.demo.stage import free_port, until
from training.stations.services import issue_code

ROOT = Path(__file__).parents[2]


@dataclass
class Office:
    """Serves what the test's database holds; `county` is the fixture's."""

    folder: Path
    county: Any
    port: int = field(default_factory=free_port)
    kills: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Start, and wait for the first answer."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "training.wsgi", "--bind", f"127.0.0.1:{self.port}",
                 "--workers", "2", "--threads", "4", "--preload", "--no-control-socket"],
                cwd=ROOT, env=environment(), stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until("server", self._answers)

    def kill(self) -> None:
        """Kill -9, master and workers alike; twice changes nothing."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process, self.kills = None, self.kills + 1

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v1/time", timeout=5).is_success
        except httpx.TransportError:
            return False

    def enrol(self, name: str, through: str = "") -> Path:
        """A new station that has its roster; its home. `through` is the address it knows the server by."""
        home = self.folder / name
        actor = self.county.actor(Role.BUREAU_REVIEWER)
        code = issue_code(self.county.institution.pk, station_name=name, actor=actor)
        with Journal(home) as journal:
            identity = enrol(through or self.url, code, journal, Clock())
            server = Server(self.url, identity.token, clock=Clock())
            journal.keep_package(server.package(), Clock())
            server.close()
        return home


def environment() -> dict[str, str]:
    """The product's own settings, the test's keys, directories, clock and database."""
    name = str(connection.settings_dict["NAME"])
    url = os.environ.get("TEST_POSTGRES_URL", "")
    database = urlsplit(url)._replace(path=f"/{name}").geturl() if url else f"sqlite:///{name}"
    settings = {"DJANGO_SETTINGS_MODULE": "training.settings", "DATABASE_URL": database, "LOG_LEVEL": "ERROR"}
    return os.environ | settings
