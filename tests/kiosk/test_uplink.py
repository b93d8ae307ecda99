"""The uplink against a server that keeps the contract, and one that has bad days."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.clock import Clock
from kiosk.desk import Card
from kiosk.envelope import GENESIS
from kiosk.journal import Journal
from kiosk.station import Station
from kiosk.uplink import (
    LONGEST_PAUSE,
    AlreadyEnrolledError,
    RefusedError,
    Uplink,
    UplinkError,
    enrol,
    pause,
    resend,
)

Uplinks = Callable[[], Uplink]
Eventually = Callable[..., None]

PEOPLE = ["陈小满", "林一鸣", "赵春禾", "周晓岚"]


@pytest.fixture
def station(make_station: Callable[..., Station]) -> Station:
    return make_station()


@pytest.fixture
def sign_in(station: Station, card: Callable[..., Card]) -> Callable[..., None]:
    def lay(*names: str) -> None:
        for name in names or PEOPLE:
            station.admit(card(name))

    return lay


def assert_whole_chain(county: Any, expected: int) -> None:
    """The server has every event once, in one unbroken chain."""
    events = county.in_order()
    digest_of = {event.seq: digest for digest, event in county.events.items()}
    assert [event.seq for event in events] == list(range(1, expected + 1))
    assert [event.prev for event in events] == [GENESIS] + [digest_of[seq] for seq in range(1, expected)]


def test_what_is_recorded_offline_arrives_when_the_network_comes(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    county.stop()
    uplink = make_uplink()
    sign_in()
    eventually(lambda: not uplink.online)
    assert journal.counts().pending == 4

    county.start()
    eventually(lambda: journal.counts().all_received)

    assert_whole_chain(county, 4)


def test_a_lost_answer_makes_a_duplicate_and_not_a_second_event(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    county.lose_answers = 2
    sign_in()

    make_uplink()
    eventually(lambda: journal.counts().all_received)

    assert_whole_chain(county, 4)
    statuses = journal._db.execute("SELECT DISTINCT status FROM events").fetchall()
    assert statuses == [("duplicate",)]


def test_half_a_batch_answered_is_half_a_batch_received(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    county.answer_only = 1
    sign_in()

    make_uplink()
    eventually(lambda: journal.counts().all_received)

    assert_whole_chain(county, 4)


def test_one_event_the_server_can_not_read_does_not_block_the_others(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    county.poison = {2}
    sign_in()

    make_uplink()
    eventually(lambda: journal.counts().pending == 0)

    assert sorted(event.seq for event in county.events.values()) == [1, 3, 4]
    assert [(receipt.status, receipt.reason) for receipt in journal.held()] == [("refused", "malformed")]
    assert not journal.counts().all_received


def test_held_events_are_listed_with_their_reason(
    county: Any, journal: Journal, station: Station, sign_in: Callable[..., None], make_uplink: Uplinks,
    eventually: Eventually,
) -> None:  # fmt: skip
    county.hold = {3}
    sign_in()

    make_uplink()
    eventually(lambda: journal.counts().all_received)
    station.refresh()

    assert [row["reason"] for row in station.held()] == ["wrong_place"]
    assert (station.state()["held"], station.state()["safe_to_power_off"]) == (1, True)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(403, "station_revoked", "本机已停用"), (401, "station_unknown", "本机未登记")],
)
def test_a_station_that_is_turned_away_says_so_and_keeps_everything(
    county: Any, journal: Journal, make_station: Callable[..., Station], make_uplink: Uplinks,
    card: Callable[..., Card], eventually: Eventually, status: int, code: str, words: str,
) -> None:  # fmt: skip
    county.refuse = (status, code)
    uplink = make_uplink()
    station = make_station(uplink=uplink)
    uplink.on_change = station.refresh

    station.admit(card("赵春禾"))
    eventually(lambda: station.state()["refused"])

    assert station.state()["message"]["zh"] == "签到成功"
    assert station.state()["refused"]["zh"] == words
    assert station.state()["refused"]["next_zh"] == "记录仍在本机，请联系商务局"
    assert journal.counts().pending == 1
    county.refuse = None
    eventually(lambda: journal.counts().all_received and not station.state()["refused"], 15)


def test_a_log_in_page_is_not_taken_for_the_server(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    county.portal = True
    version = journal.package.version if journal.package else ""
    sign_in()
    uplink = make_uplink()
    eventually(lambda: len(county.requests) > 3)

    assert not uplink.online
    assert journal.counts().pending == 4
    assert journal.package is not None
    assert journal.package.version == version


def test_the_roster_arrives_although_uploads_fail(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    county.lose_answers = 10_000
    county.package["sessions"][0]["title"] = "改名后的培训期"
    sign_in()

    make_uplink()

    eventually(lambda: journal.package is not None and journal.package.sessions[0].title == "改名后的培训期")
    assert journal.counts().pending == 4


def test_a_photo_follows_its_event(
    county: Any, journal: Journal, make_station: Callable[..., Station], make_camera: Callable[[str], Any],
    make_uplink: Uplinks, set_time: Callable[[str], None], eventually: Eventually,
) -> None:  # fmt: skip
    set_time("10:00")
    station = make_station(camera=make_camera("both"))
    station.take_photo()

    make_uplink()
    eventually(lambda: journal.counts().all_received)

    (event,) = county.events.values()
    assert list(county.photos) == [event.photo.sha256]
    assert len(county.photos[event.photo.sha256]) == event.photo.size


def test_the_offset_of_the_servers_clock_is_measured(
    county: Any, journal: Journal, make_uplink: Uplinks, eventually: Eventually
) -> None:
    make_uplink()

    eventually(lambda: journal.clock_offset_ms is not None)
    assert abs(journal.clock_offset_ms or 0) < 2000


def test_uploads_go_on_while_people_sign_in(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    make_uplink()
    desks = [threading.Thread(target=sign_in, args=(name,)) for name in PEOPLE]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()

    eventually(lambda: journal.counts().all_received)
    assert_whole_chain(county, 4)


def test_a_code_works_once_and_a_station_enrols_once(county: Any, journal: Journal, tmp_path: Any) -> None:
    with pytest.raises(AlreadyEnrolledError):
        enrol(county.address, "4711-0815", journal, Clock())
    with Journal(tmp_path / "second") as second:
        with pytest.raises(RefusedError) as refusal:
            enrol(county.address, "4711-0815", second, Clock())
        assert refusal.value.code == "code_invalid"
        assert second.identity is None


def test_resending_gives_a_restored_server_what_it_lost_and_doubles_nothing(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    sign_in()
    make_uplink()
    eventually(lambda: journal.counts().all_received)
    lost = county.in_order()[-1]
    del county.events[next(digest for digest, event in county.events.items() if event == lost)]

    answers = resend(journal, Clock())

    assert answers == {"duplicate": 3, "accepted": 1}
    assert_whole_chain(county, 4)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nonsense", "http://[::1", "ftp://x"])
def test_no_server_is_an_error_with_a_name(address: str, tmp_path: Any) -> None:
    with Journal(tmp_path / "home") as journal, pytest.raises(UplinkError):
        enrol(address, "code", journal, Clock())


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_the_pause_is_short_at_first_and_never_long(failures: int, chance: float) -> None:
    assert 0.5 <= pause(failures, chance) <= LONGEST_PAUSE
    assert pause(1, chance) <= 1.0
    assert pause(failures + 1, chance) >= pause(failures, chance)
