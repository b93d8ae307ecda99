"""Witnesses at the desk: four eyes, numbers that are typed, and what this station may do."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.desk import Card
from kiosk.envelope import WalkIn
from kiosk.journal import Journal
from kiosk.station import Station


def events(journal: Journal) -> list[dict[str, Any]]:
    return [json.loads(envelope.payload) for envelope in journal.envelopes()]


@pytest.fixture
def station(make_station: Callable[..., Station]) -> Station:
    return make_station()


def test_without_a_card_it_takes_two_witnesses_where_there_are_two(
    journal: Journal, station: Station, pin: str, second_pin: str
) -> None:
    def vouch(second: str) -> str:
        return station.vouch(104, pin, second_pin=second, reason="other").code

    assert [vouch(""), vouch(pin), vouch("000000")] == ["second_needed", "second_same", "pin_wrong"]
    assert events(journal) == []
    assert vouch(second_pin) == "signed_in"

    (event,) = events(journal)
    assert (event["method"], event["witness"]) == ("witness", {"id": 7, "second": 8, "reason": "other"})


def test_a_witness_of_another_session_is_no_second_pair_of_eyes(
    county: Any, arrive: Callable[[], None], journal: Journal, station: Station, pin: str, second_pin: str
) -> None:
    first = county.package["sessions"][0]
    elsewhere = first | {
        "code": "SC-2026-04",
        "lessons": [],
        "roster": [],
        "witnesses": first["witnesses"][1:],
    }
    first["witnesses"] = [first["witnesses"][0], first["witnesses"][1] | {"id": 9, "pin": "-"}]
    county.package["sessions"].append(elsewhere)
    arrive()

    assert station.vouch(104, pin, second_pin=second_pin, reason="other").code == "pin_wrong"
    assert events(journal) == []


def test_a_pin_that_was_changed_no_longer_opens_anything(
    county: Any, arrive: Callable[[], None], station: Station, pin: str
) -> None:
    assert station.roster(pin)[0].code == "roster"
    county.package["sessions"][0]["witnesses"][0]["pin"] = "-"
    arrive()

    assert station.roster(pin)[0].code == "pin_wrong"


def test_a_card_that_can_not_be_read_is_typed_and_the_number_kept_nowhere(
    tmp_path: Path, journal: Journal, station: Station, card: Callable[..., Card], pin: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    number = card("赵春禾").number

    assert (
        station.vouch_by_number(number[:-1] + ("0" if number[-1] != "0" else "1"), pin).code == "number_wrong"
    )
    assert station.vouch_by_number(f" {number.lower()} ", pin, assisted=True).zh == "签到成功"

    (event,) = events(journal)
    assert (event["kind"], event["person"], event["method"], event["card"]) == (
        "sign_in", {"enrolment": 103}, "witness", None,
    )  # fmt: skip
    assert event["witness"] == {"id": 7, "reason": "card_unreadable", "assisted": True}
    assert station.state()["person"] == {"name": "赵春禾", "number": "103"}
    disk = b"".join(path.read_bytes() for path in (tmp_path / "home").iterdir() if path.suffix != ".key")
    assert number.encode() not in disk
    assert number not in caplog.text


def test_a_typed_number_takes_four_eyes_too(
    journal: Journal, station: Station, card: Callable[..., Card], pin: str, second_pin: str
) -> None:
    number = card("赵春禾").number

    assert station.vouch_by_number(number, pin).code == "second_needed"
    assert station.vouch_by_number(number, pin, second_pin=second_pin).code == "signed_in"
    assert events(journal)[0]["witness"]["second"] == 8


def test_a_typed_number_on_no_roster_is_sealed_and_says_that_it_was_typed(
    county: Any, journal: Journal, station: Station, stranger: tuple[str, str], pin: str
) -> None:
    assert station.vouch_by_number(stranger[1], pin).code == "walk_in"

    (event,) = events(journal)
    assert (event["card"], event["method"]) == (None, "witness")
    sealed = type("Seen", (), {"person": WalkIn(**event["person"])})()
    assert county.opened(sealed) == {"number": stranger[1], "name": "", "card_type": "typed"}


REFUSED = {
    "witness": [
        lambda station, pin: station.vouch(104, pin, reason="no_card"),
        lambda station, pin: station.vouch_by_number("11010519491231002X", pin),
        lambda station, pin: station.start_check(pin),
    ],
    "portrait": [lambda station, pin: station.enrol_portrait(101, pin)],
    "photo": [lambda station, pin: station.take_photo(), lambda station, pin: station.take_photo(pin)],
    "bind": [lambda station, pin: station.give_token(104, pin)],
}


@pytest.mark.parametrize("permission", REFUSED)
def test_what_a_station_may_not_do_is_not_offered_and_refused_in_words(
    county: Any, arrive: Callable[[], None], journal: Journal, station: Station, pin: str, permission: str
) -> None:
    county.package["station"]["may"] = sorted(set(REFUSED) - {permission})
    arrive()
    station.refresh()

    assert station.state()["may"] == sorted(set(REFUSED) - {permission})
    for act in REFUSED[permission]:
        assert act(station, pin).code == "not_allowed"
    assert events(journal) == []


def test_what_the_server_refused_is_tried_again_by_a_witness(
    county: Any, journal: Journal, make_uplink: Any, make_station: Any, card: Callable[..., Card], pin: str,
    eventually: Any,
) -> None:  # fmt: skip
    county.poison = {1}
    station = make_station(uplink=make_uplink())
    station.admit(card("赵春禾"))
    eventually(lambda: journal.counts().refused == 1)
    assert any(fact.label[0] == "服务器不收" for chapter in station.knows() for fact in chapter.facts)
    county.poison = set()

    assert station.retry_refused("000000").code == "pin_wrong"
    assert station.retry_refused(pin).zh == "1 条已重新排队"

    eventually(lambda: journal.counts().all_received)
