"""What the bureau's pages show, read in a number of queries that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from kiosk.envelope import Envelope, EnvelopeError, Event, WalkIn, read_unverified
from training.attendance.choices import Method, Note
from training.attendance.models import AttendanceEvent, Completion, HeldEnvelope
from training.attendance.queries import (
    EventProof,
    HalfDay,
    RegisterLine,
    Template,
    held_events,
    prove,
    register,
    templates,
)
from training.attendance.rules import hours
from training.complaints.queries import weighing_on
from training.core.actor import Actor
from training.courses.rules import Notice
from training.dossiers.choices import DossierStatus
from training.dossiers.missing import Finding, ItemResult, findings
from training.dossiers.models import Dossier, Evidence
from training.dossiers.queries import check_session, check_sessions, with_archive
from training.dossiers.snapshots import kept
from training.enrolment.call_list import has_news
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.enrolment.noticed import timetable_notices
from training.enrolment.noticing import notices_of
from training.enrolment.permissions import group_names
from training.fairs.clashes import fairs_beside
from training.institutions.choices import InstitutionStatus
from training.institutions.models import Institution, Instructor
from training.reports.queries import denials
from training.scheduling.choices import HalfDay as HalfDayName
from training.scheduling.choices import SessionStatus
from training.scheduling.models import ChangeRequest, Lesson, TrainingSession, Witness
from training.scheduling.running import has_begun
from training.scheduling.turns import Turn
from training.web.bureau.approvals import HARDLY_DUE_YET
from training.web.bureau.history import Deed, deeds, timeline, turns
from training.web.session_facts import SessionFacts
from training.web.timetable.sessions import planned_as

CARDS = {
    "citizen": _("居民身份证"),
    "J": _("港澳台居民居住证"),
    "I": _("外国人永久居留身份证"),
    "Y": _("外国人永久居留身份证（2023 版）"),
    "token": _("临时凭证"),
}
BANDS = {"pass": _("相符"), "ask": _("由人判断"), "no_match": _("不相符")}
Checked = list[tuple[TrainingSession, tuple[ItemResult, ...]]]


def session_of(pk: int, actor: Actor) -> TrainingSession:
    session: TrainingSession = TrainingSession.objects.fetch(actor, pk=pk)
    return session


def dossier_of(pk: int, actor: Actor) -> Dossier:
    dossier: Dossier = Dossier.objects.select_related("sealed_by", "submitted_by").fetch(actor, pk=pk)
    return dossier


def event_of(pk: int, actor: Actor) -> AttendanceEvent:
    related = ("station__institution", "training_session", "lesson", "enrolment__trainee")
    event: AttendanceEvent = AttendanceEvent.objects.select_related(*related).fetch(actor, pk=pk)
    return event


def institutions(actor: Actor) -> QuerySet[Any]:
    """Those that wait for a decision first."""
    waits = Count("pk", filter=Q(status=InstitutionStatus.SUBMITTED))
    rows: QuerySet[Any] = Institution.objects.visible_to(actor).annotate(
        sessions=Count("training_sessions"), waits=waits
    )
    return rows.order_by("-waits", "name")


def dossiers_to_verify(actor: Actor) -> QuerySet[Any]:
    """The longest waiting first."""
    rows: QuerySet[Any] = TrainingSession.objects.visible_to(actor).filter(
        dossier__status__in=[DossierStatus.SUBMITTED, DossierStatus.SEALING]
    )
    return rows.order_by("dossier__submitted_at", "pk")


def read_to_verify(rows: QuerySet[Any], actor: Actor) -> Checked:
    """One page of them, with lessons and roster."""
    places = Enrolment.objects.filter(ON_ROSTER).only("training_session")
    return kept(rows.prefetch_related("lessons", Prefetch("enrolments", places, "on_roster")), actor)


def sessions(
    actor: Actor, *, q: str = "", status: str = "", dossier: str = "", institution: str = "", **planned: str
) -> QuerySet[Any]:
    """Every session that was ever handed in, newest first; an empty argument does not filter. `planned` as `planned_as` has it."""
    rows = TrainingSession.objects.visible_to(actor).exclude(status=SessionStatus.DRAFT)
    if q:
        rows = rows.filter(Q(code__icontains=q) | Q(title__icontains=q) | Q(institution__name__icontains=q))
    chosen = {"status": status, "dossier__status": dossier, "institution": institution}
    rows = rows.filter(**{field: value for field, value in chosen.items() if value})
    return planned_as(rows, **planned).order_by("-submitted_at", "-pk")


def checked(rows: Any) -> Checked:
    """The sessions of one page with their nine items."""
    return check_sessions(rows)


EXPORT_CHUNK: Final = 200
SESSION_COLUMNS = (
    _("期号"),
    _("培训名称"),
    _("培训机构"),
    _("期的状态"),
    _("档案状态"),
    _("提交时间"),
    _("档案项"),
    _("主办单位"),
)


def session_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """The same sessions for a file, in the order of SESSION_COLUMNS."""
    pages = (rows[start : start + EXPORT_CHUNK] for start in range(0, rows.count(), EXPORT_CHUNK))
    for session, items in chain.from_iterable(map(check_sessions, pages)):
        dossier = getattr(session, "dossier", None)
        yield (
            session.code,
            session.title,
            session.institution.name,
            session.get_status_display(),
            dossier.get_status_display() if dossier else "",
            localtime(session.submitted_at).strftime("%Y-%m-%d %H:%M") if session.submitted_at else "",
            f"{sum(item.complete for item in items)}/{len(items)}",
            session.organiser_department,
        )


@dataclass(frozen=True)
class Place:
    """A line of the roster."""

    enrolment: Enrolment
    group: str


@dataclass(frozen=True)
class Teacher:
    instructor: Instructor
    lessons: tuple[int, ...]


@dataclass(frozen=True)
class Plan(SessionFacts):
    """A session as planned, with what the software noticed."""

    session: TrainingSession
    items: tuple[ItemResult, ...]
    lessons: tuple[Lesson, ...]
    teachers: tuple[Teacher, ...]
    roster: tuple[Place, ...]
    missing: tuple[Finding, ...]
    noticed: tuple[Notice, ...]
    category: str
    class_type: str
    form: str
    hours: str
    templates: list[Template]
    history: list[Deed]
    turn: Turn | None
    changes: list[ChangeRequest]

    @property
    def begun(self) -> bool:
        return has_begun(self.session)

    @property
    def to_tell(self) -> bool:
        """Whether people on the roster must hear of something."""
        return has_news(self.session)

    @property
    def complaints(self) -> int:
        """About it, not answered yet."""
        return weighing_on(self.session)

    @property
    def denied(self) -> int:
        """So many people of it said on the telephone that they had not been there."""
        return denials(self.session)


def plan(session: TrainingSession, actor: Actor) -> Plan:
    whole: Any = (
        with_archive(TrainingSession.objects.filter(pk=session.pk)).prefetch_related("budget_lines").get()
    )
    rules, lessons = whole.rule_set.rules, tuple(whole.lessons.all())
    items = check_session(session)
    return Plan(
        session=whole,
        items=items,
        lessons=lessons,
        teachers=_teachers(lessons),
        roster=_roster(whole, actor),
        missing=tuple(finding for finding in findings(items) if finding.code not in HARDLY_DUE_YET),
        noticed=(*notices_of([whole], actor)[whole.pk], *timetable_notices(fairs_beside(lessons))),
        category=rules.category(whole.category).name,
        class_type=rules.class_type(whole.class_type).name,
        form=rules.form(whole.form).name,
        hours=hours(sum(lesson.minutes for lesson in lessons), rules.attendance),
        templates=templates(session),
        history=timeline(whole, actor),
        turn=turns([whole], actor).get(whole.pk),
        changes=list(whole.change_requests.select_related("lesson")),
    )


def _teachers(lessons: Sequence[Lesson]) -> tuple[Teacher, ...]:
    people = dict.fromkeys(lesson.instructor for lesson in lessons)
    return tuple(
        Teacher(person, tuple(lesson.sequence for lesson in lessons if lesson.instructor == person))
        for person in people
    )


def _roster(session: Any, actor: Actor) -> tuple[Place, ...]:
    names = group_names(session, actor)
    return tuple(Place(row, names.get(row.group, "")) for row in session.on_roster)


@dataclass(frozen=True)
class RegisterRow:
    """One person's half-day and the signed events it stands on."""

    line: RegisterLine
    events: tuple[AttendanceEvent, ...]
    method: Any

    @property
    def minutes(self) -> int:
        return sum(self.line.presence.minutes.values())


