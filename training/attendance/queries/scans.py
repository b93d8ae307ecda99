"""From signed events and approved corrections to what counts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When

from training.attendance.choices import (
    METHOD_OF,
    CorrectionKind,
    CorrectionSource,
    CorrectionStatus,
    EventKind,
    Flag,
    Method,
    Note,
)
from training.attendance.models import AttendanceEvent, Correction
from training.attendance.reckoning import Scan
from training.scheduling.models import TrainingSession

COUNTED_KINDS = (EventKind.SIGN_IN, EventKind.SIGN_OUT, EventKind.CHECK)
_SAID = AttendanceEvent.objects.filter(
    event_id=OuterRef("voids"), training_session=OuterRef("training_session")
).order_by()
VOIDED = Q(
    pk__in=Correction.objects.filter(voids__isnull=False, status=CorrectionStatus.APPROVED)
    .order_by()
    .values("voids")
) | Q(
    event_id__in=AttendanceEvent.objects.filter(Exists(_SAID), kind=EventKind.VOID, held_reason="")
    .order_by()
    .values("voids")
)
"""An event that a station or an approved correction took back. Few are, so the database looks them up once."""
SHOWN_NOTES = frozenset({Note.LATE.value, Note.CLOCK.value, Note.CLOCK_JUMP.value})


def counted_scans(sessions: Iterable[TrainingSession]) -> dict[int, list[Scan]]:
    """enrolment id -> its counted scans, voided ones left out, for sessions the caller may see."""
    counted = {
        enrolment: [scan for scan in scans if scan.kind != "void"]
        for enrolment, scans in scans_and_voids(sessions).items()
    }
    return {enrolment: scans for enrolment, scans in counted.items() if scans}


def signed_in(sessions: Iterable[TrainingSession]) -> dict[int, set[int]]:
    """enrolment id -> lessons with a sign-in that counts: the lesson ids of `counted_scans`, without the scans.

    For asking about very many sessions; two queries that read nothing of any other.
    """
    ids = [session.pk for session in sessions]
    events = list(
        AttendanceEvent.objects.filter(
            Q(kind=EventKind.VOID) | Q(kind=EventKind.SIGN_IN, enrolment__isnull=False),
            training_session__in=ids,
            held_reason="",
        )
        .order_by()
        .values_list("kind", "pk", "training_session", "event_id", "voids", "enrolment", "lesson")
    )
    corrections = Correction.objects.filter(training_session__in=ids, status=CorrectionStatus.APPROVED)
    by_hand = list(corrections.order_by().values_list("kind", "voids", "enrolment", "lesson"))
    voided = {(session, voids) for kind, _pk, session, _id, voids, *_ in events if kind == EventKind.VOID}
    taken_back = {voids for _kind, voids, *_ in by_hand}
    lessons: dict[int, set[int]] = defaultdict(set)
    for kind, pk, session, event_id, _voids, enrolment, lesson in events:
        if kind == EventKind.SIGN_IN and pk not in taken_back and (session, event_id) not in voided:
            lessons[enrolment].add(lesson)
    for kind, _voids, enrolment, lesson in by_hand:
        if kind == CorrectionKind.SIGN_IN and enrolment is not None:
            lessons[enrolment].add(lesson)
    return lessons


def scans_and_voids(sessions: Iterable[TrainingSession]) -> dict[int, list[Scan]]:
    """`counted_scans`, with a scan of kind `void` where a record was taken back; in two queries."""
    ids = [session.pk for session in sessions]
    events = list(_events_that_matter(ids))
    corrections = list(
        Correction.objects.filter(training_session__in=ids, status=CorrectionStatus.APPROVED).select_related(
            "lesson"
        )
    )
    voided = {(row.training_session_id, row.voids) for row in events if row.kind == EventKind.VOID}
    by_hand = {row.voids_id for row in corrections}
    scans: dict[int, list[Scan]] = defaultdict(list)
    for row in events:
        if row.kind != EventKind.VOID and row.enrolment_id is not None:
            taken_back = row.pk in by_hand or (row.training_session_id, row.event_id) in voided
            scans[row.enrolment_id].append(_taken_back(row) if taken_back else _scan(row))
    for correction in corrections:
        if correction.kind != CorrectionKind.VOID and correction.enrolment_id is not None:
            scans[correction.enrolment_id].append(_corrected(correction))
    return scans


def _events_that_matter(sessions: Sequence[int]) -> QuerySet[Any]:
    """Counted events and voids; of the signed text only what says something about a witness."""
    counts = Q(kind__in=COUNTED_KINDS, enrolment__isnull=False) | Q(kind=EventKind.VOID)
    signed = When(payload__contains='"witness":{', then=F("payload"))
    vouched = Case(signed, default=Value(""), output_field=TextField())
    rows = AttendanceEvent.objects.filter(counts, training_session__in=sessions, held_reason="")
    found: QuerySet[Any] = (
        rows.select_related("lesson").defer("payload", "signature").annotate(vouched=vouched)
    )
    return found


def checks_begun(session: TrainingSession) -> set[int]:
    """Lessons in which a witness started a check by hand, answered or not."""
    begun = session.events.filter(~VOIDED, kind=EventKind.CHECK, enrolment__isnull=True, held_reason="")
    return set(begun.values_list("lesson", flat=True))


def given_tokens(sessions: Iterable[TrainingSession]) -> dict[int, list[str]]:
    """enrolment id -> keyed hashes of the cards it was given; the last to be given a card has it."""
    rows = (
        AttendanceEvent.objects.filter(
            ~VOIDED, training_session__in=list(sessions), kind=EventKind.BIND, held_reason=""
        )
        .order_by("captured_at", "station", "seq")
        .values_list("training_session", "enrolment", "payload")
    )
    holders = {(session, json.loads(payload)["token"]): enrolment for session, enrolment, payload in rows}
    given: dict[int, list[str]] = defaultdict(list)
    for (_session, token), enrolment in holders.items():
        given[enrolment].append(token)
    return given


def _scan(row: Any) -> Scan:
    return Scan(
        row.kind,
        row.captured_at,
        row.method,
        row.digest,
        (row.lesson.on, row.lesson.half_day),
        lesson=row.lesson_id,
        station=str(row.station_id),
        flags=(*(note for note in row.notes if note in SHOWN_NOTES), *_witness_flags(row)),
    )


def _witness_flags(row: Any) -> tuple[str, ...]:
    """Somebody helped; or one witness vouched for a person without a card, where two are the rule."""
    if not row.vouched:
        return ()
    signed = json.loads(row.vouched)
    said = signed["witness"]
    alone = row.method == Method.WITNESS and not signed["card"] and said.get("second") in (None, said["id"])
    found = ((Flag.ASSISTED, said.get("assisted", False)), (Flag.ONE_WITNESS, alone))
    return tuple(flag.value for flag, there in found if there)


def _taken_back(row: Any) -> Scan:
    return Scan(
        "void", row.captured_at, row.method, "", (row.lesson.on, row.lesson.half_day), lesson=row.lesson_id
    )


def _corrected(row: Any) -> Scan:
    return Scan(
        row.kind,
        row.happened_at,
        METHOD_OF[CorrectionSource(row.source)].value,
        "",
        (row.lesson.on, row.lesson.half_day),
        lesson=row.lesson_id,
        correction=row.pk,
        mark=row.source,
    )
