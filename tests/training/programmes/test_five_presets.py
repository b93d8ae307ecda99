"""The presets of the five counties: what they say, and that every word of it stands in the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from training.programmes.money import FundShare
from training.programmes.preset import Preset
from training.programmes.preset_file import PRESETS, PresetError, load_preset, preset_names
from training.programmes.rule import UNCONFIRMED, Clause, Rule
from training.programmes.target import Target, check_quotas

FIVE = ["baofeng", "huidong", "jinkouhe", "shicheng", "yongshun"]
ENGLISH = re.compile(r"[a-z]+ [a-z]+ [a-z]+")


@cache
def preset(name: str) -> Preset:
    return load_preset(name)


def rules(found: Preset) -> Iterator[Rule]:
    for name in Preset.model_fields:
        value = getattr(found, name)
        yield from (
            entry for entry in (value if isinstance(value, tuple) else (value,)) if isinstance(entry, Rule)
        )


def test_the_five_counties_come_with_the_program() -> None:
    assert preset_names() == FIVE


@pytest.mark.parametrize("name", FIVE)
def test_every_quotation_stands_in_the_document_word_for_word(name: str) -> None:
    """Looked up in the file once more, past the loader's own check."""
    found = preset(name)
    document = (PRESETS / "documents" / found.document.file).read_text(encoding="utf-8")
    words = "".join(document.split())
    quoted = [
        clause.text
        for rule in rules(found)
        for clause in (rule.source, *rule.also)
        if isinstance(clause, Clause)
    ]

    assert len(quoted) > 40
    assert [text for text in quoted if "".join(text.split()) not in words] == []


@pytest.mark.parametrize("name", FIVE)
def test_whatever_the_document_does_not_say_says_where_it_comes_from(name: str) -> None:
    found = preset(name)
    silent = [rule for rule in rules(found) if rule.source == UNCONFIRMED or rule.unconfirmed]

    assert len(silent) > 8
    assert [rule for rule in silent if not rule.note] == []
    assert {"attendance.lesson_ratio", "planning.lead_working_days", "face.pass_below"} <= set(
        found.unconfirmed
    )


@pytest.mark.parametrize("name", FIVE)
def test_a_stored_body_gives_the_same_preset_back(name: str) -> None:
    found = preset(name)

    assert Preset.model_validate(found.model_dump(mode="json")) == found
    assert Preset.model_validate_json(found.model_dump_json()) == found


FACTS = {
    "shicheng": (
        "SC-2020",
        "360735",
        date(2020, 4, 1),
        date(2022, 6, 30),
        180,
        "全国电子商务进农村综合示范项目",
    ),
    "yongshun": ("YS-2019", "433127", date(2019, 9, 1), date(2021, 9, 30), 222, ""),
    "jinkouhe": ("JK-2018", "511113", date(2018, 7, 1), date(2019, 12, 31), 200, ""),
    "baofeng": ("BF-2018", "410421", date(2018, 2, 1), date(2020, 12, 31), 480, ""),
    "huidong": (
        "HD-2020",
        "441323",
        date(2020, 1, 1),
        date(2020, 12, 31),
        135,
        "国家级电子商务进农村综合示范项目",
    ),
}


@pytest.mark.parametrize("name", FIVE)
def test_county_window_money_and_mark_are_the_documents(name: str) -> None:
    found = preset(name)
    line = found.fund_line("training")

    assert FACTS[name] == (
        found.code,
        found.region_code,
        found.window.starts_on,
        found.window.ends_on,
        line.total_fen // 1_000_000,
        found.mark_text,
    )


TARGETS = {
    "shicheng": {"renci": (2000, "人次")},
    "yongshun": {
        "renci": (10000, "人次"),
        "renci_general": (6000, "人次"),
        "renci_practical": (3000, "人次"),
        "renci_management": (1000, "人次"),
        "start_up_rate": (60, "%"),
        "village_coverage": (80, "%"),
        "poor_shop_growth": (30, "%"),
        "companies_online": (20, "家"),
        "businesses_growth": (10, "%"),
        "employment_growth": (20, "%"),
    },
    "jinkouhe": {},
    "baofeng": {
        "renci": (10000, "人次"),
        "renci_2018": (1000, "人次"),
        "renci_2019": (9000, "人次"),
        "people": (10000, "人"),
        "village_talent": (1, "人"),
        "town_talent": (1, "人"),
        "training_centre": (1, "个"),
        "talent_base": (1, "个"),
        "town_bases": (2, "个"),
    },
    "huidong": {
        "renci": (5000, "人次"),
        "poor_share": (50, "%"),
        "job_fairs": (5, "场"),
        "fair_trainees": (300, "人"),
    },
}


