"""What a session must have before it is handed in: everything that is missing is said at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import County
from training.accounts.choices import Role
from training.accounts.models import Membership, User
from training.core.errors import InvalidInputError
from training.core.models import AuditEvent
from training.demo.scenery import FARMERS_PLAN
from training.programmes.models import RuleSet
from training.scheduling.budget import BudgetItem, barred, total_fen, write_budget
from training.scheduling.choices import SessionStatus
from training.scheduling.services import plan_session, revise_plan, submit_session
from training.web.institution.queries import search_sessions

CLERK, HEAD, MANAGER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.CLASS_MANAGER
PAY = "人才培训"


def rules(county: County, **planning: Any) -> None:
    """Other rules on planning, as if the county had always had them."""
    for stored in RuleSet.objects.filter(programme=county.programme):
        stored.body["planning"] |= planning
        stored.save(update_fields=["body"])


def refusal(county: County) -> str:
    with pytest.raises(InvalidInputError) as refused:
        submit_session(county.session.pk, actor=county.actor(HEAD))
    county.session.refresh_from_db()
    assert county.session.status == SessionStatus.DRAFT
    assert not AuditEvent.objects.filter(verb="session.submitted").exists()
    return str(refused.value)


def test_everything_that_is_missing_is_said_at_once(county: County) -> None:
    rules(county, min_trainees=20, lead_working_days=3, lead_is_limit=True)
    write_budget(county.session.pk, lines=[], actor=county.actor(CLERK))
    county.session.witnesses.all().delete()

    assert refusal(county).splitlines() == [
        "还不能提交，缺：见证人、经费预算。",
        "名册只有 12 人，每期不少于 20 人。",
        "2021-05-18 提交，2021-05-18 开课，中间 0 个工作日（要求不少于 3 个）。",
    ]


@pytest.mark.parametrize(
    ("planning", "message"),
    [
        ({"min_trainees": 13}, "名册只有 12 人，每期不少于 13 人。"),
        ({"max_trainees": 11}, "名册有 12 人，每期不超过 11 人。"),
    ],
)
def test_the_roster_must_be_neither_too_small_nor_too_large(
    county: County, planning: dict[str, int], message: str
) -> None:
    rules(county, **planning)

    assert refusal(county) == message


@pytest.mark.parametrize(
    "planning", [{"min_trainees": 12, "max_trainees": 12}, {"lead_working_days": 5, "lead_is_limit": False}]
)
def test_what_is_at_the_limit_or_only_remarked_on_is_handed_in(
    county: County, planning: dict[str, Any]
) -> None:
    rules(county, **planning)

    assert submit_session(county.session.pk, actor=county.actor(HEAD)).status == SessionStatus.SUBMITTED


def test_whoever_is_early_enough_meets_a_binding_time_limit(county: County, clock: Any) -> None:
    rules(county, lead_working_days=3, lead_is_limit=True)
    clock.set(datetime(2021, 5, 12, 1, 0, tzinfo=UTC))  # 13, 14 and 17 May are the days between

    assert submit_session(county.session.pk, actor=county.actor(HEAD)).status == SessionStatus.SUBMITTED


def test_a_roster_of_people_who_all_left_is_no_roster(county: County) -> None:
    county.session.enrolments.update(status="withdrawn")

    assert refusal(county) == "还不能提交，缺：培训人员名册。"


# The budget


def test_rules_of_before_ask_for_no_budget(county: County) -> None:
    stored = RuleSet.objects.get(programme=county.programme)
    for name in ("budget_required", "lead_is_limit"):
        del stored.body["planning"][name]
    stored.save(update_fields=["body"])
    write_budget(county.session.pk, lines=[], actor=county.actor(CLERK))

    assert submit_session(county.session.pk, actor=county.actor(HEAD)).status == SessionStatus.SUBMITTED


def test_a_budget_is_replaced_as_a_whole_and_adds_up(county: County) -> None:
    lines = [BudgetItem("讲课费", 50_000, 6, "学时", PAY), BudgetItem("茶水", 500, 12, "人")]
    write_budget(county.session.pk, lines=lines, actor=county.actor(CLERK))

    assert [line.name for line in county.session.budget_lines.all()] == ["讲课费", "茶水"]
    assert total_fen(county.session) == 306_000


def test_who_pays_is_a_fund_line_of_the_programme(county: County) -> None:
    before = list(county.session.budget_lines.values())

    with pytest.raises(InvalidInputError, match="没有“福利费”这个资金条线"):
        write_budget(
            county.session.pk, lines=[BudgetItem("讲课费", 1, 1, "次", "福利费")], actor=county.actor(CLERK)
        )

    assert list(county.session.budget_lines.values()) == before


def test_what_reads_like_something_that_may_not_be_paid_is_noticed(county: County) -> None:
    found = barred(
        [
            BudgetItem("购买投影仪", 100, 1, "台", PAY),
            BudgetItem("购买投影仪", 100, 1, "台"),
            BudgetItem("讲课费", 100, 1, "次", PAY),
        ],
        county.session.rule_set.rules,
    )

    (said,) = found
    assert said.startswith(f"“购买投影仪”由“{PAY}”支付，而“投影仪”不予支出（附件2 项目3")


def test_a_budget_stands_once_the_session_is_handed_in(county: County) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))

    with pytest.raises(Exception, match="本期已经提交，不能再改"):
        write_budget(county.session.pk, lines=[], actor=county.actor(CLERK))

    assert county.session.budget_lines.count() == 3


# The class manager and what a plan may say besides


def test_a_class_manager_sees_the_own_sessions_first(county: County) -> None:
    own = county.institution_staff.members[MANAGER]
    other = second_manager(county)
    mine, nobodys, theirs = (
        plan_session(
            county.institution.pk,
            agreement_id=county.session.agreement_id,
            plan=FARMERS_PLAN | {"manager_id": manager and manager.pk},
            actor=county.actor(CLERK),
        )
        for manager in (own, None, other)
    )

    assert set(search_sessions(county.actor(MANAGER))) == {mine, nobodys, county.session}
    assert set(search_sessions(county.actor(MANAGER), whose="all")) == {mine, nobodys, theirs, county.session}
    assert set(search_sessions(county.actor(CLERK))) == {mine, nobodys, theirs, county.session}


def test_only_the_institutions_own_class_managers_take_a_class(county: County, other_county: County) -> None:
    stranger = other_county.institution_staff.members[MANAGER]
    clerk = county.institution_staff.members[CLERK]

    for wrong in (stranger, clerk):
        with pytest.raises(InvalidInputError, match="带班的人不是本机构的班主任"):
            revise_plan(
                county.session.pk, plan=FARMERS_PLAN | {"manager_id": wrong.pk}, actor=county.actor(CLERK)
            )
        county.session.refresh_from_db()
        assert county.session.manager is None


def test_what_a_revision_leaves_out_stays(county: County) -> None:
    said: dict[str, Any] = {"delivery": "mixed", "organiser_department": "县商务局", "township": "琴江镇"}
    said["external_funding"] = "人社局就业创业培训经费 2 万元"
    said["other_forms"] = [county.session.rule_set.rules.forms[1].code]
    revise_plan(county.session.pk, plan=FARMERS_PLAN | said, actor=county.actor(CLERK))
    revise_plan(county.session.pk, plan=FARMERS_PLAN, actor=county.actor(CLERK))

    county.session.refresh_from_db()
    assert {name: getattr(county.session, name) for name in said} == said

    with pytest.raises(InvalidInputError, match="本项目没有的形式"):
        revise_plan(
            county.session.pk, plan=FARMERS_PLAN | {"other_forms": ["party"]}, actor=county.actor(CLERK)
        )


def second_manager(county: County) -> Membership:
    held = county.institution_staff.members[MANAGER]
    user = User.objects.create(username="second-manager", display_name="第二位班主任")
    return Membership.objects.create(
        user=user, role=MANAGER, programme_id=held.programme_id, institution_id=held.institution_id
    )
