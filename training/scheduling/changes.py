"""变更申请: an approved lesson on another day, by another instructor or elsewhere, before it begins.

The institution asks, the bureau decides; until then, and when it says no, what was approved stands. Both
look again at everything that was looked at when the lesson was planned. Locks: the session's row.
"""

from __future__ import annotations

from datetime import date, time
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.scheduling.choices import TAKES_ATTENDANCE, ChangeKind, ChangeStatus, SessionStatus
from training.scheduling.lessons import LessonPlan, keep, refuse_what_can_not_be, take_over
from training.scheduling.models import ChangeRequest, Lesson, TrainingSession
from training.scheduling.running import BOTH_SIDES, has_begun
from training.scheduling.signals import change_approved

MAX_REASON: Final = 200
HELD: Final = ("starts_at", "ends_at", "instructor", "venue")
"""What of a lesson a request may want otherwise."""


@transaction.atomic
def request_lesson_change(
    lesson_id: int,
    *,
    on: date,
    start: time,
    end: time,
    instructor_id: int,
    venue_id: int,
    reason: str,
    actor: Actor,
) -> ChangeRequest:
    """Ask for a lesson to be held so; times are the county's.

    Raises InvalidInputError for what could not have been planned so either, for the same as approved and
    while another request for the lesson waits; InvalidTransitionError once the lesson has begun.
    """
    demand(actor, "change.request")
    lesson = _lesson(lesson_id, actor)
    _demand_not_begun(lesson)
    if lesson.change_requests.filter(status=ChangeStatus.REQUESTED).exists():
        raise InvalidInputError(_("这一课次已有变更申请在等商务局决定。要改就先撤回它。"))
    approved = {name: getattr(lesson, name) for name in HELD}
    plan = LessonPlan(on, start, end, lesson.topic, instructor_id, venue_id, lesson.practical)
    take_over(lesson, plan, actor)
    wanted = {name: getattr(lesson, name) for name in HELD}
    if wanted == approved:
        raise InvalidInputError(_("和批准的安排一样，没有要变更的。"))
    _demand_possible(lesson, actor)
    change = ChangeRequest(
        training_session=lesson.training_session,
        kind=ChangeKind.LESSON,
        lesson=lesson,
        **wanted,
        **{f"was_{name}": value for name, value in approved.items()},
    )
    return ask(change, reason, actor=actor)


def _lesson(lesson_id: int, actor: Actor) -> Lesson:
    """With its session locked, so that nothing of it is decided meanwhile."""
    found: Lesson = Lesson.objects.fetch(actor, pk=lesson_id)
    TrainingSession.objects.lock(actor, pk=found.training_session_id)
    related = (
        "training_session__institution__programme",
        "training_session__rule_set",
        "instructor",
        "venue",
    )
    lesson: Lesson = Lesson.objects.select_related(*related).fetch(actor, pk=lesson_id)
    return lesson


def _demand_not_begun(lesson: Lesson) -> None:
    """Raises InvalidTransitionError before approval, after the end, and once this lesson has begun."""
    session = lesson.training_session
    if session.status not in TAKES_ATTENDANCE:
        raise InvalidTransitionError(
            _("本期的状态是“%(status)s”，没有可变更的课次。") % {"status": session.get_status_display()}
        )
    if lesson.starts_at <= clock.now():
        raise InvalidTransitionError(
            _("第%(number)s课次已经开始，不能再变更。没有照批准的安排上的，请向商务局说明。")
            % {"number": lesson.sequence}
        )


def _demand_possible(lesson: Lesson, actor: Actor) -> None:
    """The lesson as it would be, held against everything that a new lesson is held against."""
    if lesson.starts_at <= clock.now():
        raise InvalidInputError(_("要改到的时间已经过去了。"))
    refuse_what_can_not_be([lesson], actor)


def ask(change: ChangeRequest, reason: str, *, actor: Actor) -> ChangeRequest:
    """Write a request down and tell the bureau; the caller checked it and holds the session's lock."""
    change.reason = given(reason)
    change.requested_by_id = actor.person_id
    change.requested_at = clock.now()
    change.save()
    _tell(Kind.CHANGE_REQUESTED, change, actor, institution=change.training_session.institution.name)
    record(actor, "change.requested", change, reason=change.reason)
    return change


def given(text: str) -> str:
    """Raises InvalidInputError when nothing is said, or more than the dossier can show."""
    if not text.strip():
        raise InvalidInputError(_("请写明原因。"))
    if len(text.strip()) > MAX_REASON:
        raise InvalidInputError(_("原因请写在%(count)s个字以内。") % {"count": MAX_REASON})
    return text.strip()


