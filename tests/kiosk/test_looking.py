"""Looking at people: when it is done, what it asks of them, and what a desk makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import desk
from kiosk.camera import Camera, Image
from kiosk.clock import Clock
from kiosk.desk import Card
from kiosk.envelope import FaceResult
from kiosk.face import MODEL, Direction, FaceModel
from kiosk.idcard.cards import IdCard
from kiosk.idcard.dialogue import CardFound, CardRead, CardRemoved, CardUnreadable
from kiosk.idcard.photo import PhotoError
from kiosk.idcard.reader import CardReader
from kiosk.journal import Journal, Portrait
from kiosk.looking import WATCH_SECONDS, Lookout
from kiosk.package import Face, Lesson, Trainee, TrainingSession
from kiosk.simulator.camera import film
from kiosk.simulator.reader import SimulatedReader
from kiosk.station import Station

Cards = Callable[..., Card]
Stations = Callable[..., Station]
Cameras = Callable[[str], Camera]
Eventually = Callable[..., None]
POLICY = Face(enabled=True)


def arrive(journal: Journal, package: dict[str, Any]) -> None:
    journal.keep_package(json.dumps(package | {"version": "2"}).encode(), Clock())


def attendance(journal: Journal) -> list[dict[str, Any]]:
    events = [json.loads(envelope.payload) for envelope in journal.envelopes()]
    return [event for event in events if event["kind"] not in ("portrait", "forget")]


def shown(station: Station, code: str) -> Callable[[], bool]:
    return lambda: station.state()["message"]["code"] == code


@pytest.fixture
def films(tmp_path: Path) -> Iterator[Callable[..., Camera]]:
    """A camera that sees the astronaut turn her head to these sides, or pictures as they are given."""
    running: list[Camera] = []

    def play(turns: tuple[Direction, ...] = (), change: Callable[[Image], Image] | None = None) -> Camera:
        path = tmp_path / f"{len(running)}.avi"
        film(path, "astronaut", seconds=2 * max(1, len(turns)), turns=turns)
        if change:
            path = altered(path, change)
        camera = Camera(str(path), stale_seconds=1.0)
        running.append(camera)
        camera.start()
        assert camera.next_frame(0, 5)
        return camera

    yield play
    for camera in running:
        camera.stop()


def altered(path: Path, change: Callable[[Image], Image]) -> Path:
    capture, other = cv2.VideoCapture(str(path)), path.with_suffix(".changed.avi")
    writer = cv2.VideoWriter(str(other), cv2.VideoWriter.fourcc(*"MJPG"), 15, (640, 480))
    while (read := capture.read())[0]:
        writer.write(change(read[1].astype(np.uint8)))
    capture.release()
    writer.release()
    return other


@pytest.fixture
def portrait(journal: Journal, face_model: FaceModel, films: Callable[..., Camera]) -> None:
    """陈小满 enrolled: it is she who stands in the films."""
    frame = films().next_frame(0, 5)
    assert frame is not None
    assert journal.keep_portrait(101, Portrait(face_model.template(frame.image), MODEL), Clock())


class TestWhileTheCardIsRead:
    def test_a_face_is_looked_for_once_a_card_is_found_and_no_longer_than_the_visit(
        self, face_model: FaceModel, make_camera: Cameras, eventually: Eventually
    ) -> None:
        lookout = Lookout(face_model, make_camera("astronaut"))
        assert (lookout.watching, lookout.seen) == (False, None)

        lookout.begin()
        eventually(lambda: lookout.seen)
        lookout.end()

        assert lookout.seen is None
        eventually(lambda: not lookout.watching)

    def test_it_ends_by_itself(
        self, face_model: FaceModel, make_camera: Cameras, eventually: Eventually
    ) -> None:
        lookout = Lookout(face_model, make_camera("astronaut"))

        lookout.begin()

        eventually(lambda: not lookout.watching, seconds=2 * WATCH_SECONDS)
        assert lookout.seen is None

    def test_whoever_was_seen_before_this_card_is_nobody_of_this_visit(
        self, face_model: FaceModel, make_camera: Cameras, eventually: Eventually
    ) -> None:
        lookout = Lookout(face_model, make_camera("astronaut"))
        lookout.begin()
        eventually(lambda: lookout.seen)
        first = lookout.seen

        lookout.begin()
        eventually(lambda: lookout.seen)

        assert first
        assert lookout.seen
        assert lookout.seen.frame.number >= first.frame.number
        lookout.end()

    @pytest.mark.parametrize("after", [CardRemoved(), CardUnreadable(0x41, "没读到", "Not read")])
    def test_a_card_that_comes_to_nothing_ends_it(
        self, journal: Journal, make_station: Stations, make_camera: Cameras, face_model: FaceModel,
        portrait: None, eventually: Eventually, after: Any,
    ) -> None:  # fmt: skip
        station = make_station(camera=make_camera("astronaut"), model=face_model)
        assert station._lookout is not None

        station.on_reader_event(CardFound())
        eventually(lambda: station._lookout.seen)
        station.on_reader_event(after)

        assert station._lookout.seen is None
        eventually(lambda: not station._lookout.watching)

    def test_where_nobody_can_be_compared_nobody_is_looked_for(
        self, make_station: Stations, make_camera: Cameras, face_model: FaceModel
    ) -> None:
        station = make_station(camera=make_camera("astronaut"), model=face_model)

        station.on_reader_event(CardFound())

        assert station._lookout is not None
        assert not station._lookout.watching

    def test_from_a_card_on_the_reader_to_the_record(
        self, tmp_path: Path, journal: Journal, make_station: Stations, make_camera: Cameras,
        face_model: FaceModel, portrait: None, card: Cards, eventually: Eventually,
    ) -> None:  # fmt: skip
        station = make_station(camera=make_camera("astronaut"), model=face_model, has_reader=True)
        found: list[object] = []

        def hear(event: Any) -> None:
            if isinstance(event, CardRead):
                assert station._lookout is not None
                found.append(station._lookout.watching)
            station.on_reader_event(event)

        with SimulatedReader(tmp_path / "reader", baud=9600) as reader, CardReader(reader.url, hear):
            eventually(lambda: station.state()["reader"]["code"] == "reader_ready")
            reader.lay(id_card(card("陈小满").number))
            eventually(shown(station, "signed_in"), seconds=20)

        assert found == [True]
        (event,) = attendance(journal)
        assert (event["method"], event["face"]["against"]) == ("card+face", "portrait")


def id_card(number: str, photo: bytes = b"") -> IdCard:
    return IdCard(
        card_type="citizen", name="陈小满", sex="2", ethnicity="01", born_on=date(1990, 3, 7), number=number,
        issuer="石城县公安局", valid_from=date(2015, 6, 1), valid_until=None, address="江西省石城县", photo=photo,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "zh"),
    [
        (lambda image: np.full_like(image, 12), "请开灯，或站到亮处"),
        (lambda image: np.full_like(image, 190), "请看镜头，光线亮一些"),
        (lambda image: cv2.GaussianBlur(image, (0, 0), 4), "请站稳，擦一擦镜头"),
        (lambda image: cv2.copyMakeBorder(cv2.resize(image, (320, 240)), 240, 0, 320, 0, cv2.BORDER_REPLICATE),
         "请靠近一点"),
    ],
)  # fmt: skip
def test_the_screen_says_what_to_do_while_it_looks(
    journal: Journal, make_station: Stations, films: Callable[..., Camera], face_model: FaceModel,
    portrait: None, card: Cards, eventually: Eventually, change: Callable[[Image], Image], zh: str,
) -> None:  # fmt: skip
    station = make_station(camera=films(change=change), model=face_model)

    station.admit(card("陈小满"))

    eventually(lambda: (station.state()["note"] or {}).get("zh") == zh)
    assert station.state()["message"]["zh"] == "请看摄像头"


class TestChallenge:
    @pytest.mark.parametrize("turns", [("left",), ("right",), ()])
    @pytest.mark.parametrize("asked", ["left", "right"])
    def test_only_the_side_that_was_asked_passes(
        self, face_model: FaceModel, films: Callable[..., Camera], turns: tuple[Direction, ...], asked: Direction
    ) -> None:  # fmt: skip
        lookout = Lookout(face_model, films(turns))

        assert lookout.turned(asked, lambda _code: True, within=3.0) == (turns == (asked,))

    def test_the_event_says_whether_the_head_turned_as_asked(
        self, journal: Journal, county: Any, make_station: Stations, films: Callable[..., Camera],
        face_model: FaceModel, portrait: None, card: Cards, eventually: Eventually, pin: str,
    ) -> None:  # fmt: skip
        county.package["sessions"][0]["face"]["challenge"] = True
        arrive(journal, county.package)
        station = make_station(camera=films(("left",)), model=face_model)

        station.admit(card("陈小满"))
        eventually(lambda: station.state()["message"]["code"] in ("turn_left", "turn_right"))
        asked = station.state()["message"]["code"]
        eventually(lambda: station.state()["screen"] in ("told", "witness"), seconds=15)
        if asked == "turn_right":
            assert station.state()["message"]["code"] == "witness_turn"
            station.decide(pin, allow=True)

        (event,) = attendance(journal)
        passed = asked == "turn_left"
        assert event["face"]["challenge"] == ("passed" if passed else "failed")
        assert event["method"] == ("card+face" if passed else "witness")


def test_everybody_is_looked_at_again_where_the_share_is_all(
    journal: Journal, county: Any, make_station: Stations, make_camera: Cameras, face_model: FaceModel,
    portrait: None, card: Cards, eventually: Eventually, pin: str,
) -> None:  # fmt: skip
    county.package["sessions"][0]["face"]["second_look"] = 1.0
    arrive(journal, county.package)
    station = make_station(camera=make_camera("astronaut"), model=face_model)

    station.admit(card("陈小满"))
    eventually(shown(station, "second_look"))
    station.decide(pin, allow=True)

    (event,) = attendance(journal)
    assert (event["method"], event["face"]["band"]) == ("witness", "pass")
    assert event["witness"]["reason"] == "second_look"


class KnownPhotos:
    """A vendor's library that knows three photos."""

    trouble = ""

    def __init__(self, astronaut: Image) -> None:
        face = cv2.resize(astronaut[90:380, 205:440], (102, 126), interpolation=cv2.INTER_AREA)
        self._known = {b"hers": face.astype(np.uint8), b"empty": np.full((126, 102, 3), 200, np.uint8)}

    def decode(self, wlt: bytes) -> Image:
        if wlt not in self._known:
            raise PhotoError("refused")
        return self._known[wlt]

    def stop(self) -> None:
        pass


