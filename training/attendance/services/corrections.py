"""补签、纸质签到表、作废: what no station signed, said by one person and approved by another.

Locks: the session's row, so that what counts can't change while somebody closes or seals it, and the
share of its people that an institution may put right is counted once at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.permissions import demand
from training.attendance.choices import CorrectionKind, CorrectionSource, CorrectionStatus
from training.attendance.models import AttendanceEvent, Correction
from training.attendance.queries import COUNTED_KINDS, VOIDED, lesson_time
from training.attendance.reckoning import LessonTime
from training.attendance.rules import lesson_at, window, within_make_up_share
from training.attendance.services import two_people
from training.attendance.services.closing import complete_anew
from training.attendance.services.two_people import UploadedFile, keep_evidence
from training.core import clock
from training.core.actor import Actor
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.notifications.choices import Kind
from training.notifications.services import notify_waiting
from training.scheduling.choices import TAKES_ATTENDANCE, SessionStatus
from training.scheduling.models import Lesson, TrainingSession

TAKES_CORRECTIONS: Final = TAKES_ATTENDANCE | {SessionStatus.CLOSED}
ALREADY_WAITING: Final = gettext_lazy("同样的更正已经提出，正在等待核准。")


@dataclass(frozen=True)
class PaperRow:
    """One line of a paper register: times of the day in the county's zone, None where nothing stands."""

    enrolment: int
    signed_in: time | None
    signed_out: time | None

    def times(self) -> Iterator[tuple[CorrectionKind, time]]:
        for kind, said in (
            (CorrectionKind.SIGN_IN, self.signed_in),
            (CorrectionKind.SIGN_OUT, self.signed_out),
        ):
            if said is not None:
                yield kind, said


@transaction.atomic
def propose_correction(
    session_id: int,
    *,
    lesson_id: int,
    enrolment_id: int,
    kind: str,
    source: str = CorrectionSource.MAKE_UP,
    happened_at: datetime,
    reason: str,
    evidence: UploadedFile | None = None,
    actor: Actor,
) -> Correction:
    """补签: say that somebody came, left, or has an explanation for a missed check. Counts once approved.

    Raises InvalidInputError for a time outside the lesson's window or in the future, for paper without
    its sheet, and while the same is waiting to be decided.
    """
    demand(actor, "correction.propose")
    session = _open(session_id, actor)
    lesson: Lesson = Lesson.objects.fetch(actor, pk=lesson_id, training_session=session)
    enrolment: Enrolment = Enrolment.objects.filter(ON_ROSTER).fetch(
        actor, pk=enrolment_id, training_session=session
    )
    if kind not in (CorrectionKind.SIGN_IN, CorrectionKind.SIGN_OUT, CorrectionKind.CHECK):
        raise InvalidInputError(_("请选择补签到、补签退或抽查缺席说明。"))
    if source not in CorrectionSource.values:
        raise InvalidInputError(_("请选择来源：补签，还是纸质签到表。"))
    if source == CorrectionSource.PAPER and evidence is None:
        raise InvalidInputError(_("补录纸质签到表要附上签到表的扫描件或照片。"))
    if problem := _problem(kind, lesson_time(lesson), happened_at):
        raise InvalidInputError(problem)
    correction = Correction(
        training_session=session,
        lesson=lesson,
        enrolment=enrolment,
        kind=kind,
        source=source,
        happened_at=happened_at,
    )
    _refuse_second(session.corrections.filter(lesson=lesson, enrolment=enrolment, kind=kind))
    correction.evidence = keep_evidence(evidence, actor=actor)
    _tell(Kind.CORRECTION_PROPOSED, session, actor)
    return two_people.propose(correction, reason, actor=actor)


@transaction.atomic
def propose_paper(
    session_id: int,
    *,
    on: date,
    half_day: str,
    rows: Sequence[PaperRow],
    sheet: UploadedFile,
    reason: str,
    actor: Actor,
) -> list[Correction]:
    """Key in a half-day's paper register: a correction for each time on it, all with the one sheet.

    A sign-in belongs to the first lesson that takes it, a sign-out to the last. Raises InvalidInputError
    naming every time that is wrong (`details["problems"]`; `details["cells"]` has the enrolment, the kind
    and what is wrong); nothing is kept then.
    """
    demand(actor, "correction.propose")
    session = _open(session_id, actor)
    found = _read_sheet(session, _lessons_of(session, on, half_day), rows, on)
    stored = keep_evidence(sheet, actor=actor)
    for correction in found:
        correction.evidence = stored
    _tell(Kind.CORRECTION_PROPOSED, session, actor)
    return [two_people.propose(correction, reason, actor=actor) for correction in found]


