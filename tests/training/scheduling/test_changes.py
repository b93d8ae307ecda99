"""变更申请: asked for by the institution, decided by the bureau, looked at twice, before the lesson begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.conftest import CLASS_DAY
from training.accounts.choices import Role
from training.attendance.package import build_package
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.demo.scenery import FARMERS_PLAN, refuse_second_proof
from training.notifications.models import Notification
from training.scheduling.changes import (
    approve_lesson_change,
    decline_change,
    request_lesson_change,
    withdraw_change,
)
from training.scheduling.choices import ChangeStatus, SessionStatus
from training.scheduling.lessons import add_lesson
from training.scheduling.models import ChangeRequest, Lesson, TrainingSession, Venue
from training.scheduling.running import begin_due_sessions, cancel_session
from training.scheduling.services import approve_session, plan_session, return_session, submit_session
from training.scheduling.venues import add_venue
from training.stations.models import Station

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
NEXT_DAY = CLASS_DAY + timedelta(days=1)


@pytest.fixture
def approved(county: Any) -> Any:
    """Submitted and approved, with both instructors' proofs verified."""
    submit_session(county.session.pk, actor=county.actor(HEAD))
    county.session = approve_session(county.session.pk, actor=county.actor(REVIEWER))
    return county


def lesson_of(county: Any, number: int = 2) -> Lesson:
    return county.session.lessons.get(sequence=number)


def ask(county: Any, number: int = 2, *, by: Role = CLERK, **changes: Any) -> ChangeRequest:
    lesson = lesson_of(county, number)
    details = {
        "on": NEXT_DAY,
        "start": time(14, 0),
        "end": time(16, 15),
        "instructor_id": lesson.instructor_id,
        "venue_id": lesson.venue_id,
        "reason": "当天停电",
        "actor": county.actor(by),
    }
    return request_lesson_change(lesson.pk, **details | changes)


def state(county: Any) -> list[Any]:
    """All that a change could touch."""
    session = county.session
    return [
        list(session.lessons.order_by("pk").values("pk", "on", "starts_at", "instructor", "venue")),
        list(session.change_requests.order_by("pk").values("pk", "status", "decided_by")),
        AuditEvent.objects.count(),
        Notification.objects.count(),
    ]


def told(county: Any, role: Role) -> list[str]:
    return [row.sentence for row in Notification.objects.filter(membership__user=county.user(role))]


def test_an_approved_change_moves_the_lesson_and_keeps_what_was_approved(approved: Any) -> None:
    lesson = lesson_of(approved)

    change = ask(approved)
    assert lesson_of(approved).on == CLASS_DAY

    approve_lesson_change(change.pk, actor=approved.actor(REVIEWER))

    change.refresh_from_db()
    moved = Lesson.objects.get(pk=lesson.pk)
    assert (moved.on, moved.starts_at.astimezone().hour) == (NEXT_DAY, 14)
    assert (change.was_starts_at, change.was_ends_at) == (lesson.starts_at, lesson.ends_at)
    assert (change.status, change.decided_by) == (ChangeStatus.APPROVED, approved.user(REVIEWER))
    assert list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))[-2:] == [
        "change.requested",
        "change.approved",
    ]


def test_a_change_may_be_of_the_instructor_and_of_the_venue(approved: Any) -> None:
    first, _second = approved.instructors
    room = add_venue(
        approved.institution.pk, name="二楼教室", address="琴江镇", seats=40, actor=approved.actor(CLERK)
    )
    change = ask(approved, on=CLASS_DAY, instructor_id=first.pk, venue_id=room.pk)

    approve_lesson_change(change.pk, actor=approved.actor(REVIEWER))

    changed = lesson_of(approved)
    assert (changed.on, changed.instructor, changed.venue) == (CLASS_DAY, first, room)
    assert change.was_instructor == approved.instructors[1]


def test_each_side_is_told_what_the_other_did(approved: Any) -> None:
    code = str(approved.session)
    change = ask(approved)
    assert told(approved, REVIEWER)[0] == f"石城县兴农电商培训中心申请变更：{code}"

    decline_change(change.pk, reason="改期太近", actor=approved.actor(REVIEWER))
    assert told(approved, HEAD)[0] == told(approved, CLERK)[0] == f"变更没有批准，按原批准的安排执行：{code}"
    assert not any("变更没有批准" in sentence for sentence in told(approved, CHIEF))


def test_a_declined_change_leaves_the_lesson_as_it_was_approved(approved: Any) -> None:
    before = state(approved)[0]
    change = ask(approved)

    with pytest.raises(InvalidInputError):
        decline_change(change.pk, reason=" ", actor=approved.actor(REVIEWER))
    declined = decline_change(change.pk, reason="改期太近", actor=approved.actor(REVIEWER))

    assert (declined.status, declined.decision_reason) == (ChangeStatus.DECLINED, "改期太近")
    assert state(approved)[0] == before


