"""The stations' chains: what proves itself, what is missing, what is held."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from kiosk.envelope import GENESIS, Envelope, EnvelopeError, decode_signing_key, verify
from training.attendance.choices import (
    TEMPLATE_KINDS,
    CorrectionStatus,
    EventKind,
    HeldReason,
    Note,
)
from training.attendance.models import AttendanceEvent, HeldEnvelope, LostRange
from training.attendance.rules import (
    Run,
    uncovered,
)
from training.core.actor import Actor
from training.enrolment.models import Enrolment
from training.scheduling.models import TrainingSession
from training.stations.models import Station


@dataclass(frozen=True)
class EventProof:
    """Whether a stored event still proves itself: signature, canonical text, place in the chain."""

    event: AttendanceEvent
    signature_ok: bool
    problem: str
    chain_ok: bool | None  # None: the event before it has not arrived
    previous: AttendanceEvent | None


@dataclass(frozen=True)
class Template:
    """A face template on one station, told by signed events; the template itself is on no server."""

    enrolment: Enrolment
    station: Station
    made: AttendanceEvent | None  # None: the record of its making has not arrived
    forgotten: AttendanceEvent | None  # None: the station still has it


def prove(event: AttendanceEvent) -> EventProof:
    """Check a stored event again, from its bytes."""
    previous = AttendanceEvent.objects.filter(station=event.station_id, seq=event.seq - 1).first()
    problem = ""
    try:
        verify(
            Envelope(payload=event.payload, signature=event.signature),
            decode_signing_key(event.station.public_key),
        )
    except EnvelopeError as error:
        problem = error.code
    if event.seq == 1:
        chain_ok: bool | None = event.prev == GENESIS
    else:
        chain_ok = previous.digest == event.prev if previous else None
    return EventProof(event, not problem, problem, chain_ok, previous)


def templates(session: TrainingSession) -> list[Template]:
    """Whose face template which station has or had for this session, in roster order."""
    rows = session.events.filter(kind__in=TEMPLATE_KINDS, held_reason="").order_by("seq")
    found: dict[tuple[int, int, str], Template] = {}
    for event in rows.select_related("enrolment__trainee", "station").defer("payload", "signature"):
        whose = event.enrolment.number, event.enrolment_id, str(event.station_id)
        if event.kind == EventKind.PORTRAIT:
            found[whose] = Template(event.enrolment, event.station, event, None)
        else:
            made = found[whose].made if whose in found else None
            found[whose] = Template(event.enrolment, event.station, made, event)
    return [found[whose] for whose in sorted(found)]


def held_events(session: TrainingSession, actor: Actor) -> list[AttendanceEvent]:
    """Believed events of this session that do not count, with their reasons."""
    rows = AttendanceEvent.objects.visible_to(actor).filter(training_session=session).exclude(held_reason="")
    return list(rows.select_related("station"))


def chain_gaps(sessions: Iterable[TrainingSession]) -> dict[int, tuple[str, ...]]:
    """session id -> names of stations with events missing before that session's last one.

    Two queries; a third where something is missing, for the numbers that are confirmed lost.
    """
    ends = list(
        AttendanceEvent.objects.filter(training_session__in=[session.pk for session in sessions])
        .order_by("station__name")
        .values("training_session", "station", "station__name")
        .annotate(last=Max("seq"))
    )
    holes = unexplained_holes({row["station"] for row in ends})
    gaps: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for row in ends:
        if any(hole.first <= row["last"] for hole in holes.get(row["station"], ())):
            gaps[row["training_session"]] += (row["station__name"],)
    return gaps


def unexplained_holes(stations: Iterable[Any]) -> dict[Any, list[Run]]:
    """station id -> the numbers that are missing in its chain and not confirmed lost."""
    holes: dict[Any, list[Run]] = defaultdict(list)
    for row in events_after_holes(stations).values_list("station", "before", "seq"):
        holes[row[0]].append(Run((row[1] or 0) + 1, row[2] - 1))
    if not holes:
        return {}
    covers: dict[Any, list[Run]] = defaultdict(list)
    lost = LostRange.objects.filter(station__in=holes, status=CorrectionStatus.APPROVED)
    for station, first, last in lost.values_list("station", "first_seq", "last_seq"):
        covers[station].append(Run(first, last))
    left = {
        station: [run for hole in runs for run in uncovered(hole, covers[station])]
        for station, runs in holes.items()
    }
    return {station: runs for station, runs in left.items() if runs}


def events_after_holes(stations: Iterable[Any]) -> QuerySet[Any]:
    """Events whose predecessor is missing, with the number of the last one `before` the hole.

    Looked at is what came after `complete_to`, and only ledgers that are short there event by event.
    """
    short = unsettled(stations).filter(came__lt=F("last") - F("complete_to"))
    mine = AttendanceEvent.objects.filter(station=OuterRef("station"))
    earlier = mine.filter(seq__lt=OuterRef("seq")).order_by("-seq").values("seq")[:1]
    rows = AttendanceEvent.objects.filter(
        ~Exists(mine.filter(seq=OuterRef("seq") - 1)),
        station__in=list(short.values_list("pk", flat=True)),
        seq__gt=Greatest(F("station__complete_to"), 1),
    )
    found: QuerySet[Any] = rows.order_by("station__name", "seq").annotate(before=Subquery(earlier))
    return found


def unsettled(stations: Iterable[Any]) -> QuerySet[Any]:
    """Stations with events after `complete_to`: how many `came`, and the number of the `last`."""
    behind = Q(events__seq__gt=F("complete_to"))
    rows = Station.objects.filter(behind, pk__in=list(stations)).order_by()
    ends: QuerySet[Any] = rows.annotate(came=Count("events"), last=Max("events__seq"))
    return ends


@dataclass(frozen=True)
class MissingRange:
    """Numbers that have not come. `since`: when the first event after them did, which showed it."""

    station: Station
    first: int
    last: int
    since: datetime
    after: AttendanceEvent
    lost: LostRange | None  # what was said of exactly these numbers and stands, or waits for a decision

    @property
    def confirmed(self) -> bool:
        return self.lost is not None and self.lost.status == CorrectionStatus.APPROVED


@dataclass(frozen=True)
class Fork:
    """Two envelopes that claim one place: what is in the ledger, and what was held for it."""

    held: HeldEnvelope
    stands: AttendanceEvent | None


@dataclass(frozen=True)
class ChainTroubles:
    missing: tuple[MissingRange, ...]
    forks: tuple[Fork, ...]
    jumps: tuple[AttendanceEvent, ...]


def missing_ranges(actor: Actor) -> list[MissingRange]:
    """What has not come from the stations this actor sees, explained or not."""
    return _missing(list(Station.objects.visible_to(actor).values_list("pk", flat=True)))


def gaps_and_forks(actor: Actor, station: Station | None = None) -> ChainTroubles:
    """What is wrong with the chains of all stations this actor sees, or of one of them."""
    stations = Station.objects.visible_to(actor)
    if station is not None:
        stations = stations.filter(pk=station.pk)
    ids = list(stations.values_list("pk", flat=True))
    return ChainTroubles(tuple(_missing(ids)), tuple(_forks(ids)), tuple(_jumps(ids)))


def _missing(stations: Sequence[Any]) -> list[MissingRange]:
    after = list(events_after_holes(stations).select_related("station__institution", "training_session"))
    standing = LostRange.objects.filter(
        station__in={event.station_id for event in after},
        status__in=[CorrectionStatus.PROPOSED, CorrectionStatus.APPROVED],
    ).select_related("proposed_by", "decided_by", "evidence")
    said: dict[Any, list[LostRange]] = defaultdict(list)
    for lost in standing:
        said[lost.station_id].append(lost)
    return [piece for event in after for piece in _pieces(event, said[event.station_id])]


def _pieces(after: Any, said: Iterable[LostRange]) -> list[MissingRange]:
    """The hole before an event, cut where people said different things about its numbers."""
    hole = Run((after.before or 0) + 1, after.seq - 1)
    mine = {
        Run(max(lost.first_seq, hole.first), min(lost.last_seq, hole.last)): lost
        for lost in said
        if lost.first_seq <= hole.last and lost.last_seq >= hole.first
    }
    runs = {**dict.fromkeys(uncovered(hole, mine)), **mine}
    return [
        MissingRange(after.station, run.first, run.last, after.received_at, after, runs[run])
        for run in sorted(runs)
    ]


def _forks(stations: Sequence[Any]) -> list[Fork]:
    held = list(
        HeldEnvelope.objects.filter(
            station__in=stations,
            reason__in=[HeldReason.FORK, HeldReason.CHAIN_BROKEN, HeldReason.EVENT_REUSED],
        ).select_related("station__institution")
    )
    places = {envelope.pk: _claims(envelope) for envelope in held}
    at = Q(pk__in=[])
    for envelope in held:
        at |= Q(station=envelope.station_id, seq=places[envelope.pk][0]) | Q(event_id=places[envelope.pk][1])
    events = list(AttendanceEvent.objects.filter(at).select_related("station", "training_session"))
    by_seq = {(event.station_id, event.seq): event for event in events}
    by_id = {str(event.event_id): event for event in events}
    return [
        Fork(
            envelope,
            by_id.get(places[envelope.pk][1])
            if envelope.reason == HeldReason.EVENT_REUSED
            else by_seq.get((envelope.station_id, places[envelope.pk][0])),
        )
        for envelope in held
    ]


def _claims(envelope: HeldEnvelope) -> tuple[int, str]:
    """The number and the event id that a held envelope claims; it was signed, so it can be read."""
    signed = json.loads(envelope.payload)
    return int(signed["seq"]), str(signed["event"])


def _jumps(stations: Sequence[Any]) -> QuerySet[Any]:
    rows = AttendanceEvent.objects.filter(station__in=stations, notes__icontains=Note.CLOCK_JUMP.value)
    return rows.select_related("station__institution", "training_session").order_by("station__name", "seq")
