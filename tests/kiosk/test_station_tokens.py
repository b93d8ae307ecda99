"""Cards that only stand for their holder: given by a witness, then as good as an identity card."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.clock import Clock
from kiosk.desk import token_hash
from kiosk.idcard.dialogue import ReaderFault, ReaderReady, TokenRead
from kiosk.journal import Journal, Receipt
from kiosk.station import Station

TOKEN, OTHER = "62E308", "0A0B0C"
TYPED = "0006480648"  # 62E308 as a wedge prints it


def events(journal: Journal) -> list[dict[str, Any]]:
    return [json.loads(envelope.payload) for envelope in journal.envelopes()]


@pytest.fixture
def station(make_station: Callable[..., Station]) -> Station:
    return make_station(has_reader=True)


@pytest.fixture
def give(station: Station, pin: str) -> Callable[[int, str], str]:
    """A witness gives somebody a token; what the screen says of it."""

    def give(enrolment: int, token: str) -> str:
        assert station.give_token(enrolment, pin).code == "token_awaited"
        station.on_reader_event(TokenRead(token))
        return str(station.state()["message"]["code"])

    return give


def test_a_token_that_was_given_signs_in_and_names_the_method(
    journal: Journal, station: Station, give: Callable[[int, str], str], package: Any
) -> None:
    assert give(103, TOKEN) == "token_given"
    station.on_reader_event(TokenRead(TOKEN))

    assert station.state()["message"]["zh"] == "签到成功"
    assert station.state()["person"]["name"] == "赵春禾"
    bound, signed = events(journal)
    assert (bound["kind"], bound["person"], bound["witness"]) == ("bind", {"enrolment": 103}, {"id": 7})
    assert bound["token"] == token_hash(package.sessions[0], TOKEN)
    assert (signed["kind"], signed["method"], signed["card"]) == (
        "sign_in", "card", {"type": "token", "sam_id": ""},
    )  # fmt: skip
    assert TOKEN not in json.dumps(events(journal))


def test_a_token_nobody_has_says_what_to_do(journal: Journal, station: Station) -> None:
    station.on_reader_event(TokenRead(TOKEN))

    assert station.state()["message"]["zh"] == "这张卡还没有发给谁"
    assert "先发卡" in station.state()["message"]["next_zh"]
    assert events(journal) == []


def test_the_newest_holder_has_the_token_and_a_restart_changes_nothing(
    station: Station, give: Callable[[int, str], str], make_station: Callable[..., Station]
) -> None:
    give(103, TOKEN)
    give(104, TOKEN)

    reborn = make_station()
    reborn.on_reader_event(TokenRead(TOKEN))

    assert reborn.state()["person"]["name"] == "周晓岚"


def test_what_another_station_gave_comes_with_the_package(
    county: Any, arrive: Callable[[], None], station: Station, package: Any
) -> None:
    county.package["sessions"][0]["roster"][3]["tokens"] = [token_hash(package.sessions[0], TOKEN)]
    arrive()

    station.on_reader_event(TokenRead(TOKEN))

    assert station.state()["person"]["name"] == "周晓岚"


def test_a_package_fetched_after_the_receipt_knows_better_than_this_station(
    county: Any, arrive: Callable[[], None], journal: Journal, station: Station, package: Any,
    give: Callable[[int, str], str],
) -> None:  # fmt: skip
    give(103, TOKEN)
    (envelope,) = journal.envelopes()
    journal.keep_receipts([Receipt(envelope.digest, "accepted")], Clock().now())
    county.package["sessions"][0]["roster"][3]["tokens"] = [token_hash(package.sessions[0], TOKEN)]

    station.on_reader_event(TokenRead(TOKEN))
    assert station.state()["person"]["name"] == "赵春禾"  # the package is older than what was given here
    arrive()
    station.on_reader_event(TokenRead(TOKEN))

    assert station.state()["person"]["name"] == "周晓岚"


def test_a_keyboard_reader_types_the_same_token(
    journal: Journal, station: Station, give: Callable[[int, str], str]
) -> None:
    give(103, TOKEN)

    assert station.type_token(TYPED).zh == "签到成功"
    assert station.type_token("what is this").code == "token_wrong"
    assert len(events(journal)) == 2


def test_a_card_that_is_never_presented_is_given_to_nobody(
    journal: Journal, station: Station, pin: str, monkeypatch: pytest.MonkeyPatch, eventually: Any
) -> None:
    monkeypatch.setattr("kiosk.station.GIVE_SECONDS", 0.1)
    station.give_token(103, pin)
    eventually(lambda: station.state()["screen"] == "rest")

    station.on_reader_event(TokenRead(TOKEN))

    assert station.state()["message"]["code"] == "token_unknown"
    assert events(journal) == []


def test_the_next_visitor_s_token_is_not_given_away(
    journal: Journal, station: Station, card: Any, give: Callable[[int, str], str], pin: str
) -> None:
    give(103, TOKEN)
    station.give_token(104, pin)
    station.admit(card("林一鸣"))

    station.on_reader_event(TokenRead(TOKEN))

    assert station.state()["person"]["name"] == "赵春禾"
    assert [event["kind"] for event in events(journal)] == ["bind", "sign_in", "sign_in"]


def test_a_fault_of_the_token_reader_does_not_hide_that_cards_can_be_read(station: Station) -> None:
    station.on_reader_event(ReaderReady("05.03"))
    station.on_reader_event(ReaderFault("unplugged", "token"))

    assert station.state()["reader"]["code"] == "reader_ready"
    assert [banner["code"] for banner in station.state()["banners"]] == ["reader_fault"]
    station.on_reader_event(ReaderReady("", "token"))
    assert station.state()["banners"] == []