class TestTheCardsOwnPhoto:
    @pytest.fixture
    def photos(self, make_camera: Cameras) -> KnownPhotos:
        frame = make_camera("astronaut").next_frame(0, 5)
        assert frame is not None
        return KnownPhotos(frame.image)

    def test_it_is_compared_where_no_portrait_is_enrolled_and_goes_nowhere(
        self, tmp_path: Path, journal: Journal, make_station: Stations, make_camera: Cameras,
        face_model: FaceModel, photos: KnownPhotos, card: Cards, eventually: Eventually,
    ) -> None:  # fmt: skip
        station = make_station(camera=make_camera("astronaut"), model=face_model, photos=photos)
        assert station.state()["chip_photo"] is True

        station.on_reader_event(CardFound())
        station.on_reader_event(CardRead(id_card(card("陈小满").number, b"hers"), ""))
        eventually(shown(station, "signed_in"))

        (event,) = attendance(journal)
        assert (event["method"], event["face"]["against"]) == ("card+face", "chip")
        assert journal.portraits() == set()
        assert station._waiting is None
        assert all(b"hers" not in path.read_bytes() for path in (tmp_path / "home").iterdir())

    def test_another_face_is_for_a_person_to_decide(
        self, journal: Journal, make_station: Stations, make_camera: Cameras, face_model: FaceModel,
        photos: KnownPhotos, card: Cards, eventually: Eventually,
    ) -> None:  # fmt: skip
        station = make_station(camera=make_camera("grace_hopper"), model=face_model, photos=photos)

        station.admit(replace(card("陈小满"), photo=b"hers"))

        eventually(shown(station, "witness_face"))

    @pytest.mark.parametrize("photo", [b"empty", b"unknown"])
    def test_a_photo_that_is_no_use_leaves_the_card(
        self, journal: Journal, make_station: Stations, make_camera: Cameras, face_model: FaceModel,
        photos: KnownPhotos, card: Cards, eventually: Eventually, photo: bytes,
    ) -> None:  # fmt: skip
        station = make_station(camera=make_camera("astronaut"), model=face_model, photos=photos)

        station.admit(replace(card("陈小满"), photo=photo))

        eventually(shown(station, "signed_in"))
        assert attendance(journal)[0]["method"] == "card"

    def test_without_consent_it_is_not_even_decoded(
        self, journal: Journal, make_station: Stations, make_camera: Cameras, face_model: FaceModel,
        photos: KnownPhotos, card: Cards,
    ) -> None:  # fmt: skip
        station = make_station(camera=make_camera("grace_hopper"), model=face_model, photos=photos)

        station.admit(replace(card("赵春禾"), photo=b"hers"))

        assert station.state()["message"]["code"] == "signed_in"

    def test_without_a_decoder_the_screen_says_what_is_compared(
        self, make_station: Stations, make_camera: Cameras, face_model: FaceModel
    ) -> None:
        state = make_station(camera=make_camera("astronaut"), model=face_model).state()

        assert state["chip_photo"] is False
        assert state["chip_photo_message"]["zh"] == "本机没有证件照解码库，按登记头像比对"

    def test_neither_a_card_nor_a_draft_shows_the_photo(self, card: Cards) -> None:
        assert "hers" not in repr(replace(card("陈小满"), photo=b"hers"))


