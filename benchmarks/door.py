"""A station at a door with no server: its roster, its people's cards, and the reader they lay them on."""

from __future__ import annotations

import base64
import hmac
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.envelope import encode_key
from kiosk.face import MODEL, FaceModel
from kiosk.idcard.cards import IdCard
from kiosk.idcard.frames import Command
from kiosk.idcard.reader import CardReader
from kiosk.idcard.statuses import SW3
from kiosk.journal import Identity, Journal, Portrait
from kiosk.package import Package
from kiosk.simulator.camera import film
from kiosk.simulator.reader import SamModule, SimulatedReader
from kiosk.station import Station
from training.demo.people import SyntheticPerson, synthetic_people

BAUD = 115200
PATIENCE = 20.0
MATCH_KEY = b"a session's own key for its roster"
FIRST = 101  # enrolment of the first person on the roster


class BenchmarkError(Exception):
    """Something that should have happened did not; a figure without it would be a lie."""


def card_of(person: SyntheticPerson) -> IdCard:
    """This person's identity card."""
    number = person.id_number
    return IdCard(
        card_type="citizen",
        name=person.name,
        sex={"male": "1", "female": "2"}[person.sex],
        ethnicity="01",
        born_on=date(int(number[6:10]), int(number[10:12]), int(number[12:14])),
        address=f"江西省赣州市石城县{person.township}{person.village}",
        number=number,
        issuer="石城县公安局",
        valid_from=date(2015, 6, 1),
        valid_until=None,
    )


def package_of(people: list[SyntheticPerson], *, face: bool, now: datetime) -> Package:
    """A session whose only lesson is about to start; with `face`, everybody has agreed to it."""
    lesson = {
        "id": 11,
        "sequence": 1,
        "on": now.date(),
        "half_day": "am",
        "starts_at": now + timedelta(minutes=30),
        "ends_at": now + timedelta(hours=4),
        "topic": "电商基础知识",
    }
    roster = [
        {
            "enrolment": FIRST + number,
            "number": number + 1,
            "name": person.name,
            "match": hmac.new(MATCH_KEY, person.id_number.encode(), "sha256").hexdigest(),
            "face_consent": face,
        }
        for number, person in enumerate(people)
    ]
    session = {
        "code": "BENCH-01",
        "title": "测量",
        "match_key": base64.b64encode(MATCH_KEY).decode(),
        "face": {"enabled": face, "pass_below": 0.40, "ask_below": 0.50},
        "lessons": [lesson],
        "roster": roster,
    }
    return Package.model_validate(
        {
            "version": "1",
            "station": {"id": str(uuid4()), "name": "测量终端"},
            "programme": {"code": "BENCH", "name": "测量"},
            "sessions": [session],
        }
    )


def furnish(home: Path, people: list[SyntheticPerson], *, face: bool = False) -> None:
    """Make `home` the data directory of an enrolled station that has its roster."""
    package = package_of(people, face=face, now=datetime.now(UTC))
    sealing = encode_key(X25519PrivateKey.generate().public_key())
    with Journal(home) as journal:
        journal.keep_identity(
            Identity(
                server="http://127.0.0.1:9",
                station=package.station.id,
                token="none",  # noqa: S106  there is no server
                name="测量终端",
                institution="",
                sealing_key=sealing,
            )
        )
        journal.keep_package(package.model_dump_json().encode(), Clock())


class TimedModule(SamModule):
    """A module that notes when a card was found and how many bytes it sent from then on."""

    def __init__(self) -> None:
        super().__init__()
        self.found_at = self.asked_again = 0.0
        self.bytes_since = 0

    def replies(self, data: bytes) -> list[tuple[Command | None, bytes]]:
        answers = super().replies(data)
        for command, reply in answers:
            found = command is Command.FIND and reply[9] == SW3.FOUND
            if found:
                self.found_at, self.bytes_since = time.perf_counter(), 0
            if command is Command.FIND and not found:
                self.asked_again = time.perf_counter()
            self.bytes_since += len(reply)
        return answers


