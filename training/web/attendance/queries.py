"""The register and what was put right in it, as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.accounts.permissions import may
from training.attendance import queries as attendance
from training.attendance.choices import MARKS, CorrectionSource, CorrectionStatus, Flag, Method
from training.attendance.models import AttendanceEvent, Correction, LostRange
from training.core import clock
from training.core.actor import Actor
from training.core.errors import InvalidInputError, InvalidTransitionError, NotFoundError
from training.dossiers.attesting import attestations
from training.dossiers.choices import AttestedAs
from training.dossiers.models import RegisterAttestation
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.people.queries import whose
from training.scheduling.choices import HalfDay, SessionStatus
from training.scheduling.models import Lesson, TrainingSession
from training.stations.models import Station
from training.web.attendance.forms import Trouble, Waits

HELD = frozenset({SessionStatus.APPROVED, SessionStatus.RUNNING, SessionStatus.CLOSED})
"""Sessions whose register may still change."""

REGISTER_COLUMNS = (
    gettext_lazy("期号"),
    gettext_lazy("日期"),
    gettext_lazy("半天"),
    gettext_lazy("课次"),
    gettext_lazy("序号"),
    gettext_lazy("姓名"),
    gettext_lazy("身份证号"),
    gettext_lazy("签到"),
    gettext_lazy("签到标记"),
    gettext_lazy("签退"),
    gettext_lazy("签退标记"),
    gettext_lazy("有效分钟"),
    gettext_lazy("方式"),
    gettext_lazy("备注"),
)
CORRECTION_COLUMNS = (
    gettext_lazy("编号"),
    gettext_lazy("期号"),
    gettext_lazy("课次"),
    gettext_lazy("序号"),
    gettext_lazy("姓名"),
    gettext_lazy("种类"),
    gettext_lazy("来源"),
    gettext_lazy("时间"),
    gettext_lazy("作废的记录"),
    gettext_lazy("原因"),
    gettext_lazy("状态"),
    gettext_lazy("提出人"),
    gettext_lazy("提出时间"),
    gettext_lazy("办理人"),
    gettext_lazy("办理时间"),
    gettext_lazy("不予核准的原因"),
)
CLASH_COLUMNS = (
    gettext_lazy("姓名"),
    gettext_lazy("身份证号"),
    gettext_lazy("时间"),
    gettext_lazy("种类"),
    gettext_lazy("终端"),
    gettext_lazy("记录序号"),
    gettext_lazy("期号"),
    gettext_lazy("课次"),
    gettext_lazy("培训机构"),
)


def session_of(pk: int, actor: Actor) -> TrainingSession:
    sessions = TrainingSession.objects.select_related("institution__programme", "rule_set", "dossier")
    session: TrainingSession = sessions.fetch(actor, pk=pk)
    return session


def takes_corrections(session: TrainingSession) -> bool:
    """Until the archive is sealed, and not while that is being done."""
    dossier = getattr(session, "dossier", None)
    return session.status in HELD and not (dossier is not None and dossier.is_frozen)


def open_session_of(pk: int, actor: Actor) -> TrainingSession:
    """Raises InvalidTransitionError when nothing can be put right in it: nobody fills in a form for nothing."""
    return _open(session_of(pk, actor))


def _open(session: TrainingSession) -> TrainingSession:
    if not takes_corrections(session):
        raise InvalidTransitionError(_("这一期的签到现在不能更正：还没有批准，或者档案已经封存、正在封存。"))
    return session


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    rows = Enrolment.objects.select_related(
        "trainee",
        "training_session__institution__programme",
        "training_session__rule_set",
        "training_session__dossier",
    )
    enrolment: Enrolment = rows.fetch(actor, pk=pk)
    return enrolment


def event_of(pk: int, actor: Actor) -> AttendanceEvent:
    """To be voided; raises InvalidTransitionError as `open_session_of`."""
    rows = AttendanceEvent.objects.select_related(
        "station", "training_session__dossier", "enrolment__trainee", "lesson"
    )
    event: AttendanceEvent = rows.fetch(actor, pk=pk)
    if event.training_session is not None:
        _open(event.training_session)
    return event


def correction_of(pk: int, actor: Actor) -> Correction:
    correction: Correction = attendance.corrections(actor).fetch(actor, pk=pk)  # type: ignore[attr-defined]
    return correction


def station_of(pk: Any, actor: Actor) -> Station:
    station: Station = Station.objects.select_related("institution").fetch(actor, pk=pk)
    return station


def lost_range_of(pk: int, actor: Actor) -> LostRange:
    lost: LostRange = attendance.lost_ranges(actor).fetch(actor, pk=pk)  # type: ignore[attr-defined]
    return lost


def roster_of(session: TrainingSession) -> list[Enrolment]:
    return list(session.enrolments.filter(ON_ROSTER).select_related("trainee"))


def half_days_of(session: TrainingSession) -> list[tuple[date, str]]:
    """The half-days of the timetable, in order."""
    return list(dict.fromkeys((lesson.on, str(lesson.half_day)) for lesson in session.lessons.all()))


def half_day_of(found: Sequence[tuple[date, str]], chosen: str) -> tuple[date, str]:
    """`2021-05-18-am` as the URL has it, or the first; raises InvalidInputError where there is none."""
    if not found:
        raise InvalidInputError(_("这一期还没有课次。"))
    return next((half for half in found if f"{half[0]}-{half[1]}" == chosen), found[0])


@dataclass(frozen=True)
class RegisterPage:
    """The register both ways, and what it still waits for."""

    register: attendance.SessionRegister
    open: bool  # whether something may still be put right
    waiting: int  # corrections that are proposed and not decided
    gaps: tuple[str, ...]  # stations with numbers missing before this session's last record
    attested: Sequence[RegisterAttestation]  # of the register as it is
    attests: bool  # whether this person may stand for a half-day's

    @property
    def sheets(self) -> Iterator[tuple[attendance.HalfDay, list[RegisterAttestation], bool]]:
        """Each half-day with who attested it, and whether it is this person's to attest now."""
        for page in self.register.half_days:
            held = [row for row in self.attested if (row.on, row.half_day) == (page.on, page.half_day)]
            over = page.present and max(lesson.ends_at for lesson in page.lessons) <= clock.now()
            mine = any(row.role == AttestedAs.MANAGER for row in held)
            yield page, held, bool(self.attests and over and not mine)


