"""The check in mid-class at the desk: drawn by the server or started by a witness."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.desk import Card
from kiosk.journal import Journal
from kiosk.station import Station

Turn = Callable[[str], None]


def kinds(journal: Journal) -> list[tuple[str, int | None]]:
    events = [json.loads(envelope.payload) for envelope in journal.envelopes()]
    return [(event["kind"], (event["person"] or {}).get("enrolment")) for event in events]


@pytest.fixture
def drawn(county: Any, arrive: Callable[[], None]) -> None:
    """The server drew 10:00 for the first lesson."""
    lesson = county.package["sessions"][0]["lessons"][0]
    lesson["check_at"] = lesson["starts_at"].replace("09:00", "10:00")
    arrive()


@pytest.fixture
def station(make_station: Callable[..., Station]) -> Station:
    return make_station()


def test_at_the_drawn_minute_the_screen_asks_and_counts_who_answered(
    drawn: None,
    journal: Journal,
    station: Station,
    card: Callable[..., Card],
    set_time: Turn,
    eventually: Any,
) -> None:
    for name in ("赵春禾", "周晓岚"):
        station.admit(card(name))
    assert "check_at" not in station.state()["lesson"]  # nobody knows it beforehand

    set_time("10:00")
    eventually(lambda: station.state()["screen"] == "check")
    assert station.state()["message"]["zh"] == "随堂抽查：请再刷一次卡"
    station.admit(card("赵春禾"))

    assert station.state()["message"]["zh"] == "抽查已记录"
    check = station.state()["check"]
    assert (check["answered"], check["here"]) == (1, 2)
    assert check["closes_at"] == "2026-03-16T10:10:00+08:00"
    assert kinds(journal) == [("sign_in", 103), ("sign_in", 104), ("check", 103)]


def test_who_answered_is_not_recorded_again_and_who_comes_late_signs_in(
    drawn: None, journal: Journal, station: Station, card: Callable[..., Card], set_time: Turn
) -> None:
    station.admit(card("赵春禾"))
    set_time("10:05")

    said = []
    for name in ("赵春禾", "赵春禾", "周晓岚", "周晓岚"):
        station.admit(card(name))
        said.append(station.state()["message"]["code"])

    assert said == ["check_answered", "check_answered_already", "signed_in", "check_answered"]
    assert kinds(journal) == [("sign_in", 103), ("check", 103), ("sign_in", 104), ("check", 104)]


def test_after_its_minutes_a_check_is_over(
    drawn: None, station: Station, card: Callable[..., Card], set_time: Turn
) -> None:
    station.admit(card("赵春禾"))
    set_time("10:10")

    station.admit(card("赵春禾"))

    assert station.state()["message"]["code"] == "already_in"
    assert station.state()["check"] is None


def test_a_witness_starts_a_check_and_that_is_on_record(
    journal: Journal, station: Station, card: Callable[..., Card], set_time: Turn, pin: str
) -> None:
    station.admit(card("赵春禾"))
    assert station.start_check(pin).code == "check_no_lesson"
    set_time("11:00")

    assert station.start_check("000000").code == "pin_wrong"
    assert station.start_check(pin).zh == "抽查开始"
    assert station.start_check(pin).code == "check_on_already"
    station.admit(card("赵春禾"))

    started, answered = (json.loads(envelope.payload) for envelope in journal.envelopes(after=1))
    assert (started["kind"], started["lesson"], started["person"], started["witness"]) == (
        "check", 11, None, {"id": 7},
    )  # fmt: skip
    assert (answered["kind"], answered["person"], answered["method"]) == ("check", {"enrolment": 103}, "card")


def test_a_started_check_survives_a_restart(
    make_station: Callable[..., Station], card: Callable[..., Card], set_time: Turn, pin: str
) -> None:
    station = make_station()
    station.admit(card("赵春禾"))
    set_time("11:00")
    station.start_check(pin)
    station.stop()

    reborn = make_station()

    assert reborn.state()["check"]["here"] == 1
    reborn.admit(card("赵春禾"))
    assert reborn.state()["message"]["code"] == "check_answered"


def test_a_second_check_asks_everybody_again(
    drawn: None, journal: Journal, station: Station, card: Callable[..., Card], set_time: Turn, pin: str
) -> None:
    station.admit(card("赵春禾"))
    set_time("10:01")
    station.admit(card("赵春禾"))
    set_time("11:20")
    station.start_check(pin)

    station.admit(card("赵春禾"))
    set_time("11:45")
    station.admit(card("赵春禾"))

    assert kinds(journal) == [
        ("sign_in", 103),
        ("check", 103),
        ("check", None),
        ("check", 103),
        ("sign_out", 103),
    ]


def test_somebody_without_a_card_answers_by_witness(
    drawn: None, journal: Journal, station: Station, set_time: Turn, pin: str
) -> None:
    station.vouch(104, pin, reason="no_card")
    set_time("10:02")

    assert station.vouch(104, pin, reason="no_card").code == "check_answered"
    assert kinds(journal) == [("sign_in", 104), ("check", 104)]
