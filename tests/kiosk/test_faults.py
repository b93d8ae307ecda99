"""A machine at fault: the screen says what can't be done until it can be done again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kiosk.clock import CLOCK_FILE, Clock
from kiosk.desk import Card
from kiosk.faults import Faults
from kiosk.journal import Journal
from kiosk.station import Station
from kiosk.store import JournalError


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.faults.PROBE_SECONDS", 0.1)


def banners(station: Station) -> list[str]:
    station.refresh()
    return [banner["code"] for banner in station.state()["banners"]]


def full(journal: Journal) -> None:
    """No page more than the file has: what SQLite meets on a full disk."""
    ((pages,),) = journal._rows("PRAGMA page_count")
    journal._rows(f"PRAGMA max_page_count = {pages}")
    about = {"kind": "photo", "session": "SC-2026-03"}
    with suppress(JournalError):
        while True:  # until the last page is full
            journal.append(journal.compose(Clock(), **about))


def room_again(journal: Journal) -> None:
    journal._rows("PRAGMA max_page_count = 1073741823")


def read_only(journal: Journal) -> None:
    journal._rows("PRAGMA query_only = ON")


def writable_again(journal: Journal) -> None:
    journal._rows("PRAGMA query_only = OFF")


@pytest.mark.parametrize(("breaks", "mends"), [(full, room_again), (read_only, writable_again)])
def test_a_disk_that_takes_nothing_is_said_to_whoever_signs_in_and_to_everybody_until_it_works(
    journal: Journal, make_station: Callable[..., Station], card: Callable[..., Card], eventually: Any,
    breaks: Callable[[Journal], None], mends: Callable[[Journal], None],
) -> None:  # fmt: skip
    station = make_station()
    breaks(journal)
    before = journal.counts().total

    station.admit(card("赵春禾"))
    assert station.state()["message"]["zh"] == "没有记上，请找工作人员"
    assert banners(station) == ["disk_unwritable"]
    station._screen = None
    assert banners(station) == ["disk_unwritable"]  # after the message has gone

    mends(journal)
    eventually(lambda: banners(station) == [])
    assert journal.counts().total == before
    station.admit(card("赵春禾"))
    assert station.state()["message"]["zh"] == "签到成功"


def test_little_room_is_said_before_there_is_none(journal: Journal) -> None:
    faults = Faults(journal, Clock(), room=lambda _home: 123_456_789)

    assert [message.zh for message in faults.banners()] == ["磁盘快满了，只剩 123 MB"]


def test_a_clock_that_was_set_is_said_and_not_corrected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: Journal, make_station: Callable[..., Station]
) -> None:
    step = tmp_path / "step"
    step.write_text("0 0")
    monkeypatch.setenv(CLOCK_FILE, str(step))
    station = make_station()
    assert banners(station) == []

    step.write_text("3600 0")  # the wall clock alone
    journal.watch(station._clock)

    assert station.state()["now"][:13] == Clock().now().isoformat()[:13]
    assert banners(station) == ["clock_jumped"]
    assert station.state()["banners"][0]["zh"] == "本机时间被调过 +3600 秒"
    journal.keep_contact(0, Clock().now())
    assert banners(station) == []  # the server says that it is right now


def test_a_clock_that_is_off_is_said(journal: Journal, make_station: Callable[..., Station]) -> None:
    station = make_station()
    journal.keep_contact(-300_000, Clock().now())

    assert banners(station) == ["clock_wrong"]
    assert station.state()["banners"][0]["zh"] == "本机时间与服务器相差 +300 秒"


def test_a_server_that_no_longer_speaks_with_this_program_is_said_and_signing_in_goes_on(
    county: Any,
    make_uplink: Any,
    make_station: Callable[..., Station],
    card: Callable[..., Card],
    eventually: Any,
) -> None:
    county.refuse = (426, "upgrade_needed")
    station = make_station(uplink=make_uplink())
    eventually(lambda: banners(station) == ["upgrade_needed"])

    station.admit(card("赵春禾"))

    assert station.state()["message"]["zh"] == "签到成功"
