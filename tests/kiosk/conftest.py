"""A county with one session, two lessons and four trainees, and a server that keeps the contract."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from stdnum.cn.ric import calc_check_digit

from kiosk.camera import Camera
from kiosk.clock import CLOCK_FILE, Clock
from kiosk.desk import Card
from kiosk.enrolment import enrol
from kiosk.envelope import (
    CardUsed,
    Envelope,
    EnvelopeError,
    Event,
    decode_signing_key,
    encode_key,
    unseal_card,
    verify,
)
from kiosk.face import FaceModel
from kiosk.journal import Journal
from kiosk.package import Package
from kiosk.simulator.camera import film
from kiosk.station import Station
from kiosk.uplink import Hardware, Uplink

DAY = datetime(2026, 3, 16, tzinfo=ZoneInfo("Asia/Shanghai"))
MATCH_KEY = b"a session's own key for its roster"
PIN, WITNESS = "271828", 7


def number_of(serial: int) -> str:
    """An identity number that nobody has: region 360735 (Shicheng), valid check digit."""
    digits = f"36073519900307{serial:03d}"
    return digits + calc_check_digit(digits + "0")


TRAINEES = {"陈小满": 101, "林一鸣": 102, "赵春禾": 103, "周晓岚": 104}
"""Names and enrolments; the first two agreed to a face check."""
NUMBERS = {name: number_of(enrolment) for name, enrolment in TRAINEES.items()}


def hash_pin(pin: str) -> str:
    """Django's format, with few rounds."""
    digest = hashlib.pbkdf2_hmac("sha256", pin.encode(), b"salt", 1000)
    return f"pbkdf2_sha256$1000$salt${base64.b64encode(digest).decode()}"


def lesson(number: int, half_day: str, start: int, end: int) -> dict[str, Any]:
    return {
        "id": number,
        "sequence": number - 10,
        "on": f"{DAY:%Y-%m-%d}",
        "half_day": half_day,
        "starts_at": (DAY + timedelta(hours=start)).isoformat(),
        "ends_at": (DAY + timedelta(hours=end)).isoformat(),
        "topic": "短视频拍摄与剪辑",
        "instructor": "刘芳",
        "venue": "琴江镇电商服务中心二楼",
    }


def package_data(**face: Any) -> dict[str, Any]:
    """What the server sends; lessons 11 (09–12) and 12 (14–17)."""
    roster = [
        {
            "enrolment": enrolment,
            "number": enrolment,
            "name": name,
            "match": hmac.new(MATCH_KEY, NUMBERS[name].encode(), "sha256").hexdigest(),
            "face_consent": enrolment in (101, 102),
        }
        for name, enrolment in TRAINEES.items()
    ]
    session = {
        "code": "SC-2026-03",
        "title": "石城县农村电商培训第三期",
        "institution": "石城县启航职业培训学校",
        "match_key": base64.b64encode(MATCH_KEY).decode(),
        "face": {"enabled": True, "pass_below": 0.40, "ask_below": 0.50} | face,
        "sign_in_opens_minutes": 60,
        "sign_out_opens_minutes": 30,
        "witnesses": [{"id": WITNESS, "name": "黄建国", "post": "班主任", "pin": hash_pin(PIN)}],
        "lessons": [lesson(11, "am", 9, 12), lesson(12, "pm", 14, 17)],
        "roster": roster,
    }
    programme = {
        "code": "SC2026",
        "name": "石城县电子商务进农村综合示范项目",
        "mark_text": "2026 年石城县电子商务进农村综合示范项目",
        "phones": ["0797-0000000", "12345"],
    }
    station = {"id": str(uuid4()), "name": "琴江镇签到终端 1", "institution": "石城县启航职业培训学校"}
    return {"version": "", "station": station, "programme": programme, "sessions": [session]}


@pytest.fixture
def set_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Turn the station's clock to `HH:MM` of the class day, the way a demonstration does."""
    path = tmp_path / "clock"
    monkeypatch.setenv(CLOCK_FILE, str(path))

    def turn(hhmm: str) -> None:
        hours, minutes = map(int, hhmm.split(":"))
        path.write_text(str((DAY + timedelta(hours=hours, minutes=minutes)).timestamp() - time.time()))

    turn("08:30")
    return turn


