"""人次 and 人数 are different figures."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.training.signing import enrol, hold_and_close, scan, send
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent
from training.attendance.services import approve_corrections, propose_correction, propose_void
from training.core.actor import NOBODY
from training.demo.people import synthetic_people
from training.demo.scenery import plan_farmers_session, roster_workbook
from training.enrolment.services import import_roster
from training.programmes.models import FundLine, RuleSet
from training.programmes.rule import UNCONFIRMED
from training.reporting.counting import mark_news
from training.reporting.queries import counted_enrolments, depths, indicators
from training.scheduling.services import approve_session, submit_session

BUREAU = Role.BUREAU_REVIEWER


def figures(county: Any) -> dict[str, int]:
    """After the minute's work, which hears what stations have sent."""
    mark_news()
    return depths(county.programme, county.actor(BUREAU))


def renci(county: Any) -> Any:
    return indicators(county.programme, county.actor(BUREAU))[0]


def another_session(county: Any, on: date, people: int) -> None:
    """The same institution plans, submits and gets approved one more session on another day."""
    clerk = county.actor(Role.INSTITUTION_CLERK)
    county.session, _venue = plan_farmers_session(
        county.institution, county.session.agreement, county.instructors[:1] * 2, on=on, actor=clerk
    )
    roster = roster_workbook(synthetic_people(people, seed=7))
    import_roster(county.session.pk, name="名册.xlsx", data=roster, actor=clerk)
    submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))
    county.session = approve_session(county.session.pk, actor=county.actor(BUREAU))


def test_before_anyone_came_only_the_plan_counts(approved: Any) -> None:
    assert {
        depth: figures(approved)[depth] for depth in ("planned", "attended", "completed", "archived")
    } == {
        "planned": 12,
        "attended": 0,
        "completed": 0,
        "archived": 0,
    }
    assert (renci(approved).actual, renci(approved).percent) == (0, Decimal("0.0"))


def test_ac03_only_those_who_reached_the_threshold_move_the_target(approved: Any, clock: Any) -> None:
    hold_and_close(approved, clock, absent={10, 11, 12})

    found = figures(approved)
    assert (found["planned"], found["attended"], found["completed"], found["archived"]) == (12, 9, 9, 0)
    indicator = renci(approved)
    assert (indicator.actual, indicator.target, indicator.unit, indicator.percent, indicator.due_on) == (
        9,
        Decimal(2000),
        "人次",
        Decimal("0.4"),
        date(2022, 6, 30),
    )
    assert indicator.formula == "培训人次 = 本项目已批准各期中，按考勤规则判为“结业”的名册人次之和"
    assert "到2022年6月新增培训人数达2000人次以上" in indicator.clause


def test_ac04_who_completes_three_sessions_is_three_renci_and_one_renshu(approved: Any, clock: Any) -> None:
    day = approved.session.lessons.first().on
    for number in range(3):
        if number:
            another_session(approved, day + timedelta(days=number), people=12)
        clock.set(approved.session.lessons.first().starts_at - timedelta(minutes=20))
        hold_and_close(approved, clock, absent=range(2, 13))

    found = figures(approved)
    assert (found["completed"], found["completed_people"]) == (3, 1)
    assert (found["attended"], found["planned"]) == (3, 36)
    assert found["planned_people"] == 12
    assert renci(approved).actual == 3


def test_each_figure_counts_its_own_county_and_institution(
    approved: Any, other_county: Any, clock: Any
) -> None:
    hold_and_close(approved, clock)

    assert renci(approved).actual == 12
    assert renci(other_county).actual == 0
    assert list(counted_enrolments(approved.programme, other_county.actor(BUREAU))) == []
    assert list(counted_enrolments(approved.programme, NOBODY)) == []
    assert set(depths(approved.programme, NOBODY).values()) == {0}


@pytest.mark.parametrize("role", [Role.INSTITUTION_HEAD, BUREAU, Role.AUDITOR, Role.FOLLOW_UP])
def test_all_who_may_look_see_the_same_figure(approved: Any, clock: Any, role: Role) -> None:
    hold_and_close(approved, clock, absent={12})

    assert counted_enrolments(approved.programme, approved.actor(role)).count() == 11


def test_a_class_that_asks_for_no_subsidy_is_in_the_statistics_and_in_no_target(
    approved: Any, clock: Any
) -> None:
    """石城 三（三） (SC-09): 鼓励电商协会、企事业单位组织的培训."""
    hold_and_close(approved, clock, absent={11, 12})
    FundLine.objects.filter(programme=approved.programme, code="training").update(claimable=False)
    rule_set = RuleSet.objects.get(programme=approved.programme)
    next(line for line in rule_set.body["fund_lines"] if line["code"] == "training")["claimable"] = False
    rule_set.save()

    assert figures(approved)["completed"] == 10
    assert renci(approved).actual == 0
    assert any("不申领补贴的资金条线（人才培训）" in limit for limit in renci(approved).limits)