@transaction.atomic
def approve_lesson_change(change_id: int, *, actor: Actor) -> ChangeRequest:
    """批准变更: from here the lesson is the one that was asked for; stations get it with their next package.

    Raises InvalidInputError where it has become impossible since, InvalidTransitionError once the lesson
    has begun as approved, and ForbiddenError for whoever asked.
    """
    change = waiting(change_id, ChangeKind.LESSON, actor=actor)
    lesson = _lesson(change.lesson_id or 0, actor)
    _demand_not_begun(lesson)
    for name in HELD:
        setattr(lesson, name, getattr(change, name))
    lesson.on = lesson.starts_at.astimezone(ZoneInfo(lesson.training_session.rule_set.rules.timezone)).date()
    _demand_possible(lesson, actor)
    keep([lesson], actor)
    change_approved.send(ChangeRequest, session=lesson.training_session)
    return settle(change, ChangeStatus.APPROVED, actor=actor)


@transaction.atomic
def decline_change(change_id: int, *, reason: str, actor: Actor) -> ChangeRequest:
    """不予变更, with the reason: the session is held as approved."""
    change = waiting(change_id, actor=actor)
    return settle(change, ChangeStatus.DECLINED, given(reason), actor=actor)


@transaction.atomic
def withdraw_change(change_id: int, *, actor: Actor) -> ChangeRequest:
    """The institution thinks better of it."""
    demand(actor, "change.request")
    change = _locked(change_id, actor)
    change.enter(ChangeStatus.WITHDRAWN)
    change.decided_at = clock.now()
    change.save(update_fields=["decided_at"])
    _tell(Kind.CHANGE_WITHDRAWN, change, actor, institution=change.training_session.institution.name)
    record(actor, "change.withdrawn", change)
    return change


def waiting(change_id: int, kind: ChangeKind | None = None, *, actor: Actor) -> ChangeRequest:
    """The request, its session locked, for somebody who may decide it; of any kind when None."""
    demand(actor, "change.decide")
    change = _locked(change_id, actor)
    if kind and change.kind != kind:
        raise InvalidTransitionError(_("这不是%(kind)s的变更。") % {"kind": kind.label})
    if change.requested_by_id == actor.person_id:
        raise ForbiddenError(_("申请的人不能自己决定，请另一人办理。"))
    if change.status != ChangeStatus.REQUESTED:
        raise InvalidTransitionError(
            _("这份变更申请的状态是“%(status)s”，不用再办。") % {"status": change.get_status_display()}
        )
    return change


def _locked(change_id: int, actor: Actor) -> ChangeRequest:
    found: ChangeRequest = ChangeRequest.objects.fetch(actor, pk=change_id)
    TrainingSession.objects.lock(actor, pk=found.training_session_id)
    related = ("training_session__institution__programme", "instructor", "venue")
    change: ChangeRequest = ChangeRequest.objects.select_related(*related).fetch(actor, pk=change_id)
    return change


def settle(change: ChangeRequest, status: ChangeStatus, reason: str = "", *, actor: Actor) -> ChangeRequest:
    """Write the bureau's decision down; the caller checked it and did what it means."""
    change.enter(status)
    change.decided_by_id = actor.person_id
    change.decided_at = clock.now()
    change.decision_reason = reason
    change.save(update_fields=["decided_by", "decided_at", "decision_reason"])
    approved = status == ChangeStatus.APPROVED
    _tell(Kind.CHANGE_APPROVED if approved else Kind.CHANGE_DECLINED, change, actor)
    said = {"reason": reason} if reason else {}
    record(actor, "change.approved" if approved else "change.declined", change, **said)
    return change


def _tell(kind: Kind, change: ChangeRequest, actor: Actor, **more: str) -> None:
    """The other side."""
    asks = kind in (Kind.CHANGE_REQUESTED, Kind.CHANGE_WITHDRAWN)
    roles = BUREAU_ROLES if asks else BOTH_SIDES - BUREAU_ROLES
    notify(kind, change, roles=roles, actor=actor, session=str(change.training_session), **more)


def demand_open_roster(session: TrainingSession) -> None:
    """Raises InvalidTransitionError unless the roster is frozen and the class has not begun."""
    if has_begun(session):
        raise InvalidTransitionError(
            _("已经开课，名册不能再增减：没来的人留在名册上，由签到名册说明；没入册的人不计入本期。")
        )
    if session.status != SessionStatus.APPROVED:
        raise InvalidTransitionError(
            _("本期的状态是“%(status)s”，名册不在可以增减的时候。") % {"status": session.get_status_display()}
        )