def register_page(session: TrainingSession, actor: Actor) -> RegisterPage:
    return RegisterPage(
        attendance.session_register(session, actor),
        takes_corrections(session),
        session.corrections.filter(status=CorrectionStatus.PROPOSED).count(),
        attendance.chain_gaps([session]).get(session.pk, ()),
        attestations([session])[session.pk],
        may(actor, "register.attest") and takes_attestations(session),
    )


def taught_session_of(pk: int, actor: Actor) -> TrainingSession:
    """As far as this person has lessons in it; raises NotFoundError for none."""
    rows = Lesson.objects.visible_to(actor).filter(training_session=pk).order_by("pk")
    lesson: Lesson | None = rows.first()
    if lesson is None:
        raise NotFoundError
    return lesson.training_session


def chosen_half_day(session: TrainingSession, chosen: str) -> tuple[date, str]:
    """`2021-05-18-am`; raises InvalidInputError for one without a lesson."""
    found = {f"{on}-{half_day}": (on, half_day) for on, half_day in half_days_of(session)}
    if chosen not in found:
        raise InvalidInputError(_("这一期在那个半天没有课。"))
    return found[chosen]


def takes_attestations(session: TrainingSession) -> bool:
    """Until the archive is handed in; one that came back because of the register takes them again."""
    dossier = getattr(session, "dossier", None)
    return session.status in HELD and (dossier is None or dossier.takes("A8"))


@dataclass(frozen=True)
class PersonPage:
    """Why somebody completed or did not, and everything that stands behind it."""

    detail: attendance.CompletionDetail
    open: bool
    events: QuerySet[Any]
    corrections: QuerySet[Any]


def person_page(enrolment: Enrolment, actor: Actor) -> PersonPage:
    events = AttendanceEvent.objects.visible_to(actor).filter(
        enrolment=enrolment, kind__in=attendance.COUNTED_KINDS
    )
    voids = Correction.objects.filter(voids=OuterRef("pk"))
    events = events.annotate(
        is_said_void=Exists(voids.filter(status__in=[CorrectionStatus.PROPOSED, CorrectionStatus.APPROVED]))
    )
    return PersonPage(
        attendance.completion_detail(enrolment),
        takes_corrections(enrolment.training_session),
        events.select_related("station", "lesson").prefetch_related("voided_by").order_by("captured_at"),
        attendance.corrections(actor).filter(enrolment=enrolment).order_by("pk"),
    )


def export_rows(register: attendance.SessionRegister, *, by_lesson: bool) -> Iterator[tuple[Any, ...]]:
    """One row for each person and half-day, or lesson, in the register's order."""
    if by_lesson:
        for sheet in register.lessons:
            half_day = HalfDay(sheet.lesson.half_day).label
            for row in sheet.lines:
                place: tuple[date, Any, Any] = (sheet.lesson.on, half_day, sheet.lesson.sequence)
                yield _register_row(register, place, row, row.minutes, row.flags)
        return
    for page in register.half_days:
        for line in page.lines:
            minutes = sum(line.presence.minutes.values())
            place = page.on, HalfDay(page.half_day).label, ""
            yield _register_row(register, place, line, minutes, line.presence.flags)


def _register_row(
    register: attendance.SessionRegister,
    place: tuple[date, Any, Any],
    line: attendance.RegisterLine | attendance.LessonLine,
    minutes: int,
    flags: Sequence[str],
) -> tuple[Any, ...]:
    seen, trainee = line.presence, line.enrolment.trainee
    return (
        register.session.code,
        *place,
        line.enrolment.number,
        trainee.name,
        trainee.masked_id_number,
        _time(seen.signed_in_at),
        _mark(seen.in_mark),
        _time(seen.signed_out_at),
        _mark(seen.out_mark),
        minutes,
        Method(seen.method).label if seen.method else "",
        _("、").join(str(Flag(flag).label) for flag in flags),
    )