def test_a_withdrawn_change_makes_room_for_another(approved: Any) -> None:
    change = ask(approved)
    with pytest.raises(InvalidInputError, match="在等商务局决定"):
        ask(approved)

    withdraw_change(change.pk, actor=approved.actor(HEAD))

    assert ask(approved).status == ChangeStatus.REQUESTED
    with pytest.raises(InvalidTransitionError):
        approve_lesson_change(change.pk, actor=approved.actor(REVIEWER))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reason": "  "}, "请写明原因。"),
        ({"reason": "停" * 201}, "原因请写在200个字以内。"),
        ({"on": CLASS_DAY}, "和批准的安排一样，没有要变更的。"),
        ({"on": CLASS_DAY - timedelta(days=1)}, "要改到的时间已经过去了。"),
        ({"end": time(14, 0)}, "结束时间要晚于开始时间。"),
        (
            {"on": CLASS_DAY, "start": time(10, 0), "end": time(12, 0)},
            "石城县电商公共服务中心三楼教室这段时间被SC-2020-TR-F-001 第1课次占用；"
            "本期SC-2020-TR-F-001 第1课次已占用这段时间",
        ),
    ],
)
def test_what_could_not_be_planned_can_not_be_asked_for(
    approved: Any, changes: dict[str, Any], message: str
) -> None:
    before = state(approved)

    with pytest.raises(InvalidInputError) as refused:
        ask(approved, **changes)

    assert str(refused.value) == message
    assert state(approved) == before


def test_an_instructor_whose_proof_was_refused_meanwhile_can_not_be_asked_for(approved: Any) -> None:
    change = ask(approved)
    refuse_second_proof(approved.instructors)

    with pytest.raises(InvalidInputError, match="授课人王思敏"):
        approve_lesson_change(change.pk, actor=approved.actor(REVIEWER))
    withdraw_change(change.pk, actor=approved.actor(CLERK))
    with pytest.raises(InvalidInputError, match="授课人王思敏"):
        ask(approved)


def test_a_day_outside_the_programme_can_not_be_asked_for(approved: Any) -> None:
    with pytest.raises(InvalidInputError, match="日期不在项目期内"):
        ask(approved, on=CLASS_DAY + timedelta(days=800))


def test_the_decision_looks_again_at_what_has_been_planned_since(approved: Any) -> None:
    change = ask(approved)
    other = plan_session(
        approved.institution.pk,
        agreement_id=approved.session.agreement_id,
        plan=FARMERS_PLAN,
        actor=approved.actor(CLERK),
    )
    lesson = lesson_of(approved)
    add_lesson(
        other.pk,
        on=NEXT_DAY,
        start=time(15, 0),
        end=time(16, 0),
        topic="网购平台介绍",
        instructor_id=lesson.instructor_id,
        venue_id=lesson.venue_id,
        actor=approved.actor(CLERK),
    )
    before = state(approved)

    with pytest.raises(InvalidInputError, match="SC-2020-TR-F-002 第1课次"):
        approve_lesson_change(change.pk, actor=approved.actor(REVIEWER))
    assert state(approved) == before


def test_a_lesson_that_has_begun_is_not_changed_any_more(approved: Any, clock: Any) -> None:
    change = ask(approved, 1)
    clock.set(datetime(2021, 5, 18, 1, 0, tzinfo=UTC))  # 09:00: the first lesson begins
    before = state(approved)

    for act in (
        lambda: ask(approved, 1),
        lambda: approve_lesson_change(change.pk, actor=approved.actor(REVIEWER)),
    ):
        with pytest.raises(InvalidTransitionError, match="第1课次已经开始，不能再变更"):
            act()
    assert state(approved) == before


def test_a_later_lesson_of_a_running_class_may_still_be_changed(approved: Any, clock: Any) -> None:
    clock.set(datetime(2021, 5, 18, 2, 0, tzinfo=UTC))
    begin_due_sessions(actor=approved.actor(CHIEF))

    change = ask(approved, 2)
    approve_lesson_change(change.pk, actor=approved.actor(REVIEWER))

    approved.session.refresh_from_db()
    assert approved.session.status == SessionStatus.RUNNING
    assert lesson_of(approved).on == NEXT_DAY


def test_before_approval_and_after_the_end_there_is_nothing_to_change(county: Any) -> None:
    with pytest.raises(InvalidTransitionError, match="草稿"):
        ask(county)
    submit_session(county.session.pk, actor=county.actor(HEAD))
    cancel_session(county.session.pk, reason="报名不足", actor=county.actor(HEAD))
    with pytest.raises(InvalidTransitionError, match="已取消"):
        ask(county)


DECISIONS: dict[str, Callable[..., Any]] = {
    "approve": approve_lesson_change,
    "decline": lambda pk, actor: decline_change(pk, reason="x", actor=actor),
}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN, REVIEWER, CHIEF}))
@pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS.keys())
def test_only_the_bureau_decides(approved: Any, decide: Callable[..., Any], role: Role) -> None:
    change = ask(approved)
    before = state(approved)

    with pytest.raises((ForbiddenError, NotFoundError)):
        decide(change.pk, actor=approved.actor(role))
    assert state(approved) == before


@pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS.keys())
def test_nobody_decides_what_they_asked_for_whatever_their_roles(
    approved: Any, decide: Callable[..., Any]
) -> None:
    change = ask(approved)
    two_hats = replace(approved.actor(REVIEWER), user_id=approved.user(CLERK).pk)

    with pytest.raises(ForbiddenError):
        decide(change.pk, actor=two_hats)
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeRequest.objects.filter(pk=change.pk).update(decided_by=approved.user(CLERK))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN, CLERK, HEAD, Role.CLASS_MANAGER}))
def test_only_the_institution_asks(approved: Any, role: Role) -> None:
    with pytest.raises((ForbiddenError, NotFoundError)):
        ask(approved, by=role)


def test_another_countys_bureau_does_not_find_the_change(approved: Any, other_county: Any) -> None:
    change = ask(approved)

    with pytest.raises(NotFoundError):
        approve_lesson_change(change.pk, actor=other_county.actor(REVIEWER))


def test_the_database_keeps_one_open_change_a_lesson(approved: Any) -> None:
    change = ask(approved)
    change.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        change.save(force_insert=True)


def test_stations_get_the_changed_lesson_and_lose_a_cancelled_session(approved: Any, clock: Any) -> None:
    station = Station.objects.create(
        institution=approved.institution, name="一号机", public_key="k" * 44, token_hash="t", enrolled_at=NOON
    )
    before = build_package(station, at=NOON)

    approve_lesson_change(ask(approved).pk, actor=approved.actor(REVIEWER))
    changed = build_package(station, at=NOON)
    cancel_session(approved.session.pk, reason="洪水", actor=approved.actor(CHIEF))
    gone = build_package(station, at=NOON)

    assert len({before["version"], changed["version"], gone["version"]}) == 3
    assert [lesson["on"] for lesson in changed["sessions"][0]["lessons"]] == ["2021-05-18", "2021-05-19"]
    assert gone["sessions"] == []


NOON = datetime(2021, 5, 17, 4, 0, tzinfo=UTC)


# Two people for a plan with doubts


@pytest.fixture
def strict(county: Any) -> Any:
    """A county where the head approves what the software has doubts about."""
    rules = county.session.rule_set
    rules.body = rules.body | {"planning": rules.body["planning"] | {"head_approves_flagged": True}}
    rules.save(update_fields=["body"])
    submit_session(county.session.pk, actor=county.actor(HEAD))
    return county


@pytest.fixture
def doubtful(strict: Any) -> Any:
    """It was handed in too late for the programme."""
    rules = strict.session.rule_set
    rules.body = rules.body | {"planning": rules.body["planning"] | {"lead_working_days": 60}}
    rules.save(update_fields=["body"])
    return strict


def approve(county: Any, role: Role) -> TrainingSession:
    return approve_session(county.session.pk, actor=county.actor(role))


def test_a_plan_with_doubts_needs_the_reviewer_and_then_the_head(doubtful: Any) -> None:
    with pytest.raises(InvalidTransitionError, match="先由审核员"):
        approve(doubtful, CHIEF)

    reviewed = approve(doubtful, REVIEWER)
    assert (reviewed.status, reviewed.reviewed_by) == (SessionStatus.SUBMITTED, doubtful.user(REVIEWER))
    assert told(doubtful, CHIEF)[0] == f"审核员同意开班，有疑问的地方等负责人批准：{reviewed}"

    with pytest.raises(ForbiddenError):
        approve(doubtful, REVIEWER)
    approved = approve(doubtful, CHIEF)
    assert (approved.status, approved.approved_by) == (SessionStatus.APPROVED, doubtful.user(CHIEF))
    (doubt,) = AuditEvent.objects.get(verb="session.reviewed").details["doubts"]
    assert "要求不少于 60 个" in doubt


def test_a_plan_without_doubts_needs_one_person_everywhere(strict: Any) -> None:
    rules = strict.session.rule_set
    rules.body = rules.body | {"planning": rules.body["planning"] | {"lead_working_days": 0}}
    rules.save(update_fields=["body"])

    assert approve(strict, REVIEWER).status == SessionStatus.APPROVED


def test_a_return_takes_the_reviewers_consent_back(doubtful: Any) -> None:
    approve(doubtful, REVIEWER)

    returned = return_session(doubtful.session.pk, reason="换大教室", actor=doubtful.actor(CHIEF))
    assert (returned.reviewed_by, returned.reviewed_at) == (None, None)


def test_where_the_programme_does_not_ask_for_the_head_doubts_only_go_into_the_trail(doubtful: Any) -> None:
    rules = doubtful.session.rule_set
    rules.body = rules.body | {"planning": rules.body["planning"] | {"head_approves_flagged": False}}
    rules.save(update_fields=["body"])

    assert approve(doubtful, REVIEWER).status == SessionStatus.APPROVED
    (doubt,) = AuditEvent.objects.get(verb="session.approved").details["doubts"]
    assert "要求不少于 60 个" in doubt


def test_the_venue_of_another_institution_can_not_be_asked_for(approved: Any, other_county: Any) -> None:
    theirs = Venue.objects.filter(institution=other_county.institution).get()

    with pytest.raises(NotFoundError):
        ask(approved, venue_id=theirs.pk)
