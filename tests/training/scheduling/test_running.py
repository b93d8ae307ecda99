"""The clock lets a session begin; people end it before its time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from training.accounts.choices import Role
from training.core.actor import SYSTEM
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.notifications.models import Notification
from training.scheduling.choices import ChangeStatus, SessionStatus
from training.scheduling.running import begin_due_sessions, cancel_session, stop_session
from training.scheduling.services import return_session, submit_session

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
NINE = datetime(2021, 5, 18, 1, 0, tzinfo=UTC)  # 09:00 in the county, when the first lesson begins


def status_of(county: Any) -> str:
    county.session.refresh_from_db()
    return county.session.status


def test_an_approved_session_begins_with_its_first_lesson_and_not_before(approved: Any, clock: Any) -> None:
    assert begin_due_sessions(actor=SYSTEM) == 0
    assert status_of(approved) == SessionStatus.APPROVED

    clock.set(NINE)
    assert begin_due_sessions(actor=SYSTEM) == 1
    assert status_of(approved) == SessionStatus.RUNNING
    assert AuditEvent.objects.first().verb == "session.begun"
    assert begin_due_sessions(actor=SYSTEM) == 0


def test_what_nobody_approved_does_not_begin(county: Any, clock: Any) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))
    clock.set(NINE)

    assert begin_due_sessions(actor=SYSTEM) == 0
    assert status_of(county) == SessionStatus.SUBMITTED


@pytest.mark.parametrize("role", [HEAD, REVIEWER, CHIEF])
def test_before_the_first_lesson_the_head_and_the_bureau_may_cancel(approved: Any, role: Role) -> None:
    cancel_session(approved.session.pk, reason="报名不足", actor=approved.actor(role))

    assert status_of(approved) == SessionStatus.CANCELLED
    event = AuditEvent.objects.first()
    assert (event.verb, event.details["reason"]) == ("session.cancelled", "报名不足")
    told = Notification.objects.filter(kind="session.cancelled")
    assert set(told.values_list("membership__role", flat=True)) == {
        CLERK, HEAD, Role.CLASS_MANAGER, REVIEWER, CHIEF,
    } - {role}  # fmt: skip


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN, HEAD, REVIEWER, CHIEF}))
def test_nobody_else_cancels_what_was_handed_in(approved: Any, role: Role) -> None:
    with pytest.raises((ForbiddenError, NotFoundError)):
        cancel_session(approved.session.pk, reason="x", actor=approved.actor(role))
    assert status_of(approved) == SessionStatus.APPROVED


def test_a_draft_and_a_returned_plan_are_also_the_clerks_to_cancel(county: Any) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))
    return_session(county.session.pk, reason="缺课件", actor=county.actor(REVIEWER))

    cancel_session(county.session.pk, reason="不办了", actor=county.actor(CLERK))
    assert status_of(county) == SessionStatus.CANCELLED


def test_once_the_first_lesson_has_begun_nothing_is_cancelled(approved: Any, clock: Any) -> None:
    clock.set(NINE)

    with pytest.raises(InvalidTransitionError, match="已经开课，不能取消"):
        cancel_session(approved.session.pk, reason="x", actor=approved.actor(CHIEF))
    assert status_of(approved) == SessionStatus.APPROVED  # the minute's work will notice


def test_the_bureaus_head_stops_a_class_that_has_begun(approved: Any, clock: Any) -> None:
    with pytest.raises(InvalidTransitionError, match="还没有开课"):
        stop_session(approved.session.pk, reason="x", actor=approved.actor(CHIEF))
    clock.set(NINE)

    with pytest.raises(InvalidInputError):
        stop_session(approved.session.pk, reason=" ", actor=approved.actor(CHIEF))
    stop_session(approved.session.pk, reason="检查时没有人上课", actor=approved.actor(CHIEF))

    assert status_of(approved) == SessionStatus.STOPPED
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs[-2:] == ["session.begun", "session.stopped"]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN, CHIEF}))
def test_nobody_else_stops_it(approved: Any, clock: Any, role: Role) -> None:
    clock.set(NINE)

    with pytest.raises(ForbiddenError):
        stop_session(approved.session.pk, reason="x", actor=approved.actor(role))


def test_open_changes_end_with_the_session(approved: Any) -> None:
    lesson = approved.session.lessons.get(sequence=1)
    change = approved.session.change_requests.create(
        kind="lesson",
        lesson=lesson,
        reason="x",
        requested_by=approved.user(CLERK),
        requested_at=lesson.starts_at,
    )

    cancel_session(approved.session.pk, reason="洪水", actor=approved.actor(CHIEF))

    change.refresh_from_db()
    assert (change.status, change.decision_reason) == (ChangeStatus.WITHDRAWN, "本期已取消或中止。")
