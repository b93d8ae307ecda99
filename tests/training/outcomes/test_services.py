"""From claim to lapse, and who may take which step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.training.outcomes.results import bring_online, completed, entitle, sell, settle
from tests.training.signing import hold_and_close
from training.accounts.choices import INSTITUTION_ROLES, Role
from training.core import clock as product_clock
from training.core.actor import SYSTEM
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.files import read
from training.core.models import AuditEvent, StoredFile
from training.demo.scenery import add_places, paper
from training.outcomes.choices import (
    Check,
    DesignationKind,
    EvidenceGrade,
    EvidenceKind,
    OutcomeKind,
    OutcomeStatus,
    Platform,
)
from training.outcomes.models import (
    Designation,
    EnterpriseOutcome,
    HouseholdSales,
    Outcome,
    OutcomeEvidence,
    OutcomeStep,
    SalesMonth,
)
from training.outcomes.queries import coverage, doubled, household_sales, sales_total, to_recheck
from training.outcomes.services import (
    add_evidence,
    claim_outcome,
    confirm_outcome,
    decide_enterprise,
    lapse_outcome,
    open_rechecks,
    recheck_outcome,
    reject_outcome,
    revoke_designation,
    revoke_enterprise,
    verify_outcome,
    withdraw_outcome,
    withdraw_sales,
)
from training.programmes.models import Region

CLERK, OFFICER = Role.INSTITUTION_CLERK, Role.FOLLOW_UP
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
SHOP = "https://mobile.yangkeduo.com/mall_page.html?mall_id=7"


@pytest.fixture
def closed(approved: Any, clock: Any) -> Any:
    """Ten of twelve completed."""
    hold_and_close(approved, clock, absent={11, 12})
    return approved


def state() -> list[Any]:
    models = (
        Outcome,
        OutcomeEvidence,
        OutcomeStep,
        HouseholdSales,
        SalesMonth,
        EnterpriseOutcome,
        Designation,
        StoredFile,
        AuditEvent,
    )
    return [list(model.objects.order_by("pk").values()) for model in models]


def claim(county: Any, number: int = 1, *, role: Role = OFFICER, **changes: Any) -> Outcome:
    said = {
        "kind": OutcomeKind.STARTED_UP,
        "started_on": product_clock.today(),
        "grade": EvidenceGrade.PLATFORM,
        "platform": Platform.PINDUODUO,
        "shop_url": SHOP,
        "shop_seen_on": product_clock.today(),
        "evidence": EvidenceKind.SHOP,
        "papers": [paper("店铺截图")],
        "actor": county.actor(role),
    }
    return claim_outcome(completed(county, number).pk, **said | changes)


def steps(outcome: Outcome) -> list[str]:
    return [step.entered for step in outcome.steps.all()]


# Claiming, with evidence


def test_a_claim_with_its_papers_is_evidenced_and_they_lie_encrypted(closed: Any) -> None:
    made = claim(closed, papers=[paper("店铺截图"), paper("订单")])

    assert (made.status, made.claimed_by, made.verified_by) == ("evidenced", closed.user(OFFICER), None)
    assert steps(made) == ["claimed", "evidenced"]
    papers = [row.file for row in made.evidence.all()]
    assert [file.sensitive for file in papers] == [True, True]
    assert read(papers[0]) == paper("店铺截图")[1]
    assert len({file.sha256 for file in papers}) == 2


def test_a_claim_without_papers_waits_for_them(closed: Any) -> None:
    made = claim(closed, papers=[])
    assert made.status == "claimed"
    with pytest.raises(InvalidTransitionError):
        verify_outcome(made.pk, method=Check.PHONE, note="x", actor=closed.actor(REVIEWER))

    added = add_evidence(
        made.pk, papers=[paper("店铺截图")], evidence=EvidenceKind.SHOP, actor=closed.actor(CLERK)
    )

    assert (added.status, steps(added)) == ("evidenced", ["claimed", "evidenced"])
    assert added.evidence.get().added_by == closed.user(CLERK)


@pytest.mark.parametrize(
    "change",
    [
        lambda county: {"number": 12},
        lambda county: {"started_on": product_clock.today() + timedelta(days=1)},
        lambda county: {"papers": [("执照.pdf", b"no PDF")]},
        lambda county: {"shop_url": ""},
        lambda county: {"shop_seen_on": None},
        lambda county: {"shop_seen_on": product_clock.today() + timedelta(days=1)},
        lambda county: {"platform": ""},
        lambda county: {"uscc": "91360735MA35NXTP4X"},
        lambda county: {"kind": OutcomeKind.EMPLOYED},
        lambda county: {"kind": OutcomeKind.FARM_SALES},
        lambda county: {"kind": OutcomeKind.STUDYING},
    ],
    ids=[
        "somebody who did not complete",
        "a day to come",
        "a file that is none",
        "a start-up without shop or licence",
        "a shop that nobody has seen",
        "a shop seen tomorrow",
        "a shop on no platform",
        "a wrong check digit",
        "a job without employer",
        "sales of nothing",
        "studies at no school",
    ],
)
def test_a_claim_that_can_not_be_is_refused_and_nothing_kept(
    closed: Any, change: Callable[[Any], Any]
) -> None:
    before = state()

    with pytest.raises(InvalidInputError):
        claim(closed, **change(closed))
    assert state() == before


def test_a_trainee_claims_without_an_account(closed: Any) -> None:
    assert (claim(closed, actor=SYSTEM).claimant, claim(closed, 2, role=CLERK).claimant) == (
        "trainee",
        "institution",
    )


# The way to 认定 and on


def test_every_step_says_who_when_and_why(closed: Any, clock: Any) -> None:
    made = claim(closed)
    settle(made, closed, note="店铺在营业")
    clock.advance(days=90)
    assert open_rechecks(product_clock.today(), actor=SYSTEM) == 1
    assert open_rechecks(product_clock.today(), actor=SYSTEM) == 0
    recheck_outcome(made.pk, true=True, method=Check.VISIT, note="仓库有货", actor=closed.actor(CHIEF))
    lapse_outcome(made.pk, reason="关店", actor=closed.actor(OFFICER))

    taken = [(step.entered, step.by_name, step.method, step.reason) for step in made.steps.all()]
    assert taken == [
        ("claimed", closed.actor(OFFICER).name, "", ""),
        ("evidenced", closed.actor(OFFICER).name, "", ""),
        ("verified", closed.actor(REVIEWER).name, "phone", "本人接电话"),
        ("confirmed", closed.actor(REVIEWER).name, "", "店铺在营业"),
        ("recheck_due", "系统", "", ""),
        ("valid", closed.actor(CHIEF).name, "visit", "仓库有货"),
        ("lapsed", closed.actor(OFFICER).name, "", "关店"),
    ]


def test_ninety_days_after_confirmation_it_is_due_for_a_second_look(closed: Any, clock: Any) -> None:
    made = settle(claim(closed), closed)
    assert made.recheck_on == made.confirmed_on + timedelta(days=90)

    clock.advance(days=89)
    assert not to_recheck(closed.actor(REVIEWER), product_clock.today()).exists()
    with pytest.raises(InvalidTransitionError):
        recheck_outcome(made.pk, true=True, method=Check.PHONE, note="", actor=closed.actor(REVIEWER))
    clock.advance(days=1)
    assert list(to_recheck(closed.actor(REVIEWER), product_clock.today())) == [made]


def test_what_is_no_longer_true_lapses_and_says_since_when(closed: Any, clock: Any) -> None:
    made = settle(claim(closed), closed)
    clock.advance(days=90)
    with pytest.raises(InvalidInputError, match="原因"):
        recheck_outcome(made.pk, true=False, method=Check.PHONE, note=" ", actor=closed.actor(REVIEWER))

    gone = recheck_outcome(
        made.pk, true=False, method=Check.PHONE, note="店铺关了", actor=closed.actor(REVIEWER)
    )

    assert (gone.status, gone.lapsed_on) == ("lapsed", product_clock.today())


@pytest.mark.parametrize(
    ("grade", "evidence", "carries"),
    [
        ("A", EvidenceKind.LICENCE, True),
        ("A", EvidenceKind.SHOP, False),
        ("B", EvidenceKind.SHOP, True),
        ("B", EvidenceKind.LICENCE, True),
        ("B", EvidenceKind.OTHER, False),
        ("C", EvidenceKind.OTHER, True),
    ],
)
def test_a_grade_needs_the_paper_that_carries_it(
    closed: Any, grade: str, evidence: EvidenceKind, carries: bool
) -> None:
    made = claim(closed, evidence=evidence)
    verify_outcome(made.pk, method=Check.PHONE, note="x", actor=closed.actor(REVIEWER))
    said = {"grade": EvidenceGrade(grade), "started_on": made.started_on, "actor": closed.actor(REVIEWER)}

    if carries:
        assert confirm_outcome(made.pk, **said).grade == grade
    else:
        with pytest.raises(InvalidInputError, match="要有下列材料之一"):
            confirm_outcome(made.pk, **said)


def test_a_rejection_says_why_and_ends_it(closed: Any) -> None:
    made = claim(closed)
    with pytest.raises(InvalidInputError):
        reject_outcome(made.pk, reason=" ", actor=closed.actor(REVIEWER))

    refused = reject_outcome(made.pk, reason="店铺不是本人的", actor=closed.actor(REVIEWER))

    assert refused.status == "rejected"
    assert refused.steps.last().reason == "店铺不是本人的"
    with pytest.raises(InvalidTransitionError):
        verify_outcome(made.pk, method=Check.PHONE, note="x", actor=closed.actor(CHIEF))
    with pytest.raises(InvalidInputError, match="已有结论"):
        add_evidence(made.pk, papers=[paper("x")], evidence=EvidenceKind.SHOP, actor=closed.actor(CLERK))


def test_only_the_side_that_claimed_takes_back(closed: Any) -> None:
    made = claim(closed, role=CLERK)
    with pytest.raises(ForbiddenError):
        withdraw_outcome(made.pk, reason="x", actor=closed.actor(OFFICER))

    head = closed.actor(Role.INSTITUTION_HEAD)
    assert withdraw_outcome(made.pk, reason="报错了", actor=head).status == "withdrawn"


# Nobody judges what their own rate or word depends on


def test_ac33_nobody_verifies_confirms_or_rechecks_what_they_claimed(closed: Any, clock: Any) -> None:
    made = claim(closed)
    same_person = replace(closed.actor(REVIEWER), user_id=closed.user(OFFICER).pk)
    before = state()
    for actor in (closed.actor(OFFICER), same_person):
        with pytest.raises(ForbiddenError):
            verify_outcome(made.pk, method=Check.PHONE, note="x", actor=actor)
        with pytest.raises(ForbiddenError):
            reject_outcome(made.pk, reason="x", actor=actor)
    for field in ("verified_by", "confirmed_by"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Outcome.objects.update(**{field: closed.user(OFFICER)})
    assert state() == before

    verify_outcome(made.pk, method=Check.PHONE, note="x", actor=closed.actor(REVIEWER))
    with pytest.raises(ForbiddenError):
        confirm_outcome(made.pk, grade=EvidenceGrade.PLATFORM, started_on=made.started_on, actor=same_person)


@pytest.mark.parametrize("role", sorted(INSTITUTION_ROLES))
def test_ac33_an_institution_judges_nothing_not_even_what_others_claimed(closed: Any, role: Role) -> None:
    made, actor = claim(closed), closed.actor(role)
    before = state()

    with pytest.raises(ForbiddenError):
        verify_outcome(made.pk, method=Check.PHONE, note="x", actor=actor)
    with pytest.raises(ForbiddenError):
        confirm_outcome(made.pk, grade=EvidenceGrade.PLATFORM, started_on=made.started_on, actor=actor)
    with pytest.raises(ForbiddenError):
        reject_outcome(made.pk, reason="x", actor=actor)
    with pytest.raises(ForbiddenError):
        recheck_outcome(made.pk, true=True, method=Check.PHONE, note="x", actor=actor)
    with pytest.raises(IntegrityError), transaction.atomic():
        Outcome.objects.update(verified_as=role.value)
    assert state() == before


def test_only_the_bureau_confirms(closed: Any) -> None:
    made = claim(closed, role=CLERK)
    verify_outcome(made.pk, method=Check.VISIT, note="x", actor=closed.actor(OFFICER))
    with pytest.raises(ForbiddenError):
        confirm_outcome(
            made.pk,
            grade=EvidenceGrade.PLATFORM,
            started_on=made.started_on,
            actor=closed.actor(OFFICER),
        )


def test_another_county_finds_nothing(closed: Any, other_county: Any) -> None:
    made, before = claim(closed), state()

    with pytest.raises(NotFoundError):
        verify_outcome(made.pk, method=Check.PHONE, note="x", actor=other_county.actor(REVIEWER))
    with pytest.raises(NotFoundError):
        claim(closed, actor=other_county.actor(OFFICER))
    with pytest.raises(NotFoundError):
        claim(closed, actor=other_county.actor(CLERK))
    assert state() == before


# Two that may be one


def test_a_shop_claimed_for_two_people_is_noticed_and_confirmed_only_with_a_word(closed: Any) -> None:
    first, second = claim(closed), claim(closed, 2, shop_url=f"{SHOP}&_t=9#top")
    claim(closed, 3, shop_url="https://shop3.taobao.com/")
    assert set(Outcome.objects.filter(doubled())) == {first, second}
    with pytest.raises(InvalidInputError, match="疑似重复"):
        settle(first, closed)

    reviewer = closed.actor(REVIEWER)
    confirmed = confirm_outcome(
        first.pk, grade=EvidenceGrade.PLATFORM, started_on=first.started_on, note="夫妻店", actor=reviewer
    )

    assert confirmed.status == "confirmed"


def test_a_licence_of_two_people_and_one_kind_twice_are_noticed_until_one_is_rejected(closed: Any) -> None:
    licence = {
        "uscc": closed.institution.uscc,
        "shop_url": "",
        "platform": "",
        "evidence": EvidenceKind.LICENCE,
    }
    first, second = claim(closed, **licence), claim(closed, 2, **licence)
    again = claim(closed, 2, shop_url="https://shop2.taobao.com/")
    assert set(Outcome.objects.filter(doubled())) == {first, second, again}

    reject_outcome(second.pk, reason="执照是别人的", actor=closed.actor(REVIEWER))

    assert not Outcome.objects.filter(doubled()).exists()


def test_two_at_one_employer_are_no_doubles(closed: Any) -> None:
    job = {
        "kind": OutcomeKind.EMPLOYED,
        "organisation": "物流园",
        "post": "客服",
        "uscc": closed.institution.uscc,
        "shop_url": "",
    }
    claim(closed, **job)
    claim(closed, 2, **job)

    assert not Outcome.objects.filter(doubled()).exists()


# Sales of households


def test_no_month_of_a_household_on_a_platform_is_counted_twice(closed: Any) -> None:
    sell(closed, starts_on=date(2021, 2, 9), months=2, amount_fen=100)
    before = state()

    with pytest.raises(InvalidInputError, match="2021-03"):
        sell(closed, starts_on=date(2021, 3, 1), months=3)
    assert state() == before

    sell(closed, starts_on=date(2021, 4, 1), amount_fen=20)
    sell(closed, starts_on=date(2021, 3, 1), platform=Platform.WECHAT, amount_fen=3)
    rows = household_sales(closed.programme, closed.actor(OFFICER))
    assert sales_total(rows) == (1, 123, 0)


def test_a_wrong_figure_is_withdrawn_and_its_months_are_free(closed: Any) -> None:
    wrong = sell(closed)
    withdraw_sales(wrong.pk, reason="多写一个零", actor=closed.actor(OFFICER))
    right = sell(closed, amount_fen=5)

    assert list(household_sales(closed.programme, closed.actor(OFFICER))) == [right]
    assert HouseholdSales.objects.count() == 2
    with pytest.raises(InvalidInputError):
        withdraw_sales(wrong.pk, reason="再撤一次", actor=closed.actor(OFFICER))


@pytest.mark.parametrize("said", [{"months": 0}, {"months": 2}, {"number": 12}])
def test_sales_of_no_month_of_one_to_come_or_of_nobody_who_completed_are_refused(
    closed: Any, said: dict[str, Any]
) -> None:
    before = state()
    with pytest.raises(InvalidInputError):
        sell(closed, **said)
    assert state() == before


# Firms


def test_a_firm_counts_once_by_its_code(closed: Any) -> None:
    firm = bring_online(closed)
    before = state()
    with pytest.raises(InvalidInputError, match="只计一次"):
        bring_online(closed, name="另一个名字")
    with pytest.raises(InvalidInputError, match="校验位"):
        bring_online(closed, uscc="91360735MA35NXTP4X")
    assert state() == before

    decide_enterprise(firm.pk, accept=True, actor=closed.actor(REVIEWER))
    revoke_enterprise(firm.pk, reason="店铺是借的", actor=closed.actor(CHIEF))
    assert bring_online(closed).status == "claimed"


def test_whoever_registered_a_firm_does_not_confirm_it(closed: Any) -> None:
    firm = bring_online(closed)
    same_person = replace(closed.actor(REVIEWER), user_id=closed.user(OFFICER).pk)

    with pytest.raises(ForbiddenError):
        decide_enterprise(firm.pk, accept=True, actor=same_person)
    with pytest.raises(ForbiddenError):
        decide_enterprise(firm.pk, accept=True, actor=closed.actor(OFFICER))
    with pytest.raises(IntegrityError), transaction.atomic():
        EnterpriseOutcome.objects.update(decided_by=closed.user(OFFICER))
    with pytest.raises(InvalidInputError, match="原因"):
        decide_enterprise(firm.pk, accept=False, actor=closed.actor(REVIEWER))


# People with a title


def test_a_place_is_covered_until_its_last_title_is_revoked(closed: Any, clock: Any) -> None:
    add_places(closed.programme)
    actor = closed.actor(REVIEWER)

    def without() -> set[str]:
        found = coverage(closed.programme, actor, kind=DesignationKind.TALENT, on=product_clock.today())
        return set(found.uncovered.values_list("code", flat=True))

    everywhere = without()
    title = entitle(closed)
    assert everywhere - without() == {title.region.code}
    with pytest.raises(InvalidInputError):
        entitle(closed)

    clock.advance(days=9)
    revoke_designation(title.pk, on=product_clock.today(), reason="外出务工", actor=actor)

    assert without() == everywhere
    with pytest.raises(InvalidTransitionError):
        revoke_designation(title.pk, on=product_clock.today(), reason="x", actor=actor)


def test_only_listed_poverty_villages_are_asked_for_where_there_are_some(closed: Any) -> None:
    add_places(closed.programme)
    poor = Region.objects.filter(level="village").last()
    Region.objects.filter(pk=poor.pk).update(poor_from=date(2014, 1, 1), poor_source="x")

    found = coverage(
        closed.programme, closed.actor(REVIEWER), kind=DesignationKind.TALENT, on=product_clock.today()
    )

    assert list(found.uncovered) == list(found.places) == [poor]


def test_a_title_is_for_the_right_kind_of_place_and_for_who_completed(closed: Any) -> None:
    add_places(closed.programme)
    before = state()
    with pytest.raises(InvalidInputError, match="按村认定"):
        entitle(closed, kind=DesignationKind.BACKBONE)
    with pytest.raises(InvalidInputError, match="结业"):
        entitle(closed, 12)
    with pytest.raises(ForbiddenError):
        entitle(closed, actor=closed.actor(OFFICER))
    assert state() == before


def test_every_state_is_reached_on_some_way() -> None:
    reached = {target for targets in Outcome.TRANSITIONS.values() for target in targets}
    assert reached | {OutcomeStatus.CLAIMED} == set(OutcomeStatus)
