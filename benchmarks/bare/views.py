"""What a station sends, stored without a question asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from benchmarks.bare.models import Row
from kiosk.envelope import Enrolled, Envelope, Event, decode_signing_key, verify
from training.attendance.models import AttendanceEvent
from training.scheduling.models import TrainingSession
from training.stations.models import Station


def answer(data: dict[str, int]) -> JsonResponse:
    """With its length, which is a middleware's work otherwise and keeps the connection open."""
    response = JsonResponse(data)
    response["Content-Length"] = str(len(response.content))
    return response


@csrf_exempt
@login_not_required
def insert(request: HttpRequest) -> JsonResponse:
    """One row for one request."""
    row = Row.objects.create(body=request.body.decode())
    return answer({"row": row.pk})


@csrf_exempt
@login_not_required
def verify_and_insert(request: HttpRequest, station_id: str) -> JsonResponse:
    """The rows of the ledger for a batch: signatures verified, nothing else looked at."""
    station = Station.objects.get(pk=station_id)
    key = decode_signing_key(station.public_key)
    envelopes = [Envelope.model_validate(raw) for raw in json.loads(request.body)["envelopes"]]
    events = [verify(envelope, key) for envelope in envelopes]
    session = TrainingSession.objects.get(institution=station.institution_id, code=events[0].session)
    now = datetime.now(UTC)
    rows = [row(station, session, *pair, now) for pair in zip(envelopes, events, strict=True)]
    AttendanceEvent.objects.bulk_create(rows)
    return answer({"rows": len(rows)})


def row(
    station: Station, session: TrainingSession, envelope: Envelope, event: Event, now: datetime
) -> AttendanceEvent:
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
        lesson_id=event.lesson,
        enrolment_id=event.person.enrolment if isinstance(event.person, Enrolled) else None,
        captured_at=event.captured_at,
        received_at=now,
    )
