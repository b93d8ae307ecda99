"""Taking in what a station sends: verify, keep, answer per event. Nothing is dropped.

Locks: the station's row, so that two batches of one station queue up and the chain stays one chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import transaction
from django.utils import timezone

from kiosk.envelope import GENESIS, Enrolled, Envelope, EnvelopeError, Event, decode_signing_key, verify
from training.attendance.choices import TEMPLATE_KINDS, EventKind, HeldReason, Note
from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.scheduling.choices import TAKES_ATTENDANCE
from training.scheduling.models import TrainingSession
from training.stations.models import Station

LATE: Final = timedelta(hours=1)
CLOCK_TOLERANCE_MS: Final = 120_000


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
class _Place:
    """What an event may refer to, fetched once for the batch."""

    sessions: dict[str, TrainingSession]
    lessons: dict[int, tuple[int, object]]  # lesson id -> (session id, day)
    enrolments: dict[int, tuple[int, bool]]  # enrolment id -> (session id, is still on its roster)

    def belongs(self, event: Event, session: TrainingSession | None) -> bool:
        """Whether the event's person is on this session's roster; of a template, whether they ever were."""
        if session is None or not isinstance(event.person, Enrolled):
            return False
        where, on_roster = self.enrolments.get(event.person.enrolment, (None, False))
        return where == session.pk and (on_roster or event.kind in TEMPLATE_KINDS)


@transaction.atomic
def receive(station: Station, envelopes: Sequence[Envelope], *, at: datetime) -> list[Receipt]:
    """One receipt for each envelope, in order. Sending a batch again changes nothing."""
    Station.objects.select_for_update().get(pk=station.pk)
    key = decode_signing_key(station.public_key)
    answered = _known(station, envelopes)
    believed: dict[str, tuple[Envelope, Event]] = {}
    for envelope in envelopes:
        if envelope in answered or envelope.digest in believed:
            continue
        try:
            believed[envelope.digest] = envelope, _believe(station, key, envelope)
        except EnvelopeError as problem:
            answered[envelope] = _hold(station, envelope, HeldReason(problem.code), problem.detail, at)
    entered = _enter(station, list(believed.values()), at)
    return [answered.get(envelope) or entered[envelope.digest] for envelope in envelopes]


def _believe(station: Station, key: Ed25519PublicKey, envelope: Envelope) -> Event:
    event = verify(envelope, key)
    if event.station != station.pk:
        raise EnvelopeError(HeldReason.WRONG_STATION, str(event.station))
    return event


def _known(station: Station, envelopes: Sequence[Envelope]) -> dict[Envelope, Receipt]:
    """Receipts for what is here already: `duplicate`, or `held` again with the reason it was held for.

    Something held under another signature is not the same: one damaged on its way must not keep the
    sound one out.
    """
    digests = [envelope.digest for envelope in envelopes]
    entered = set(station.events.filter(digest__in=digests).values_list("digest", flat=True))
    rows = station.held_envelopes.filter(digest__in=digests)
    held = {
        (digest, signature): reason
        for digest, signature, reason in rows.values_list("digest", "signature", "reason")
    }
    known = {}
    for envelope in envelopes:
        if envelope.digest in entered:
            known[envelope] = Receipt(envelope.digest, "duplicate")
        elif reason := held.get((envelope.digest, envelope.signature)):
            known[envelope] = Receipt(envelope.digest, "held", reason)
    return known


def _hold(station: Station, envelope: Envelope, reason: HeldReason, detail: str, at: datetime) -> Receipt:
    """Keep it as received; of several false signatures under one payload the first."""
    HeldEnvelope.objects.get_or_create(
        station=station,
        digest=envelope.digest,
        defaults={
            "payload": _storable(envelope.payload),
            "signature": _storable(envelope.signature),
            "reason": reason,
            "detail": detail[:200],
            "received_at": at,
        },
    )
    return Receipt(envelope.digest, "held", reason)


def _storable(text: str) -> str:
    """PostgreSQL's text holds everything but NUL; the digest is still that of what came."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _enter(station: Station, believed: list[tuple[Envelope, Event]], at: datetime) -> dict[str, Receipt]:
    """Put signed events into the ledger, in chain order, or hold them for what is wrong with the chain."""
    if not believed:
        return {}
    believed = sorted(believed, key=lambda pair: pair[1].seq)
    place = _look_up(station, [event for _envelope, event in believed])
    chain = _chain_around(station, [event.seq for _envelope, event in believed])
    taken = set(
        AttendanceEvent.objects.filter(
            event_id__in=[event.event for _envelope, event in believed]
        ).values_list("event_id", flat=True)
    )
    receipts: dict[str, Receipt] = {}
    rows: list[AttendanceEvent] = []
    for envelope, event in believed:
        digest = envelope.digest
        broken = _chain_problem(event, digest, chain)
        if broken is None and event.event in taken:
            broken = HeldReason.EVENT_REUSED
        if broken is not None:
            receipts[digest] = _hold(station, envelope, broken, f"seq {event.seq}", at)
            continue
        taken.add(event.event)
        chain[event.seq] = (digest, event.prev)
        row = _row(station, envelope, event, place, at, gap=event.seq > 1 and event.seq - 1 not in chain)
        rows.append(row)
        receipts[digest] = (
            Receipt(digest, "held", row.held_reason) if row.held_reason else Receipt(digest, "accepted")
        )
    AttendanceEvent.objects.bulk_create(rows)
    return receipts


