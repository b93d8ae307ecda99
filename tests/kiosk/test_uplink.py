"""The uplink against a server that keeps the contract, and one that has bad days."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.clock import Clock
from kiosk.desk import Card
from kiosk.envelope import GENESIS, Enrolled, PhotoTaken, read_unverified
from kiosk.journal import Journal, Portrait, Receipt
from kiosk.report import PROTOCOL, StationReport
from kiosk.server import Server
from kiosk.station import Station
from kiosk.uplink import LONGEST_PAUSE, Hardware, Resent, Uplink, pause, resend

Uplinks = Callable[..., Uplink]
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

    assert [row.reason for row in journal.held()] == ["wrong_place"]
    assert (station.state()["held"], station.state()["safe_to_power_off"]) == (1, True)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "station_revoked", "本机已停用"),
        (401, "station_unknown", "本机未登记"),
        (426, "upgrade_needed", "签到程序需要升级"),
    ],
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
    assert station.state()["refused"]["next_zh"].startswith("记录仍在本机")
    assert (journal.counts().pending, journal.counts().refused) == (1, 0)
    uplink.stop()
    county.refuse = None
    make_uplink().on_change = station.refresh
    eventually(lambda: journal.counts().all_received)


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


def test_an_answer_that_took_half_an_hour_says_nothing_about_the_clock(
    county: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lid closed in mid-request, or the demonstration's clock moved on: half of it would be the offset."""
    hands, offsets = tmp_path / "clock", []
    server = Server(county.address, county.token, clock=Clock(), on_contact=offsets.append)
    server.time()
    answer, before = county.answer, float(hands.read_text())

    def closed_meanwhile(*request: Any) -> Any:
        hands.write_text(str(before + 1800))
        return answer(*request)

    monkeypatch.setattr(county, "answer", closed_meanwhile)
    server.time()
    server.close()

    assert len(offsets) == 1


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


