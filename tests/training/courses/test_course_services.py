"""An outline is written, handed in, approved by somebody else, and never edited again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from training.accounts.choices import BUREAU_ROLES, Role
from training.core.errors import (
    ForbiddenError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
)
from training.courses.choices import CoursewareStatus, OutlineStatus
from training.courses.models import Outline
from training.courses.queries import approved_outlines
from training.courses.rules import OutlineLine
from training.courses.services import (
    add_course,
    add_courseware,
    approve_courseware,
    approve_outline,
    draft_outline,
    return_courseware,
    return_outline,
    revise_course,
    submit_courseware,
    submit_outline,
    withdraw_courseware,
    write_outline,
)
from training.demo.scenery import FARMERS_OUTLINE, FARMERS_PLAN, add_farmers_course, paper
from training.programmes.models import RuleSet
from training.scheduling.services import pin_courseware, plan_session, revise_plan, submit_session

CLERK, HEAD, MANAGER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.CLASS_MANAGER
REVIEWER = Role.BUREAU_REVIEWER
COURSE = {
    "title": "网店开设与推广",
    "category": "entrepreneur",
    "objective": "会开网店、会推广",
    "groups": ["ecommerce"],
    "class_types": ["practical"],
}
LINES = [OutlineLine("网店注册", Decimal(3)), OutlineLine("网店注册", Decimal(2), practical=True)]


@pytest.fixture
def course(county: Any) -> Any:
    return add_course(county.institution.pk, course=COURSE, actor=county.actor(CLERK))


@pytest.fixture
def farmers(county: Any) -> Outline:
    """An approved outline of the farmers' course."""
    return add_farmers_course(county.institution, actor=county.actor(CLERK), bureau=county.actor(REVIEWER))


def demand(county: Any, **planning: bool) -> None:
    """The session's rule set from now on wants this."""
    for rule_set in RuleSet.objects.filter(programme=county.programme):
        rule_set.body["planning"] |= planning
        rule_set.save(update_fields=["body"])
    county.session.refresh_from_db()


# Outlines


def test_an_outline_goes_back_and_forth_until_it_is_approved(county: Any, course: Any) -> None:
    clerk, bureau = county.actor(CLERK), county.actor(REVIEWER)
    outline = course.outlines.get(version=1)
    write_outline(outline.pk, lines=LINES, actor=clerk)
    submit_outline(outline.pk, actor=clerk)

    returned = return_outline(outline.pk, reason=" 实操太少 ", actor=bureau)
    assert (returned.status, returned.return_reason) == (OutlineStatus.RETURNED, "实操太少")

    write_outline(outline.pk, lines=LINES[::-1], file=paper("大纲"), actor=clerk)
    submit_outline(outline.pk, actor=clerk)
    approved = approve_outline(outline.pk, actor=bureau)
    assert (approved.status, approved.return_reason) == (OutlineStatus.APPROVED, "")
    assert approved.approved_by_id == bureau.user_id
    assert [(row.sequence, row.practical) for row in approved.rows.all()] == [(1, True), (2, False)]
    assert approved.file.name == "大纲.pdf"


@pytest.mark.parametrize("status", [OutlineStatus.SUBMITTED, OutlineStatus.APPROVED])
def test_what_was_handed_in_is_not_edited_any_more(county: Any, farmers: Outline, status: str) -> None:
    Outline.objects.filter(pk=farmers.pk).update(status=status)

    with pytest.raises(InvalidTransitionError):
        write_outline(farmers.pk, lines=LINES, actor=county.actor(CLERK))
    assert farmers.rows.count() == len(FARMERS_OUTLINE)


def test_a_change_is_the_next_version_and_starts_from_the_last(county: Any, farmers: Outline) -> None:
    clerk = county.actor(CLERK)
    second = draft_outline(farmers.course_id, actor=clerk)

    assert (second.version, second.status) == (2, OutlineStatus.DRAFT)
    assert [row.topic for row in second.rows.all()] == [line.topic for line in FARMERS_OUTLINE]
    assert draft_outline(farmers.course_id, actor=clerk) == second
    write_outline(second.pk, lines=LINES, changes="加实操", actor=clerk)
    assert [row.topic for row in farmers.rows.all()] == [line.topic for line in FARMERS_OUTLINE]


