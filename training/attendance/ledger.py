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

from kiosk.envelope import (
    GENESIS,
    Enrolled,
    Envelope,
    EnvelopeError,
    Event,
    WalkIn,
    decode_signing_key,
    verify,
)
from training.attendance.choices import TEMPLATE_KINDS, EventKind, HeldReason, Note
from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.attendance.rules import Tick, clock_jumped
from training.attendance.statements import ask, insert
from training.enrolment.choices import EnrolmentStatus
from training.fairs.door import Arrival, Door, doors, welcome
from training.scheduling.choices import TAKES_ATTENDANCE
from training.stations.models import Station

LATE: Final = timedelta(hours=1)
CLOCK_TOLERANCE_MS: Final = 120_000
ABOUT_A_PERSON: Final = frozenset({EventKind.SIGN_IN, EventKind.SIGN_OUT, EventKind.CHECK, EventKind.BIND})
IN_A_LESSON: Final = frozenset({EventKind.SIGN_IN, EventKind.SIGN_OUT, EventKind.CHECK, EventKind.PHOTO})
BY_CARD_AT_A_FAIR: Final = frozenset({EventKind.SIGN_IN, EventKind.SIGN_OUT, EventKind.ATTEMPT})


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
class _Known:
    """What the database has to do with a batch, and what of the batch has been entered."""

    chain: dict[int, _Link]  # this station's events at and beside the batch's numbers
    taken: set[UUID]  # event ids of the batch that are in the ledger, whichever station's
    sessions: dict[str, tuple[int, str]]  # code -> (id, status)
    lessons: dict[int, tuple[int, str]]  # id -> (session id, day in ISO 8601)
    enrolments: dict[int, tuple[int, bool]]  # id -> (session id, is still on its roster)
    doors: dict[str, Door]  # code -> the job fair of this code that the station was given

    def has(self, event: Event, digest: str) -> bool:
        return event.seq in self.chain and self.chain[event.seq].digest == digest

    def add(self, event: Event, link: _Link) -> None:
        self.chain[event.seq] = link
        self.taken.add(event.event)

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


def _look_up(station: Station, events: Sequence[Event]) -> _Known:
    """Only this institution's sessions: a station can't speak of another's."""
    rows = ask(
        station.pk,
        station.institution_id,
        seqs={event.seq + step for event in events for step in (-1, 0, 1)},
        ids={event.event for event in events},
        codes={event.session for event in events},
        lessons={event.lesson for event in events if event.lesson is not None},
        enrolments=_enrolled(events),
    )
    known = _Known({}, set(), {}, {}, {}, {})
    for what, number, other, name, text in rows:
        if what == "event":
            signed = json.loads(text)
            known.taken.add(UUID(signed["event"]))
            if other:
                known.chain[number] = _Link(name, signed["prev"], _tick(signed))
        elif what == "session":
            known.sessions[name] = number, text
        elif what == "lesson":
            known.lessons[number] = other, name
        else:
            known.enrolments[number] = other, text != EnrolmentStatus.WITHDRAWN
    if elsewhere := {event.session for event in events} - known.sessions.keys():
        known.doors.update(doors(station.pk, elsewhere, _enrolled(events)))
    return known


def _enrolled(events: Sequence[Event]) -> set[int]:
    return {event.person.enrolment for event in events if isinstance(event.person, Enrolled)}


def _tick(signed: Mapping[str, Any]) -> Tick:
    return Tick(datetime.fromisoformat(signed["captured_at"]), UUID(signed["boot"]), signed["monotonic_ms"])


def _enter(
    station: Station, believed: Mapping[str, tuple[_Arrival, Event]], at: datetime
) -> dict[str, Receipt]:
    """Put signed events into the ledger, in chain order, or hold them for what is wrong with the chain."""
    known = _look_up(station, [event for _arrival, event in believed.values()])
    receipts: dict[str, Receipt] = {}
    rows: list[AttendanceEvent] = []
    arrivals: list[Arrival] = []
    for arrival, event in sorted(believed.values(), key=lambda pair: pair[1].seq):
        link = _Link(arrival.digest, event.prev, Tick(event.captured_at, event.boot, event.monotonic_ms))
        if known.has(event, arrival.digest):
            receipts[arrival.digest] = Receipt(arrival.digest, "duplicate")
        elif broken := _chain_problem(event, link, known):
            receipts[arrival.digest] = _hold(station, arrival, broken, f"seq {event.seq}", at)
        else:
            row = _row(station, arrival, event, known, at)
            arrivals += _arrivals(row, event, known)
            row.notes = _notes(event, link, known.chain, at)
            row.verdict_proof = row.prove_verdict()
            rows.append(row)
            known.add(event, link)
            status = "held" if row.held_reason else "accepted"
            receipts[arrival.digest] = Receipt(arrival.digest, status, row.held_reason)
    if rows:
        insert(rows)
        welcome(arrivals, at=at)
    return receipts | _still_held(station, receipts)


