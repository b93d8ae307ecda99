"""The screen's interface: what it tells, what it accepts, and from whom."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from kiosk import desk
from kiosk.desk import Card
from kiosk.idcard.dialogue import CardUnreadable, ReaderFault, ReaderReady
from kiosk.journal import Journal
from kiosk.messages import say
from kiosk.screen import Screen
from kiosk.station import Station
from kiosk.web.app import create_app

DAY_BEGINS = datetime(2026, 3, 16, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def station(make_station: Callable[..., Station]) -> Station:
    return make_station(has_reader=True)


@pytest.fixture
def screen(station: Station) -> FlaskClient:
    return create_app(station).test_client()


def test_the_state_has_everything_the_screen_and_scripts_need(screen: FlaskClient) -> None:
    state = screen.get("/api/state").get_json()

    assert set(state) >= {
        "screen", "message", "person", "lesson", "counts", "pending", "held", "online", "check", "banners", "may",
        "enrolled", "may_enrol", "voice",
        "safe_to_power_off", "reader", "camera", "station", "events_total", "programme", "language", "refused",
    }  # fmt: skip
    assert state["message"]["zh"] == "请放身份证"
    assert state["station"]["name"] == "琴江镇签到终端 1"
    assert state["programme"]["phones"] == ["0797-0000000", "12345"]
    assert state["lesson"]["session"] == "SC-2026-03"


def test_the_page_needs_nothing_from_elsewhere(screen: FlaskClient) -> None:
    for path in ("/", "/knows", "/paper", "/knows?language=en", "/paper?language=en"):
        page = screen.get(path)
        assert page.status_code == 200
        assert "://" not in re.sub('placeholder="https://"|http://127.0.0.1', "", page.get_data(as_text=True))
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    for name in (
        "station.js",
        "page.js",
        "sound.js",
        "witness.js",
        "wedge.js",
        "sheet.js",
        "station.css",
        "paper.css",
    ):
        with screen.get(f"/static/{name}") as answer:
            assert "://" not in answer.get_data(as_text=True)


def test_waiting_for_news_ends_when_somebody_signs_in(
    screen: FlaskClient, station: Station, card: Callable[..., Card]
) -> None:
    before = screen.get("/api/state").get_json()["version"]
    station.admit(card("赵春禾"))

    after = screen.get(f"/api/state?after={before}").get_json()

    assert after["version"] > before
    assert after["person"] == {"name": "赵春禾", "number": "103"}


def test_a_witness_signs_somebody_in_over_the_interface(
    screen: FlaskClient, journal: Journal, pin: str
) -> None:
    answer = screen.post("/api/witness-sign", json={"pin": pin, "enrolment": 104, "reason": "no_card"})

    assert (answer.status_code, answer.get_json()["code"]) == (200, "signed_in")
    assert journal.counts().total == 1
    assert (
        screen.post("/api/witness", json={"pin": pin, "decision": "allow"}).get_json()["code"]
        == "nobody_waiting"
    )


def test_the_roster_is_for_witnesses(screen: FlaskClient, pin: str) -> None:
    refused = screen.post("/api/roster", json={"pin": "000000"})

    assert (refused.status_code, refused.get_json()["roster"]) == (409, [])
    assert len(screen.post("/api/roster", json={"pin": pin}).get_json()["roster"]) == 4


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 403),
    ],
)
def test_no_other_page_can_drive_the_desk(screen: FlaskClient, headers: dict[str, str], status: int) -> None:
    headers = {"Content-Type": "application/json"} | headers

    answer = screen.post("/api/language", data='{"language": "en"}', headers=headers)

    assert answer.status_code == status
    assert screen.get("/api/state").get_json()["language"] == ("en" if status == 200 else "zh")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        '{"pin": 1}',
        '{"pin": "1", "enrolment": "x", "reason": "other"}',
        '{"pin": "", "enrolment": 1, "reason": "other"}',
        '{"pin": "1", "enrolment": 1}',
        '{"pin": "1", "enrolment": 1, "reason": "face_differs"}',
    ],
)
def test_a_request_that_makes_no_sense_is_refused_in_words(
    screen: FlaskClient, journal: Journal, body: str
) -> None:
    answer = screen.post("/api/witness-sign", data=body, content_type="application/json")

    assert (answer.status_code, answer.get_json()["code"]) == (400, "request_wrong")
    assert journal.counts().total == 0


def test_the_reader_tells_the_screen_how_it_is(screen: FlaskClient, station: Station) -> None:
    def shown() -> dict[str, Any]:
        state: dict[str, Any] = screen.get("/api/state").get_json()
        return state

    station.on_reader_event(ReaderReady("05.03"))
    assert shown()["reader"]["zh"] == "读卡器正常"
    station.on_reader_event(CardUnreadable(0x41, "请重新放卡", "Lay it again"))
    assert shown()["message"]["next_zh"] == "请重新放卡"
    station.on_reader_event(ReaderFault("unplugged"))
    assert shown()["reader"]["next_zh"].startswith("读卡器已断开")


def post(screen: FlaskClient, path: str, **body: Any) -> tuple[int, str]:
    answer = screen.post(path, json=body)
    return answer.status_code, answer.get_json()["code"]


def test_a_card_is_given_and_signs_in_by_what_a_keyboard_reader_types(
    screen: FlaskClient, journal: Journal, pin: str
) -> None:
    assert post(screen, "/api/token", text="0006480648") == (409, "token_unknown")
    assert post(screen, "/api/bind", pin=pin, enrolment=103) == (200, "token_awaited")
    assert post(screen, "/api/token", text="0006480648") == (200, "token_given")
    assert post(screen, "/api/token", text="0006480648") == (200, "signed_in")
    assert journal.counts().total == 2


def test_a_number_is_typed_and_a_check_started_over_the_interface(
    screen: FlaskClient, card: Callable[..., Card], set_time: Callable[[str], None], pin: str
) -> None:
    number = card("赵春禾").number

    assert post(screen, "/api/number", pin=pin, number=number[:-1]) == (409, "number_wrong")
    assert post(screen, "/api/number", pin=pin, number=number, assisted=True) == (200, "signed_in")
    set_time("10:00")
    assert post(screen, "/api/check", pin=pin) == (200, "check_started")
    assert post(screen, "/api/number", pin=pin, number=number) == (200, "check_answered")


def test_the_way_without_a_face_is_there_while_somebody_is_asked_to_look(
    screen: FlaskClient, station: Station, journal: Journal, card: Callable[..., Card]
) -> None:
    assert post(screen, "/api/without-face") == (409, "nobody_waiting")
    (place,) = desk.places(journal.package, card("陈小满").number, DAY_BEGINS)  # type: ignore[arg-type]
    station._waiting = desk.Draft("sign_in", place, place.session.lessons[0], "card", card("陈小满"))
    station._show(Screen("look", say("look")))

    assert post(screen, "/api/without-face") == (200, "signed_in")

    (event,) = (json.loads(envelope.payload) for envelope in journal.envelopes())
    assert (event["method"], event["face"], event["witness"]) == ("card", None, None)


def test_what_the_device_knows_names_nobody_and_is_told_in_both_languages(screen: FlaskClient) -> None:
    chinese, english = (
        screen.get(f"/knows?language={language}").get_data(as_text=True) for language in ("zh", "en")
    )

    assert "名册 4 人，其中 2 人同意刷脸" in chinese
    assert "4 on the roster, 2 of them agreed to a face check" in english
    assert not re.search("陈小满|赵春禾", chinese + english)


def test_the_paper_register_is_for_witnesses_and_has_a_row_and_a_code_for_everybody(
    screen: FlaskClient, pin: str
) -> None:
    refused = screen.post("/api/paper", json={"pin": "000000"})
    assert (refused.status_code, refused.get_json()["html"]) == (409, "")

    html = screen.post("/api/paper", json={"pin": pin}).get_json()["html"]

    assert (html.count('<section class="sheet">'), html.count("<svg"), html.count("陈小满")) == (2, 8, 2)
    assert "3607" not in html


def test_the_screen_is_spoken_on_request(screen: FlaskClient) -> None:
    assert screen.post("/api/speak", json={}).get_json() == {"ok": True}
    assert screen.post("/api/speak", json={"words": "anything"}).status_code == 400
