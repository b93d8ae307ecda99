"""Reading the ledger: registers, and the way back from a register row to its signed event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, Max, Min, OuterRef

from kiosk.envelope import GENESIS, Envelope, EnvelopeError, decode_signing_key, verify
from training.attendance.choices import TEMPLATE_KINDS, EventKind
from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.attendance.rules import LessonTime, Presence, Scan, presence
from training.core.actor import Actor
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.scheduling.models import Lesson, TrainingSession
from training.stations.models import Station

COUNTED_KINDS = (EventKind.SIGN_IN, EventKind.SIGN_OUT)


@dataclass(frozen=True)
class RegisterLine:
    enrolment: Enrolment
    presence: Presence


@dataclass(frozen=True)
class HalfDay:
    """One page of the sign-in register (签到名册)."""

    on: date
    half_day: str
    lessons: tuple[LessonTime, ...]
    lines: tuple[RegisterLine, ...]

    @property
    def present(self) -> int:
        return sum(line.presence.signed_in_at is not None for line in self.lines)


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


def lesson_time(lesson: Lesson) -> LessonTime:
    return LessonTime(
        lesson.pk, lesson.sequence, lesson.on, lesson.half_day, lesson.starts_at, lesson.ends_at
    )


def counted_scans(sessions: Iterable[TrainingSession]) -> dict[int, list[Scan]]:
    """enrolment id -> its counted scans, voided ones left out, for sessions the caller may see."""
    ids = [session.pk for session in sessions]
    voided = set(
        AttendanceEvent.objects.filter(
            training_session__in=ids, kind=EventKind.VOID, held_reason=""
        ).values_list("training_session_id", "voids")
    )
    rows = AttendanceEvent.objects.filter(
        training_session__in=ids, kind__in=COUNTED_KINDS, held_reason="", enrolment__isnull=False
    ).select_related("lesson")
    scans: dict[int, list[Scan]] = defaultdict(list)
    for row in rows:
        if (row.training_session_id, row.event_id) in voided:
            continue
        scans[row.enrolment_id].append(
            Scan(row.kind, row.captured_at, row.method, row.digest, (row.lesson.on, row.lesson.half_day))
        )
    return scans


def register(session: TrainingSession) -> list[HalfDay]:
    """The session's register, half-day by half-day, everybody on the roster in roster order."""
    scans = counted_scans([session])
    rule = session.rule_set.rules.attendance
    enrolments = list(session.enrolments.filter(ON_ROSTER).select_related("trainee"))
    pages: dict[tuple[date, str], list[LessonTime]] = defaultdict(list)
    for lesson in session.lessons.all():
        pages[lesson.on, lesson.half_day].append(lesson_time(lesson))
    return [
        HalfDay(
            on=key[0],
            half_day=key[1],
            lessons=tuple(lessons),
            lines=tuple(
                RegisterLine(enrolment, presence(_of(scans, enrolment, key), lessons, rule))
                for enrolment in enrolments
            ),
        )
        for key, lessons in pages.items()
    ]


def _of(scans: dict[int, list[Scan]], enrolment: Enrolment, key: tuple[date, str]) -> list[Scan]:
    return [scan for scan in scans.get(enrolment.pk, []) if scan.half_day == key]


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


def minutes_by_lesson(pages: Sequence[HalfDay]) -> dict[int, dict[int, int]]:
    """enrolment id -> lesson id -> effective minutes."""
    minutes: dict[int, dict[int, int]] = defaultdict(dict)
    for page in pages:
        for line in page.lines:
            minutes[line.enrolment.pk].update(line.presence.minutes)
    return minutes


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


def chain_gaps(sessions: Iterable[TrainingSession]) -> dict[int, tuple[str, ...]]:
    """session id -> names of stations with events missing before that session's last one, in two queries."""
    ends = list(
        AttendanceEvent.objects.filter(training_session__in=[session.pk for session in sessions])
        .order_by("station__name")
        .values("training_session", "station", "station__name")
        .annotate(last=Max("seq"))
    )
    before = AttendanceEvent.objects.filter(station=OuterRef("station"), seq=OuterRef("seq") - 1)
    after_a_hole = (
        AttendanceEvent.objects.filter(
            ~Exists(before), station__in={row["station"] for row in ends}, seq__gt=1
        )
        .order_by()
        .values("station")
        .annotate(first=Min("seq"))
    )
    holes = {row["station"]: row["first"] for row in after_a_hole}
    gaps: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for row in ends:
        if row["station"] in holes and holes[row["station"]] <= row["last"]:
            gaps[row["training_session"]] += (row["station__name"],)
    return gaps


def held_events(session: TrainingSession, actor: Actor) -> list[AttendanceEvent]:
    """Believed events of this session that do not count, with their reasons."""
    rows = AttendanceEvent.objects.visible_to(actor).filter(training_session=session).exclude(held_reason="")
    return list(rows.select_related("station"))


def held_envelopes(actor: Actor) -> list[HeldEnvelope]:
    """What could not enter the ledger at all."""
    return list(HeldEnvelope.objects.visible_to(actor).select_related("station__institution"))