def _still_held(station: Station, receipts: Mapping[str, Receipt]) -> dict[str, Receipt]:
    """What was held when it first came is not merely there: a station that lost that answer must learn it."""
    again = [digest for digest, receipt in receipts.items() if receipt.status == "duplicate"]
    if not again:
        return {}
    held = station.events.filter(digest__in=again).exclude(held_reason="").order_by()
    return {
        digest: Receipt(digest, "held", reason)
        for digest, reason in held.values_list("digest", "held_reason")
    }


def _chain_problem(event: Event, link: _Link, known: _Known) -> HeldReason | None:
    if event.seq in known.chain:
        return HeldReason.FORK
    if event.seq == 1 and event.prev != GENESIS:
        return HeldReason.CHAIN_BROKEN
    before, after = known.chain.get(event.seq - 1), known.chain.get(event.seq + 1)
    if (before and before.digest != event.prev) or (after and after.prev != link.digest):
        return HeldReason.CHAIN_BROKEN
    return HeldReason.EVENT_REUSED if event.event in known.taken else None


def _row(station: Station, arrival: _Arrival, event: Event, known: _Known, at: datetime) -> AttendanceEvent:
    session, status = known.sessions.get(event.session, (None, ""))
    where, day = known.lessons.get(event.lesson or 0, (None, ""))
    here = where is not None and where == session
    belongs = known.belongs(event, session)
    door = known.doors.get(event.session)
    held = _at_door(event, door) if door else _standing(event, status, day if here else "", belongs=belongs)
    return AttendanceEvent(
        station_id=station.pk,
        seq=event.seq,
        event_id=event.event,
        digest=arrival.digest,
        prev=event.prev,
        payload=arrival.envelope.payload,
        signature=arrival.envelope.signature,
        kind=event.kind,
        method=event.method or "",
        training_session_id=session,
        fair_id=door.fair if door else None,
        lesson_id=event.lesson if here else None,
        enrolment_id=event.person.enrolment if belongs and isinstance(event.person, Enrolled) else None,
        voids=event.voids,
        captured_at=event.captured_at,
        received_at=at,
        held_reason=held or "",
    )


def _at_door(event: Event, door: Door) -> HeldReason | None:
    """Why a believed event does not count at a job fair; None when it does.

    Who is on no list may come in all the same, by a card: the event then holds it sealed.
    """
    if not door.is_open:
        return HeldReason.FAIR_NOT_OPEN
    by_card = event.kind in BY_CARD_AT_A_FAIR and event.card is not None
    if not by_card and event.kind != "photo":
        return HeldReason.NOT_AT_A_FAIR
    if event.lesson != door.lesson:
        return HeldReason.UNKNOWN_LESSON
    if door.on != timezone.localdate(event.captured_at).isoformat():
        return HeldReason.OUTSIDE_LESSON
    if not by_card:
        return None
    expected = isinstance(event.person, Enrolled) and event.person.enrolment in door.expected
    return None if expected or isinstance(event.person, WalkIn) else HeldReason.NOT_ON_ROSTER


def _arrivals(row: AttendanceEvent, event: Event, known: _Known) -> list[Arrival]:
    """The arrival that a counted sign-in at a fair is; none for any other event."""
    door = known.doors.get(event.session)
    if door is None or row.held_reason or event.kind != "sign_in" or event.person is None:
        return []
    person = event.person.enrolment if isinstance(event.person, Enrolled) else event.person
    return [Arrival(door, row.station_id, row.digest, event.captured_at, person)]


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
    if event.kind in ABOUT_A_PERSON and not belongs and not _begins_a_check(event):
        return HeldReason.NOT_ON_ROSTER
    if event.kind in IN_A_LESSON:
        if not day:
            return HeldReason.UNKNOWN_LESSON
        if day != timezone.localdate(event.captured_at).isoformat():
            return HeldReason.OUTSIDE_LESSON
    return None


def _begins_a_check(event: Event) -> bool:
    """A witness started a check by hand: it is about the lesson and about nobody in it."""
    return event.kind == "check" and event.person is None and event.witness is not None


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
