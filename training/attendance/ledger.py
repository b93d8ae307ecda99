"""Taking in what a station sends: verify, keep, answer per event. Nothing is dropped.

The caller holds the station's lock (`stations.services.at_work`), so that two batches of one station
queue up and the chain stays one chain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils import timezone

from kiosk.envelope import GENESIS, Enrolled, Envelope, EnvelopeError, Event, decode_signing_key, verify
from training.attendance.choices import TEMPLATE_KINDS, EventKind, HeldReason, Note
from training.attendance.lookups import known_events, places
from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.attendance.rules import Tick, clock_jumped
from training.enrolment.choices import EnrolmentStatus
from training.scheduling.choices import TAKES_ATTENDANCE
from training.stations.models import Station

LATE: Final = timedelta(hours=1)
CLOCK_TOLERANCE_MS: Final = 120_000
ABOUT_A_PERSON: Final = frozenset({EventKind.SIGN_IN, EventKind.SIGN_OUT, EventKind.CHECK, EventKind.BIND})
IN_A_LESSON: Final = frozenset({EventKind.SIGN_IN, EventKind.SIGN_OUT, EventKind.CHECK, EventKind.PHOTO})


@dataclass(frozen=True)
class Receipt:
    """What the station may forget the event for: `accepted`, `duplicate` or `held` with a reason."""

    digest: str
    status: str
    reason: str = ""

    @property
    def message(self) -> str:
        return str(HeldReason(self.reason).label) if self.reason else ""


@dataclass(frozen=True)
class _Arrival:
    """One envelope of the batch, and the event inside or why it can't be believed."""

    envelope: Envelope
    digest: str
    said: Event | EnvelopeError


@dataclass(frozen=True)
class _Link:
    """An event of this station's chain, from the ledger or just entered."""

    digest: str
    prev: str
    tick: Tick


@dataclass(frozen=True)
class _Shelf:
    """What the ledger has at, beside and against the batch."""

    chain: dict[int, _Link]
    taken: set[UUID]  # event ids, whichever station's


@dataclass(frozen=True)
class _Place:
    """What the batch's events may refer to."""

    sessions: dict[str, tuple[int, str]]  # code -> (id, status)
    lessons: dict[int, tuple[int, str]]  # id -> (session id, day in ISO 8601)
    enrolments: dict[int, tuple[int, bool]]  # id -> (session id, is still on its roster)

    def belongs(self, event: Event, session: int | None) -> bool:
        """Whether the event's person is on this session's roster; of a template, whether they ever were."""
        if session is None or not isinstance(event.person, Enrolled):
            return False
        where, on_roster = self.enrolments.get(event.person.enrolment, (None, False))
        return where == session and (on_roster or event.kind in TEMPLATE_KINDS)


def receive(station: Station, envelopes: Sequence[Envelope], *, at: datetime) -> list[Receipt]:
    """One receipt for each envelope, in order. Sending a batch again changes nothing."""
    key = decode_signing_key(station.public_key)
    arrivals = [_believe(station, key, envelope) for envelope in envelopes]
    refused = [_refuse(station, arrival, at) for arrival in arrivals]
    believed = {
        arrival.digest: (arrival, arrival.said) for arrival in arrivals if isinstance(arrival.said, Event)
    }
    receipts = _enter(station, believed, at) if believed else {}
    return [no or receipts[arrival.digest] for no, arrival in zip(refused, arrivals, strict=True)]


def _believe(station: Station, key: Ed25519PublicKey, envelope: Envelope) -> _Arrival:
    said: Event | EnvelopeError
    try:
        said = verify(envelope, key)
    except EnvelopeError as problem:
        said = problem
    else:
        if said.station != station.pk:
            said = EnvelopeError(HeldReason.WRONG_STATION, str(said.station))
    return _Arrival(envelope, envelope.digest, said)


def _refuse(station: Station, arrival: _Arrival, at: datetime) -> Receipt | None:
    """The receipt of what can't be believed; a damaged copy of something that is in the ledger is there."""
    if isinstance(arrival.said, Event):
        return None
    if AttendanceEvent.objects.filter(station=station, digest=arrival.digest).exists():
        return Receipt(arrival.digest, "duplicate")
    return _hold(station, arrival, HeldReason(arrival.said.code), arrival.said.detail, at)


def _hold(station: Station, arrival: _Arrival, reason: HeldReason, detail: str, at: datetime) -> Receipt:
    """Keep it as received; of several false signatures under one payload the first.

    What was held before is held for the same reason still. Something held under another signature is
    not the same: one damaged on its way must not keep the sound one out.
    """
    signature = _storable(arrival.envelope.signature)
    held, _new = HeldEnvelope.objects.get_or_create(
        station=station,
        digest=arrival.digest,
        defaults={
            "payload": _storable(arrival.envelope.payload),
            "signature": signature,
            "reason": reason,
            "detail": detail[:200],
            "received_at": at,
        },
    )
    return Receipt(arrival.digest, "held", held.reason if held.signature == signature else reason)