@pytest.mark.parametrize("name", FIVE)
def test_targets_are_those_of_the_document_and_no_others(name: str) -> None:
    found = {target.code: (target.value, target.unit) for target in preset(name).targets}

    assert found == TARGETS[name]


def test_yongshuns_quotas_are_parts_of_the_whole_by_class_type() -> None:
    parts = [target for target in preset("yongshun").targets if target.parent]

    assert [(part.class_type, part.value) for part in parts] == [
        ("general", 6000),
        ("practical", 3000),
        ("management", 1000),
    ]


def test_a_growth_without_a_base_year_is_unconfirmed() -> None:
    growth = preset("yongshun").target("poor_shop_growth")

    assert (growth.growth, growth.base_year, growth.base_value) == (True, None, None)
    assert {"base_year", "base_value"} <= set(growth.unconfirmed)


def test_shares_are_computed_and_held_against_what_is_printed() -> None:
    shown = {
        share.code: (round(100 * share.share, 1), share.holds) for share in preset("baofeng").fund_shares
    }
    jinkouhe = {share.code: (share.share, share.holds) for share in preset("jinkouhe").fund_shares}
    huidong = {
        share.code: (round(100 * share.share, 1), share.holds) for share in preset("huidong").fund_shares
    }

    assert shown == {
        "total": (19.1, True),
        "upper": (20.0, True),
        "county": (14.4, False),
        "social": (20.5, False),
    }
    assert jinkouhe == {"training": (0.1, True), "upstream": (0.75, True), "service": (0.15, True)}
    assert huidong == {"infrastructure": (54.9, True), "centre": (14.7, True)}


def test_what_may_not_be_paid_differs_by_county_and_line() -> None:
    assert {cost.fund_line for cost in preset("shicheng").ineligible_costs} == {"training"}
    assert {cost.fund_line for cost in preset("baofeng").ineligible_costs} == {None}
    assert "投影仪" not in {cost.name for cost in preset("baofeng").ineligible_costs}
    assert preset("baofeng").fund_line("base").by_source_fen["upper"] == 100_000_000


def test_dossiers_hold_the_nine_items_and_what_a_county_adds() -> None:
    nine = [f"A{number}" for number in range(1, 10)]

    assert [item.code for item in preset("yongshun").items_for("general")] == [*nine, "X1"]
    assert [item.code for item in preset("huidong").items_for("general")] == nine
    assert [item.code for item in preset("jinkouhe").items_for("general")] == nine
    assert [item.code for item in preset("jinkouhe").items_for("operator")] == [*nine, "X1"]


def test_baofengs_notices_have_each_their_own_term() -> None:
    terms = {
        notice.code: (notice.working_days, notice.within_working_days, notice.by_day)
        for notice in preset("baofeng").notices
    }

    assert terms == {
        "acceptance": (5, None, None),
        "undertaker": (3, 2, None),
        "tender": (5, None, None),
        "award": (1, 2, None),
        "contract": (None, 2, None),
        "supervision": (None, 5, None),
        "assessment": (None, 5, None),
        "bad_faith": (None, None, 10),
    }


def test_acceptance_has_its_levels_and_its_people() -> None:
    group = preset("baofeng").acceptance[0]

    assert group.members == ("商务部门", "财政部门", "审计部门")
    assert (group.invited, group.observers) == (("第三方机构",), ("纪检监察部门",))
    assert [stage.code for stage in preset("jinkouhe").acceptance] == ["district", "filing", "city"]


def test_huidongs_towns_report_by_the_20th_and_each_quarter() -> None:
    reports = {report.code: report for report in preset("huidong").reports}

    assert (reports["town_monthly"].months, reports["town_monthly"].due_day) == (tuple(range(1, 13)), 20)
    assert (reports["town_quarterly"].months, reports["town_quarterly"].due_day) == ((3, 6, 9, 12), 20)
    assert reports["office_monthly"].recipients == ("县政府", "惠州市商务局")


def test_huidongs_marks_differ_by_the_level_of_the_place() -> None:
    assert [(mark.level, mark.text) for mark in preset("huidong").place_marks] == [
        ("county", "国家级电子商务进农村综合示范项目"),
        ("town", "国家级电子商务进农村综合示范项目"),
        ("village", "国家电子商务进农村综合示范项目"),
    ]


