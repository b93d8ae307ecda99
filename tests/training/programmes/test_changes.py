"""What changed between two versions: nothing forgotten, nothing made up, and in words."""

from __future__ import annotations

import random
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from training.programmes.changes import changes
from training.programmes.draft import (
    entries_of,
    problems_of,
    settled,
    with_entry,
    with_section,
    without_entry,
)
from training.programmes.errors import RulesRefusedError
from training.programmes.preset import Preset
from training.programmes.preset_file import load_preset, preset_names, read_preset, write_preset
from training.programmes.rule import UNCONFIRMED, Model, Rule
from training.programmes.schema import fields_of, sections
from training.programmes.words import FIELDS, SECTIONS, changes_in_words, choice_name, field_name

FIVE = preset_names()


@cache
def preset(name: str) -> Preset:
    return load_preset(name)


def body_of(name: str) -> dict[str, Any]:
    return preset(name).model_dump(mode="json")


def changed(name: str, **values: Any) -> Preset:
    """The preset with values put in by path, `planning__lead_working_days=5`."""
    body = body_of(name)
    for path, value in values.items():
        *steps, last = path.split("__")
        place: Any = body
        for step in steps:
            place = place[int(step) if step.isdigit() else step]
        place[last] = value
    return Preset.model_validate(body)


@pytest.mark.parametrize("name", FIVE)
def test_a_preset_does_not_differ_from_itself(name: str) -> None:
    assert changes(preset(name), Preset.model_validate(body_of(name))) == []


@settings(max_examples=60)
@given(before=st.sampled_from(FIVE), seed=st.integers(0, 10**6))
def test_two_presets_differ_exactly_when_there_is_a_change(before: str, seed: int) -> None:
    """Whatever is dropped, doubled back or shuffled in a body that still makes sense."""
    chance = random.Random(seed)
    body = body_of(before)
    lists = [name for name, section in sections().items() if section.many and body[name]]
    for name in chance.sample(lists, 3):
        chance.shuffle(body[name])
        if chance.random() < 0.5:
            body[name].pop()
    try:
        after = Preset.model_validate(body)
    except ValidationError:
        return
    found = changes(preset(before), after)

    assert bool(found) == (after != preset(before))
    assert [change.path for change in found] == [change.path for change in changes(preset(before), after)]
    assert bool(changes(after, preset(before))) == bool(found)


@given(left=st.sampled_from(FIVE), right=st.sampled_from(FIVE))
def test_every_difference_between_counties_can_be_said(left: str, right: str) -> None:
    said = changes_in_words(preset(left), preset(right))

    assert bool(said) == (left != right)
    assert all(change.before != change.after for change in said)


CHANGES: list[tuple[dict[str, Any], tuple[str, str, str, str]]] = [
    ({"planning__lead_working_days": 5}, ("开班申请", "最晚提前几个工作日", "3", "5")),
    ({"attendance__completion_ratio": 0.9}, ("考勤", "全期学时不少于", "80 %", "90 %")),
    ({"window__ends_on": "2022-12-31"}, ("项目期", "截止日期", "2022-06-30", "2022-12-31")),
    ({"face__enabled": True}, ("人脸比对", "启用人脸比对", "否", "是")),
    ({"follow_up__days": [60]}, ("训后跟踪", "结业后第几天", "30、90、180", "60")),
    ({"mark": None}, ("标识文字", "", "文字：全国电子商务进农村综合示范项目", "")),
    (
        {"groups__4__categories": ["farmer", "manager"]},
        ("培训对象", "农民 › 适合的课程类别", "农民", "农民、企业主和管理人员"),
    ),
]


@pytest.mark.parametrize(("values", "said"), CHANGES)
def test_a_change_is_said_as_people_read_it(values: dict[str, Any], said: tuple[str, ...]) -> None:
    found = changes_in_words(preset("shicheng"), changed("shicheng", **values))

    assert [(change.section, change.path, change.before, change.after) for change in found] == [said]


def test_a_new_entry_and_an_old_one_are_one_change_each() -> None:
    items = body_of("shicheng")["items"]
    new = {"code": "X1", "title": "满意度调查表", "supplied_by": ["institution"], "source": UNCONFIRMED}
    [added] = changes_in_words(preset("shicheng"), changed("shicheng", items=[*items, new]))
    [removed] = changes_in_words(changed("shicheng", items=[*items, new]), preset("shicheng"))

    assert (added.section, added.path, added.before) == ("每期档案", "X1 满意度调查表", "")
    assert added.after == removed.before == "由谁提供：培训机构"
    assert removed.after == ""


def test_another_order_is_a_change() -> None:
    stages = body_of("jinkouhe")["acceptance"]
    [said] = changes_in_words(preset("jinkouhe"), changed("jinkouhe", acceptance=stages[::-1]))

    assert (said.path, said.after) == ("次序", "市级验收确认、初核合格后备案、区级初步审核")


@pytest.mark.parametrize("name", FIVE)
def test_a_written_file_gives_the_same_preset_back(name: str) -> None:
    text = write_preset(preset(name))

    assert read_preset(f"{name}.yaml", text.encode()) == preset(name)
    assert "万元" in text


def all_models() -> set[type[Model]]:
    found = {section.model for section in sections().values()}
    for model in list(found):
        found |= {field.kind for field in fields_of(model) if field.is_model}
    return found