def _lessons_of(session: TrainingSession, on: date, half_day: str) -> dict[int, Lesson]:
    lessons = {row.pk: row for row in session.lessons.all() if (row.on, row.half_day) == (on, half_day)}
    if not lessons:
        raise InvalidInputError(_("这个半天没有课次。"))
    return lessons


def _read_sheet(
    session: TrainingSession, lessons: Mapping[int, Lesson], rows: Sequence[PaperRow], on: date
) -> list[Correction]:
    """A correction for each time that stands on the sheet, not yet saved."""
    wanted = [row.enrolment for row in rows]
    roster = session.enrolments.filter(ON_ROSTER, pk__in=wanted).select_related("trainee").in_bulk()
    if len(roster) != len(rows):
        raise InvalidInputError(_("每人只能有一行，并且要在本期名册上。"))
    zone = ZoneInfo(session.rule_set.rules.timezone)
    found = [
        _from_sheet(session, lessons, roster[row.enrolment], kind, datetime.combine(on, said, zone))
        for row in rows
        for kind, said in row.times()
    ]
    if not found:
        raise InvalidInputError(_("签到表上一个时间也没有填。"))
    if wrong := list(_problems(session, found)):
        problems = [_of_somebody(row.enrolment, problem) for row, problem in wrong]
        cells = [(row.enrolment_id, row.kind, problem) for row, problem in wrong]
        raise InvalidInputError(_("；").join(problems), problems=problems, cells=cells)
    return found


def _from_sheet(
    session: TrainingSession, lessons: Mapping[int, Lesson], enrolment: Enrolment, kind: str, at: datetime
) -> Correction:
    """Of the lesson that takes this time; if none does, of the first, where it is found wrong."""
    times = [lesson_time(lesson) for lesson in lessons.values()]
    lesson = lesson_at(kind, times, at) or times[0]
    return Correction(
        training_session=session,
        lesson=lessons[lesson.id],
        enrolment=enrolment,
        kind=kind,
        source=CorrectionSource.PAPER,
        happened_at=at,
    )