def demand(county: Any, **target: Any) -> None:
    """The county's rules have this one target besides."""
    rule_set = RuleSet.objects.get(programme=county.programme)
    rule_set.body["targets"].append(
        {"code": "more", "metric": "另一项", "value": 10, "due_on": "2021-12-31", "source": UNCONFIRMED}
        | target
    )
    rule_set.save()


def figure(county: Any) -> Any:
    found = {indicator.code: indicator for indicator in indicators(county.programme, county.actor(BUREAU))}
    return found["more"]


def test_people_are_counted_once_however_often_they_come(approved: Any, clock: Any) -> None:
    demand(approved, unit="人", measure="people")
    day = approved.session.lessons.first().on
    for number in range(2):
        if number:
            another_session(approved, day + timedelta(days=number), people=12)
        clock.set(approved.session.lessons.first().starts_at - timedelta(minutes=20))
        hold_and_close(approved, clock, absent=range(4, 13))

    assert (figure(approved).actual, figure(approved).renci, figure(approved).people) == (3, 6, 3)
    assert figure(approved).formula == "培训人数 = 本项目已批准各期中，按考勤规则判为“结业”的不同的人"


@pytest.mark.parametrize(
    ("starts_on", "due_on", "counted"),
    [
        ("2021-05-18", "2021-05-18", 12),
        ("2021-01-01", "2021-12-31", 12),
        ("2021-05-19", "2021-12-31", 0),
        ("2021-01-01", "2021-05-17", 0),
    ],
)
def test_a_stage_counts_the_sessions_that_end_in_it(
    approved: Any, clock: Any, starts_on: str, due_on: str, counted: int
) -> None:
    demand(approved, unit="人次", starts_on=starts_on, due_on=due_on)
    hold_and_close(approved, clock)

    assert (figure(approved).actual, renci(approved).actual) == (counted, 12)


@pytest.mark.parametrize(("class_type", "counted"), [("general", 12), ("practical", 0)])
def test_a_quota_counts_its_own_class_type(approved: Any, clock: Any, class_type: str, counted: int) -> None:
    demand(approved, unit="人次", class_type=class_type)
    hold_and_close(approved, clock)

    assert (figure(approved).actual, renci(approved).actual) == (counted, 12)


def test_a_quota_of_a_group_is_held_against_those_who_were_verified(approved: Any, clock: Any) -> None:
    demand(approved, unit="人次", groups=["poor_household"])
    hold_and_close(approved, clock)
    approved.session.enrolments.update(group="")
    approved.session.enrolments.filter(number__lte=5).update(group="poor_household", group_verified=True)
    approved.session.enrolments.filter(number__in=(6, 7)).update(group="poor_household", group_verified=False)

    verified, declared = figure(approved).takings
    assert (verified.value, declared.value, figure(approved).actual) == (5, 7, 5)
    assert (figure(approved).renci, declared.name) == (5, "全部申报的")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (
            {"unit": "%", "growth": True, "counted_by": "shop_growth"},
            "没有基年的开店转化率，请商务局填写数值和来源。",
        ),
        (
            {"unit": "%", "counted_by": "village_reach", "readings": ["村", "人"]},
            "行政区划里还没有登记贫困村，请商务局导入名单。",
        ),
        (
            {"unit": "个", "counted_by": "stated"},
            "还没有数据，请商务局按有关部门提供的数填写，附来源。",
        ),
        ({"unit": "%", "denominator": "从业人员"}, "系统里还没有这类登记。"),
        ({"unit": "场"}, "系统里还没有这类登记。"),
    ],
)
def test_what_cannot_be_computed_says_why(approved: Any, fields: dict[str, Any], why: str) -> None:
    demand(approved, **fields)

    assert (figure(approved).actual, figure(approved).percent, figure(approved).formula) == (None, None, why)


def test_attended_follows_what_the_register_says(approved: Any, clock: Any) -> None:
    """Somebody made up by two people was there; somebody whose only sign-in was voided was not."""
    clerk, reviewer = approved.actor(Role.INSTITUTION_CLERK), approved.actor(BUREAU)
    lesson, people = approved.session.lessons.first(), list(approved.session.enrolments.order_by("number"))
    signer = enrol(approved)
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at)
    send(signer, at=lesson.starts_at)
    clock.set(lesson.ends_at)
    assert figures(approved)["attended"] == 1

    made_up = propose_correction(
        approved.session.pk, lesson_id=lesson.pk, enrolment_id=people[1].pk, kind="sign_in",
        happened_at=lesson.starts_at, reason="读卡器故障", actor=clerk,
    )  # fmt: skip
    approve_corrections([made_up.pk], actor=reviewer)
    assert figures(approved)["attended"] == 2

    event = AttendanceEvent.objects.get(enrolment=people[0])
    approve_corrections([propose_void(event.pk, reason="误刷", actor=clerk).pk], actor=reviewer)
    assert figures(approved)["attended"] == 1
