"""Who hears of what becomes of outlines, courseware, corrections and applications."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.management import call_command

from tests.training.enrolment.applicants import TOWNSHIP, apply, open_call
from training.accounts.choices import Role
from training.attendance.services import approve_corrections, propose_correction
from training.core.clock import today
from training.courses.rules import OutlineLine
from training.courses.services import (
    add_course,
    add_courseware,
    approve_outline,
    return_courseware,
    return_outline,
    submit_outline,
    write_outline,
)
from training.demo.people import synthetic_people
from training.demo.scenery import paper
from training.enrolment.registration import review
from training.institutions.services import (
    reinstate_institution,
    remove_institution,
    suspend_institution,
    suspend_instructor,
)
from training.notifications.models import Notification
from training.notifications.queries import inbox
from training.notifications.services import mark_read
from training.programmes.models import RuleSet

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER
COURSE = {
    "title": "网店开设与推广",
    "category": "entrepreneur",
    "objective": "会开网店、会推广",
    "groups": [],
    "class_types": ["practical"],
}


def told(county: Any, role: Role) -> list[str]:
    return [row.sentence for row in inbox(county.actor(role))]


def test_an_outline_s_way_is_told_to_whoever_has_the_next_step(county: Any) -> None:
    clerk, bureau = county.actor(CLERK), county.actor(REVIEWER)
    outline = add_course(county.institution.pk, course=COURSE, actor=clerk).outlines.get()
    write_outline(outline.pk, lines=[OutlineLine("网店注册", Decimal(3))], actor=clerk)

    submit_outline(outline.pk, actor=clerk)
    assert told(county, REVIEWER)[0] == f"{county.institution.name}提交了培训大纲：{outline}"
    return_outline(outline.pk, reason="实操太少", actor=bureau)
    assert told(county, CLERK)[0] == f"商务局退回了培训大纲，请按原因修改：{outline}"
    submit_outline(outline.pk, actor=clerk)
    approve_outline(outline.pk, actor=bureau)
    assert told(county, HEAD)[0] == f"培训大纲已批准：{outline}"


def test_courseware_that_wants_approval_is_told_to_both_sides(county: Any) -> None:
    for rule_set in RuleSet.objects.filter(programme=county.programme):
        rule_set.body["planning"] |= {"courseware_approval": True}
        rule_set.save(update_fields=["body"])
    file = paper("讲义")
    piece = add_courseware(
        county.institution.pk, topic="电商基础知识", title="讲义", file=file, actor=county.actor(CLERK)
    )

    assert told(county, REVIEWER)[0] == f"{county.institution.name}提交了课件：{piece}"
    return_courseware(piece.pk, reason="缺页", actor=county.actor(REVIEWER))
    assert told(county, CLERK)[0] == f"课件没有通过审定，请出新版：{piece}"


def test_a_paper_register_s_worth_of_corrections_is_one_notice(approved: Any, clock: Any) -> None:
    lesson = approved.session.lessons.first()
    clock.set(lesson.ends_at)
    proposed = [
        propose_correction(
            approved.session.pk,
            lesson_id=lesson.pk,
            enrolment_id=person.pk,
            kind="sign_in",
            happened_at=lesson.starts_at,
            reason="读卡器坏了",
            actor=approved.actor(CLERK),
        )
        for person in approved.session.enrolments.all()[:2]
    ]
    waits = f"有签到更正等第二个人核准：{approved.session}"
    assert told(approved, REVIEWER).count(waits) == told(approved, HEAD).count(waits) == 1
    assert waits not in told(approved, CLERK)

    approve_corrections([row.pk for row in proposed], actor=approved.actor(REVIEWER))
    assert told(approved, CLERK)[0] == f"签到更正已有结果：{approved.session}"


def test_a_township_hears_of_applications_to_check_once_until_it_has_read(make_county: Any) -> None:
    county = make_county(people=0)
    call = open_call(county)
    own = [one for one in synthetic_people(40, seed=7) if one.township == TOWNSHIP]
    said = f"有人报名，请审核资格：{county.session}"

    first, _receipt = apply(call, own[0])
    apply(call, own[1])
    assert told(county, Role.TOWNSHIP) == [said]
    officer = county.actor(Role.TOWNSHIP)
    mark_read([row.pk for row in inbox(officer)], actor=officer)
    apply(call, own[2])
    assert told(county, Role.TOWNSHIP) == [said, said]

    review(call.pk, [first.pk], qualified=True, actor=officer)
    assert told(county, CLERK)[0] == f"报名资格审核有了结果，可以录取：{county.session}"


def test_where_a_township_has_no_officer_the_bureau_hears_of_it(make_county: Any) -> None:
    county = make_county(people=0)
    stranger = next(one for one in synthetic_people(40, seed=7) if one.township != TOWNSHIP)

    apply(open_call(county), stranger)

    assert told(county, Role.TOWNSHIP) == []
    assert told(county, REVIEWER) == [f"有人报名，请审核资格：{county.session}"]


# Institutions and their papers


def test_an_institution_s_way_is_told_to_both_sides(county: Any) -> None:
    name, chief = county.institution.name, county.actor(Role.BUREAU_HEAD)
    suspend_institution(county.institution.pk, reason="照本宣科", actor=chief)
    assert told(county, CLERK)[0] == told(county, REVIEWER)[0] == f"{name}已暂停，不能开班，原因见机构页面"
    reinstate_institution(county.institution.pk, reason="已整改", actor=chief)
    assert told(county, HEAD)[0] == f"{name}已恢复，可以开班"
    remove_institution(county.institution.pk, reason="不再合作", actor=chief)
    assert told(county, HEAD)[0] == f"{name}已清退，原有档案照常保留"
    assert not any("照本宣科" in said for said in told(county, HEAD))  # a sentence may travel by mail


def test_a_licence_that_ends_is_told_a_month_and_a_week_before_and_when_it_has(
    county: Any, clock: Any
) -> None:
    last, name = today() + timedelta(days=40), county.institution.name
    county.institution.licences.filter(kind="training").update(valid_until=last)

    def news() -> list[str]:
        call_command("tick")
        found = [said for said in told(county, REVIEWER) if name in said]
        mark_read(None, actor=county.actor(REVIEWER))
        Notification.objects.exclude(read_at=None).delete()
        return found

    ending = f"{name}的培训资质证明 {last} 到期（不到 %s 天了），没有接续的会自动暂停"
    assert news() == []
    clock.advance(days=11)
    assert news() == [ending % 30]
    clock.advance(days=23)
    assert news() == [ending % 7]
    clock.advance(days=7)
    assert news() == [f"{name}已暂停，不能开班，原因见机构页面"]


def test_what_is_told_of_a_paper_is_told_once(county: Any, clock: Any) -> None:
    county.institution.agreements.update(valid_until=today() + timedelta(days=20))
    for _minute in range(3):
        call_command("tick")
    assert len([said for said in told(county, HEAD) if "委托培训协议" in said]) == 1


def test_too_few_institutions_are_told_to_the_bureau_once_a_month(county: Any, clock: Any) -> None:
    few = "2021-05：证照和协议都有效的培训机构只有 1 家，要求 2 家以上"
    for _minute in range(2):
        call_command("tick")
    assert told(county, REVIEWER).count(few) == 1
    assert few not in told(county, HEAD)


def test_a_suspended_instructor_hears_of_it_and_no_other(county: Any) -> None:
    first, second = county.instructors
    said = "授课人%s已暂停授课，请调整他还没上的课"
    for person in (first, second):
        suspend_instructor(person.pk, reason="证书待查", actor=county.actor(Role.BUREAU_HEAD))
    assert told(county, Role.INSTRUCTOR) == [said % first.name]
    assert told(county, CLERK) == [said % second.name, said % first.name]
