"""The screen's interface: what it tells, what it accepts, and from whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk.desk import Card
from kiosk.idcard.dialogue import CardUnreadable, ReaderFault, ReaderReady
from kiosk.journal import Journal
from kiosk.station import Station
from kiosk.web.app import create_app


@pytest.fixture
def station(make_station: Callable[..., Station]) -> Station:
    return make_station(has_reader=True)


@pytest.fixture
def screen(station: Station) -> FlaskClient:
    return create_app(station).test_client()


def test_the_state_has_everything_the_screen_and_scripts_need(screen: FlaskClient) -> None:
    state = screen.get("/api/state").get_json()

    assert set(state) >= {
        "screen", "message", "person", "lesson", "counts", "pending", "held", "online",
        "safe_to_power_off", "reader", "camera", "station", "events_total", "programme", "language", "refused",
    }  # fmt: skip
    assert state["message"]["zh"] == "请放身份证"
    assert state["station"]["name"] == "琴江镇签到终端 1"
    assert state["programme"]["phones"] == ["0797-0000000", "12345"]
    assert state["lesson"]["session"] == "SC-2026-03"


def test_the_page_needs_nothing_from_elsewhere(screen: FlaskClient) -> None:
    page = screen.get("/")

    assert page.status_code == 200
    assert "://" not in page.get_data(as_text=True)
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    for name in ("station.js", "station.css"):
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
    answer = screen.post("/api/witness-sign", json={"pin": pin, "enrolment": 104})

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
    "body", ["", "[]", "{", '{"pin": 1}', '{"pin": "1", "enrolment": "x"}', '{"pin": "", "enrolment": 1}']
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