def test_the_database_keeps_one_version_at_work(farmers: Outline) -> None:
    Outline.objects.create(course=farmers.course, version=2)

    with pytest.raises(IntegrityError), transaction.atomic():
        Outline.objects.create(course=farmers.course, version=3)


def test_an_outline_says_each_topic_once_in_each_way(county: Any, course: Any) -> None:
    twice = [OutlineLine("网店注册", Decimal(3)), OutlineLine("网店注册", Decimal(1))]

    with pytest.raises(InvalidInputError, match="“网店注册”写了两行"):
        write_outline(course.outlines.get().pk, lines=twice, actor=county.actor(CLERK))


def test_an_empty_outline_is_not_handed_in(county: Any, course: Any) -> None:
    with pytest.raises(InvalidInputError, match="一个专题也没有"):
        submit_outline(course.outlines.get().pk, actor=county.actor(CLERK))


@pytest.mark.parametrize("role", [CLERK, HEAD, MANAGER, Role.AUDITOR, Role.FINANCE_REVIEWER])
def test_only_the_bureau_approves(county: Any, course: Any, role: Role) -> None:
    outline = course.outlines.get()
    write_outline(outline.pk, lines=LINES, actor=county.actor(CLERK))
    submit_outline(outline.pk, actor=county.actor(CLERK))

    with pytest.raises(ForbiddenError):
        approve_outline(outline.pk, actor=county.actor(role))
    with pytest.raises(ForbiddenError):
        return_outline(outline.pk, reason="x", actor=county.actor(role))


def test_nobody_approves_what_they_handed_in(county: Any, course: Any) -> None:
    outline = course.outlines.get()
    write_outline(outline.pk, lines=LINES, actor=county.actor(CLERK))
    submit_outline(outline.pk, actor=county.actor(CLERK))
    outline.refresh_from_db()
    outline.submitted_by = county.user(REVIEWER)
    outline.save()

    with pytest.raises(ForbiddenError, match="提交人不能批准"):
        approve_outline(outline.pk, actor=county.actor(REVIEWER))
    with pytest.raises(IntegrityError), transaction.atomic():
        Outline.objects.filter(pk=outline.pk).update(approved_by=county.user(REVIEWER))


@pytest.mark.parametrize("role", [MANAGER, *sorted(BUREAU_ROLES)])
def test_courses_are_the_institution_s_to_write_and_not_its_class_managers(county: Any, role: Role) -> None:
    with pytest.raises(ForbiddenError):
        add_course(county.institution.pk, course=COURSE, actor=county.actor(role))


def test_another_institution_s_course_does_not_exist(county: Any, other_county: Any, course: Any) -> None:
    stranger = other_county.actor(CLERK)

    for act in (revise_course, draft_outline):
        details = {"course": COURSE} if act is revise_course else {}
        with pytest.raises(NotFoundError):
            act(course.pk, actor=stranger, **details)
    with pytest.raises(NotFoundError):
        write_outline(course.outlines.get().pk, lines=LINES, actor=stranger)


def test_a_course_keeps_its_category_once_an_outline_was_approved(county: Any, farmers: Outline) -> None:
    said = COURSE | {"title": farmers.course.title}

    with pytest.raises(InvalidInputError, match="类别不能再改"):
        revise_course(farmers.course_id, course=said, actor=county.actor(CLERK))
    kept = revise_course(farmers.course_id, course=said | {"category": "farmer"}, actor=county.actor(CLERK))
    assert kept.objective == "会开网店、会推广"


def test_two_courses_of_one_name_are_refused(county: Any, course: Any) -> None:
    with pytest.raises(InvalidInputError, match="已经有一门"):
        add_course(county.institution.pk, course=COURSE, actor=county.actor(CLERK))


# A session by its outline


def plan_by(county: Any, outline: Outline, **changes: Any) -> Any:
    return plan_session(
        county.institution.pk,
        agreement_id=county.session.agreement_id,
        plan=FARMERS_PLAN | {"outline_id": outline.pk} | changes,
        actor=county.actor(CLERK),
    )


