"""A thousand queued events handed over in batches, against storing the same rows unasked."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.client import Connection, demand_accepted, encode, post_all
from benchmarks.door import BenchmarkError
from benchmarks.measure import Comparison, Result, series
from benchmarks.office import Office
from kiosk.clock import Clock
from kiosk.journal import Journal
from kiosk.server import BATCH, Server

SIZES = {"rounds": 7, "events": 1000}
TINY = {"rounds": 1, "events": 5}
FROM_JOURNAL, RECEIVED, UNASKED = "journal → receipts in the journal", "server only", "verify + bulk_create"


def run(office: Office, rounds: int, events: int) -> Result:
    """Three new stations with equally long queues in every round, drained in turns."""
    ways = {FROM_JOURNAL: from_journal, RECEIVED: received, UNASKED: unasked}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for place, name in enumerate(list(ways)[number % 3 :] + list(ways)[: number % 3]):
                with office.enrol(Path(folder) / f"{number}-{place}") as journal:
                    office.sign_in(journal, events)
                    rates[name].append(events / ways[name](office, journal, events))
    figures = {name: series(values, "events/s") for name, values in rates.items()}
    return Result(
        "drain",
        f"{events:,} sign-ins drained in batches of {BATCH} by one station: signature, canonical form, chain, "
        "roster and lesson checked, a receipt for each.",
        "the same batches to a Django view without middleware that verifies the signatures and bulk_creates the "
        "same ledger rows: same gunicorn and database, no other check, no receipt",
        figures,
        [
            Comparison("journal → server → receipts in the journal", figures[FROM_JOURNAL], 1500.0, "more"),
            Comparison("server only", figures[RECEIVED], 1500.0, "more"),
            Comparison("server only / verify + bulk_create", figures[RECEIVED].over(figures[UNASKED])),
        ],
        {"rounds": rounds, "events": events, "batch": BATCH},
        ["One station hands over one batch after the other, so one core of the server works at a time."],
    )


def from_journal(office: Office, journal: Journal, events: int) -> float:
    """Seconds for what the uplink does: read the queue, post it, write the receipts down."""
    token = journal.identity.token if journal.identity else ""
    server = Server(office.url, token, clock=Clock())
    server.time()  # the connection is there already, as in a running station
    started = time.perf_counter()
    while batch := journal.pending(BATCH):
        journal.keep_receipts(server.events(batch))
    seconds = time.perf_counter() - started
    server.close()
    if journal.counts().held or journal.counts().total != events:
        raise BenchmarkError(f"not all accepted: {journal.counts()}")
    return seconds


def received(office: Office, journal: Journal, events: int) -> float:
    """Seconds for the same batches, ready to post."""
    token = journal.identity.token if journal.identity else ""
    with Connection(office.url) as connection:
        seconds, answers = post_all([connection], [batches(journal, "/api/v1/station/events", token)])
    demand_accepted(answers, events)
    return seconds


def unasked(office: Office, journal: Journal, _events: int) -> float:
    """Seconds for the baseline."""
    station = journal.identity.station if journal.identity else ""
    with Connection(office.url) as connection:
        seconds, _answers = post_all([connection], [batches(journal, f"/bare/events/{station}/")])
    return seconds


def batches(journal: Journal, path: str, token: str = "") -> list[bytes]:
    envelopes = journal.envelopes()
    return [
        encode(path, envelopes[start : start + BATCH], token) for start in range(0, len(envelopes), BATCH)
    ]
