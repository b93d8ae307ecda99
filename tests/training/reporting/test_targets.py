"""What is owed and how far it is: quotas, readings, pace. By the five counties' own targets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from training.programmes.preset_file import load_preset
from training.programmes.rule import UNCONFIRMED
from training.programmes.target import Target
from training.reporting.metrics import BESIDES, MEASURES, Part, percent
from training.reporting.queries import Indicator, Taking

FIVE = ("shicheng", "yongshun", "jinkouhe", "baofeng", "huidong")


def target(code: str = "renci", value: int = 100, **fields: Any) -> Target:
    words = {"metric": "培训人次", "unit": "人次", "due_on": "2021-12-31", "source": UNCONFIRMED}
    return Target.model_validate({"code": code, "value": value} | words | fields)


def counted(number: int | None, owed: int = 100, **fields: Any) -> Indicator:
    part = Part(None if number is None else Decimal(number))
    rule = target(value=owed, **{name: fields.pop(name) for name in ("code", "parent") if name in fields})
    return Indicator(rule, (Taking("renci", "", "公式", part, share=False),), **fields)


def rate(numerator: int, denominator: int) -> Part:
    return Part(Decimal(numerator), Decimal(denominator))


def test_ys02_a_surplus_in_one_quota_fills_no_other_and_the_whole_is_not_reached_by_its_sum() -> None:
    general, practical = counted(9000, 6000, code="general"), counted(2999, 3000, code="practical")
    whole = counted(11_999, 9000, parts=(general, practical))

    assert (general.reached, practical.reached, whole.reached) == (True, False, False)
    assert counted(11_999, 9000, parts=(general, counted(3000, 3000))).reached is True


def test_a_part_that_cannot_be_told_leaves_the_whole_open() -> None:
    assert counted(100, parts=(counted(None),)).reached is None
    assert counted(99, parts=(counted(None),)).reached is False


def test_the_strictest_reading_is_held_against_the_target() -> None:
    rule = target(value=50, unit="%", counted_by="poor_training")
    readings = (
        Taking("people", "按人数", "人数公式", rate(45, 100), share=True),
        Taking("renci", "按人次", "人次公式", rate(60, 100), share=True),
    )
    found = Indicator(rule, readings)

    assert (found.actual, found.formula, found.reached) == (45, "人数公式", False)
    assert [taking.value for taking in found.takings] == [Decimal("45.0"), Decimal("60.0")]


def test_reached_by_one_reading_while_the_other_cannot_be_told_is_not_reached_yet() -> None:
    rule = target(value=80, unit="%", counted_by="village_reach")
    readings = (
        Taking("villages", "A", "a", rate(9, 10), share=True),
        Taking("people", "B", "b", Part(why="缺劳动力人数，请乡镇提供"), share=True),
    )

    assert Indicator(rule, readings).reached is None
    assert Indicator(rule, readings).actual == 90


def test_what_cannot_be_told_says_who_supplies_what() -> None:
    rule = target(value=30, unit="%", growth=True, counted_by="shop_growth")
    found = Indicator(
        rule, (Taking("growth", "同比", "公式", Part(why="没有基年，请商务局填写"), share=True),)
    )

    assert (found.actual, found.percent, found.formula) == (None, None, "没有基年，请商务局填写")


@pytest.mark.parametrize(
    ("on", "expected"),
    [("2021-01-01", "0.0"), ("2021-07-02", "50.0"), ("2021-12-31", "100.0"), ("2022-05-01", "100.0")],
)
def test_an_even_pace_runs_from_the_start_to_the_day_it_is_due(on: str, expected: str) -> None:
    found = counted(0).expected(date.fromisoformat(on), date(2021, 1, 1))

    assert found == Decimal(expected)


def test_nothing_over_nothing_is_no_rate() -> None:
    assert percent(rate(0, 0)) is None
    assert percent(Part()) is None
    assert percent(rate(1, 3)) == Decimal("33.3")


@pytest.mark.parametrize("name", FIVE)
def test_every_target_of_the_five_is_counted_or_measured(name: str) -> None:
    """By its unit, by its measure, or by a number that somebody supplies; none is left without a way."""
    targets = load_preset(name).targets

    assert [it.code for it in targets if not it.counts and it.counted_by not in MEASURES] == []


def test_ac47_jinkouhe_is_owed_nothing_that_its_document_does_not_say() -> None:
    preset = load_preset("jinkouhe")

    assert preset.targets == ()
    (share,) = [row for row in preset.fund_shares if row.code == "training"]
    assert round(100 * share.share, 1) == 10.0
    assert preset.fund_line("training").province_fen == preset.fund_line("training").total_fen


def test_every_measure_has_a_formula_and_a_clause() -> None:
    for code, measure in MEASURES.items():
        assert measure.clause, code
        assert all(str(reading.formula) and str(reading.name) for reading in measure.readings.values()), code
    assert set(BESIDES) <= set(MEASURES)


def test_a_target_written_before_there_were_measures_still_reads() -> None:
    """Rule sets that were stored earlier have none of the newer fields."""
    before = target(unit="场", metric="对接会")

    assert (before.counted_by, before.groups, before.counts) == (None, (), None)
    assert Indicator(before, ()).formula == "系统里还没有这类登记。"