def _storable(text: str) -> str:
    """PostgreSQL's text holds everything but NUL; the digest is still that of what came."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _look_at_shelf(station: Station, events: Sequence[Event]) -> _Shelf:
    found = known_events(
        station.pk,
        seqs={event.seq + step for event in events for step in (-1, 0, 1)},
        ids={event.event for event in events},
    )
    shelf = _Shelf({}, set())
    for mine, digest, payload in found:
        signed = json.loads(payload)
        shelf.taken.add(UUID(signed["event"]))
        if mine:
            shelf.chain[signed["seq"]] = _Link(digest, signed["prev"], _tick(signed))
    return shelf


def _tick(signed: Mapping[str, Any]) -> Tick:
    return Tick(datetime.fromisoformat(signed["captured_at"]), UUID(signed["boot"]), signed["monotonic_ms"])


def _look_up(station: Station, events: Sequence[Event]) -> _Place:
    """Only this institution's: a station can't speak of another's session."""
    rows = places(
        station.institution_id,
        codes={event.session for event in events},
        lessons={event.lesson for event in events if event.lesson is not None},
        enrolments={event.person.enrolment for event in events if isinstance(event.person, Enrolled)},
    )
    place = _Place({}, {}, {})
    for what, number, session, name, status in rows:
        if what == "session":
            place.sessions[name] = number, status
        elif what == "lesson":
            place.lessons[number] = session, name
        else:
            place.enrolments[number] = session, status != EnrolmentStatus.WITHDRAWN
    return place


def _enter(
    station: Station, believed: Mapping[str, tuple[_Arrival, Event]], at: datetime
) -> dict[str, Receipt]:
    """Put signed events into the ledger, in chain order, or hold them for what is wrong with the chain."""
    events = [event for _arrival, event in believed.values()]
    shelf, place = _look_at_shelf(station, events), _look_up(station, events)
    receipts: dict[str, Receipt] = {}
    rows: list[AttendanceEvent] = []
    for arrival, event in sorted(believed.values(), key=lambda pair: pair[1].seq):
        link = _Link(arrival.digest, event.prev, Tick(event.captured_at, event.boot, event.monotonic_ms))
        if event.seq in shelf.chain and shelf.chain[event.seq].digest == arrival.digest:
            receipts[arrival.digest] = Receipt(arrival.digest, "duplicate")
        elif broken := _chain_problem(event, link, shelf):
            receipts[arrival.digest] = _hold(station, arrival, broken, f"seq {event.seq}", at)
        else:
            row = _row(station, arrival, event, place, at)
            row.notes = _notes(event, link, shelf.chain, at)
            rows.append(row)
            shelf.taken.add(event.event)
            shelf.chain[event.seq] = link
            status = "held" if row.held_reason else "accepted"
            receipts[arrival.digest] = Receipt(arrival.digest, status, row.held_reason)
    AttendanceEvent.objects.bulk_create(rows)
    return receipts


def _chain_problem(event: Event, link: _Link, shelf: _Shelf) -> HeldReason | None:
    if event.seq in shelf.chain:
        return HeldReason.FORK
    if event.seq == 1 and event.prev != GENESIS:
        return HeldReason.CHAIN_BROKEN
    before, after = shelf.chain.get(event.seq - 1), shelf.chain.get(event.seq + 1)
    if (before and before.digest != event.prev) or (after and after.prev != link.digest):
        return HeldReason.CHAIN_BROKEN
    return HeldReason.EVENT_REUSED if event.event in shelf.taken else None


def _row(station: Station, arrival: _Arrival, event: Event, place: _Place, at: datetime) -> AttendanceEvent:
    session, status = place.sessions.get(event.session, (None, ""))
    where, day = place.lessons.get(event.lesson or 0, (None, ""))
    here = where is not None and where == session
    belongs = place.belongs(event, session)
    return AttendanceEvent(
        station=station,
        seq=event.seq,
        event_id=event.event,
        digest=arrival.digest,
        prev=event.prev,
        payload=arrival.envelope.payload,
        signature=arrival.envelope.signature,
        kind=event.kind,
        method=event.method or "",
        training_session_id=session,
        lesson_id=event.lesson if here else None,
        enrolment_id=event.person.enrolment if belongs and isinstance(event.person, Enrolled) else None,
        voids=event.voids,
        captured_at=event.captured_at,
        received_at=at,
        held_reason=_standing(event, status, day if here else "", belongs=belongs) or "",
    )


def _standing(event: Event, status: str, day: str, *, belongs: bool) -> HeldReason | None:
    """Why a believed event does not count; None when it does.

    `status` is its session's, "" for none of this institution's; `day` its lesson's, "" for none of it.
    """
    if not status:
        return HeldReason.UNKNOWN_SESSION
    if event.kind in TEMPLATE_KINDS:  # a template goes when its session is over, so its proof comes later
        return None if belongs else HeldReason.NOT_ON_ROSTER
    if status not in TAKES_ATTENDANCE:
        return HeldReason.SESSION_NOT_OPEN
    if event.kind == "bind" and (event.token is None or event.witness is None):
        return HeldReason.MALFORMED
    if event.kind in ABOUT_A_PERSON and not belongs:
        return HeldReason.NOT_ON_ROSTER
    if event.kind in IN_A_LESSON:
        if not day:
            return HeldReason.UNKNOWN_LESSON
        if day != timezone.localdate(event.captured_at).isoformat():
            return HeldReason.OUTSIDE_LESSON
    return None


def _notes(event: Event, link: _Link, chain: Mapping[int, _Link], at: datetime) -> list[str]:
    """A jump of the clock is noted on whichever of the two events came second."""
    before, after = chain.get(event.seq - 1), chain.get(event.seq + 1)
    jumped = (before and clock_jumped(before.tick, link.tick)) or (
        after and clock_jumped(link.tick, after.tick)
    )
    found = (
        (Note.GAP, event.seq > 1 and before is None),
        (Note.LATE, at - event.captured_at > LATE),
        (Note.CLOCK, abs(event.clock_offset_ms or 0) > CLOCK_TOLERANCE_MS),
        (Note.CLOCK_JUMP, jumped),
    )
    return [note.value for note, worth in found if worth]
