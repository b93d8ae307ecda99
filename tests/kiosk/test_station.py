"""The desk, driven through the station: cards, faces, witnesses, photos."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.desk import Card
from kiosk.envelope import CardUsed, Enrolled, WalkIn, verify
from kiosk.face import MODEL, FaceModel
from kiosk.journal import Journal, Portrait
from kiosk.station import Station
from kiosk.store import DATABASE, JournalError
from kiosk.uplink import Uplink

PORTRAIT = Portrait((0.123456789,) * 128, MODEL)
Cards = Callable[..., Card]
Stations = Callable[..., Station]
Cameras = Callable[[str], Camera]
Eventually = Callable[..., None]


def recorded(journal: Journal) -> list[dict[str, Any]]:
    return [json.loads(envelope.payload) for envelope in journal.envelopes()]


def events(journal: Journal) -> list[dict[str, Any]]:
    """What was seen at the desk, without what was done to templates."""
    return [event for event in recorded(journal) if event["kind"] not in ("portrait", "forget")]


def summary(journal: Journal) -> list[tuple[object, ...]]:
    return [
        (event["kind"], event["lesson"], (event["person"] or {}).get("enrolment"), event["method"])
        for event in events(journal)
    ]


def test_a_card_on_the_roster_signs_in_and_later_out(
    journal: Journal, make_station: Stations, card: Cards, set_time: Callable[[str], None]
) -> None:
    station = make_station()

    station.admit(card("赵春禾"))
    shown = station.state()
    set_time("11:45")
    station.admit(card("赵春禾"))

    assert (shown["message"]["zh"], shown["person"]["name"]) == ("签到成功", "赵春禾")
    assert shown["counts"] == {"expected": 4, "signed_in": 1, "signed_out": 0, "walk_ins": 0}
    assert station.state()["message"]["zh"] == "签退成功"
    assert summary(journal) == [("sign_in", 11, 103, "card"), ("sign_out", 11, 103, "card")]


@pytest.mark.parametrize(
    ("hhmm", "code", "recorded"),
    [
        ("07:59", "too_early", 0),
        ("08:00", "signed_in", 1),
        ("11:59", "signed_in", 1),
        ("12:00", "lesson_over", 0),
        ("13:00", "signed_in", 1),
        ("17:30", "lesson_over", 0),
        ("23:30", "session_over", 0),
    ],
)
def test_the_hour_decides_what_a_first_card_means(
    journal: Journal,
    make_station: Stations,
    card: Cards,
    set_time: Callable[[str], None],
    hhmm: str,
    code: str,
    recorded: int,
) -> None:
    set_time(hhmm)
    station = make_station()

    station.admit(card("赵春禾"))

    assert station.state()["message"]["code"] == code
    assert journal.counts().total == recorded


def test_a_second_card_before_the_end_records_nothing(
    journal: Journal, make_station: Stations, card: Cards, set_time: Callable[[str], None]
) -> None:
    station = make_station()
    station.admit(card("赵春禾"))
    set_time("10:00")

    station.admit(card("赵春禾"))

    assert station.state()["message"]["zh"] == "已签到，无需重复"
    assert station.state()["message"]["next_zh"] == "11:30 起可以签退"
    assert journal.counts().total == 1


def test_signed_in_survives_a_restart(journal: Journal, make_station: Stations, card: Cards) -> None:
    make_station().admit(card("赵春禾"))

    reborn = make_station()
    reborn.admit(card("赵春禾"))

    assert reborn.state()["message"]["code"] == "already_in"


def test_an_expired_card_is_accepted_with_a_note(make_station: Stations, card: Cards) -> None:
    station = make_station()

    station.admit(card("赵春禾", expired=True))

    assert station.state()["message"]["code"] == "signed_in"
    assert station.state()["note"]["zh"] == "证件已过期，请及时换领"


def test_a_walk_in_is_recorded_sealed_and_sent_to_the_desk(
    journal: Journal, county: Any, make_station: Stations, card: Cards, stranger: tuple[str, str]
) -> None:
    name, number = stranger
    station = make_station()

    station.admit(card(name, number=number))
    station.admit(card(name, number=number))

    assert station.state()["message"]["zh"] == "不在本期名册，请到工作台登记"
    assert station.state()["counts"]["walk_ins"] == 1
    (event,) = events(journal)
    assert number not in json.dumps(event, ensure_ascii=False)
    sealed = WalkIn(**event["person"])
    assert county.opened(type("Seen", (), {"person": sealed})()) == {
        "number": number,
        "name": name,
        "card_type": "citizen",
    }


def test_no_number_and_no_name_lies_readable_on_the_disk(
    tmp_path: Path, journal: Journal, make_station: Stations, card: Cards, stranger: tuple[str, str]
) -> None:
    station = make_station()
    station.admit(card("赵春禾"))
    station.admit(card(stranger[0], number=stranger[1]))
    journal.keep_portrait(101, PORTRAIT, Clock())

    disk = b"".join(path.read_bytes() for path in (tmp_path / "home").iterdir() if path.suffix != ".key")

    for secret in (card("赵春禾").number, stranger[1], stranger[0], "赵春禾", "0.123456789"):
        assert secret.encode() not in disk


class TestFaces:
    @pytest.fixture
    def enrolled(
        self, make_station: Stations, make_camera: Cameras, face_model: FaceModel, pin: str
    ) -> Stations:
        """A station on which 陈小满 enrolled her portrait and now somebody stands there."""

        def make(who: str) -> Station:
            station = make_station(camera=make_camera("astronaut"), model=face_model)
            assert station.enrol_portrait(101, pin).code == "portrait_saved"
            station.stop()
            return make_station(camera=make_camera(who), model=face_model)

        return make

    def test_the_same_face_passes(
        self, journal: Journal, enrolled: Stations, card: Cards, eventually: Eventually
    ) -> None:
        station = enrolled("astronaut")

        station.admit(card("陈小满"))
        assert station.state()["message"]["zh"] == "请看摄像头"
        eventually(lambda: station.state()["screen"] == "told")

        assert station.state()["message"]["zh"] == "签到成功"
        (event,) = events(journal)
        assert (event["method"], event["face"]["band"], event["face"]["model"]) == (
            "card+face",
            "pass",
            MODEL,
        )
        assert event["face"]["distance"] < event["face"]["threshold"] == 0.4

    def test_another_face_needs_a_witness_who_may_allow(
        self, journal: Journal, enrolled: Stations, card: Cards, eventually: Eventually, pin: str
    ) -> None:
        station = enrolled("grace_hopper")

        station.admit(card("陈小满"))
        eventually(lambda: station.state()["screen"] == "witness")
        assert events(journal) == []
        assert station.decide(pin, allow=True).zh == "签到成功"

        (event,) = events(journal)
        assert (event["kind"], event["method"], event["witness"]) == (
            "sign_in",
            "witness",
            {"id": 7, "reason": "face_differs"},
        )
        assert event["face"]["band"] == "no_match"

    def test_a_witness_may_refuse_and_that_is_evidence(
        self, journal: Journal, enrolled: Stations, card: Cards, eventually: Eventually, pin: str
    ) -> None:
        station = enrolled("grace_hopper")
        station.admit(card("陈小满"))
        eventually(lambda: station.state()["screen"] == "witness")

        assert station.decide(pin, allow=False).code == "not_confirmed"

        (event,) = events(journal)
        assert (event["kind"], event["person"]) == ("attempt", {"enrolment": 101})
        assert event["witness"] == {"id": 7, "reason": "face_differs"}
        assert station.state()["counts"]["signed_in"] == 0

    def test_between_the_thresholds_a_person_decides(
        self, journal: Journal, county: Any, enrolled: Stations, card: Cards, eventually: Eventually, pin: str
    ) -> None:
        station = enrolled("grace_hopper")
        county.package["sessions"][0]["face"] |= {"pass_below": 0.4, "ask_below": 0.9}
        journal.keep_package(json.dumps(county.package | {"version": "2"}).encode(), Clock())

        station.admit(card("陈小满"))
        eventually(lambda: station.state()["screen"] == "witness")
        station.decide(pin, allow=True)

        assert events(journal)[0]["face"]["band"] == "ask"

    def test_two_faces_at_once_are_no_face(
        self, enrolled: Stations, card: Cards, eventually: Eventually
    ) -> None:
        station = enrolled("both")

        station.admit(card("陈小满"))
        eventually(lambda: station.state()["screen"] == "witness")

        assert station.state()["message"]["code"] == "witness_unseen"

    def test_without_consent_the_card_is_enough_and_as_quick(
        self, journal: Journal, enrolled: Stations, card: Cards
    ) -> None:
        station = enrolled("astronaut")

        station.admit(card("赵春禾"))

        assert station.state()["message"]["zh"] == "签到成功"
        assert events(journal)[0]["method"] == "card"

    def test_a_camera_that_gives_no_picture_does_not_stop_the_desk(
        self, journal: Journal, enrolled: Stations, make_station: Stations, make_camera: Cameras,
        face_model: FaceModel, card: Cards, eventually: Eventually,
    ) -> None:  # fmt: skip
        enrolled("astronaut")
        camera = make_camera("/nowhere/camera.avi")
        station = make_station(camera=camera, model=face_model)
        eventually(lambda: station.state()["camera"]["state"] == "stopped")

        station.admit(card("陈小满"))

        assert station.state()["message"]["zh"] == "签到成功"
        assert station.state()["camera"]["zh"] == "摄像头没有画面"
        assert events(journal)[0]["method"] == "card"

    def test_the_next_card_leaves_the_undecided_visit_behind_as_an_attempt(
        self, journal: Journal, enrolled: Stations, card: Cards, eventually: Eventually
    ) -> None:
        station = enrolled("grace_hopper")
        station.admit(card("陈小满"))
        eventually(lambda: station.state()["screen"] == "witness")

        station.admit(card("赵春禾"))

        assert summary(journal) == [("attempt", 11, 101, "card"), ("sign_in", 11, 103, "card")]

    def test_a_portrait_needs_consent(
        self, journal: Journal, make_station: Stations, make_camera: Cameras, face_model: FaceModel, pin: str
    ) -> None:
        station = make_station(camera=make_camera("astronaut"), model=face_model)

        assert station.enrol_portrait(103, pin).code == "portrait_no_consent"

        assert journal.portraits() == set()

    def test_enrolling_a_portrait_is_recorded_with_the_witness_and_without_the_template(
        self, journal: Journal, enrolled: Stations, pin: str
    ) -> None:
        enrolled("astronaut")

        (event,) = recorded(journal)
        assert {name: value for name, value in event.items() if value is not None} == {
            name: event[name] for name in ("boot", "captured_at", "event", "monotonic_ms", "prev", "station")
        } | {
            "kind": "portrait",
            "person": {"enrolment": 101},
            "session": "SC-2026-03",
            "witness": {"id": 7},
            "seq": 1,
            "v": 1,
        }

    def test_after_a_withdrawal_the_first_day_stays_and_the_next_is_signed_by_card(
        self, journal: Journal, county: Any, enrolled: Stations, card: Cards, eventually: Eventually,
        make_uplink: Callable[[], Uplink], set_time: Callable[[str], None],
    ) -> None:  # fmt: skip
        station = enrolled("astronaut")
        station.admit(card("陈小满"))
        eventually(lambda: station.state()["message"]["code"] == "signed_in")

        county.package["sessions"][0]["roster"][0]["face_consent"] = False
        make_uplink()
        eventually(lambda: journal.portraits() == set() and journal.counts().all_received)
        set_time("11:45")
        station.admit(card("陈小满"))

        eventually(lambda: len(county.events) == 4)
        assert [(e.kind, e.method, e.person, e.lesson) for e in county.in_order()] == [
            ("portrait", None, Enrolled(enrolment=101), None),
            ("sign_in", "card+face", Enrolled(enrolment=101), 11),
            ("forget", None, Enrolled(enrolment=101), None),
            ("sign_out", "card", Enrolled(enrolment=101), 11),
        ]
        assert {event.session for event in county.events.values()} == {"SC-2026-03"}


def nobody_agrees(session: dict[str, Any]) -> None:
    for trainee in session["roster"]:
        trainee["face_consent"] = False


WAYS_TO_GO: dict[str, Callable[[dict[str, Any]], None]] = {
    "consent withdrawn": lambda package: nobody_agrees(package["sessions"][0]),
    "face switched off": lambda package: package["sessions"][0]["face"].update(enabled=False),
    "off the roster": lambda package: package["sessions"][0]["roster"].clear(),
    "session closed": lambda package: package["sessions"].clear(),
}


def arrive(journal: Journal, package: dict[str, Any]) -> None:
    journal.keep_package(json.dumps(package | {"version": "2"}).encode(), Clock())


@pytest.mark.parametrize("change", WAYS_TO_GO.values(), ids=WAYS_TO_GO.keys())
def test_a_template_that_has_to_go_leaves_a_signed_record_and_no_byte(
    tmp_path: Path, journal: Journal, county: Any, change: Callable[[dict[str, Any]], None]
) -> None:
    journal.keep_portrait(101, PORTRAIT, Clock())
    ((locked,),) = journal._rows("SELECT template FROM portraits")
    change(county.package)

    arrive(journal, county.package)
    arrive(journal, county.package)

    assert [(e["kind"], e["person"], e["session"]) for e in recorded(journal)] == [
        ("portrait", {"enrolment": 101}, "SC-2026-03"),
        ("forget", {"enrolment": 101}, "SC-2026-03"),
    ]
    assert [verify(envelope, journal.signing_key.public_key()).seq for envelope in journal.envelopes()] == [
        1,
        2,
    ]
    assert journal.portrait(101) is None
    assert all(locked not in path.read_bytes() for path in (tmp_path / "home").iterdir())


def test_where_the_record_can_not_be_written_nothing_is_deleted_yet(journal: Journal, county: Any) -> None:
    journal.keep_portrait(101, PORTRAIT, Clock())
    nobody_agrees(county.package["sessions"][0])
    journal._db.execute("PRAGMA query_only = ON")  # a disk that went read-only

    with pytest.raises(JournalError):
        arrive(journal, county.package)
    assert journal.portraits() == {101}
    assert journal.package.consenting() == {101, 102}  # type: ignore[union-attr]

    journal._db.execute("PRAGMA query_only = OFF")
    arrive(journal, county.package)
    assert journal.portraits() == set()
    assert [event["kind"] for event in recorded(journal)] == ["portrait", "forget"]


def test_no_template_can_be_deleted_past_its_record(tmp_path: Path, journal: Journal) -> None:
    journal.keep_portrait(101, PORTRAIT, Clock())
    db = sqlite3.connect(tmp_path / "home" / DATABASE)

    with pytest.raises(sqlite3.IntegrityError, match="no record"):
        db.execute("DELETE FROM portraits")
    db.close()

    assert journal.portraits() == {101}


def test_a_consent_withdrawn_while_the_camera_looks_keeps_the_template_out(
    journal: Journal, county: Any
) -> None:
    nobody_agrees(county.package["sessions"][0])
    arrive(journal, county.package)

    assert journal.keep_portrait(101, PORTRAIT, Clock()) is False

    assert (journal.portraits(), recorded(journal)) == (set(), [])


def test_a_portrait_made_again_is_recorded_again_and_forgotten_once(journal: Journal, county: Any) -> None:
    journal.keep_portrait(101, PORTRAIT, Clock())
    journal.keep_portrait(101, PORTRAIT, Clock())
    county.package["sessions"].clear()

    arrive(journal, county.package)

    assert [event["kind"] for event in recorded(journal)] == ["portrait", "portrait", "forget"]


def test_a_witness_signs_in_somebody_without_a_card(
    journal: Journal, make_station: Stations, pin: str
) -> None:
    station = make_station()

    assert station.vouch(104, pin, reason="no_card", assisted=True).zh == "签到成功"

    assert summary(journal) == [("sign_in", 11, 104, "witness")]
    assert events(journal)[0]["witness"] == {"id": 7, "reason": "no_card", "assisted": True}
    assert [row["done"] for row in station.roster(pin)[1]] == [[], [], [], ["sign_in"]]


def test_a_wrong_pin_signs_nobody_in_and_guessing_is_locked(
    journal: Journal, make_station: Stations, pin: str
) -> None:
    station = make_station()

    def attempt(typed: str) -> str:
        return station.vouch(104, typed, reason="no_card").code

    assert [attempt("000000") for _ in range(6)] == ["pin_wrong"] * 5 + ["pin_locked"]
    assert attempt(pin) == "pin_locked"
    assert (station.roster(pin)[0].code, station.roster(pin)[1]) == ("pin_locked", [])
    assert journal.counts().total == 0


def test_a_class_photo_is_bound_to_its_lesson(
    journal: Journal, make_station: Stations, make_camera: Cameras, set_time: Callable[[str], None]
) -> None:
    station = make_station(camera=make_camera("both"))
    set_time("10:00")

    assert station.take_photo().code == "photo_taken"

    (event,) = events(journal)
    assert (event["kind"], event["lesson"], event["person"]) == ("photo", 11, None)
    assert station.state()["safe_to_power_off"] is False


def test_a_class_photo_outside_class_is_not_taken(
    journal: Journal, make_station: Stations, make_camera: Cameras, set_time: Callable[[str], None]
) -> None:
    set_time("20:00")
    station = make_station(camera=make_camera("both"))

    assert station.take_photo().code == "photo_no_lesson"
    assert journal.counts().total == 0


def test_what_the_disk_did_not_take_is_never_called_a_success(
    journal: Journal, make_station: Stations, card: Cards
) -> None:
    station = make_station()
    journal._db.execute("PRAGMA query_only = ON")  # a disk that went read-only

    station.admit(card("赵春禾"))

    assert station.state()["message"]["zh"] == "没有记上，请找工作人员"
    journal._db.execute("PRAGMA query_only = OFF")
    assert journal.counts().total == 0


def test_a_station_that_is_not_enrolled_says_so(tmp_path: Path, card: Cards) -> None:
    with Journal(tmp_path / "new") as journal:
        station = Station(journal, Clock(), Camera(None))
        station.admit(card("赵春禾"))
        shown = station.state()

    assert (shown["screen"], shown["message"]["zh"]) == ("setup", "本机尚未登记")


def test_an_enrolled_person_and_a_card_are_what_the_event_says(
    journal: Journal, make_station: Stations, card: Cards
) -> None:
    make_station().admit(card("赵春禾"))

    (event,) = events(journal)
    assert Enrolled(**event["person"]) == Enrolled(enrolment=103)
    assert CardUsed(**event["card"]).type == "citizen"
    assert (event["seq"], event["prev"], event["session"]) == (1, "0" * 64, "SC-2026-03")