@dataclass(frozen=True)
class Tap:
    """Seconds of one visit: until the reader's next look, from there to the disk and the screen, the line."""

    waiting: float
    reading: float
    line: float


class Door:
    """A running station with a reader at the true rate of its line, and a hand that lays cards."""

    def __init__(self, station: Station, reader: SimulatedReader, module: TimedModule) -> None:
        self.station, self._reader, self._module = station, reader, module

    def tap(self, person: SyntheticPerson) -> Tap:
        """Lay the card, wait for 签到成功, which is shown once the record is on the disk, and lift it."""
        before = self.station.state()["version"]
        laid_at = time.perf_counter()
        self._reader.lay(card_of(person))
        self._until_signed_in(person, before)
        shown_at = time.perf_counter()
        found_at, sent = self._module.found_at, self._module.bytes_since
        self._reader.lift()
        return Tap(found_at - laid_at, shown_at - found_at, sent * 10 / BAUD)

    def wait_for_the_next_look(self) -> None:
        """Until the reader looks for cards again."""
        lifted_at = end = time.perf_counter()
        while self._module.asked_again < lifted_at:
            time.sleep(0.005)
            if time.perf_counter() - end > PATIENCE:
                raise BenchmarkError("the reader does not look for cards")

    def _until_signed_in(self, person: SyntheticPerson, version: int) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            state = self.station.state(version, 1.0)
            version = state["version"]
            if (state["person"] or {}).get("name") != person.name:
                continue
            if state["message"]["code"] == "signed_in":
                return
            if state["screen"] == "witness":
                raise BenchmarkError(f"not signed in: {state['message']['code']}")
        raise BenchmarkError(f"not signed in: {self.station.state()['message']['code']}")


@contextmanager
def open_door(people: list[SyntheticPerson], *, face: bool = False) -> Iterator[Door]:
    """The station is ready when this begins; with `face`, all have the portrait of who is in the film."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        furnish(home, people, face=face)
        module = TimedModule()
        with Journal(home) as journal, SimulatedReader(home / "reader", baud=BAUD, sam=module) as reader:
            camera, model = Camera(None), None
            if face:
                film(home / "film.avi", "astronaut")
                camera, model = Camera(str(home / "film.avi")), FaceModel()
                camera.start()
                model.start()
                enrol_everybody(journal, camera, model, len(people))
            station = Station(journal, Clock(), camera, model=model, has_reader=True)
            driver = CardReader(reader.url, station.on_reader_event, with_addresses=False)
            station.start()
            with driver:
                door = Door(station, reader, module)
                door.wait_for_the_next_look()
                yield door
            station.stop()
            camera.stop()


def enrol_everybody(journal: Journal, camera: Camera, model: FaceModel, people: int) -> None:
    """One portrait for all: whoever comes, the same face is in front of the camera."""
    frame = camera.next_frame(0, PATIENCE)
    if not model.wait(60) or frame is None:
        raise BenchmarkError("no face model or no picture")
    portrait, clock = Portrait(model.template(frame.image), MODEL), Clock()
    for number in range(people):
        journal.keep_portrait(FIRST + number, portrait, clock)


def crowd(count: int) -> list[SyntheticPerson]:
    """People with different names, so that the screen tells them apart."""
    named: dict[str, SyntheticPerson] = {}
    for person in synthetic_people(20 * count, seed=80):
        named.setdefault(person.name, person)
    if len(named) < count:
        raise BenchmarkError(f"only {len(named)} different names")
    return list(named.values())[:count]


def at_any_moment(chance: Random, longest: float) -> None:
    """People do not come in step with the reader."""
    time.sleep(chance.uniform(0, longest))


def milliseconds(taps: list[Tap], part: str) -> list[float]:
    """One part of every tap."""
    return [1000 * float(vars(tap)[part]) for tap in taps]
