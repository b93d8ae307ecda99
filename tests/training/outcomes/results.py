"""What became of a county's people besides their own outcomes: sales of a household, a firm, a title."""

from __future__ import annotations

from typing import Any

from training.accounts.choices import Role
from training.core import clock
from training.demo.scenery import paper
from training.enrolment.models import Enrolment
from training.outcomes.choices import Check, DesignationKind, EvidenceGrade, Platform
from training.outcomes.models import Designation, EnterpriseOutcome, HouseholdSales, Outcome
from training.outcomes.services import (
    claim_enterprise,
    confirm_outcome,
    designate,
    record_sales,
    verify_outcome,
)
from training.programmes.models import Region

OFFICER, REVIEWER = Role.FOLLOW_UP, Role.BUREAU_REVIEWER


def completed(county: Any, number: int = 1) -> Enrolment:
    enrolment: Enrolment = county.session.enrolments.get(number=number)
    return enrolment


def settle(outcome: Outcome, county: Any, **said: Any) -> Outcome:
    """Verified and confirmed by the bureau."""
    reviewer = county.actor(REVIEWER)
    verify_outcome(outcome.pk, method=Check.PHONE, note="本人接电话", actor=reviewer)
    words = {"grade": EvidenceGrade.PLATFORM, "started_on": outcome.started_on} | said
    return confirm_outcome(outcome.pk, **words, actor=reviewer)


def sell(county: Any, number: int = 1, **said: Any) -> HouseholdSales:
    words = {
        "platform": Platform.PINDUODUO,
        "starts_on": clock.today(),
        "months": 1,
        "amount_fen": 123_456,
        "source": "商家后台截图",
        "actor": county.actor(OFFICER),
    }
    return record_sales(completed(county, number).trainee_id, **words | said)


def bring_online(county: Any, **said: Any) -> EnterpriseOutcome:
    words = {
        "name": "石城县白莲加工厂",
        "uscc": county.institution.uscc,  # any code with a right check digit
        "before": "只供批发商",
        "after": "开了网店，直接发货",
        "platform": Platform.TAOBAO,
        "online_on": clock.today(),
        "file": paper("网店页面"),
        "actor": county.actor(OFFICER),
    }
    return claim_enterprise(county.programme.pk, **words | said)


def entitle(county: Any, number: int = 1, **said: Any) -> Designation:
    """电商扶贫人才 of the first village there is."""
    village = Region.objects.filter(programme=county.programme, level="village").order_by("code").first()
    words = {
        "kind": DesignationKind.TALENT,
        "region_id": village.pk if village else 0,
        "from_on": clock.today(),
        "basis": "商务局〔2021〕6号",
        "actor": county.actor(REVIEWER),
    }
    return designate(completed(county, number).trainee_id, **words | said)


def note_results(county: Any) -> None:
    """One of each; the programme has places."""
    sell(county)
    bring_online(county)
    entitle(county)
