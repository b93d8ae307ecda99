"""An agreement is drafted, put in force, changed by a new version, ended; and what may be planned under it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from training.accounts.choices import Role
from training.core.errors import InvalidInputError, InvalidTransitionError, TrainingError
from training.demo.scenery import FARMERS_PLAN, paper
from training.institutions import services
from training.institutions.choices import AgreementKind, AgreementStatus
from training.institutions.models import Agreement
from training.scheduling.services import plan_session

CLERK, CHIEF = Role.INSTITUTION_CLERK, Role.BUREAU_HEAD
EMPLOYMENT = "entrepreneurship_employment"


@pytest.fixture
def draft(county: Any) -> Agreement:
    return services.add_agreement(
        county.institution.pk,
        fund_line=county.programme.fund_lines.get(code="training"),
        kind=AgreementKind.AGREEMENT,
        number="石商培协〔2021〕8号",
        signed_on=date(2021, 4, 1),
        valid_from=date(2021, 4, 1),
        valid_until=date(2021, 12, 31),
        unit_price_fen=60_000,
        file=paper("委托培训协议"),
        actor=county.actor(CLERK),
    )


def task(county: Any, agreement: Agreement, class_type: str = EMPLOYMENT, renci: int = 100) -> Any:
    return services.add_task(
        agreement.pk, class_type=class_type, renci=renci, unit_price_fen=80_000, actor=county.actor(CLERK)
    )


def rate(county: Any, agreement: Agreement, name: str, class_type: str = EMPLOYMENT) -> Any:
    return services.add_indicator(
        agreement.pk,
        rate=name,
        class_type=class_type,
        percent=Decimal("60"),
        formula="结业后就业人数 ÷ 结业人数",
        window="结业后 180 天内",
        actor=county.actor(CLERK),
    )


def confirm(county: Any, agreement: Agreement) -> Agreement:
    return services.activate_agreement(agreement.pk, actor=county.actor(CHIEF))


def plan(county: Any, agreement: Agreement, class_type: str = "general") -> Any:
    return plan_session(
        county.institution.pk,
        agreement_id=agreement.pk,
        plan=FARMERS_PLAN | {"class_type": class_type},
        actor=county.actor(CLERK),
    )


def test_nothing_is_planned_under_a_draft(county: Any, draft: Agreement) -> None:
    with pytest.raises(InvalidInputError, match="的状态是“起草”，不是生效，不能据它开班"):
        plan(county, draft)

    confirm(county, draft)

    assert plan(county, draft).agreement == draft


def test_a_class_that_must_lead_to_work_needs_its_rates_in_the_agreement(
    county: Any, draft: Agreement
) -> None:
    """石城 附件2 项目3 四是."""
    task(county, draft)
    rate(county, draft, "创业率")
    with pytest.raises(InvalidInputError, match="“创业就业型”要在协议里写明：就业率。"):
        confirm(county, draft)
    draft.refresh_from_db()
    assert draft.status == AgreementStatus.DRAFT

    rate(county, draft, "就业率", class_type="")
    confirm(county, draft)

    assert plan(county, draft, EMPLOYMENT).class_type == EMPLOYMENT


def test_such_a_class_is_not_planned_under_an_agreement_without_tasks_or_rates(county: Any) -> None:
    with pytest.raises(
        InvalidInputError, match="“创业就业型”要在协议里写明：创业率、就业率。协议〔石城县商培协"
    ):
        plan(county, county.institution.agreements.get(), EMPLOYMENT)


def test_a_class_type_that_is_no_task_of_the_agreement_is_refused(county: Any, draft: Agreement) -> None:
    task(county, draft, "general")
    confirm(county, draft)
    other = next(
        kind.code
        for kind in county.session.rule_set.rules.class_types
        if kind.fund_line == "training" and kind.code != "general" and not kind.required_rates
    )

    with pytest.raises(InvalidInputError, match="的任务里没有"):
        plan(county, draft, other)
    plan(county, draft, "general")


def test_a_task_of_another_fund_line_is_refused(county: Any, draft: Agreement) -> None:
    with pytest.raises(InvalidInputError, match="不由本协议的资金条线支付"):
        task(county, draft, "station_staff")


def test_a_task_has_its_own_price_and_the_rest_that_of_the_agreement(county: Any, draft: Agreement) -> None:
    task(county, draft, "general", renci=50)

    assert (draft.price_of("general"), draft.price_of("officials")) == (80_000, 60_000)
    assert draft.amount_fen == 4_000_000


def line_of(agreement: Agreement) -> Any:
    """Its fund line as the rules have it."""
    rules = agreement.institution.programme.rule_sets.first().rules
    return next(line for line in rules.fund_lines if line.code == agreement.fund_line.code)


def test_an_agreement_that_the_fund_line_does_not_reach_for_is_refused_with_the_sums(
    county: Any, draft: Agreement
) -> None:
    total = line_of(draft).total_fen
    services.add_task(
        draft.pk,
        class_type="general",
        renci=total // 80_000,
        unit_price_fen=80_000,
        actor=county.actor(CLERK),
    )
    confirm(county, draft)
    second = services.add_agreement(
        county.institution.pk,
        fund_line=draft.fund_line,
        kind=AgreementKind.TASK_ORDER,
        number="石商〔2021〕12号",
        signed_on=date(2021, 4, 1),
        valid_from=date(2021, 4, 1),
        valid_until=date(2021, 12, 31),
        unit_price_fen=80_000,
        file=paper("任务书"),
        actor=county.actor(CLERK),
    )
    task(county, second, "general", renci=1)
    left = (total % 80_000) / 100

    with pytest.raises(InvalidInputError) as refused:
        confirm(county, second)

    assert f"还剩 {left:,.2f} 元；这份协议的任务金额 800.00 元" in str(refused.value)
    second.refresh_from_db()
    assert second.status == AgreementStatus.DRAFT
    confirm(county, change(county, draft))  # its own earlier version takes nothing from it


def change(county: Any, agreement: Agreement, **changes: Any) -> Agreement:
    details = {
        "signed_on": date(2021, 5, 1),
        "valid_from": date(2021, 4, 1),
        "valid_until": date(2022, 6, 30),
        "unit_price_fen": 65_000,
        "reason": "延长半年",
        "file": paper("补充协议"),
    } | changes
    return services.change_agreement(agreement.pk, actor=county.actor(CLERK), **details)


def test_a_change_is_a_new_version_and_sessions_stay_with_theirs(county: Any, draft: Agreement) -> None:
    task(county, draft, "general")
    Agreement.objects.filter(pk=draft.pk).update(data_duties="每月 5 日前报送开班、签到、跟踪数据")
    confirm(county, draft)
    session = plan(county, draft)

    second = change(county, draft)

    assert (second.version, [row.renci for row in second.tasks.all()]) == (2, [100])
    assert second.data_duties == "每月 5 日前报送开班、签到、跟踪数据"
    plan(county, draft)  # still in force until the new one is
    confirm(county, second)
    draft.refresh_from_db()
    session.refresh_from_db()
    assert (draft.status, session.agreement) == (AgreementStatus.SUPERSEDED, draft)
    assert draft.tasks.count() == 1
    with pytest.raises(InvalidInputError, match="已变更"):
        plan(county, draft)
    plan(county, second)


def test_two_changes_are_not_drafted_at_once(county: Any, draft: Agreement) -> None:
    confirm(county, draft)
    change(county, draft)

    with pytest.raises(InvalidTransitionError, match="已有一个变更在起草"):
        change(county, draft)


def test_what_is_in_force_is_not_edited(county: Any, draft: Agreement) -> None:
    added = task(county, draft, "general")
    confirm(county, draft)

    for act in (
        lambda: task(county, draft, "officials"),
        lambda: rate(county, draft, "满意度"),
        lambda: services.remove_task(added.pk, actor=county.actor(CLERK)),
    ):
        with pytest.raises(InvalidTransitionError, match="请办变更"):
            act()


@pytest.mark.parametrize("end", [services.fulfil_agreement, services.terminate_agreement])
def test_nothing_more_is_planned_under_one_that_has_ended(county: Any, draft: Agreement, end: Any) -> None:
    confirm(county, draft)
    end(draft.pk, reason="项目收尾", actor=county.actor(CHIEF))

    with pytest.raises(InvalidInputError, match="不能据它开班"):
        plan(county, draft)
    with pytest.raises(InvalidTransitionError):
        end(draft.pk, reason="再来一次", actor=county.actor(CHIEF))


@pytest.mark.parametrize("role", [CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER, Role.FINANCE_REVIEWER])
def test_only_the_bureau_s_head_puts_an_agreement_in_force(county: Any, draft: Agreement, role: Role) -> None:
    with pytest.raises(TrainingError) as refused:
        services.activate_agreement(draft.pk, actor=county.actor(role))

    assert refused.value.code == "forbidden"


def test_a_number_that_is_there_is_changed_and_not_added_again(county: Any, draft: Agreement) -> None:
    with pytest.raises(InvalidInputError, match="要改请在那份协议上“变更”"):
        services.add_agreement(
            county.institution.pk,
            fund_line=draft.fund_line,
            kind=draft.kind,
            number=draft.number,
            signed_on=draft.signed_on,
            valid_from=draft.valid_from,
            valid_until=draft.valid_until,
            unit_price_fen=1,
            file=paper("委托培训协议"),
            actor=county.actor(CLERK),
        )
