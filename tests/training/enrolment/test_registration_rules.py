"""Who may take part: each doubt by itself, in words."""

from __future__ import annotations

from dataclasses import replace

from training.enrolment.rules import Candidate, Demands, Elsewhere, doubts

DEMANDS = Demands(
    min_age=16,
    category="farmer",
    suits={"farmer": (), "cadre": ("government",)},
)
FARMER = Candidate(age=40, name="赖秀英", phone="13900000001", group="farmer")


def codes(person: Candidate) -> list[tuple[str, bool]]:
    return [(doubt.code, doubt.barred) for doubt in doubts(person, DEMANDS)]


def test_nothing_speaks_against_somebody_new_who_is_old_enough() -> None:
    assert codes(FARMER) == []
    assert codes(replace(FARMER, age=16)) == []


def test_whoever_is_too_young_on_the_first_day_is_barred() -> None:
    young = replace(FARMER, age=15)
    assert codes(young) == [("under_age", True)]
    assert doubts(young, DEMANDS)[0].message == "开班时 15 周岁，未满 16 周岁，不能参加培训。"


def test_a_place_on_the_roster_is_not_given_twice() -> None:
    assert codes(replace(FARMER, on_roster=True, earlier=True)) == [("on_roster", True)]


def test_a_second_application_is_worth_a_look() -> None:
    assert codes(replace(FARMER, earlier=True)) == [("applied_before", False)]


def test_another_name_in_the_pool_bars_and_another_phone_is_asked_about() -> None:
    assert codes(replace(FARMER, known_name="赖秀兰", known_phone="13900000002")) == [("name_differs", True)]
    assert codes(replace(FARMER, known_name="赖秀英", known_phone="13900000002")) == [
        ("phone_differs", False)
    ]
    assert codes(replace(FARMER, known_name="赖秀英", known_phone="")) == []


def test_a_group_that_the_category_is_not_for_is_asked_about() -> None:
    assert codes(replace(FARMER, group="")) == [("no_group", False)]
    found = doubts(replace(FARMER, group="cadre"), DEMANDS)
    assert [doubt.message for doubt in found] == [
        "所填的学员类别一般不参加这一类课程，请核对学员类别和所报的班。"
    ]


def test_sessions_elsewhere_are_named_when_they_overlap_or_repeat() -> None:
    at_once = Elsewhere("SC-2", same_time=True, same_class_type=True)
    applied = replace(at_once, label="SC-3", only_applied=True)
    done = Elsewhere("SC-1", same_time=False, same_class_type=True, completed=True)
    other_kind = replace(done, label="SC-4", same_class_type=False)
    unfinished = replace(done, label="SC-5", completed=False)

    found = doubts(replace(FARMER, elsewhere=(done, other_kind, unfinished, applied, at_once)), DEMANDS)

    assert [doubt.message for doubt in found] == [
        "上课时间与SC-2重叠，他在那一期的名册上。",
        "上课时间与SC-3重叠，他也报了那一期。",
        "已在SC-1结业，班型相同，请核对是否重复培训。",
    ]
