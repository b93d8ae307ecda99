"""A county's server for the measurements: gunicorn, a database of its own, one approved session."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psycopg
from uuid6 import uuid7

from kiosk.clock import Clock
from kiosk.enrolment import enrol
from kiosk.envelope import CardUsed, Enrolled, Event
from kiosk.journal import Journal
from training.core.keys import write_keys

CLASS_DAY = date(2021, 5, 18)
WORKERS, THREADS = 2, 4
CARD = CardUsed(type="citizen", sam_id="05.03-20200000-0000000001-0000000001")


@dataclass
class Office:
    """A running server; `enrol` gives it a new station."""

    url: str
    database: str
    session: str
    lesson: int
    starts_at: datetime
    enrolments: list[int]
    institution: int
    reviewer: Any

    @property
    def surroundings(self) -> dict[str, str]:
        from django.conf import settings  # noqa: PLC0415  after Django is ready

        kept = settings.DATABASES["default"]["CONN_MAX_AGE"]
        server = (
            f"gunicorn {WORKERS} workers × {THREADS} threads, keep-alive, database connections kept {kept} s"
        )
        return {"database": self.database, "server": server}

    def enrol(self, home: Path) -> Journal:
        """A station enrolled over HTTP, with its key; close its journal."""
        from training.stations.services import issue_code  # noqa: PLC0415  after Django is ready

        code = issue_code(self.institution, station_name=home.name, actor=self.reviewer)
        journal = Journal(home)
        enrol(self.url, code, journal, Clock())
        return journal

    def sign_in(self, journal: Journal, count: int) -> None:
        """So many sign-ins into the station's journal, a second apart, before the lesson."""
        identity = journal.identity
        if identity is None:
            raise ValueError("not enrolled")
        boot, begins = uuid4(), self.starts_at - timedelta(minutes=50)

        def compose(seq: int, prev: str) -> Event:
            return Event(
                station=identity.station,
                seq=seq,
                prev=prev,
                event=uuid7(),
                kind="sign_in",
                session=self.session,
                lesson=self.lesson,
                person=Enrolled(enrolment=self.enrolments[seq % len(self.enrolments)]),
                method="card",
                card=CARD,
                captured_at=begins + timedelta(seconds=seq),
                boot=boot,
                monotonic_ms=1000 * seq,
                clock_offset_ms=0,
            )

        for _number in range(count):
            journal.append(compose, subject="")


@contextmanager
def open_office(database_url: str) -> Iterator[Office]:
    """Serve until the block ends; the database that was made for it goes with it. Once per process.

    `database_url`: a PostgreSQL on which we may create a database; empty for SQLite.
    """
    with tempfile.TemporaryDirectory() as folder, database(database_url, Path(folder)) as url:
        var = Path(folder)
        prepare(var, url)
        import django  # noqa: PLC0415  after the environment is ready

        django.setup()
        from training.demo.stage import Processes, free_port, until  # noqa: PLC0415  after Django is ready

        office = furnish(f"http://127.0.0.1:{free_port()}", var)
        with Processes(var) as processes:
            processes.start(
                "site", "-m", "gunicorn", "benchmarks.bare.wsgi", "--bind", urlsplit(office.url).netloc,
                "--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "60",
                "--no-control-socket",
            )  # fmt: skip
            until("site", lambda: answers(office.url))
            yield office


@contextmanager
def database(server: str, folder: Path) -> Iterator[str]:
    """The address of an empty database."""
    if not server:
        yield f"sqlite:///{folder / 'bench.sqlite3'}"
        return
    name = f"yidang_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def prepare(var: Path, database_url: str) -> None:
    """The environment that this process and the server share."""
    write_keys(var / "keys.env")
    (var / "static").mkdir()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "benchmarks.bare.settings",
        "YIDANG_ENV_FILE": str(var / "keys.env"),
        "YIDANG_VAR_DIR": str(var),
        "YIDANG_FONTS_DIR": os.environ.get(
            "YIDANG_FONTS_DIR", str(Path(__file__).parents[1] / "var" / "fonts")
        ),
        "DATABASE_URL": database_url,
        "LOG_LEVEL": "ERROR",
    }
    os.environ.pop("YIDANG_CLOCK_FILE", None)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/time", timeout=5).is_success
    except httpx.TransportError:
        return False


def furnish(url: str, var: Path) -> Office:
    """One county, one institution, one approved session of forty people."""
    from django.conf import settings  # noqa: PLC0415  after Django is ready
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0, run_syncdb=True)
    # Planned a month before the class day; the server itself runs on the real clock.
    planning = datetime(2021, 5, 10, 1, 0, tzinfo=UTC)
    (var / "clock").write_text(str((planning - datetime.now(UTC)).total_seconds()), encoding="ascii")
    settings.CLOCK_FILE = str(var / "clock")
    office = plan(url)
    settings.CLOCK_FILE = ""
    return office


def plan(url: str) -> Office:
    from training.accounts.choices import Role  # noqa: PLC0415  after Django is ready
    from training.core.actor import SYSTEM  # noqa: PLC0415
    from training.demo import scenery  # noqa: PLC0415
    from training.demo.people import synthetic_people  # noqa: PLC0415
    from training.enrolment.services import import_roster  # noqa: PLC0415
    from training.programmes.preset_file import load_preset  # noqa: PLC0415
    from training.programmes.services import load_programme  # noqa: PLC0415
    from training.scheduling.services import approve_session, submit_session  # noqa: PLC0415

    programme = load_programme(load_preset("shicheng"), actor=SYSTEM)
    county = scenery.add_county_staff(programme)
    institution, staff = scenery.add_institution(
        programme,
        name="石城县兴农电商培训中心",
        uscc="91360735MA35NXTP4H",
        prefix="",
        bureau=county.actor(Role.BUREAU_HEAD),
    )
    clerk = staff.actor(Role.INSTITUTION_CLERK)
    agreement = scenery.add_training_agreement(institution, actor=clerk)
    instructors = scenery.add_instructors(institution, actor=clerk)
    session, _venue = scenery.plan_farmers_session(
        institution, agreement, instructors, on=CLASS_DAY, actor=clerk
    )
    roster = scenery.roster_workbook(synthetic_people(40, seed=7))
    import_roster(session.pk, name="名册.xlsx", data=roster, actor=clerk)
    submit_session(session.pk, actor=staff.actor(Role.INSTITUTION_HEAD))
    approve_session(session.pk, actor=county.actor(Role.BUREAU_REVIEWER))
    lesson = session.lessons.all()[0]
    enrolments = list(session.enrolments.values_list("pk", flat=True))
    reviewer = county.actor(Role.BUREAU_REVIEWER)
    return Office(
        url, described(), session.code, lesson.pk, lesson.starts_at, enrolments, institution.pk, reviewer
    )


def described() -> str:
    """The database and the settings that decide what a commit costs."""
    from django.db import connection  # noqa: PLC0415  after Django is ready

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
            return f"SQLite {cursor.fetchone()[0]} (WAL, synchronous FULL)"
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'),"
            " current_setting('synchronous_commit')"
        )
        version, fsync, commit = cursor.fetchone()
    return f"PostgreSQL {version.split()[0]} (fsync {fsync}, synchronous_commit {commit})"
