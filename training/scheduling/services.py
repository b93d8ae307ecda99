"""Planning a session and taking it through approval (lifecycle C of domain.md §4.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.courses.models import Courseware
from training.institutions.choices import InstitutionStatus
from training.institutions.models import Agreement, Institution, Instructor
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on
from training.scheduling.choices import EDITABLE, TAKES_COURSEWARE, SessionStatus
from training.scheduling.models import Lesson, TrainingSession, Venue, Witness
from training.scheduling.rules import LessonSlot, clashes

PLAN_FIELDS = (
    "title",
    "category",
    "class_type",
    "form",
    "audience",
    "goals",
    "content",
    "assessment",
    "class_manager",
    "uses_face",
)


def _editable(session_id: int, actor: Actor) -> TrainingSession:
    demand(actor, "session.plan")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status not in EDITABLE:
        raise InvalidTransitionError(_("本期已经提交，不能再改。需要改动时请商务局退回。"))
    return session


@transaction.atomic
def plan_session(
    institution_id: int, *, agreement_id: int, plan: Mapping[str, Any], actor: Actor
) -> TrainingSession:
    """Open a draft. `plan` holds PLAN_FIELDS; codes are those of the rule set in force today."""
    demand(actor, "session.plan")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    if institution.status != InstitutionStatus.ADMITTED:
        raise InvalidInputError(_("机构还没有入库或已暂停，不能开班。请联系商务局。"))
    agreement = Agreement.objects.fetch(actor, pk=agreement_id, institution=institution)
    rule_set = rule_set_on(institution.programme, clock.today(), actor=actor)
    _refuse_other_line(plan["class_type"], rule_set.rules, agreement)
    number = (institution.training_sessions.aggregate(last=Max("number"))["last"] or 0) + 1
    session: TrainingSession = TrainingSession.objects.create(
        institution=institution,
        agreement=agreement,
        rule_set=rule_set,
        number=number,
        code=_session_code(institution, agreement, plan["category"]),
        created_by_id=actor.user_id,
        **{name: plan[name] for name in PLAN_FIELDS},
    )
    record(actor, "session.planned", session)
    return session


def _refuse_other_line(class_type: str, rules: Preset, agreement: Agreement) -> None:
    """One fund line a session: a class that one line pays for is not held under another's agreement."""
    kind = rules.class_type(class_type)
    if kind.fund_line != agreement.fund_line.code:
        raise InvalidInputError(
            _("“%(kind)s”由“%(line)s”支付，所选协议的资金条线是“%(other)s”。")
            % {
                "kind": kind.name,
                "line": rules.fund_line(kind.fund_line).name,
                "other": agreement.fund_line.name,
            }
        )


def _session_code(institution: Institution, agreement: Agreement, category: str) -> str:
    """SC-2020-RC-F-001: programme, line, category letter, running number in the programme."""
    prefix = f"{institution.programme.code}-{agreement.fund_line.code[:2].upper()}-{category[:1].upper()}-"
    taken = TrainingSession.objects.filter(code__startswith=prefix).values_list("code", flat=True)
    number = max((int(code.removeprefix(prefix)) for code in taken), default=0) + 1
    return f"{prefix}{number:03d}"


@transaction.atomic
def revise_plan(session_id: int, *, plan: Mapping[str, Any], actor: Actor) -> TrainingSession:
    session = _editable(session_id, actor)
    _refuse_other_line(plan["class_type"], session.rule_set.rules, session.agreement)
    for name in PLAN_FIELDS:
        setattr(session, name, plan[name])
    session.save(update_fields=list(PLAN_FIELDS))
    record(actor, "session.plan_revised", session)
    return session


@transaction.atomic
def add_venue(institution_id: int, *, name: str, address: str, seats: int, actor: Actor) -> Venue:
    demand(actor, "session.plan")
    institution = Institution.objects.fetch(actor, pk=institution_id)
    venue: Venue = Venue.objects.create(institution=institution, name=name, address=address, seats=seats)
    record(actor, "venue.added", venue)
    return venue


@transaction.atomic
def add_lesson(
    session_id: int,
    *,
    on: date,
    start: time,
    end: time,
    topic: str,
    instructor_id: int,
    venue_id: int,
    actor: Actor,
) -> Lesson:
    """Put a lesson into the timetable; times are the county's.

    Raises InvalidInputError for a day outside the programme's window and for an instructor or a
    venue that is taken at that time, naming the other lesson.
    """
    session = _editable(session_id, actor)
    institution = session.institution
    instructor = Instructor.objects.lock(actor, pk=instructor_id, institution=institution)
    venue = Venue.objects.lock(actor, pk=venue_id, institution=institution)
    window = session.rule_set.rules.window
    if on not in window:
        raise InvalidInputError(
            _("日期不在项目期内（%(start)s 至 %(end)s）。")
            % {"start": window.starts_on.isoformat(), "end": window.ends_on.isoformat()}
        )
    if end <= start:
        raise InvalidInputError(_("结束时间要晚于开始时间。"))
    zone = ZoneInfo(session.rule_set.rules.timezone)
    lesson = Lesson(
        training_session=session,
        sequence=(session.lessons.aggregate(last=Max("sequence"))["last"] or 0) + 1,
        on=on,
        starts_at=datetime.combine(on, start, zone),
        ends_at=datetime.combine(on, end, zone),
        topic=topic,
        instructor=instructor,
        venue=venue,
    )
    _refuse_clash(lesson, actor)
    lesson.save()
    record(actor, "lesson.added", lesson)
    return lesson


