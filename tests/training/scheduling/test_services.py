"""Planning a session, and who may take it through approval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.db import IntegrityError, transaction

from tests.conftest import CLASS_DAY
from training.accounts.choices import Role
from training.core.errors import (
    ForbiddenError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
    TrainingError,
)
from training.core.models import AuditEvent
from training.demo.people import synthetic_people
from training.demo.scenery import FARMERS_PLAN, roster_workbook
from training.enrolment.models import Enrolment
from training.enrolment.services import import_roster, withdraw_enrolment
from training.scheduling.choices import SessionStatus
from training.scheduling.lessons import add_lesson, remove_lesson
from training.scheduling.models import Lesson, TrainingSession, Venue
from training.scheduling.running import cancel_session
from training.scheduling.services import (
    add_witness,
    approve_session,
    pin_courseware,
    plan_session,
    return_session,
    revise_plan,
    submit_session,
)

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER


def everything(session: TrainingSession) -> list[Any]:
    """All that a plan consists of."""
    return [
        TrainingSession.objects.filter(pk=session.pk).values().get(),
        list(session.lessons.values()),
        list(session.witnesses.values()),
        list(session.enrolments.values()),
        sorted(session.courseware.values_list("pk", flat=True)),
        AuditEvent.objects.count(),
    ]


def put_lesson(county: Any, **changes: Any) -> Lesson:
    details = {
        "on": CLASS_DAY,
        "start": time(19, 0),
        "end": time(20, 30),
        "topic": "网购平台介绍",
        "instructor_id": county.instructors[0].pk,
        "venue_id": Venue.objects.filter(institution=county.institution).get().pk,
        "actor": county.actor(CLERK),
    }
    return add_lesson(county.session.pk, **details | changes)


def another_session(county: Any) -> TrainingSession:
    return plan_session(
        county.institution.pk,
        agreement_id=county.session.agreement_id,
        plan=FARMERS_PLAN,
        actor=county.actor(CLERK),
    )


# Planning


def test_sessions_of_a_programme_are_numbered_one_after_the_other(county: Any) -> None:
    second = another_session(county)

    assert [county.session.code, second.code] == ["SC-2020-TR-F-001", "SC-2020-TR-F-002"]
    assert [county.session.number, second.number] == [1, 2]
    assert second.status == SessionStatus.DRAFT
    assert second.rule_set.version == 1


def test_a_lesson_joins_the_timetable_in_the_countys_time(county: Any) -> None:
    lesson = put_lesson(county)

    assert (lesson.sequence, lesson.minutes, lesson.half_day) == (3, 90, "pm")
    assert lesson.starts_at.isoformat() == "2021-05-18T19:00:00+08:00"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"on": date(2022, 7, 1)}, "日期不在项目期内（2020-04-01 至 2022-06-30）。"),
        ({"on": date(2020, 3, 31)}, "日期不在项目期内（2020-04-01 至 2022-06-30）。"),
        ({"end": time(19, 0)}, "结束时间要晚于开始时间。"),
        ({"end": time(18, 0)}, "结束时间要晚于开始时间。"),
    ],
)
def test_a_lesson_outside_the_programme_or_backwards_is_refused(
    county: Any, changes: dict[str, Any], message: str
) -> None:
    before = everything(county.session)

    with pytest.raises(InvalidInputError) as refused:
        put_lesson(county, **changes)

    assert str(refused.value) == message
    assert everything(county.session) == before


def test_a_clash_names_the_other_lesson(county: Any) -> None:
    county.session = another_session(county)
    before = everything(county.session)

    with pytest.raises(InvalidInputError) as refused:
        put_lesson(county, start=time(11, 0), end=time(12, 0))

    assert str(refused.value) == (
        "授课人罗明远这段时间在SC-2020-TR-F-001 第1课次；"
        "石城县电商公共服务中心三楼教室这段时间被SC-2020-TR-F-001 第1课次占用"
    )
    assert everything(county.session) == before


def test_a_lesson_may_begin_where_another_ends(county: Any) -> None:
    assert put_lesson(county, start=time(11, 15), end=time(12, 0)).sequence == 2


def test_a_cancelled_session_frees_its_instructor_and_venue(county: Any) -> None:
    cancel_session(county.session.pk, reason="场地漏水", actor=county.actor(CLERK))
    county.session = another_session(county)

    assert put_lesson(county, start=time(9, 0), end=time(11, 0)).sequence == 1


@pytest.mark.parametrize("whose", ["instructor_id", "venue_id"])
def test_another_institutions_instructor_or_venue_does_not_exist(
    county: Any, other_county: Any, whose: str
) -> None:
    theirs = {
        "instructor_id": other_county.instructors[0].pk,
        "venue_id": Venue.objects.get(institution=other_county.institution).pk,
    }

    with pytest.raises(NotFoundError):
        put_lesson(county, **{whose: theirs[whose]})
    assert county.session.lessons.count() == 2


def test_another_institutions_courseware_can_not_be_pinned(county: Any, other_county: Any) -> None:
    theirs = list(other_county.institution.courseware.values_list("pk", flat=True))

    pin_courseware(county.session.pk, theirs, actor=county.actor(CLERK))

    assert list(county.session.courseware.all()) == []


@pytest.mark.parametrize("pin", ["", "12345", "1234567890123", "12345a", "１２３４５６"])
def test_a_witness_pin_is_six_to_twelve_digits(county: Any, pin: str) -> None:
    before = everything(county.session)

    with pytest.raises(InvalidInputError):
        add_witness(county.session.pk, name="张村长", post="村委会主任", pin=pin, actor=county.actor(CLERK))
    assert everything(county.session) == before


def test_a_witness_pin_is_kept_as_a_salted_hash(county: Any) -> None:
    witness = add_witness(
        county.session.pk, name="张村长", post="村委会主任", pin="246810", actor=county.actor(CLERK)
    )

    assert "246810" not in witness.pin_hash
    assert check_password("246810", witness.pin_hash)


# Approval


def test_a_session_is_submitted_by_the_head_and_approved_by_the_bureau(county: Any) -> None:
    submitted = submit_session(county.session.pk, actor=county.actor(HEAD))
    assert (submitted.status, submitted.submitted_by) == (SessionStatus.SUBMITTED, county.user(HEAD))

    approved = approve_session(county.session.pk, actor=county.actor(REVIEWER))
    assert (approved.status, approved.approved_by) == (SessionStatus.APPROVED, county.user(REVIEWER))
    assert approved.approval_number == f"石城县商务培〔2021〕{approved.pk}号"
    assert list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))[-2:] == [
        "session.submitted",
        "session.approved",
    ]


def test_an_empty_plan_can_not_be_submitted_and_the_refusal_names_everything_missing(county: Any) -> None:
    empty = another_session(county)
    before = everything(empty)

    with pytest.raises(InvalidInputError) as refused:
        submit_session(empty.pk, actor=county.actor(HEAD))

    assert str(refused.value) == "还不能提交，缺：课程安排、培训人员名册、见证人、经费预算。"
    assert everything(empty) == before


@pytest.mark.parametrize("role", sorted(set(Role) - {HEAD, Role.ADMIN}))
def test_only_the_head_submits(county: Any, role: Role) -> None:
    before = everything(county.session)

    with pytest.raises(ForbiddenError):
        submit_session(county.session.pk, actor=county.actor(role))
    assert everything(county.session) == before


@pytest.mark.parametrize("role", [CLERK, HEAD, Role.FOLLOW_UP, Role.AUDITOR])
@pytest.mark.parametrize(
    "act",
    [approve_session, lambda pk, actor: return_session(pk, reason="缺课件", actor=actor)],
    ids=["approve", "return"],
)
def test_only_the_bureau_approves_and_returns(county: Any, role: Role, act: Callable[..., Any]) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))
    before = everything(county.session)

    with pytest.raises(ForbiddenError):
        act(county.session.pk, actor=county.actor(role))
    assert everything(county.session) == before


def test_nobody_approves_what_they_submitted_themselves_whatever_their_roles(county: Any) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))
    before = everything(county.session)
    two_hats = replace(county.actor(REVIEWER), user_id=county.user(HEAD).pk)

    with pytest.raises(ForbiddenError):
        approve_session(county.session.pk, actor=two_hats)
    assert everything(county.session) == before

    with pytest.raises(IntegrityError), transaction.atomic():
        TrainingSession.objects.filter(pk=county.session.pk).update(approved_by=county.user(HEAD))


def test_another_countys_bureau_does_not_find_the_session(county: Any, other_county: Any) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))

    with pytest.raises(NotFoundError):
        approve_session(county.session.pk, actor=other_county.actor(REVIEWER))
    county.session.refresh_from_db()
    assert county.session.status == SessionStatus.SUBMITTED


def test_a_draft_can_not_be_approved(county: Any) -> None:
    before = everything(county.session)

    with pytest.raises(InvalidTransitionError):
        approve_session(county.session.pk, actor=county.actor(REVIEWER))
    assert everything(county.session) == before


def test_a_return_needs_a_reason_and_opens_the_plan_again(county: Any) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))

    with pytest.raises(InvalidInputError):
        return_session(county.session.pk, reason="  ", actor=county.actor(REVIEWER))
    returned = return_session(county.session.pk, reason=" 缺场地照片 ", actor=county.actor(REVIEWER))

    assert (returned.status, returned.return_reason) == (SessionStatus.RETURNED, "缺场地照片")
    assert put_lesson(county).sequence == 3
    assert submit_session(county.session.pk, actor=county.actor(HEAD)).status == SessionStatus.SUBMITTED


FROZEN: dict[str, Callable[[Any], Any]] = {
    "revise the plan": lambda county: revise_plan(
        county.session.pk, plan={**FARMERS_PLAN, "title": "x"}, actor=county.actor(CLERK)
    ),
    "add a lesson": put_lesson,
    "remove a lesson": lambda county: remove_lesson(
        county.session.lessons.first().pk, actor=county.actor(CLERK)
    ),
    "change the courseware": lambda county: pin_courseware(county.session.pk, [], actor=county.actor(CLERK)),
    "add a witness": lambda county: add_witness(
        county.session.pk, name="张", post="主任", pin="246810", actor=county.actor(CLERK)
    ),
    "import a roster": lambda county: import_roster(
        county.session.pk,
        name="名册.xlsx",
        data=roster_workbook(synthetic_people(14, seed=7)),
        actor=county.actor(CLERK),
    ),
    "take somebody off the roster": lambda county: withdraw_enrolment(
        Enrolment.objects.filter(training_session=county.session).first().pk,
        reason="不来了",
        actor=county.actor(CLERK),
    ),
}


@pytest.mark.parametrize(
    ("status", "act"),
    [
        pytest.param(status, act, id=f"{status}-{name}")
        for status in ("submitted", "approved")
        for name, act in FROZEN.items()
        if (status, name) != ("approved", "change the courseware")  # it may be completed until archived
    ],
)
def test_from_submission_on_the_plan_and_the_roster_are_frozen(
    county: Any, act: Callable[[Any], Any], status: str
) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))
    if status == "approved":
        approve_session(county.session.pk, actor=county.actor(REVIEWER))
    before = everything(county.session)

    with pytest.raises(InvalidTransitionError):
        act(county)
    assert everything(county.session) == before


@pytest.mark.parametrize("act", FROZEN.values(), ids=FROZEN.keys())
def test_nobody_of_another_institution_touches_a_draft(
    county: Any, other_county: Any, act: Callable[[Any], Any]
) -> None:
    before = everything(county.session)
    stranger = replace(county, institution_staff=other_county.institution_staff)

    with pytest.raises(TrainingError) as refused:
        act(stranger)
    assert refused.value.code == "not_found"
    assert everything(county.session)[:-1] == before[:-1]


def test_a_cancellation_needs_a_reason(county: Any) -> None:
    before = everything(county.session)

    with pytest.raises(InvalidInputError):
        cancel_session(county.session.pk, reason=" ", actor=county.actor(CLERK))
    assert everything(county.session) == before
