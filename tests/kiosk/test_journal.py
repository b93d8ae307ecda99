"""Nothing confirmed is lost and nothing is doubled, whatever happens to the program."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from uuid6 import uuid7

from kiosk.envelope import GENESIS, Event, verify
from kiosk.journal import Journal, Receipt
from kiosk.store import DATABASE, KEY, JournalError

STATION = uuid4()
KILLS = 20

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4
from uuid6 import uuid7
from kiosk.envelope import Event
from kiosk.journal import Journal
from kiosk.store import DATABASE, KEY, JournalError
journal = Journal(Path(sys.argv[1]))
def compose(seq, prev):
    return Event(station=UUID(sys.argv[2]), seq=seq, prev=prev, event=uuid7(), kind="sign_in", session="S",
                 lesson=1, captured_at=datetime.now(UTC), boot=uuid4(), monotonic_ms=1)
print("ready", flush=True)
while True:
    event = journal.append(compose, subject="1")
    print(event.event, flush=True)  # this is the moment of 签到成功
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def empty(home: Path) -> Iterator[Journal]:
    with Journal(home) as journal:
        yield journal


@pytest.fixture
def record() -> Callable[..., Event]:
    def append(journal: Journal, subject: str = "1", **fields: object) -> Event:
        def compose(seq: int, prev: str) -> Event:
            about = {"kind": "sign_in", "session": "S", "lesson": 1} | fields
            return Event(
                station=STATION, seq=seq, prev=prev, event=uuid7(), captured_at=datetime.now(UTC),
                boot=uuid4(), monotonic_ms=1, **about,
            )  # type: ignore[arg-type]  # fmt: skip

        return journal.append(compose, subject=subject)

    return append


def chain(journal: Journal) -> list[Event]:
    """All events, each verified and each continuing the one before."""
    key, prev, events = journal.signing_key.public_key(), GENESIS, []
    for number, envelope in enumerate(journal.envelopes(), start=1):
        event = verify(envelope, key)
        if number == 1:
            prev, first = event.prev, event.seq  # what was tidied away is behind it
        assert (event.seq, event.prev) == (first + number - 1, prev)
        prev = envelope.digest
        events.append(event)
    return events


def test_events_form_a_signed_chain_over_restarts(home: Path, record: Callable[..., Event]) -> None:
    made = []
    for _start in range(3):
        with Journal(home) as journal:
            made += [record(journal), record(journal)]

    with Journal(home) as journal:
        assert chain(journal) == made
        assert (made[0].seq, made[0].prev) == (1, GENESIS)


def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(home: Path) -> None:
    confirmed: list[str] = []
    for _kill in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(home), str(STATION)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            for _line in range(random.randrange(1, 12)):
                confirmed.append(child.stdout.readline().strip())
            os.kill(child.pid, signal.SIGKILL)
            confirmed += [line.strip() for line in child.stdout if line.endswith("\n")]

    with Journal(home) as journal:
        kept = [str(event.event) for event in chain(journal)]
    lost = set(confirmed) - set(kept)
    print(f"{KILLS} kills, {len(confirmed)} confirmed, {len(kept)} kept, {len(lost)} lost")  # noqa: T201
    assert lost == set()
    assert len(kept) == len(set(kept))
    assert len(kept) <= len(confirmed) + KILLS  # at most one per kill was written and not yet told


def test_two_programs_on_one_journal_share_one_chain(home: Path, record: Callable[..., Event]) -> None:
    with Journal(home) as one, Journal(home) as other:
        for _round in range(5):
            record(one)
            record(other)

        assert len(chain(one)) == 10


def test_an_event_without_a_receipt_can_not_be_deleted_or_edited(
    home: Path, empty: Journal, record: Callable[..., Event]
) -> None:
    record(empty)
    db = sqlite3.connect(home / DATABASE)

    with pytest.raises(sqlite3.IntegrityError, match="no receipt"):
        db.execute("DELETE FROM events")
    with pytest.raises(sqlite3.IntegrityError, match="never edited"):
        db.execute("UPDATE events SET payload = ''")
    db.close()
    assert len(chain(empty)) == 1


def test_a_receipt_counts_once(empty: Journal, record: Callable[..., Event]) -> None:
    record(empty)
    digest = empty.envelopes()[0].digest

    assert empty.keep_receipts([Receipt(digest, "accepted")]) == 1
    assert empty.keep_receipts([Receipt(digest, "held", "late")]) == 0

    assert empty.counts().all_received
    assert empty.held() == []


def test_a_receipt_for_something_we_never_sent_changes_nothing(
    empty: Journal, record: Callable[..., Event]
) -> None:
    record(empty)

    assert empty.keep_receipts([Receipt("f" * 64, "accepted")]) == 0
    assert empty.counts().pending == 1


def test_the_key_file_is_for_its_owner_only_and_never_made_twice(home: Path, empty: Journal) -> None:
    assert stat.S_IMODE((home / KEY).stat().st_mode) == 0o600
    empty.close()
    (home / KEY).unlink()

    with pytest.raises(JournalError):
        Journal(home)
    assert not (home / KEY).exists()


def test_a_foreign_key_file_is_refused(home: Path, empty: Journal, tmp_path: Path) -> None:
    _ = empty.signing_key
    empty.close()
    with Journal(tmp_path / "other"):
        (tmp_path / "other" / KEY).replace(home / KEY)

    with Journal(home) as journal, pytest.raises(JournalError):
        _ = journal.signing_key


def test_a_failed_write_leaves_no_trace(empty: Journal, record: Callable[..., Event]) -> None:
    record(empty)
    empty._db.execute("PRAGMA max_page_count = 1")  # a full disk

    with pytest.raises(JournalError):
        list(map(record, [empty] * 2000))
    before = empty.counts().total
    empty._db.execute("PRAGMA max_page_count = 1000000")
    record(empty)

    assert len(chain(empty)) == before + 1


def test_a_refused_event_can_be_tried_again_and_is_still_the_same(
    empty: Journal, record: Callable[..., Event]
) -> None:
    record(empty)
    record(empty)
    first, second = empty.envelopes()
    empty.keep_receipts(
        [Receipt(first.digest, "refused", "malformed"), Receipt(second.digest, "held", "late")]
    )

    assert empty.retry_refused() == 1

    assert empty.pending(10) == [first]
    assert [(row.digest, row.status) for row in empty.held()] == [(second.digest, "held")]
    assert empty.retry_refused() == 0
