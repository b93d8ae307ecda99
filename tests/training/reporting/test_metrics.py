"""Every measure against a recount in plain Python over the rows themselves."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import approved
from tests.standing import stage
from tests.training.outcomes.results import bring_online, entitle, settle
from tests.training.signing import hold_and_close
from tests.training.web.conftest import claim_shop
from training.accounts.choices import Role
from training.attendance.models import Completion
from training.core.actor import SYSTEM
from training.core.errors import ForbiddenError, InvalidInputError
from training.demo.scenery import add_places
from training.enrolment.models import Enrolment
from training.people.models import Trainee
from training.programmes.models import Region, RuleSet
from training.programmes.queries import rule_set_on
from training.programmes.rule import UNCONFIRMED
from training.programmes.services import list_as_poor
from training.programmes.target import Target
from training.reporting import counting, measuring
from training.reporting.metrics import MEASURES, Part, Question, every_reading, percent
from training.reporting.queries import indicator
from training.reporting.stated import state_value, state_values

HEAD, REVIEWER, OFFICER = Role.BUREAU_HEAD, Role.BUREAU_REVIEWER, Role.FOLLOW_UP
TODAY = datetime(2021, 12, 1, 2, tzinfo=UTC)


def live(approved: Any, clock: Any) -> Any:
    """Twelve on the roster, ten completed; half a year later: two shops confirmed, one claimed; villages listed."""
    add_places(approved.programme)
    hold_and_close(approved, clock, absent={11, 12})
    for number in (1, 2, 3):
        outcome = claim_shop(approved, number)
        if number < 3:
            settle(outcome, approved)
    villages = list(Region.objects.filter(programme=approved.programme, level="village").order_by("code"))
    for village in villages[:3]:
        list_as_poor(
            village.pk, poor_from=approved.session.lessons.first().on, poor_until=None,
            poor_source="石扶办〔2021〕1号", actor=approved.actor(REVIEWER),
        )  # fmt: skip
    clock.set(TODAY)
    return approved


later = stage("later", live, after=approved)


def target(**fields: Any) -> Target:
    words = {"code": "more", "metric": "另一项", "value": 50, "unit": "%", "due_on": "2021-12-31"}
    return Target.model_validate(words | {"source": UNCONFIRMED} | fields)


def ask(county: Any, measure: str, **fields: Any) -> dict[str, Part]:
    rules = rule_set_on(county.programme, TODAY.date(), actor=SYSTEM).rules
    asked = target(counted_by=measure, **fields) if fields or measure in ("stated", "shop_growth") else None
    return every_reading(MEASURES[measure], Question(county.programme, SYSTEM, rules, asked, TODAY.date()))


def done(county: Any) -> list[Enrolment]:
    rows = Enrolment.objects.filter(
        status="completed", training_session__institution__programme=county.programme
    )
    return list(rows.select_related("trainee"))


def listed(county: Any) -> dict[tuple[str, str], Region]:
    rows = Region.objects.filter(programme=county.programme, poor_from__isnull=False).select_related("parent")
    return {(row.parent.name, row.name): row for row in rows}


def test_attendance_and_completion_are_those_of_the_closed_sessions(later: Any) -> None:
    rows = list(Completion.objects.all())
    hours, roster = ask(later, "attendance_rate").values()

    assert (hours.numerator, hours.denominator) == (
        sum(row.attended_minutes for row in rows),
        sum(row.required_minutes for row in rows),
    )
    mean = sum(row.attended_minutes / row.required_minutes for row in rows)
    assert (float(roster.numerator or 0), roster.denominator) == (pytest.approx(mean, abs=0.01), 12)
    (rate,) = ask(later, "completion_rate").values()
    assert (rate.numerator, rate.denominator) == (10, 12)


def test_the_start_up_rate_counts_confirmed_shops_of_those_whose_window_is_over(later: Any) -> None:
    (rate,) = ask(later, "start_up_rate", class_type="general").values()

    assert (rate.numerator, rate.denominator, rate.not_yet) == (2, 10, 0)
    assert percent(rate) == Decimal("20.0")


def test_before_the_window_is_over_everybody_stands_apart(later: Any, clock: Any) -> None:
    rules = rule_set_on(later.programme, TODAY.date(), actor=SYSTEM).rules
    question = Question(
        later.programme, SYSTEM, rules, target(class_type="general"), datetime(2021, 9, 1).date()  # noqa: DTZ001
    )  # fmt: skip
    (rate,) = MEASURES["start_up_rate"].take(question).values()

    assert (rate.numerator, rate.denominator, rate.not_yet) == (None, None, 10)
    assert rate.why == "还没有跟踪期满的结业学员。"


def test_villages_reached_are_those_with_somebody_who_completed(later: Any) -> None:
    counting.refresh()
    villages = listed(later)
    by_village = defaultdict(set)
    for row in done(later):
        if (key := (row.trainee.township, row.trainee.village)) in villages:
            by_village[key].add(row.trainee_id)
    a, b = ask(later, "village_reach").values()

    assert (a.numerator, a.denominator) == (len(by_village), 3)
    assert b.numerator is None
    assert "还缺 3 个村的“劳动力人数”" in b.why
    assert "请乡镇提供、商务局填写" in b.why
    rows = [("labour_force", village, Decimal(40)) for village in villages.values()]
    state_values(later.programme.pk, rows, source="统计局", as_of=TODAY.date(), actor=later.actor(REVIEWER))
    _a, b = ask(later, "village_reach").values()
    assert (b.numerator, b.denominator) == (sum(len(people) for people in by_village.values()), 120)


def test_hd02_persons_and_attendances_over_the_able_bodied_who_are_at_home(later: Any) -> None:
    here = Enrolment.objects.filter(training_session=later.session)
    here.filter(number__lte=6).update(group="poor_household")
    here.filter(number__lte=4).update(group_verified=True)
    villages = listed(later)
    poor = {"groups": ["poor_household"]}
    assert "有劳动能力的建档立卡贫困人口" in ask(later, "poor_training", **poor)["people"].why

    for code, value in (("poor_able", 50), ("poor_away", 20)):
        rows = [(code, village, Decimal(value)) for village in villages.values()]
        state_values(
            later.programme.pk, rows, source="扶贫办", as_of=TODAY.date(), actor=later.actor(REVIEWER)
        )

    inside = [
        row
        for row in done(later)
        if row.group == "poor_household" and (row.trainee.township, row.trainee.village) in villages
    ]
    verified = [row for row in inside if row.group_verified]
    found = ask(later, "poor_training", **poor)
    assert len(verified) < len(inside)
    assert (found["renci"].numerator, found["renci"].denominator) == (len(verified), 90)
    assert found["people"].numerator == len({row.trainee_id for row in verified})
    assert found["renci_all"].numerator == len(inside)
    assert found["people_all"].numerator == len({row.trainee_id for row in inside})


def test_a_growth_has_no_figure_without_a_base_and_is_computed_with_one(later: Any) -> None:
    (before,) = ask(later, "shop_growth", class_type="general", growth=True).values()
    assert before.why == "没有基年的开店转化率，请商务局填写数值和来源。"

    state_value(
        later.programme.pk, code="base:more", region=None, value=Decimal(16), source="2019年总结",
        as_of=TODAY.date(), actor=later.actor(REVIEWER),
    )  # fmt: skip
    (now,) = ask(later, "shop_growth", class_type="general", growth=True).values()
    assert percent(now) == Decimal("25.0")  # from 16 % to 20 %


def test_what_others_keep_is_the_last_number_stated_with_its_source(later: Any) -> None:
    assert ask(later, "stated")["stated"].why.startswith("还没有数据，请商务局")
    for value in (1, 3):
        state_value(
            later.programme.pk, code="target:more", region=None, value=Decimal(value), source="市监局",
            as_of=TODAY.date(), actor=later.actor(REVIEWER),
        )  # fmt: skip

    assert ask(later, "stated")["stated"].numerator == 3


def test_firms_and_designations_are_counted_by_firm_and_place(later: Any) -> None:
    entitle(later)
    bring_online(later)

    (talent,) = ask(later, "village_talent").values()
    assert (talent.numerator, talent.denominator) == (1, 3)
    (backbone,) = ask(later, "township_backbone").values()
    townships = Region.objects.filter(programme=later.programme, level="township").count()
    assert (backbone.numerator, backbone.denominator) == (0, townships)
    (firms,) = ask(later, "companies_online").values()
    assert firms.numerator == 0  # claimed, and nobody has confirmed it


def test_coverage_needs_the_base_that_only_the_county_knows(later: Any) -> None:
    assert ask(later, "practitioner_coverage")["people"].why.startswith("没有从业人员底数")
    state_value(
        later.programme.pk, code="practitioners", region=None, value=Decimal(200), source="商务局摸底",
        as_of=TODAY.date(), actor=later.actor(REVIEWER),
    )  # fmt: skip
    here = Enrolment.objects.filter(training_session=later.session)
    here.filter(number__lte=4).update(group="practitioner")
    here.filter(number__lte=2).update(group_verified=True)

    rules = rule_set_on(later.programme, TODAY.date(), actor=SYSTEM).rules
    codes = {group.code for group in rules.groups if "从业" in group.name}
    declared = [row for row in done(later) if row.group in codes]
    found = ask(later, "practitioner_coverage")
    assert found["people"].numerator == len({row.trainee_id for row in declared if row.group_verified})
    assert found["people_all"].numerator == len({row.trainee_id for row in declared})


def test_measures_are_kept_and_taken_anew_once_something_was_done(later: Any, clock: Any) -> None:
    rule_set = RuleSet.objects.get(programme=later.programme)
    rule_set.body["targets"].append(target(counted_by="stated").model_dump(mode="json"))
    rule_set.save()
    reviewer = later.actor(REVIEWER)
    assert indicator("more", later.programme, reviewer).actual is None

    state_value(
        later.programme.pk, code="target:more", region=None, value=Decimal(7), source="市监局",
        as_of=TODAY.date(), actor=reviewer,
    )  # fmt: skip

    assert indicator("more", later.programme, reviewer).actual == 7
    assert measuring.take_all() == 0
    clock.advance(days=1)
    assert measuring.take_all() == 1


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"code": "labour_force"}, "这一项按村填写"),
        ({"value": Decimal(-1)}, "不能是负数"),
        ({"as_of": datetime(2022, 1, 1).date()}, "不能晚于今天"),  # noqa: DTZ001
    ],
)
def test_a_number_that_belongs_nowhere_is_not_kept(later: Any, said: dict[str, Any], message: str) -> None:
    words = {
        "code": "practitioners", "region": None, "value": Decimal(1), "source": "x", "as_of": TODAY.date(),
        "actor": later.actor(REVIEWER),
    }  # fmt: skip
    with pytest.raises(InvalidInputError, match=message):
        state_value(later.programme.pk, **(words | said))


def test_only_the_bureau_states_numbers(later: Any) -> None:
    with pytest.raises(ForbiddenError):
        state_value(
            later.programme.pk, code="practitioners", region=None, value=Decimal(1), source="x",
            as_of=TODAY.date(), actor=later.actor(OFFICER),
        )  # fmt: skip


def test_people_of_another_county_count_nowhere_here(later: Any, other_county: Any) -> None:
    assert Trainee.objects.exclude(programme=later.programme).exists()
    (rate,) = ask(other_county, "completion_rate").values()

    assert rate.why == "还没有结课的期。"