def _problems(session: TrainingSession, found: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    """The corrections that can't be, each with why."""
    proposed = session.corrections.filter(status=CorrectionStatus.PROPOSED)
    waiting = set(proposed.values_list("enrolment", "lesson", "kind"))
    for row in found:
        problem = _problem(row.kind, lesson_time(row.lesson), row.happened_at)
        if (row.enrolment_id, row.lesson_id, row.kind) in waiting:
            problem = str(ALREADY_WAITING)
        if problem:
            yield row, problem


def _of_somebody(enrolment: Any, problem: str) -> str:
    """With the number and the name on the sheet."""
    said = {"number": enrolment.number, "name": enrolment.trainee, "problem": problem}
    return _("%(number)s 号%(name)s：%(problem)s") % said


@transaction.atomic
def propose_void(
    event_id: int, *, reason: str, evidence: UploadedFile | None = None, actor: Actor
) -> Correction:
    """作废: say that a signed record should not count. It stays in the ledger; nothing is deleted."""
    demand(actor, "correction.propose")
    event: AttendanceEvent = AttendanceEvent.objects.fetch(actor, pk=event_id)
    if event.training_session_id is None or event.kind not in COUNTED_KINDS or event.held_reason:
        raise InvalidInputError(_("只有已计入的签到、签退和抽查记录可以作废。"))
    session = _open(event.training_session_id, actor)
    _refuse_voided(event)
    _refuse_second(event.voided_by)
    correction = Correction(
        training_session=session,
        lesson=event.lesson,
        enrolment=event.enrolment,
        kind=CorrectionKind.VOID,
        source=CorrectionSource.MAKE_UP,
        voids=event,
        evidence=keep_evidence(evidence, actor=actor),
    )
    _tell(Kind.CORRECTION_PROPOSED, session, actor)
    return two_people.propose(correction, reason, actor=actor)


@transaction.atomic
def approve_corrections(correction_ids: Iterable[int], *, actor: Actor) -> list[Correction]:
    """核准: from now on they count. All or none, by somebody who proposed none of them.

    An institution's head may do so for at most `make_up_share` of a roster's people, whatever their
    source; beyond that ForbiddenError sends them to the bureau. After the close the completion of the
    session's people is computed anew.
    """
    demand(actor, "correction.decide")
    wanted = set(correction_ids)
    visible = Correction.objects.visible_to(actor).filter(pk__in=wanted).order_by("pk")
    sessions = [
        _open(session, actor) for session in sorted(set(visible.values_list("training_session", flat=True)))
    ]
    rows = list(visible.select_for_update(of=("self",)).select_related("voids"))
    if len(rows) != len(wanted):
        raise NotFoundError(Correction._meta.label)
    for session in sessions:
        _tell(Kind.CORRECTION_DECIDED, session, actor)
    for row in rows:
        if row.voids is not None:
            _refuse_voided(row.voids)
        two_people.approve(row, actor=actor)
    for session in sessions:
        if actor.role in INSTITUTION_ROLES:
            _refuse_above_share(session)
        if session.status == SessionStatus.CLOSED:
            complete_anew(session, actor=actor)
    return rows


@transaction.atomic
def decline_correction(correction_id: int, *, reason: str, actor: Actor) -> Correction:
    """不予核准, with the reason."""
    demand(actor, "correction.decide")
    correction: Correction = Correction.objects.lock(actor, pk=correction_id)
    _tell(Kind.CORRECTION_DECIDED, correction.training_session, actor)
    return two_people.decline(correction, reason, actor=actor)


@transaction.atomic
def withdraw_correction(correction_id: int, *, actor: Actor) -> Correction:
    """撤回, by the person who proposed it, before it is decided."""
    demand(actor, "correction.propose")
    correction: Correction = Correction.objects.lock(actor, pk=correction_id)
    return two_people.withdraw(correction, actor=actor)


def _tell(kind: Kind, session: TrainingSession, actor: Actor) -> None:
    """A paper register is one notice, not eighty."""
    deciders = BUREAU_ROLES | {Role.INSTITUTION_HEAD}
    roles = deciders if kind == Kind.CORRECTION_PROPOSED else INSTITUTION_ROLES
    notify_waiting(kind, session, roles=roles, actor=actor, session=str(session))


def _open(session_id: int, actor: Actor) -> TrainingSession:
    """The session, locked: until its archive is sealed, and not while that is being done."""
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status in (SessionStatus.ARCHIVED, SessionStatus.CLAIMED):
        raise InvalidTransitionError(_("档案已封存，签到不能再更正。"))
    if session.status not in TAKES_CORRECTIONS:
        raise InvalidTransitionError(_("这一期还没有批准或已经取消，没有签到可以更正。"))
    dossier = getattr(session, "dossier", None)
    if dossier is not None and dossier.is_frozen:
        raise InvalidTransitionError(_("档案正在封存，签到不能再更正。"))
    if dossier is not None and dossier.spares("A8"):
        raise InvalidTransitionError(_("商务局没有退回签到名册（A8），签到不能更正。"))
    return session


def _problem(kind: str, lesson: LessonTime, at: datetime) -> str:
    """Why nothing like this can have happened then; "" when it can."""
    opens, closes = window(kind, lesson)
    if at > clock.now():
        return _("时间 %(at)s 还没有到。") % {"at": _in_words(at)}
    if not opens <= at <= closes:
        return _("%(at)s 不在第%(sequence)s课次可以登记的时间（%(opens)s 至 %(closes)s）内。") % {
            "at": _in_words(at),
            "sequence": lesson.sequence,
            "opens": _in_words(opens),
            "closes": _in_words(closes),
        }
    return ""


def _in_words(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def _refuse_second(rows: Any) -> None:
    if rows.filter(status=CorrectionStatus.PROPOSED).exists():
        raise InvalidInputError(ALREADY_WAITING)


def _refuse_voided(event: AttendanceEvent) -> None:
    if AttendanceEvent.objects.filter(VOIDED, pk=event.pk).exists():
        raise InvalidTransitionError(_("这条记录已经作废。"))


def _refuse_above_share(session: TrainingSession) -> None:
    """Of the people whose attendance the institution's own put right, those just approved included."""
    by_its_own = session.corrections.filter(
        status=CorrectionStatus.APPROVED, decided_by__memberships__institution_id=session.institution_id
    )
    people = by_its_own.aggregate(people=Count("enrolment", distinct=True))["people"]
    rostered = session.enrolments.filter(ON_ROSTER).count()
    rule = session.rule_set.rules.attendance
    if not within_make_up_share(people, rostered, rule):
        raise ForbiddenError(
            _(
                "机构自行核准的更正不能超过名册人数的 %(share)g %%：名册 %(rostered)s 人，"
                "连同这次共 %(people)s 人。请商务局核准。"
            )
            % {"share": 100 * rule.make_up_share, "rostered": rostered, "people": people}
        )