def draft(policy: Face) -> desk.Draft:
    at = "2026-03-16T09:00:00+08:00"
    lesson = Lesson.model_validate(
        {
            "id": 1,
            "sequence": 1,
            "on": "2026-03-16",
            "half_day": "am",
            "starts_at": at,
            "ends_at": at,
            "topic": "",
        }
    )
    session = TrainingSession(code="S", title="S", match_key="a2V5", face=policy, lessons=(lesson,))
    trainee = Trainee(enrolment=1, number=1, name="陈小满", match="m", face_consent=True)
    return desk.Draft("sign_in", desk.Place(session, trainee, "1"), lesson, "card")


policies = st.builds(Face, enabled=st.just(True), challenge=st.booleans(), second_look=st.floats(0, 1))
faces = st.builds(
    FaceResult,
    band=st.sampled_from(["pass", "ask", "no_match"]),
    distance=st.floats(0, 1),
    model=st.just(MODEL),
    threshold=st.just(0.4),
    challenge=st.sampled_from([None, "passed", "failed"]),
)


@given(policies, st.none() | faces, st.floats(0, 1, exclude_max=True))
def test_nobody_passes_by_face_alone_past_anything_the_programme_asks(
    policy: Face, face: FaceResult | None, chance: float
) -> None:
    decision = desk.after_look(draft(policy), face, chance=chance)

    if isinstance(decision, desk.Record):
        assert face is not None
        assert (decision.draft.method, face.band) == ("card+face", "pass")
        assert face.challenge == "passed" if policy.challenge else face.challenge != "failed"
        assert chance >= policy.second_look
    elif isinstance(decision, desk.Turn):
        assert policy.challenge
    else:
        assert isinstance(decision, desk.Ask)


def test_a_share_of_none_asks_nobody_twice() -> None:
    passed = FaceResult(band="pass", distance=0.1, model=MODEL, threshold=0.4)

    assert isinstance(desk.after_look(draft(POLICY), passed, chance=0.0), desk.Record)


def test_a_model_that_can_not_be_loaded_is_off_and_not_loading_for_ever(
    make_station: Callable[..., Station],
    make_camera: Callable[[str], Camera],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The file that was installed is not the network that this program knows."""
    monkeypatch.setattr("kiosk.encoder.FILE_SHA256", "0" * 64)
    model = FaceModel()
    station = make_station(camera=make_camera("astronaut"), model=model)
    assert station.state()["face"] == "loading"

    model.start()
    assert not model.wait(60)
    station.refresh()

    assert station.state()["face"] == "off"
