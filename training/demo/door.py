"""A station at a door that never stood anywhere: its key, and the chain of events it signed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Final
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid6 import uuid7

from kiosk.envelope import GENESIS, CardUsed, Enrolled, Event, encode_key, sign
from training.attendance.models import AttendanceEvent
from training.core import clock
from training.institutions.models import Institution
from training.stations.models import Station

CARD: Final = CardUsed(type="citizen", sam_id="05.03-20200000-0000000001-0000000001")


@dataclass
class Door:
    """`seq` and `prev` are where its chain ends."""

    station: Station
    key: Ed25519PrivateKey
    seq: int = 0
    prev: str = GENESIS

    def sign(self, session: Any, lesson: Any, enrolment: int, kind: str, at: datetime) -> AttendanceEvent:
        """The next event of the chain, as the ledger would have taken it in at once; not saved."""
        where = {"training_session": session, "lesson": lesson, "enrolment_id": enrolment}
        return self._next({"session": session.code, "lesson": lesson.pk}, where, enrolment, kind, at)

    def sign_at_fair(self, fair: Any, enrolment: int, at: datetime) -> AttendanceEvent:
        """The same of somebody on the list of a job fair."""
        return self._next(
            {"session": fair.code, "lesson": -fair.pk}, {"fair": fair}, enrolment, "sign_in", at
        )

    def _next(
        self, said: dict[str, Any], where: dict[str, Any], enrolment: int, kind: str, at: datetime
    ) -> AttendanceEvent:
        """`said` is signed, `where` is where the ledger puts it."""
        self.seq += 1
        event = Event(
            station=self.station.pk,
            seq=self.seq,
            prev=self.prev,
            event=uuid7(),
            kind=kind,
            person=Enrolled(enrolment=enrolment),
            method="card",
            card=CARD,
            captured_at=at,
            boot=self.station.pk,
            monotonic_ms=int(at.timestamp() * 1000) % 10**12,
            clock_offset_ms=0,
            **said,
        )
        envelope = sign(event, self.key)
        self.prev = envelope.digest
        row = AttendanceEvent(
            station=self.station,
            seq=event.seq,
            event_id=event.event,
            digest=envelope.digest,
            prev=event.prev,
            payload=envelope.payload,
            signature=envelope.signature,
            kind=kind,
            method="card",
            captured_at=at,
            received_at=at,
            **where,
        )
        row.verdict_proof = row.prove_verdict()
        return row

    def sign_all(
        self, session: Any, scans: Iterable[tuple[datetime, str, Any, int]]
    ) -> Iterator[AttendanceEvent]:
        """In the order of time; each scan is when, which kind, at which lesson, whose enrolment."""
        for at, kind, lesson, enrolment in sorted(scans, key=itemgetter(0)):
            yield self.sign(session, lesson, enrolment, kind, at)


def open_door(institution: Institution, name: str, *, enrolled_at: datetime | None = None) -> Door:
    key = Ed25519PrivateKey.generate()
    station = Station.objects.create(
        institution=institution,
        name=name,
        public_key=encode_key(key.public_key()),
        token_hash=uuid4().hex,
        enrolled_at=enrolled_at or clock.now(),
    )
    return Door(station, key)