def test_what_is_printed_at_a_place_carries_the_mark_of_its_level() -> None:
    huidong = preset("huidong")

    assert huidong.mark_at(["village", "village"]) == "国家电子商务进农村综合示范项目"
    assert huidong.mark_at(["town"]) == "国家级电子商务进农村综合示范项目"
    assert huidong.mark_at(["village", "town"]) == huidong.mark_at([]) == huidong.mark_text
    assert preset("shicheng").mark_at(["village"]) == preset("shicheng").mark_text


def test_each_county_calls_the_ministrys_system_as_its_document_does() -> None:
    names = {name: system.name for name in FIVE if (system := preset(name).ministry_system)}

    assert names == {
        "shicheng": "商务部农村电子商务信息系统",
        "yongshun": "农村电子商务和社区商业信息系统",
        "huidong": "商务部农村电子商务信息系统",
    }
    assert {"ministry_system", "mark"} <= set(preset("jinkouhe").unconfirmed)


def test_where_the_document_contradicts_itself_both_places_are_quoted() -> None:
    baofeng = preset("baofeng")

    assert "2019年12月底" in baofeng.target("renci").quotations
    assert "至2020年底" in baofeng.target("renci").quotations
    assert "三年全县计划培训10000人" in baofeng.target("people").quotations
    assert "10000人次以上" in baofeng.target("people").quotations
    assert len(preset("yongshun").target("start_up_rate").readings) == 2
    assert len(preset("huidong").target("fair_trainees").readings) == 2


def test_a_term_that_came_later_is_dated() -> None:
    aliases = {alias.word: alias.valid_from for alias in preset("huidong").group("poor_household").aliases}

    assert aliases == {"贫困户": None, "贫困人口": None, "脱贫户": date(2021, 1, 1)}


JUNK = st.sampled_from(
    [
        "",
        "[]",
        "{}",
        "null",
        "true",
        "-1",
        "1e9",
        "2020-13-40",
        '"字"',
        "[1, {a: b}]",
        "*x",
        "&x 1",
        "!!int 一",
    ]
)


@settings(max_examples=40)
@given(name=st.sampled_from(FIVE), junk=JUNK, data=st.data())
def test_a_spoilt_line_is_refused_with_a_line_or_does_no_harm(
    tmp_path_factory: pytest.TempPathFactory, name: str, junk: str, data: st.DataObject
) -> None:
    lines = (PRESETS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    key, colon, _value = lines[number].partition(": ")
    spoilt = [*lines[:number], f"{key}{colon}{junk}", *lines[number + 1 :]]
    path = tmp_path_factory.mktemp("county") / "county.yaml"
    (path.parent / "documents").symlink_to(PRESETS / "documents")
    path.write_text("\n".join(spoilt), encoding="utf-8")

    refused = refusal(path)

    assert refused is None or 0 <= refused.line <= len(lines) + 1
    assert refused is None or refused.message.startswith("YAML") or not ENGLISH.search(refused.message)


def refusal(path: Path) -> PresetError | None:
    """Any other exception is a fault of the reader."""
    try:
        load_preset(path)
    except PresetError as refused:
        return refused
    return None


def a_target(code: str, value: int, **fields: object) -> Target:
    return Target.model_validate(
        {
            "code": code,
            "metric": code,
            "value": value,
            "unit": "人次",
            "due_on": "2020-12-31",
            "source": UNCONFIRMED,
        }
        | fields
    )


@given(whole=st.integers(1, 20_000), parts=st.lists(st.integers(1, 9_000), max_size=5))
def test_parts_of_a_target_are_never_more_than_the_whole(whole: int, parts: list[int]) -> None:
    targets = [a_target("whole", whole)]
    targets += [a_target(f"p{n}", part, parent="whole", class_type="general") for n, part in enumerate(parts)]
    if sum(parts) <= whole:
        check_quotas(targets, ["general"])
    else:
        with pytest.raises(Exception, match="超过总数"):
            check_quotas(targets, ["general"])


@given(part=st.integers(0, 10**9), whole=st.integers(1, 10**9))
def test_a_share_is_of_the_whole_and_holds_as_it_is_printed(part: int, whole: int) -> None:
    fields = {"code": "x", "name": "比例", "part_fen": part, "whole_fen": whole, "source": UNCONFIRMED}
    if part > whole:
        with pytest.raises(ValidationError):
            FundShare.model_validate(fields)
    else:
        printed = round(part / whole, 3)
        assert FundShare.model_validate(fields | {"printed": printed}).holds
        assert not FundShare.model_validate(fields | {"printed": (printed + 0.002) % 1}).holds


def test_documents_are_as_they_were_handed_in() -> None:
    files = {path.name for path in (PRESETS / "documents").iterdir()}

    assert files == {preset(name).document.file for name in FIVE}
    assert all(Path(file).suffix == ".txt" for file in files)