class County:
    """The server's half of the contract in memory, with real verification and faults to order."""

    def __init__(self) -> None:
        self.sealing = X25519PrivateKey.generate()
        self.package: dict[str, Any] = package_data()
        self.codes = {"4711-0815"}
        self.renewals = {"RENE-WAL2"}
        self.public_key = ""
        self.token = uuid4().hex
        self.events: dict[str, Event] = {}
        self.photos: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.reports: list[dict[str, Any]] = []
        self.protocols: set[str] = set()
        self.asks_for_reports = True
        self.refuse: tuple[int, str] | None = None
        self.broken: set[str] = set()
        self.lose_answers = 0
        self.answer_only: int | None = None
        self.hold: set[int] = set()
        self.poison: set[int] = set()
        self.portal = False
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def opened(self, event: Event) -> dict[str, Any]:
        assert event.person is not None
        return unseal_card(event.person, self.sealing)  # type: ignore[arg-type]

    def in_order(self) -> list[Event]:
        return sorted(self.events.values(), key=lambda event: event.seq)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        county = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args: object) -> None:
                pass

            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self._reply()

            def _reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                county.protocols.add(self.headers.get("Yidang-Protocol", ""))
                status, answer = county.answer(self.path, body, token)
                if county.lose_answers and "events" in self.path:
                    county.lose_answers -= 1
                    self.close_connection = True
                    return
                data = b"<html>please log in</html>" if county.portal else json.dumps(answer).encode()
                self.send_response(200 if county.portal else status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        return Handler

    def answer(self, path: str, body: bytes, token: str) -> tuple[int, Any]:
        self.requests.append(path)
        stamp = {"server_time": Clock().now().isoformat()}
        if path.rpartition("/")[2] in self.broken:
            return 500, {"code": "server_error", "message": "服务器出错", "details": {}}
        if path == "/api/v1/time":
            return 200, stamp
        if path == "/api/v1/stations/enrol":
            return self._enrol(json.loads(body), stamp)
        if token != self.token:
            return 401, {"code": "station_unknown", "message": "未登记", "details": {}}
        if self.refuse:
            return self.refuse[0], {"code": self.refuse[1], "message": "已停用", "details": {}}
        if path == "/api/v1/station/package":
            rest = json.dumps(self.package, sort_keys=True)
            return 200, {**self.package, **stamp, "version": hashlib.sha256(rest.encode()).hexdigest()}
        if path == "/api/v1/stations/report":
            return self._report(json.loads(body), stamp)
        if path == "/api/v1/station/events":
            return self._events(json.loads(body)["envelopes"], stamp)
        return self._photo(body)

    def _enrol(self, body: dict[str, str], stamp: dict[str, str]) -> tuple[int, Any]:
        if body["code"] not in self.codes | self.renewals:
            return 400, {"code": "code_invalid", "message": "登记码不对", "details": {}}
        text = f"enrol:{body['code'].replace('-', '')}:{body['public_key']}"
        decode_signing_key(body["public_key"]).verify(base64.b64decode(body["proof"]), text.encode())
        if body["code"] in self.codes or body["public_key"] != self.public_key:
            self.package["station"]["id"] = str(uuid4())  # another key is another station
        self.codes -= {body["code"]}
        self.renewals -= {body["code"]}
        self.public_key, self.token = body["public_key"], uuid4().hex
        station = self.package["station"]
        return 201, {
            "station": station["id"],
            "token": self.token,
            "name": station["name"],
            "institution": station["institution"],
            "sealing_key": encode_key(self.sealing.public_key()),
            **stamp,
        }

    def _report(self, body: dict[str, Any], stamp: dict[str, str]) -> tuple[int, Any]:
        if not self.asks_for_reports:
            return 404, {}
        self.reports.append(body)
        return 200, {**stamp, "protocol": 1}

    def _events(self, envelopes: list[dict[str, str]], stamp: dict[str, str]) -> tuple[int, Any]:
        assert len(envelopes) <= 200
        read = [Envelope(**envelope) for envelope in envelopes]
        if any(json.loads(envelope.payload)["seq"] in self.poison for envelope in read):
            return 400, {"code": "malformed", "message": "看不懂", "details": {}}
        receipts = [self._receive(envelope) for envelope in read[: self.answer_only]]
        return 200, {"receipts": receipts, **stamp}

    def _receive(self, envelope: Envelope) -> dict[str, str]:
        answer = {"digest": envelope.digest, "status": "accepted", "reason": "", "message": ""}
        if envelope.digest in self.events:
            return answer | {"status": "duplicate"}
        try:
            event = verify(envelope, decode_signing_key(self.public_key))
        except EnvelopeError as error:
            return answer | {"status": "held", "reason": error.code, "message": error.detail}
        self.events[envelope.digest] = event
        if event.seq in self.hold:
            return answer | {"status": "held", "reason": "wrong_place", "message": "不在授课地点"}
        return answer

    def _photo(self, body: bytes) -> tuple[int, Any]:
        jpeg = body[body.index(b"\xff\xd8") : body.rindex(b"\xff\xd9") + 2]
        sha256 = hashlib.sha256(jpeg).hexdigest()
        if not any(event.photo and event.photo.sha256 == sha256 for event in self.events.values()):
            return 409, {"code": "photo_event_unknown", "message": "还没有照片记录", "details": {}}
        self.photos[sha256] = jpeg
        return 201, {"sha256": sha256, "status": "accepted"}


@pytest.fixture
def county(set_time: object) -> Iterator[County]:
    county = County()
    yield county
    county.stop()


@pytest.fixture
def journal(tmp_path: Path, county: County) -> Iterator[Journal]:
    """An enrolled station's journal, with the roster."""
    with Journal(tmp_path / "home") as journal:
        enrol(county.address, "4711-0815", journal, Clock())
        journal.keep_package(
            json.dumps(county.answer("/api/v1/station/package", b"", county.token)[1]).encode(), Clock()
        )
        yield journal


@pytest.fixture
def package(journal: Journal) -> Package:
    assert journal.package is not None
    return journal.package


@pytest.fixture
def make_uplink(journal: Journal) -> Iterator[Callable[..., Uplink]]:
    """An uplink that runs until the test ends; keyword arguments as for `Uplink`."""
    running: list[Uplink] = []

    def make(describe: Callable[[], Hardware] = Hardware, **pace: float) -> Uplink:
        assert journal.identity is not None
        pace = {"events_every": 0.1, "package_every": 0.3, "look_every": 0.1} | pace
        uplink = Uplink(journal, journal.identity, Clock(), **pace)
        uplink.describe = describe
        running.append(uplink)
        uplink.start()
        return uplink

    yield make
    for uplink in running:
        uplink.stop()


@pytest.fixture
def make_station(journal: Journal) -> Iterator[Callable[..., Station]]:
    """A running station; keyword arguments as for `Station`."""
    running: list[Station] = []

    def make(**parts: Any) -> Station:
        parts.setdefault("camera", Camera(None))
        station = Station(journal, Clock(), **parts)
        running.append(station)
        station.start()
        return station

    yield make
    for station in running:
        station.stop()


@pytest.fixture(scope="session")
def face_model() -> FaceModel:
    model = FaceModel()
    model.start()
    assert model.wait(60)
    return model


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A video by the name of who is in it."""
    folder = tmp_path_factory.mktemp("videos")

    def video(face: str) -> str:
        path = folder / f"{face}.avi"
        if not path.exists():
            film(path, face, seconds=2)
        return str(path)

    return video


@pytest.fixture
def make_camera(videos: Callable[[str], str]) -> Iterator[Callable[[str], Camera]]:
    """A camera that sees somebody (or a path to what is no video), until the test ends."""
    running: list[Camera] = []

    def make(face: str) -> Camera:
        camera = Camera(face if "/" in face else videos(face), stale_seconds=1.0)
        running.append(camera)
        camera.start()
        if "/" not in face:
            assert camera.next_frame(0, 5)
        return camera

    yield make
    for camera in running:
        camera.stop()


@pytest.fixture
def card() -> Callable[..., Card]:
    """The card of somebody on the roster, by name."""

    def of(name: str, *, number: str = "", expired: bool = False) -> Card:
        used = CardUsed(type="citizen", sam_id="05.03-20110816-0001234567-0987654321")
        return Card(used, number or NUMBERS[name], name, expired)

    return of


@pytest.fixture
def pin() -> str:
    return PIN


@pytest.fixture
def arrive(journal: Journal, county: County) -> Callable[[], None]:
    """The county's package, as it was changed, comes to the station."""

    def fetch() -> None:
        text = json.dumps(county.answer("/api/v1/station/package", b"", county.token)[1])
        journal.keep_package(text.encode(), Clock())

    return fetch


@pytest.fixture
def second_pin(county: County, arrive: Callable[[], None]) -> str:
    """The session has a second witness, number 8; this is what they type."""
    witness = {"id": 8, "name": "温秀兰", "post": "村妇联主席", "pin": hash_pin("161803")}
    county.package["sessions"][0]["witnesses"].append(witness)
    arrive()
    return "161803"


@pytest.fixture
def stranger() -> tuple[str, str]:
    """Name and number of somebody on no roster."""
    return "吴远航", number_of(999)


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait until something holds, or fail."""

    def wait(condition: Callable[[], object], seconds: float = 8.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.02)

    return wait