@dataclass(frozen=True)
class RegisterPage:
    half_day: HalfDay
    rows: tuple[RegisterRow, ...]

    @property
    def name(self) -> Any:
        return HalfDayName(self.half_day.half_day).label


@dataclass(frozen=True)
class Archive:
    """Everything behind a dossier, each figure with the rows it comes from."""

    plan: Plan
    register: tuple[RegisterPage, ...]
    photos: list[Evidence]
    others: list[Evidence]
    completions: list[Completion]
    held: list[AttendanceEvent]
    history: list[Deed]

    @property
    def renci(self) -> int:
        """人次: enrolments that completed."""
        return sum(row.completed for row in self.completions)

    @property
    def renshu(self) -> int:
        """人数: different people among them."""
        return len({row.enrolment.trainee_id for row in self.completions if row.completed})


def archive(dossier: Dossier, actor: Actor) -> Archive:
    planned = plan(dossier.training_session, actor)
    session = planned.session
    evidence = list(
        session.evidence.filter(withdrawn_at__isnull=True).select_related("lesson", "event__station", "file")
    )
    proofs = [proof for teacher in planned.teachers for proof in teacher.instructor.proofs.all()]
    completions = Completion.objects.filter(enrolment__training_session=session)
    return Archive(
        plan=planned,
        register=register_pages(session),
        photos=[row for row in evidence if row.item == "A9"],
        others=[row for row in evidence if row.item != "A9"],
        completions=list(completions.select_related("enrolment__trainee").order_by("enrolment__number")),
        held=held_events(session, actor),
        history=deeds([session, dossier, *evidence, *proofs], actor),
    )


