"""Topics and hours in words: against the matrix, against the outline, against the version before."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.courses.rules import (
    OutlineLine,
    Part,
    gaps,
    in_hours,
    in_minutes,
    outline_changes,
    topic_lines,
    topic_share,
)
from training.programmes.preset_file import load_preset

RULES = load_preset("shicheng")
FARMERS, MANAGERS = RULES.category("farmer"), RULES.category("manager")
UNIT = RULES.attendance.unit_minutes


def share_of(category: object, *spent: tuple[str, int]) -> object:
    return topic_share(category, RULES.topic_match, [Part(topic, 45 * n) for topic, n in spent], UNIT)


def test_a_farmers_class_on_supply_chains_is_noticed_with_its_hours() -> None:
    """70 % of the hours belong to another category."""
    notice = share_of(FARMERS, ("电商基础知识", 3), ("电商供应链", 7))

    assert not notice.well
    assert not notice.soft
    assert notice.text == (
        "“农民”的专题占全部课时的 30 %（要求不低于 50 %）。不属于本类别的专题：电商供应链 7 学时。"
    )
    assert notice.clause == FARMERS.clause


def test_what_is_only_stressed_is_pointed_out_and_not_demanded() -> None:
    """石城 says 以…为主 of farmers and 着重 of managers."""
    notice = share_of(MANAGERS, ("电商供应链", 1), ("电商基础知识", 3))

    assert (notice.well, notice.soft) == (False, True)
    assert "“企业主和管理人员”着重的专题占全部课时的 25 %" in notice.text


def test_the_category_s_own_topics_by_any_name_are_in_order() -> None:
    notice = share_of(MANAGERS, ("互联网+企业转型", 2), ("电商团队打造", 2))

    assert (notice.well, "不属于" in notice.text) == (True, False)


def test_nothing_is_said_of_no_hours() -> None:
    assert share_of(FARMERS) is None


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_category_that_has_its_share_is_never_asked_about(own: int, other: int) -> None:
    notice = share_of(FARMERS, ("电商基础知识", own), ("直播", other))

    assert (notice is None) == (own + other == 0)
    assert notice is None or notice.well == (own >= other)


OUTLINE = [Part("网店注册", 135), Part("运营推广", 90), Part("运营推广", 90, practical=True)]


@pytest.mark.parametrize(
    ("timetable", "said"),
    [
        (OUTLINE, []),
        ([Part("网店注册", 45), *OUTLINE[1:]], ["大纲 3 学时“网店注册”，课表只排了 1 学时。"]),
        (OUTLINE[1:], ["大纲 3 学时“网店注册”，课表没有排。"]),
        ([Part("网店注册", 180), *OUTLINE[1:]], ["大纲 3 学时“网店注册”，课表排了 4 学时。"]),
        ([*OUTLINE, Part("直播", 90)], ["课表有“直播” 2 学时，大纲里没有。"]),
        (
            [OUTLINE[0], Part("运营推广", 180)],
            ["大纲“运营推广”实操 2 学时，课表只排了 0 学时实操。"],
        ),
    ],
)
def test_a_timetable_that_is_not_its_outline_s_is_told_in_words(
    timetable: list[Part], said: list[str]
) -> None:
    assert gaps(topic_lines(RULES.category("entrepreneur"), OUTLINE, timetable), UNIT) == said


def test_without_an_outline_there_is_nothing_to_differ_from() -> None:
    lines = topic_lines(FARMERS, None, [Part("直播", 90)])

    assert gaps(lines, UNIT) == []
    assert [(line.topic, line.own, line.outline) for line in lines] == [("直播", False, None)]


def test_a_topic_s_line_tells_outline_timetable_held_and_courseware_apart() -> None:
    held = [Part("运营推广", 90, practical=True)]
    first, second = topic_lines(RULES.category("entrepreneur"), OUTLINE, OUTLINE, held, {"网店注册"})

    assert (first.outline.total, first.held.total, first.has_courseware) == (135, 0, True)
    assert (second.timetable.practised, second.held.practised, second.has_courseware) == (90, 90, False)


def test_the_next_version_is_told_from_the_last_in_words() -> None:
    before = [
        OutlineLine("网店注册", Decimal(2), method="讲授", aims="会注册"),
        OutlineLine("美工", Decimal("1.5")),
        OutlineLine("客服服务", Decimal(1)),
    ]
    after = [
        OutlineLine("客服服务", Decimal(1)),
        OutlineLine("网店注册", Decimal(3), method="演示", aims="会注册、会上架"),
        OutlineLine("网店注册", Decimal(2), practical=True),
    ]

    assert outline_changes(before, after) == [
        "增加“网店注册”（实操） 2 学时。",
        "删去“美工” 1.5 学时。",
        "“网店注册”由 2 学时改为 3 学时。",
        "“网店注册”的教学方式由“讲授”改为“演示”。",
        "“网店注册”的教学目标由“会注册”改为“会注册、会上架”。",
        "专题的先后顺序有变。",
        "总学时由 4.5 改为 6。",
    ]


LINES = st.lists(
    st.builds(
        OutlineLine,
        topic=st.sampled_from(["网店注册", "美工", "直播"]),
        hours=st.integers(1, 40).map(lambda tenths: Decimal(tenths) / 10),
        practical=st.booleans(),
        method=st.sampled_from(["", "讲授"]),
    ),
    unique_by=lambda line: line.key,
)


@given(LINES, LINES)
def test_versions_differ_in_words_exactly_when_they_differ(
    before: list[OutlineLine], after: list[OutlineLine]
) -> None:
    assert bool(outline_changes(before, after)) == (before != after)


@pytest.mark.parametrize(
    ("hours", "minutes", "said"), [("3", 135, "3"), ("0.5", 22, "0.5"), ("2.2", 99, "2.2")]
)
def test_hours_and_minutes(hours: str, minutes: int, said: str) -> None:
    assert in_minutes(Decimal(hours), 45) == minutes
    assert in_hours(minutes, 45) == said