def test_a_session_is_pinned_to_the_version_it_was_planned_by(county: Any, farmers: Outline) -> None:
    session = plan_by(county, farmers)
    second = draft_outline(farmers.course_id, actor=county.actor(CLERK))
    submit_outline(second.pk, actor=county.actor(CLERK))
    approve_outline(second.pk, actor=county.actor(REVIEWER))

    session.refresh_from_db()
    assert session.outline == farmers
    assert list(approved_outlines(county.actor(CLERK))) == [second]


def test_only_an_approved_outline_of_the_category_and_the_institution_is_taken(
    county: Any, other_county: Any, farmers: Outline, course: Any
) -> None:
    with pytest.raises(InvalidInputError, match="还没有批准"):
        plan_by(county, course.outlines.get(), category="entrepreneur")
    with pytest.raises(InvalidInputError, match="另一个课程类别"):
        plan_by(county, farmers, category="cadre")
    theirs = add_farmers_course(
        other_county.institution, actor=other_county.actor(CLERK), bureau=other_county.actor(REVIEWER)
    )
    with pytest.raises(NotFoundError):
        plan_by(county, theirs)


def test_a_programme_that_wants_an_outline_takes_no_application_without_one(
    county: Any, farmers: Outline
) -> None:
    demand(county, outline_required=True)

    with pytest.raises(InvalidInputError, match="经批准的培训大纲"):
        submit_session(county.session.pk, actor=county.actor(HEAD))
    plan = FARMERS_PLAN | {"outline_id": farmers.pk}
    revise_plan(county.session.pk, plan=plan, actor=county.actor(CLERK))
    assert submit_session(county.session.pk, actor=county.actor(HEAD)).status == "submitted"


# Courseware


def piece(county: Any, title: str = "讲义", topic: str = "电商基础知识") -> Any:
    return add_courseware(
        county.institution.pk, topic=topic, title=title, file=paper(title), actor=county.actor(CLERK)
    )


def test_courseware_waits_for_the_bureau_only_where_the_programme_wants_it(county: Any) -> None:
    before = piece(county)
    demand(county, courseware_approval=True)
    after = piece(county)

    assert (before.status, after.status) == (CoursewareStatus.KEPT, CoursewareStatus.SUBMITTED)
    assert submit_courseware(before.pk, actor=county.actor(CLERK)).status == CoursewareStatus.SUBMITTED


def test_only_approved_courseware_is_pinned_where_the_programme_wants_it(county: Any) -> None:
    used = list(county.session.courseware.values_list("pk", flat=True))
    demand(county, courseware_approval=True)
    new = piece(county)

    with pytest.raises(InvalidInputError, match="待审定，不能用于本期"):
        pin_courseware(county.session.pk, [*used, new.pk], actor=county.actor(CLERK))
    approve_courseware(new.pk, actor=county.actor(REVIEWER))
    pin_courseware(county.session.pk, [*used, new.pk], actor=county.actor(CLERK))
    assert new in county.session.courseware.all()


def test_returned_courseware_is_never_taught_with(county: Any) -> None:
    demand(county, courseware_approval=True)
    new = piece(county)
    returned = return_courseware(new.pk, reason="第 3 页价格过时", actor=county.actor(REVIEWER))
    demand(county, courseware_approval=False)

    assert (returned.status, returned.reason) == (CoursewareStatus.RETURNED, "第 3 页价格过时")
    with pytest.raises(InvalidInputError, match="已退回"):
        pin_courseware(county.session.pk, [new.pk], actor=county.actor(CLERK))


def test_courseware_that_a_session_is_pinned_to_is_not_withdrawn(county: Any) -> None:
    used = county.session.courseware.first()

    with pytest.raises(InvalidInputError, match=county.session.code):
        withdraw_courseware(used.pk, reason="旧了", actor=county.actor(CLERK))
    unused = withdraw_courseware(piece(county).pk, reason="传错了", actor=county.actor(CLERK))
    assert (unused.status, unused.reason) == (CoursewareStatus.WITHDRAWN, "传错了")


@pytest.mark.parametrize("role", [CLERK, HEAD, MANAGER, Role.AUDITOR])
def test_no_institution_approves_its_own_courseware(county: Any, role: Role) -> None:
    demand(county, courseware_approval=True)
    new = piece(county)

    with pytest.raises(ForbiddenError):
        approve_courseware(new.pk, actor=county.actor(role))
    with pytest.raises(ForbiddenError):
        return_courseware(new.pk, reason="x", actor=county.actor(role))