def register_pages(session: TrainingSession) -> tuple[RegisterPage, ...]:
    events = {event.digest: event for event in session.events.defer("payload", "signature")}
    return tuple(
        RegisterPage(
            page,
            tuple(
                RegisterRow(
                    line,
                    tuple(events[digest] for digest in line.presence.digests),
                    Method(line.presence.method).label if line.presence.method else "",
                )
                for line in page.lines
            ),
        )
        for page in register(session)
    )


@dataclass(frozen=True)
class EventPage:
    """One signed event, proved again, with its neighbours and the register row it counts in."""

    event: AttendanceEvent
    proof: EventProof
    signed: Event | None  # None when the stored text can't be read any more
    witness: Witness | None
    following: AttendanceEvent | None
    follows: bool  # whether the next event names this one's digest
    notes: list[Any]
    half_day: HalfDay | None
    row: RegisterLine | None
    voided_by: AttendanceEvent | None
    history: list[Deed]

    @property
    def half_day_name(self) -> Any:
        return HalfDayName(self.half_day.half_day).label if self.half_day else ""

    @property
    def card(self) -> Any:
        return CARDS[self.signed.card.type] if self.signed and self.signed.card else ""

    @property
    def band(self) -> Any:
        return BANDS[self.signed.face.band] if self.signed and self.signed.face else ""

    @property
    def sealed_card(self) -> bool:
        """Somebody not on the roster: their card data is here, locked until somebody asks to see it."""
        return bool(self.signed) and isinstance(self.signed.person, WalkIn)  # type: ignore[union-attr]


def event_page(event: AttendanceEvent, actor: Actor) -> EventPage:
    signed = _read(event)
    following = AttendanceEvent.objects.filter(station=event.station_id, seq=event.seq + 1).first()
    half_day, row = _row_of(event)
    said = signed.witness if signed else None
    return EventPage(
        event=event,
        proof=prove(event),
        signed=signed,
        witness=Witness.objects.visible_to(actor).filter(pk=said.id).first() if said else None,
        following=following,
        follows=bool(following and following.prev == event.digest),
        notes=[Note(note).label for note in event.notes],
        half_day=half_day,
        row=row,
        voided_by=AttendanceEvent.objects.visible_to(actor)
        .filter(voids=event.event_id, held_reason="")
        .first(),
        history=deeds([event], actor),
    )


def _read(event: AttendanceEvent) -> Event | None:
    try:
        return read_unverified(Envelope(payload=event.payload, signature=event.signature))
    except (EnvelopeError, ValueError):
        return None


def _row_of(event: AttendanceEvent) -> tuple[HalfDay | None, RegisterLine | None]:
    """Where in the register this event counts; nowhere if it is held, void, a photo or about a template."""
    if event.training_session is None or event.enrolment is None:
        return None, None
    for page in register(event.training_session):
        for line in page.lines:
            if event.digest in line.presence.digests:
                return page, line
    return None, None


def held(actor: Actor, *, q: str = "", reason: str = "") -> QuerySet[Any]:
    """Believed events that do not count, newest first."""
    rows = AttendanceEvent.objects.visible_to(actor).exclude(held_reason="")
    related = ("station__institution", "training_session")
    return _about(rows, q).filter(**_reason("held_reason", reason)).select_related(*related).order_by("-pk")


HELD_COLUMNS = (
    _("发生时间"),
    _("终端"),
    _("序号"),
    _("种类"),
    _("期"),
    _("未计入的原因"),
)


def held_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of HELD_COLUMNS; nobody is named."""
    for event in rows:
        yield (
            f"{localtime(event.captured_at):%Y-%m-%d %H:%M}",
            event.station.name,
            event.seq,
            event.get_kind_display(),
            event.training_session.code if event.training_session else "",
            event.get_held_reason_display(),
        )


REFUSED_COLUMNS = (
    _("收到时间"),
    _("终端"),
    _("培训机构"),
    _("原因"),
    _("摘要"),
)


def refused_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of REFUSED_COLUMNS; what the envelope says stays on the page."""
    for row in rows:
        yield (
            f"{localtime(row.received_at):%Y-%m-%d %H:%M}",
            row.station.name,
            row.station.institution.name,
            row.get_reason_display(),
            row.digest,
        )


def refused(actor: Actor, *, q: str = "", reason: str = "") -> QuerySet[Any]:
    """What could not enter the ledger at all, newest first."""
    rows = HeldEnvelope.objects.visible_to(actor).filter(**_reason("reason", reason))
    return _about(rows, q).select_related("station__institution").order_by("-pk")


def _about(rows: QuerySet[Any], q: str) -> QuerySet[Any]:
    return (
        rows.filter(Q(station__name__icontains=q) | Q(station__institution__name__icontains=q)) if q else rows
    )


def _reason(field: str, reason: str) -> dict[str, str]:
    return {field: reason} if reason else {}