def _refuse_clash(lesson: Lesson, actor: Actor) -> None:
    others = (
        Lesson.objects.visible_to(actor)
        .filter(on=lesson.on)
        .exclude(training_session__status__in=[SessionStatus.CANCELLED, SessionStatus.STOPPED])
        .select_related("training_session", "instructor", "venue")
    )
    found = clashes(_slot(lesson), [_slot(other) for other in others])
    if found:
        raise InvalidInputError(_("；").join(found))


def _slot(lesson: Lesson) -> LessonSlot:
    return LessonSlot(
        label=f"{lesson.training_session.code} 第{lesson.sequence}课次",
        session=lesson.training_session_id,
        starts_at=lesson.starts_at,
        ends_at=lesson.ends_at,
        instructor=(lesson.instructor_id, lesson.instructor.name),
        venue=(lesson.venue_id, lesson.venue.name),
    )


@transaction.atomic
def remove_lesson(lesson_id: int, *, actor: Actor) -> TrainingSession:
    lesson: Lesson = Lesson.objects.fetch(actor, pk=lesson_id)
    session = _editable(lesson.training_session_id, actor)
    record(actor, "lesson.removed", lesson)
    lesson.delete()
    return session


@transaction.atomic
def pin_courseware(session_id: int, courseware_ids: Iterable[int], *, actor: Actor) -> TrainingSession:
    """These versions, and only these, are what the session is taught with; until it is archived.

    Later than the plan, because a session that was approved without courseware must still be able to
    complete its archive.
    """
    demand(actor, "session.plan")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status not in TAKES_COURSEWARE:
        raise InvalidTransitionError(_("本期已归档，课件不能再换。"))
    chosen = Courseware.objects.visible_to(actor).filter(
        pk__in=list(courseware_ids), institution=session.institution_id
    )
    session.courseware.set(chosen)
    record(actor, "session.courseware_pinned", session, courseware=[row.pk for row in chosen])
    return session


@transaction.atomic
def add_witness(session_id: int, *, name: str, post: str, pin: str, actor: Actor) -> Witness:
    """Name someone who may vouch at the station; the PIN is kept as a salted hash."""
    session = _editable(session_id, actor)
    if not (pin.isascii() and pin.isdigit() and 6 <= len(pin) <= 12):
        raise InvalidInputError(_("见证码要 6 至 12 位数字。"))
    witness: Witness = Witness.objects.create(
        training_session=session, name=name, post=post, pin_hash=make_password(pin, hasher="pbkdf2_sha256")
    )
    record(actor, "witness.added", witness)
    return witness


@transaction.atomic
def submit_session(session_id: int, *, actor: Actor) -> TrainingSession:
    """开班申请. Raises InvalidInputError naming everything that is missing."""
    demand(actor, "session.submit")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    missing = [
        label
        for label, there in (
            (_("课程安排"), session.lessons.exists()),
            (_("培训人员名册"), session.enrolments.exists()),
            (_("见证人"), session.witnesses.exists()),
        )
        if not there
    ]
    if missing:
        raise InvalidInputError(_("还不能提交，缺：%(missing)s。") % {"missing": "、".join(missing)})
    session.submitted_by_id = actor.user_id
    session.submitted_at = clock.now()
    session.save(update_fields=["submitted_by", "submitted_at"])
    session.enter(SessionStatus.SUBMITTED)
    record(actor, "session.submitted", session)
    return session


@transaction.atomic
def return_session(session_id: int, *, reason: str, actor: Actor) -> TrainingSession:
    """退回补正, with what is to be put right."""
    demand(actor, "session.approve")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明退回原因，让机构知道改什么。"))
    session.return_reason = reason.strip()
    session.save(update_fields=["return_reason"])
    session.enter(SessionStatus.RETURNED)
    record(actor, "session.returned", session, reason=session.return_reason)
    return session


@transaction.atomic
def approve_session(session_id: int, *, actor: Actor) -> TrainingSession:
    """批准开班: freezes the roster and lets the institution's stations fetch it."""
    demand(actor, "session.approve")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if actor.user_id is not None and actor.user_id == session.submitted_by_id:
        raise ForbiddenError(_("提交人不能批准自己的申请。"))
    session.approved_by_id = actor.user_id
    session.approved_at = clock.now()
    session.approval_number = (
        f"{session.institution.programme.county}商务培〔{clock.today().year}〕{session.pk}号"
    )
    session.return_reason = ""
    session.save(update_fields=["approved_by", "approved_at", "approval_number", "return_reason"])
    session.enter(SessionStatus.APPROVED)
    record(actor, "session.approved", session, number=session.approval_number)
    return session


@transaction.atomic
def cancel_session(session_id: int, *, reason: str, actor: Actor) -> TrainingSession:
    demand(actor, "session.plan")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明取消原因。"))
    session.enter(SessionStatus.CANCELLED)
    record(actor, "session.cancelled", session, reason=reason.strip())
    return session
