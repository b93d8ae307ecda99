"""What a station lets go of and when, told by turning its clock; and what it never lets go of."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from kiosk.clock import CLOCK_FILE, Clock
from kiosk.envelope import Enrolled, Event, read_unverified, verify
from kiosk.face import MODEL
from kiosk.journal import EVENTS_STAY, PHOTOS_STAY, PORTRAITS_STAY, Journal, Portrait, Receipt, Tidied
from kiosk.store import DATABASE

PORTRAIT = Portrait((0.25,) * 128, MODEL)
JPEG = b"\xff\xd8 a picture of the class \xff\xd9"


@pytest.fixture
def days_later(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, set_time: Callable[[str], None]) -> Any:
    """Let so many days pass from half past eight of the class day."""
    path = tmp_path / "clock"

    def let_pass(days: float) -> None:
        set_time("08:30")
        path.write_text(str(float(path.read_text()) + days * 86400))

    monkeypatch.setenv(CLOCK_FILE, str(path))
    return let_pass


@pytest.fixture
def sign_in(journal: Journal) -> Callable[..., Event]:
    def record(enrolment: int = 101, **fields: Any) -> Event:
        about = {"kind": "sign_in", "session": "SC-2026-03", "lesson": 11} | fields
        compose = journal.compose(Clock(), person=Enrolled(enrolment=enrolment), **about)
        return journal.append(compose, subject=str(enrolment))

    return record


@pytest.fixture
def take_photo(journal: Journal) -> Callable[..., str]:
    """A class photo of these bytes; its digest."""

    def take(jpeg: bytes = JPEG) -> str:
        digest = hashlib.sha256(jpeg).hexdigest()
        about = {"kind": "photo", "session": "SC-2026-03", "lesson": 11}
        journal.append(
            journal.compose(Clock(), photo={"sha256": digest, "size": len(jpeg)}, **about), photo=jpeg
        )
        return digest

    return take


def receive_all(journal: Journal, status: str = "accepted") -> None:
    answers = [Receipt(envelope.digest, status) for envelope in journal.pending(1000)]
    journal.keep_receipts(answers, Clock().now())


def kinds(journal: Journal) -> list[str]:
    return [read_unverified(envelope).kind for envelope in journal.envelopes()]


def test_a_received_photo_loses_its_picture_after_a_while_and_keeps_its_row(
    journal: Journal, take_photo: Callable[..., str], days_later: Callable[[float], None]
) -> None:
    digest = take_photo()
    receive_all(journal)
    journal.keep_photo_receipt(digest, "accepted")

    days_later(PHOTOS_STAY.days - 1)
    assert journal.tidy(Clock()) == Tidied()
    days_later(PHOTOS_STAY.days + 1)
    assert journal.tidy(Clock()) == Tidied(photos=1)

    assert (journal.photo(digest), journal.photos()) == (None, [])
    assert kinds(journal) == ["photo"]
    assert journal.counts().all_received
    assert journal.tidy(Clock()) == Tidied()


@pytest.mark.parametrize("status", [None, "refused"])
def test_a_photo_without_a_receipt_stays_for_ever(
    journal: Journal, take_photo: Callable[..., str], days_later: Callable[[float], None], status: str | None
) -> None:
    digest = take_photo()
    receive_all(journal)
    if status:
        journal.keep_photo_receipt(digest, status, "photo_event_held")

    days_later(5000)

    assert journal.tidy(Clock()) == Tidied()
    photo = journal.photo(digest)
    assert photo is not None
    assert photo.jpeg == JPEG
    with (
        sqlite3.connect(journal.home / DATABASE) as db,
        pytest.raises(sqlite3.IntegrityError, match="no receipt"),
    ):
        db.execute("UPDATE photos SET jpeg = x''")
    db.close()


def test_old_received_events_go_and_what_stays_is_a_chain_that_goes_on(
    journal: Journal, sign_in: Callable[..., Event], days_later: Callable[[float], None]
) -> None:
    made = [sign_in(), sign_in(), sign_in()]
    receive_all(journal)
    days_later(EVENTS_STAY.days - 1)
    assert journal.tidy(Clock()) == Tidied()

    days_later(EVENTS_STAY.days + 1)
    assert journal.tidy(Clock()) == Tidied(events=2)
    made.append(sign_in())

    key = journal.signing_key.public_key()
    kept = [verify(envelope, key) for envelope in journal.envelopes()]
    assert kept == made[2:]
    assert all(
        read_unverified(after).prev == before.digest for before, after in pairwise(journal.envelopes())
    )


@pytest.mark.parametrize("status", [None, "refused"])
def test_nothing_goes_that_lies_behind_an_event_without_a_receipt(
    journal: Journal, sign_in: Callable[..., Event], days_later: Callable[[float], None], status: str | None
) -> None:
    made = [sign_in() for _event in range(4)]
    answers = [Receipt(envelope.digest, "accepted") for envelope in journal.envelopes()]
    if status:
        answers[1] = Receipt(answers[1].digest, status, "malformed")
    else:
        del answers[1]
    journal.keep_receipts(answers, Clock().now())

    days_later(5000)
    assert journal.tidy(Clock()) == Tidied(events=1)

    assert [read_unverified(envelope) for envelope in journal.envelopes()] == made[1:]


def test_a_photo_goes_with_its_event(
    journal: Journal, take_photo: Callable[..., str], sign_in: Callable[..., Event],
    days_later: Callable[[float], None],
) -> None:  # fmt: skip
    digest = take_photo()
    sign_in()
    receive_all(journal)
    journal.keep_photo_receipt(digest, "duplicate")

    days_later(EVENTS_STAY.days + 1)

    assert journal.tidy(Clock()) == Tidied(photos=1, events=1)
    assert kinds(journal) == ["sign_in"]


def test_templates_go_a_week_after_the_last_lesson_without_a_network_each_with_its_record(
    journal: Journal, days_later: Callable[[float], None]
) -> None:
    assert journal.keep_portrait(101, PORTRAIT, Clock())
    assert journal.keep_portrait(102, PORTRAIT, Clock())

    days_later(PORTRAITS_STAY.days)  # the last lesson ends at five in the afternoon
    assert journal.tidy(Clock()) == Tidied()
    days_later(PORTRAITS_STAY.days + 1)
    assert journal.tidy(Clock()) == Tidied(portraits=2)

    assert (journal.portraits(), journal.portrait(101)) == (set(), None)
    assert kinds(journal) == ["portrait", "portrait", "forget", "forget"]
    assert journal.counts().pending == 4
    assert not journal.keep_portrait(101, PORTRAIT, Clock())
    assert journal.tidy(Clock()) == Tidied()


def test_the_room_of_what_went_is_given_back(
    journal: Journal, take_photo: Callable[..., str], days_later: Callable[[float], None]
) -> None:
    for number in range(20):
        journal.keep_photo_receipt(take_photo(JPEG + bytes([number]) * 100_000), "accepted")
    receive_all(journal)
    for digest in journal.photos():
        journal.keep_photo_receipt(digest, "accepted")
    before = (journal.home / DATABASE).stat().st_size

    days_later(PHOTOS_STAY.days + 1)
    journal.tidy(Clock())

    assert before > 2_000_000
    assert (journal.home / DATABASE).stat().st_size < before / 10


def test_a_start_before_the_last_event_is_written_down_once(
    journal: Journal, sign_in: Callable[..., Event], days_later: Callable[[float], None]
) -> None:
    event = sign_in()
    days_later(-365)
    clock = Clock()

    jump = journal.watch(clock)

    assert jump is not None
    assert (jump.kind, round(jump.seconds / 86400)) == ("start", -365)
    assert journal.watch(clock) is None
    assert journal.jumps() == [jump]
    assert clock.jumped == jump
    assert sign_in().captured_at < event.captured_at  # told as it is


def test_a_clock_that_is_set_while_people_sign_in_is_written_down_with_their_events(
    journal: Journal, tmp_path: Any, set_time: Callable[[str], None]
) -> None:
    clock = Clock()

    def record() -> Event:
        about = {"kind": "sign_in", "session": "SC-2026-03", "lesson": 11}
        return journal.append(journal.compose(clock, person=Enrolled(enrolment=101), **about))

    first = record()
    wall = float((tmp_path / "clock").read_text())
    (tmp_path / "clock").write_text(f"{wall - 3600} {wall}")
    second = record()

    assert second.captured_at - first.captured_at < timedelta(minutes=-59)
    assert second.monotonic_ms >= first.monotonic_ms
    (jump,) = journal.jumps()
    assert (round(jump.seconds / 60), jump.kind) == (-60, "running")
    assert isinstance(jump.at, datetime)