def _chain_around(station: Station, seqs: list[int]) -> dict[int, tuple[str, str]]:
    """seq -> (digest, prev) of the ledger's events at and beside these numbers."""
    wanted = {seq + step for seq in seqs for step in (-1, 0, 1)}
    rows = station.events.filter(seq__range=(min(wanted), max(wanted))).values_list("seq", "digest", "prev")
    return {seq: (digest, prev) for seq, digest, prev in rows}


def _chain_problem(event: Event, digest: str, chain: dict[int, tuple[str, str]]) -> HeldReason | None:
    if event.seq in chain:
        return HeldReason.FORK
    if event.seq == 1 and event.prev != GENESIS:
        return HeldReason.CHAIN_BROKEN
    before, after = chain.get(event.seq - 1), chain.get(event.seq + 1)
    if (before and before[0] != event.prev) or (after and after[1] != digest):
        return HeldReason.CHAIN_BROKEN
    return None


def _look_up(station: Station, events: list[Event]) -> _Place:
    """Only this institution's: a station can't speak of another's session."""
    sessions = {
        session.code: session
        for session in TrainingSession.objects.filter(
            institution=station.institution_id, code__in={event.session for event in events}
        )
    }
    lessons = {
        lesson_id: (session_id, day)
        for session in sessions.values()
        for lesson_id, session_id, day in session.lessons.values_list("pk", "training_session_id", "on")
    }
    wanted = {event.person.enrolment for event in events if isinstance(event.person, Enrolled)}
    rows = Enrolment.objects.filter(pk__in=wanted).annotate(on_roster=ON_ROSTER)
    enrolments = {
        enrolment: (session_id, on_roster)
        for enrolment, session_id, on_roster in rows.values_list("pk", "training_session_id", "on_roster")
    }
    return _Place(sessions, lessons, enrolments)


def _row(
    station: Station, envelope: Envelope, event: Event, place: _Place, at: datetime, *, gap: bool
) -> AttendanceEvent:
    session = place.sessions.get(event.session)
    lesson = place.lessons.get(event.lesson or 0)
    belongs = place.belongs(event, session)
    return AttendanceEvent(
        station=station,
        seq=event.seq,
        event_id=event.event,
        digest=envelope.digest,
        prev=event.prev,
        payload=envelope.payload,
        signature=envelope.signature,
        kind=event.kind,
        method=event.method or "",
        training_session=session,
        lesson_id=event.lesson if lesson and session and lesson[0] == session.pk else None,
        enrolment_id=event.person.enrolment if belongs and isinstance(event.person, Enrolled) else None,
        voids=event.voids,
        captured_at=event.captured_at,
        received_at=at,
        held_reason=_standing(event, session, lesson, belongs=belongs) or "",
        notes=_notes(event, at, gap=gap),
    )


def _standing(
    event: Event, session: TrainingSession | None, lesson: tuple[int, object] | None, *, belongs: bool
) -> HeldReason | None:
    """Why a believed event does not count; None when it does."""
    if session is None:
        return HeldReason.UNKNOWN_SESSION
    if event.kind in TEMPLATE_KINDS:  # a template goes when its session is over, so its proof comes later
        return None if belongs else HeldReason.NOT_ON_ROSTER
    if session.status not in TAKES_ATTENDANCE:
        return HeldReason.SESSION_NOT_OPEN
    if event.kind in (EventKind.SIGN_IN, EventKind.SIGN_OUT) and not belongs:
        return HeldReason.NOT_ON_ROSTER
    if event.kind in (EventKind.SIGN_IN, EventKind.SIGN_OUT, EventKind.PHOTO):
        if lesson is None or lesson[0] != session.pk:
            return HeldReason.UNKNOWN_LESSON
        if lesson[1] != timezone.localdate(event.captured_at):
            return HeldReason.OUTSIDE_LESSON
    return None


def _notes(event: Event, at: datetime, *, gap: bool) -> list[str]:
    late = at - event.captured_at > LATE
    wrong_clock = abs(event.clock_offset_ms or 0) > CLOCK_TOLERANCE_MS
    return [
        note.value for note, worth in ((Note.GAP, gap), (Note.LATE, late), (Note.CLOCK, wrong_clock)) if worth
    ]