def test_what_the_server_could_not_read_is_tried_again_at_the_next_start(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    county.poison = {2, 3}
    sign_in()
    before = journal.envelopes()
    uplink = make_uplink()
    eventually(lambda: journal.counts().refused == 2)
    uplink.stop()
    county.poison = set()

    make_uplink()
    eventually(lambda: journal.counts().all_received)

    assert_whole_chain(county, 4)
    assert journal.envelopes() == before


def test_every_event_of_a_long_queue_gets_its_own_answer_in_few_requests(
    county: Any, journal: Journal, make_uplink: Uplinks, eventually: Eventually
) -> None:
    for _event in range(300):
        about = {"kind": "sign_in", "session": "SC-2026-03", "lesson": 11, "person": Enrolled(enrolment=101)}
        journal.append(journal.compose(Clock(), **about))
    county.poison, county.hold = {77}, {5}

    make_uplink()
    eventually(lambda: journal.counts().pending == 0)

    assert [row.status for row in journal.held()] == ["held", "refused"]
    assert len(county.events) == 299
    assert len([path for path in county.requests if path.endswith("events")]) < 25


def test_three_days_without_a_network_and_then_everything_arrives_in_order(
    county: Any, journal: Journal, station: Station, card: Callable[..., Card], make_uplink: Uplinks,
    tmp_path: Path, eventually: Eventually,
) -> None:  # fmt: skip
    county.stop()
    make_uplink()
    first_day = float((tmp_path / "clock").read_text())
    for day in range(4):
        (tmp_path / "clock").write_text(str(first_day + day * 86400))
        for name in PEOPLE:
            station.admit(card(name))
    lamp = station.state()["safe_to_power_off"]
    recorded = journal.counts().total
    assert (lamp, journal.counts().pending, recorded >= 4) == (False, recorded, True)

    county.start()
    eventually(lambda: journal.counts().all_received, 20)
    station.refresh()

    assert_whole_chain(county, recorded)
    assert [event.captured_at for event in county.in_order()] == sorted(
        event.captured_at for event in county.events.values()
    )
    assert (station.state()["safe_to_power_off"], journal.jumps()) == (True, [])


def test_the_lamp_waits_for_the_very_last_receipt(
    county: Any, journal: Journal, station: Station, sign_in: Callable[..., None], make_uplink: Uplinks,
    make_station: Callable[..., Station], make_camera: Callable[[str], Any], set_time: Callable[[str], None],
    eventually: Eventually,
) -> None:  # fmt: skip
    sign_in()
    set_time("10:00")
    make_station(camera=make_camera("both")).take_photo()
    lamps: list[tuple[int, int, bool]] = []

    def look() -> None:
        station.refresh()
        lamps.append((len(county.events), len(county.photos), station.state()["safe_to_power_off"]))

    county.broken = {"photos"}
    look()
    make_uplink().on_change = look
    eventually(lambda: journal.counts().pending == 0)
    look()
    assert {lamp for _events, _photos, lamp in lamps} == {False}

    county.broken = set()
    eventually(lambda: journal.counts().all_received, 15)
    look()
    assert lamps[-1] == (5, 1, True)
    assert all(lamp == ((events, photos) == (5, 1)) or not lamp for events, photos, lamp in lamps)


def test_uploads_arrive_although_the_roster_does_not(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    county.broken = {"package", "report"}
    sign_in()

    make_uplink()
    eventually(lambda: journal.counts().all_received)

    assert_whole_chain(county, 4)


def test_events_that_arrive_out_of_order_and_again_are_the_same_events(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    sign_in()
    assert journal.identity is not None
    server = Server(journal.identity.server, journal.identity.token, clock=Clock())
    for envelope in reversed(journal.envelopes()):
        server.events([envelope])
        server.events([envelope, envelope])
    server.close()
    assert journal.counts().pending == 4

    make_uplink()
    eventually(lambda: journal.counts().all_received)

    assert_whole_chain(county, 4)


def test_a_photo_whose_event_is_missing_does_not_hold_up_the_others(
    county: Any, journal: Journal, make_uplink: Uplinks, eventually: Eventually
) -> None:
    for number in range(3):
        jpeg = b"\xff\xd8 picture %d \xff\xd9" % number
        taken = PhotoTaken(sha256=hashlib.sha256(jpeg).hexdigest(), size=len(jpeg))
        about = {"kind": "photo", "session": "SC-2026-03", "lesson": 11, "photo": taken}
        journal.append(journal.compose(Clock(), **about), photo=jpeg)
    journal.keep_receipts([Receipt(journal.envelopes()[0].digest, "accepted")])  # of a server that lost it

    make_uplink()
    eventually(lambda: len(county.photos) == 2 and journal.counts().photos_pending == 1)

    assert not journal.counts().all_received


def test_resending_gives_a_restored_server_what_it_lost_and_doubles_nothing(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_station: Callable[..., Station],
    make_camera: Callable[[str], Any], make_uplink: Uplinks, set_time: Callable[[str], None],
    eventually: Eventually,
) -> None:  # fmt: skip
    sign_in()
    set_time("10:00")
    make_station(camera=make_camera("both")).take_photo()
    make_uplink()
    eventually(lambda: journal.counts().all_received)
    lost = county.in_order()[-1]
    del county.events[next(digest for digest, event in county.events.items() if event == lost)]
    pictures = dict(county.photos)
    county.photos.clear()

    answers = resend(journal, Clock())

    assert answers == Resent(Counter(duplicate=4, accepted=1), Counter(accepted=1))
    assert county.photos == pictures
    assert_whole_chain(county, 5)


def test_resending_passes_over_what_the_server_can_not_read(
    county: Any, journal: Journal, sign_in: Callable[..., None]
) -> None:
    sign_in()
    county.poison = {2}

    assert resend(journal, Clock()).events == {"accepted": 3, "refused": 1}
    county.poison = set()
    assert resend(journal, Clock()).events == {"duplicate": 3, "accepted": 1}

    assert journal.counts().all_received
    assert_whole_chain(county, 4)


# Reports


def test_a_report_says_how_the_station_is_and_comes_again_when_the_hardware_changes(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    hardware = [Hardware(reader="reader_ready", reader_detail="05.03-20110816", camera="live", face="ready")]
    sign_in()
    county.broken = {"events"}
    make_uplink(lambda: hardware[0])
    eventually(lambda: county.reports)
    hardware[0] = Hardware(reader="reader_fault", reader_detail="unplugged", camera="stopped")
    eventually(lambda: len(county.reports) == 2)

    first, second = (StationReport.model_validate(report) for report in county.reports)
    assert (first.reader, first.reader_detail, first.camera, first.face) == (
        "reader_ready", "05.03-20110816", "live", "ready",
    )  # fmt: skip
    assert (second.reader, second.reader_detail, second.camera) == ("reader_fault", "unplugged", "stopped")
    assert (first.events_total, first.pending, first.refused) == (4, 4, 0)
    oldest = min(read_unverified(envelope).captured_at for envelope in journal.envelopes())
    assert first.oldest_pending_at == oldest
    assert first.disk_free > 0
    assert first.package_version == (journal.package.version if journal.package else "")
    assert not any(name in str(county.reports) for name in PEOPLE)


def test_reports_go_on_each_interval_and_not_more_often(
    county: Any, make_uplink: Uplinks, eventually: Eventually
) -> None:
    make_uplink(report_every=0.5, look_every=0.05)

    eventually(lambda: len(county.reports) >= 3)
    times = [datetime.fromisoformat(report["at"]) for report in county.reports]
    assert all((after - before).total_seconds() >= 0.45 for before, after in pairwise(times))


def test_a_server_that_asks_for_no_reports_is_no_problem(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    county.asks_for_reports = False
    uplink = make_uplink()
    eventually(lambda: "/api/v1/stations/report" in county.requests and uplink.online)
    sign_in()
    eventually(lambda: journal.counts().all_received)

    assert (uplink.online, uplink.refused) == (True, "")
    assert county.requests.count("/api/v1/stations/report") == 1


def test_every_request_says_which_protocol_it_speaks(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    sign_in()
    make_uplink()
    eventually(lambda: journal.counts().all_received and county.reports)

    assert county.protocols == {str(PROTOCOL)}


def test_a_server_that_no_longer_speaks_with_us_is_asked_rarely(
    county: Any, journal: Journal, sign_in: Callable[..., None], make_uplink: Uplinks, eventually: Eventually
) -> None:
    county.refuse = (426, "upgrade_needed")
    sign_in()
    uplink = make_uplink(events_every=0.01, package_every=0.01, look_every=0.01)
    eventually(lambda: uplink.refused)
    time.sleep(1.0)

    assert len(county.requests) <= 8  # each of four lanes once or twice; every 10 ms it would be hundreds
    assert (journal.counts().pending, journal.counts().refused) == (4, 0)


def test_the_journal_is_tidied_at_the_start_and_every_hour_without_a_network(
    county: Any, journal: Journal, make_uplink: Uplinks, tmp_path: Path, eventually: Eventually
) -> None:
    county.stop()
    journal.keep_portrait(101, Portrait((0.5,) * 128, "model"), Clock())
    make_uplink()
    eventually(lambda: journal.tidied_at)
    assert journal.portraits() == {101}

    (tmp_path / "clock").write_text(str(float((tmp_path / "clock").read_text()) + 9 * 86400))
    eventually(lambda: journal.portraits() == set())

    assert [read_unverified(envelope).kind for envelope in journal.envelopes()] == ["portrait", "forget"]


def test_a_clock_that_is_set_is_noticed_though_nobody_signs_in(
    county: Any, journal: Journal, make_uplink: Uplinks, tmp_path: Path, eventually: Eventually
) -> None:
    make_uplink()
    eventually(lambda: journal.tidied_at)
    wall = float((tmp_path / "clock").read_text())
    (tmp_path / "clock").write_text(f"{wall + 600} {wall}")

    eventually(lambda: journal.jumps())
    assert [round(jump.seconds) for jump in journal.jumps()] == [600]


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_the_pause_is_short_at_first_and_never_long(failures: int, chance: float) -> None:
    assert 0.5 <= pause(failures, chance) <= LONGEST_PAUSE
    assert pause(1, chance) <= 1.0
    assert pause(failures + 1, chance) >= pause(failures, chance)
