"""What must hold after every fault, read from the files and tables themselves."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kiosk.clock import Clock
from kiosk.envelope import GENESIS, Event, verify
from kiosk.journal import Journal
from kiosk.server import BATCH, Server
from kiosk.store import DATABASE
from kiosk.uplink import hand_over
from training.attendance.models import AttendanceEvent, HeldEnvelope


@dataclass(frozen=True)
class Row:
    """An event in a station's journal: whose it is, and the server's answer to it."""

    subject: str
    digest: str
    status: str | None
    reason: str


def events_of(journal: Journal) -> list[Event]:
    """Every event, each verified and each continuing the one before."""
    key, prev, events = journal.signing_key.public_key(), GENESIS, []
    for number, envelope in enumerate(journal.envelopes(), start=1):
        event = verify(envelope, key)
        assert (event.seq, event.prev) == (number, prev)
        prev = envelope.digest
        events.append(event)
    assert len({event.event for event in events}) == len(events)
    return events


def rows_of(home: Path) -> list[Row]:
    """The journal's own rows, in order, by another door than the program's."""
    with closing(sqlite3.connect(home / DATABASE)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = database.execute("SELECT subject, digest, status, reason FROM events ORDER BY seq")
        return [Row(*row) for row in rows]


def server_of(journal: Journal) -> Server:
    """The server as this station reaches it; close it."""
    assert journal.identity is not None
    return Server(journal.identity.server, journal.identity.token, clock=Clock())


def drain(home: Path) -> None:
    """Hand over everything that has no receipt, as the uplink does, with nobody in the way."""
    with Journal(home) as journal, closing(server_of(journal)) as server:
        while batch := journal.pending(BATCH):
            hand_over(server, journal, Clock(), batch)


def demand_same(home: Path) -> int:
    """The journal is whole, and the ledger holds byte for byte the same, each event once; how many.

    Every event has a receipt, and the receipt is true.
    """
    with Journal(home) as journal:
        events, envelopes, identity = events_of(journal), journal.envelopes(), journal.identity
    assert identity is not None
    ledger = list(AttendanceEvent.objects.filter(station=identity.station).order_by("seq"))
    assert [(row.payload, row.signature) for row in ledger] == [
        (envelope.payload, envelope.signature) for envelope in envelopes
    ]
    assert [(row.seq, row.event_id, row.captured_at) for row in ledger] == [
        (event.seq, event.event, event.captured_at) for event in events
    ]
    assert not HeldEnvelope.objects.filter(station=identity.station).exists()
    for kept, row in zip(rows_of(home), ledger, strict=True):
        assert kept.digest == row.digest
        assert (kept.status, kept.reason) in right_answers(row.held_reason)
    return len(ledger)


def right_answers(held_reason: str) -> list[tuple[str, str]]:
    """What a station may have been told of an event in the ledger."""
    if held_reason:
        return [("held", held_reason)]
    return [("accepted", ""), ("duplicate", "")]  # the second once the first was lost on its way