def test_every_section_and_every_field_has_a_name_for_people() -> None:
    nameless = {
        f"{model.__name__}.{name}"
        for model in all_models()
        for name in model.model_fields
        if field_name(model, name) == name
    }

    assert nameless == set()
    assert set(SECTIONS) == set(sections())
    used = {name for model in all_models() | {Rule} for name in model.model_fields}
    assert {name for name in FIELDS if "." not in name} - used == {
        "order", "place", "fields", "confirmed_by", "confirmed_on", "basis",
    }  # fmt: skip


def test_every_choice_has_a_name_for_people() -> None:
    choices = {code for model in all_models() for field in fields_of(model) for code in field.choices}

    assert {code for code in choices if code.isascii() and choice_name(code) == code} == {"%"}


# A draft


def test_a_section_that_is_wrong_is_refused_at_its_field_and_nothing_is_kept() -> None:
    body = body_of("shicheng")
    attendance = body["attendance"] | {"lesson_ratio": 8, "unit_minutes": 0}

    with pytest.raises(RulesRefusedError) as refused:
        with_section(body, section="attendance", value=attendance)

    assert refused.value.problems == [
        (("unit_minutes",), "应当不小于 1"),
        (("lesson_ratio",), "应当不大于 1"),
    ]
    assert body == body_of("shicheng")


def test_what_does_not_fit_another_section_is_kept_and_told_of_the_whole() -> None:
    body = without_entry(body_of("shicheng"), section="categories", key="cadre")

    assert entries_of(body, "categories")[0]["code"] == "farmer"
    assert [said for _loc, said in problems_of(body)] == ["县乡村基层干部的课程类别不存在：cadre"]


def test_an_entry_keeps_its_place_and_a_new_one_comes_last() -> None:
    body = body_of("shicheng")
    forms = [entry["code"] for entry in body["forms"]]
    first = body["forms"][0] | {"name": "课堂教学"}
    body = with_entry(body, section="forms", key=forms[0], entry=first)
    body = with_entry(body, section="forms", key="", entry=first | {"code": "online", "name": "线上"})

    assert [entry["code"] for entry in body["forms"]] == [*forms, "online"]
    assert body["forms"][0]["name"] == "课堂教学"


def test_a_quotation_that_is_not_in_the_document_is_refused() -> None:
    body = body_of("shicheng")
    mark = body["mark"] | {"source": {"place": "五", "text": "悬挂本县自定的标识"}}

    with pytest.raises(RulesRefusedError) as refused:
        with_section(body, section="mark", value=mark)

    assert refused.value.problems == [(("source", "text"), "引文在文件原文中找不到，请逐字引用")]


def confirmed(*fields: str) -> list[dict[str, Any]]:
    said = {"confirmed_by": "赖局长", "confirmed_on": "2021-03-01", "basis": "石商务字〔2021〕3号"}
    return [said | {"fields": list(fields)}]


def test_the_county_s_word_settles_what_the_document_leaves_open() -> None:
    half = changed("shicheng", attendance__confirmed=confirmed("unit_minutes", "lesson_ratio"))
    whole = changed("jinkouhe", photos__confirmed=confirmed("min_per_half_day", "caption_parts"))
    value = changed("shicheng", follow_up__confirmed=confirmed("days"))

    assert set(preset("shicheng").unconfirmed) - set(half.unconfirmed) == {
        "attendance.unit_minutes",
        "attendance.lesson_ratio",
    }
    assert half.attendance.clause == UNCONFIRMED
    assert "photos.min_per_half_day" not in whole.unconfirmed
    assert whole.photos.source == UNCONFIRMED
    assert whole.photos.clause == "本县确认：石商务字〔2021〕3号（赖局长，2021-03-01）"
    assert "follow_up.days" not in value.unconfirmed
    assert value.follow_up.clause == preset("shicheng").follow_up.clause


def test_what_the_document_says_needs_no_confirmation() -> None:
    with pytest.raises(ValidationError, match="“text”不是文件没有给出的值"):
        changed("shicheng", mark__confirmed=confirmed("text"))
    with pytest.raises(ValidationError, match="县里确认的字段重复：days"):
        changed("shicheng", follow_up__confirmed=confirmed("days") * 2)


def test_a_value_that_changes_has_to_be_confirmed_again() -> None:
    before = {"days": [30], "note": "x", "confirmed": confirmed("days")}

    assert settled(before, before | {"note": "y"}, silent=["days"]) == before["confirmed"]
    assert settled(before, before | {"days": [60]}, silent=["days"]) == []
    assert settled(before, before, silent=[]) == []
    again = settled(
        before, before | {"days": [60]}, silent=["days"], fields=["days"], by="温审核", on=date(2021, 5, 1),
        basis="会议纪要",
    )  # fmt: skip
    assert again == [
        {"fields": ["days"], "confirmed_by": "温审核", "confirmed_on": "2021-05-01", "basis": "会议纪要"}
    ]


# Terms age


def test_an_alias_is_in_use_in_its_years_only() -> None:
    huidong = preset("huidong")

    assert "脱贫户" in huidong.group_words
    assert "脱贫户" not in huidong.group_words_on(date(2020, 12, 31))
    assert huidong.group_words_on(date(2021, 1, 1))["脱贫户"] == "poor_household"
    assert huidong.group_words_on(date(2020, 6, 1))["poor_household"] == "poor_household"


@given(day=st.dates(date(2015, 1, 1), date(2030, 1, 1)), name=st.sampled_from(FIVE))
def test_words_on_a_day_are_some_of_all_words_and_every_group_has_one(day: date, name: str) -> None:
    rules = preset(name)
    words = rules.group_words_on(day)

    assert words.items() <= rules.group_words.items()
    assert set(words.values()) == {group.code for group in rules.groups}