def _time(at: datetime | None) -> str:
    return f"{localtime(at):%H:%M:%S}" if at else ""


def _moment(at: datetime | None) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""


def _mark(source: str) -> Any:
    return MARKS[CorrectionSource(source)] if source else ""


def search_corrections(
    actor: Actor, *, q: str = "", waits: str = "", status: str = "", source: str = "", kind: str = ""
) -> QuerySet[Any]:
    """Newest first, but what waits in the order in which it was proposed: that of the sheet."""
    rows = attendance.corrections(actor)
    if q:
        rows = rows.filter(
            Q(training_session__code__icontains=q)
            | Q(training_session__institution__name__icontains=q)
            | Q(enrolment__trainee__in=whose(q))
            | Q(reason__icontains=q)
        )
    if waits:
        rows = _waiting(rows, actor, waits).order_by("pk")
    exact = {"status": status, "source": source, "kind": kind}
    return rows.filter(**{name: value for name, value in exact.items() if value})


def _waiting(rows: QuerySet[Any], actor: Actor, waits: str) -> QuerySet[Any]:
    """Nobody decides what they proposed themselves."""
    mine = Q(proposed_by=actor.user_id)
    return rows.filter(mine if waits == Waits.FOR_OTHERS else ~mine, status=CorrectionStatus.PROPOSED)


def waits_for(row: Correction, actor: Actor) -> bool:
    """Whether this person's approval is what the correction waits for."""
    waiting = row.status == CorrectionStatus.PROPOSED and row.proposed_by_id != actor.user_id
    return waiting and may(actor, "correction.decide")


def export_correction_rows(rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            row.pk,
            row.training_session.code,
            row.lesson.sequence,
            row.enrolment.number if row.enrolment else "",
            row.enrolment.trainee.name if row.enrolment else "",
            row.get_kind_display(),
            row.get_source_display(),
            _moment(row.happened_at),
            str(row.voids or ""),
            row.reason,
            row.get_status_display(),
            str(row.proposed_by),
            _moment(row.proposed_at),
            str(row.decided_by or ""),
            _moment(row.decided_at),
            row.decision_reason,
        )


def clashes_of(actor: Actor, *, q: str = "") -> list[attendance.Clash]:
    """Among the sessions whose register may still change; `q` is somebody's name, a code or an institution."""
    sessions = TrainingSession.objects.visible_to(actor).filter(status__in=HELD)
    found = attendance.clashes(sessions, actor)
    return [clash for clash in found if any(q in word for word in _words(clash))] if q else found


def _words(clash: attendance.Clash) -> Iterator[str]:
    yield str(clash.trainee.name)
    for session in clash.sessions:
        yield from (session.code, session.institution.name)


def export_clash_rows(found: Iterable[attendance.Clash]) -> Iterator[tuple[Any, ...]]:
    """One row for each piece of evidence; those of one clash stand together."""
    for clash in found:
        for piece in clash.evidence:
            yield (
                clash.trainee.name,
                clash.trainee.masked_id_number,
                _moment(piece.at),
                piece.event.get_kind_display() if piece.event else piece.correction.get_kind_display(),  # type: ignore[union-attr]
                piece.station.name if piece.station else piece.correction.get_source_display(),  # type: ignore[union-attr]
                piece.event.seq if piece.event else "",
                piece.session.code,
                piece.lesson.sequence,
                piece.session.institution.name,
            )


@dataclass(frozen=True)
class ChainPage:
    """What is wrong with the chains, and what was said of it."""

    missing: list[attendance.MissingRange]
    lost: list[LostRange]
    forks: list[attendance.Fork]
    jumps: list[AttendanceEvent]


def chain_page(actor: Actor, *, q: str = "", show: str = "") -> ChainPage:
    """`q` is a station's name or its institution's; `show` a Trouble, which leaves the rest out."""
    if show == Trouble.UNSAID:
        return ChainPage(_about(unsaid(actor), q), [], [], [])
    if show == Trouble.FOR_ME:
        return ChainPage([], _about(lost_to_decide(actor), q), [], [])
    found = attendance.gaps_and_forks(actor)
    return ChainPage(
        _about(found.missing, q),
        _about(attendance.lost_ranges(actor).order_by("-pk"), q),
        [fork for fork in found.forks if _is_of(fork.held.station, q)],
        _about(found.jumps, q),
    )


def unsaid(actor: Actor) -> list[attendance.MissingRange]:
    """Missing numbers of which nothing was said, or nothing that still stands."""
    return [hole for hole in attendance.missing_ranges(actor) if hole.lost is None]


def lost_to_decide(actor: Actor) -> QuerySet[Any]:
    """Said by somebody else, not decided yet."""
    return _waiting(attendance.lost_ranges(actor), actor, Waits.FOR_ME)


def _about(rows: Iterable[Any], q: str) -> list[Any]:
    return [row for row in rows if _is_of(row.station, q)]


def _is_of(station: Station, q: str) -> bool:
    return q in station.name or q in station.institution.name or q == str(station.pk)
