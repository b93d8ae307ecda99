"""A county's places: loaded from a list with all its mistakes at once, found by the words of a roster."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from training.accounts.choices import Role
from training.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from training.demo.people import PLACES
from training.demo.scenery import add_places
from training.programmes.errors import RegionsRefusedError
from training.programmes.models import Region
from training.programmes.queries import gazetteer, region_of
from training.programmes.region_file import COLUMNS, read_regions
from training.programmes.services import list_as_poor, load_regions, unlist_as_poor

SHICHENG = "360735"
LIST = """代码,名称,认定贫困村日期,退出日期,认定依据
360735901,甲镇
360735901201,甲村,2014-12-31,2019/6/30,省扶贫办名单
360735902000,乙乡
360735902201,乙村村民委员会
"""
REVIEWER = Role.BUREAU_REVIEWER


def load(county: Any, text: str = LIST, role: Role = REVIEWER) -> int:
    return load_regions(
        county.programme.pk, data=text.encode(), source="县民政局 2021 年名录", actor=county.actor(role)
    )


def codes(county: Any) -> list[str]:
    return list(county.programme.regions.values_list("code", flat=True))


def test_a_list_becomes_places_under_the_county(county: Any) -> None:
    assert load(county) == 4

    village = Region.objects.get(code="360735901201")
    assert codes(county) == ["360735", "360735901", "360735901201", "360735902", "360735902201"]
    assert (village.level, village.parent.name, village.parent.parent.name) == ("village", "甲镇", "石城县")
    assert (village.poor_from, village.poor_until, village.poor_source) == (
        date(2014, 12, 31),
        date(2019, 6, 30),
        "省扶贫办名单",
    )
    assert Region.objects.get(code="360735902").source == "县民政局 2021 年名录"


def test_loading_again_renames_and_forgets_nothing(county: Any) -> None:
    load(county)
    load(county, "代码,名称\n360735901201,甲村（改）\n")

    village = Region.objects.get(code="360735901201")
    assert (village.name, village.poor_from) == ("甲村(改)", date(2014, 12, 31))
    assert len(codes(county)) == 5


WRONG = """代码,名称,认定贫困村日期,退出日期
360735901,甲镇,2014-01-01
36073590,乙镇
361111901,丙镇
3.60736E+11,丁村
360735903201,戊村
360735901,己镇
360735901202,,2014-13-01
360735901203,庚村,2014-01-01,2013-01-01
360735901204,辛村,,2019-01-01
360735901205,=HYPERLINK("x")
"""
PROBLEMS = [
    (2, "只有村能认定为贫困村。"),
    (3, "代码“36073590”不对：县是 6 位，乡镇 9 位，村 12 位数字。"),
    (4, "代码“361111901”不是本县的（本县是 360735）。"),
    (5, "代码“3.60736E+11”被 Excel 改成了科学计数，后几位已经丢失。请把这一列设成文本，重新填写。"),
    (6, "它的上级 360735903 不在名单里，请先写上级。"),
    (8, "“2014-13-01”不是日期，请写成 2014-03-01。"),
    (8, "没有名称。"),
    (9, "退出日期早于认定日期。"),
    (10, "写了退出日期，没有写认定贫困村日期。"),
    (11, "这里是公式，不是地名。"),
]


def test_all_mistakes_are_told_at_once_by_line_and_nothing_is_taken(county: Any) -> None:
    with pytest.raises(RegionsRefusedError) as refused:
        load(county, WRONG)

    assert refused.value.problems == PROBLEMS
    assert codes(county) == [SHICHENG]


def test_a_code_twice_is_told_with_the_other_line(county: Any) -> None:
    with pytest.raises(RegionsRefusedError) as refused:
        load(county, "代码,名称\n360735901,甲\n360735901,乙\n")

    assert refused.value.problems == [(3, "代码 360735901 与第 2 行重复。")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "文件是空的"),
        (b"a,b\n1,2\n", "第一行要写列名，缺少：代码、名称"),
        (b"\xff\xff\xff", "文件的编码认不出"),
        (("代码,名称\n" + "x,y\n" * 5001).encode(), "名单超过 5000 行"),
    ],
)
def test_a_file_that_is_no_list_is_refused(data: bytes, words: str) -> None:
    places, problems = read_regions(data, county=SHICHENG, known={SHICHENG})

    assert places == []
    assert words in problems[0][1]
    assert problems[0][0] == 0


def test_excel_s_chinese_encoding_and_full_width_digits_are_read() -> None:
    data = "代码,名称\n３６０７３５９０１,甲 镇\n".encode("gb18030")

    [place], problems = read_regions(data, county=SHICHENG, known={SHICHENG})

    assert (place.code, place.name, problems) == ("360735901", "甲镇", [])


CELLS = st.sampled_from(
    [
        "",
        "360735901",
        "360735901201",
        "360735",
        "36",
        "甲镇",
        "=1",
        "2014-01-01",
        "2014年3月1日",
        "x" * 99,
        '"',
        "\n",
    ]
)


@given(rows=st.lists(st.lists(CELLS, max_size=6), max_size=8))
def test_whatever_is_handed_in_is_read_or_refused_by_line(rows: list[list[str]]) -> None:
    """What is taken has its parent, lies in the county, and is there once."""
    out = StringIO()
    csv.writer(out).writerows([list(COLUMNS), *rows])
    data = out.getvalue().encode()

    places, problems = read_regions(data, county=SHICHENG, known={SHICHENG})

    assert all(1 <= line <= data.count(b"\n") + 1 for line, _message in problems)
    if not problems:
        taken = [place.code for place in places]
        assert len(set(taken)) == len(taken)
        assert all(place.parent in {SHICHENG, *taken, ""} for place in places)
        assert all(code.startswith(SHICHENG) for code in taken)


@pytest.mark.parametrize("role", [Role.INSTITUTION_HEAD, Role.TOWNSHIP, Role.AUDITOR, Role.DATA_DEPARTMENT])
def test_the_list_is_the_bureau_s(county: Any, role: Role) -> None:
    with pytest.raises(ForbiddenError):
        load(county, role=role)


def test_another_county_s_places_are_not_touched(county: Any, other_county: Any) -> None:
    load(county)

    assert codes(other_county) == [SHICHENG]
    with pytest.raises(NotFoundError):
        load_regions(other_county.programme.pk, data=LIST.encode(), source="x", actor=county.actor(REVIEWER))
    village = Region.objects.get(code="360735901201")
    with pytest.raises(NotFoundError):
        unlist_as_poor(village.pk, reason="x", actor=other_county.actor(REVIEWER))


def test_the_poverty_flag_holds_in_its_years(county: Any) -> None:
    load(county)
    village = Region.objects.get(code="360735901201")

    assert [village.was_poor_on(date(year, 6, 30)) for year in (2014, 2015, 2019, 2020)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_village_is_listed_and_unlisted_with_its_paper(county: Any) -> None:
    load(county)
    village = Region.objects.get(code="360735902201")
    actor = county.actor(REVIEWER)
    said = {"poor_from": date(2014, 1, 1), "poor_until": None, "poor_source": "赣扶移字〔2014〕1号"}

    assert list_as_poor(village.pk, **said, actor=actor).was_poor_on(date(2030, 1, 1))
    assert not unlist_as_poor(village.pk, reason="登记错了", actor=actor).was_poor_on(date(2015, 1, 1))
    refused: list[dict[str, Any]] = [said | {"poor_until": date(2013, 1, 1)}, said | {"poor_source": " "}]
    for fields in refused:
        with pytest.raises(InvalidInputError):
            list_as_poor(village.pk, **fields, actor=actor)
    with pytest.raises(InvalidInputError, match="只有村"):
        list_as_poor(village.parent_id, **said, actor=actor)


def test_the_database_holds_the_poverty_flag_to_villages(county: Any) -> None:
    load(county)
    for code, fields in (
        ("360735901", {"poor_from": date(2014, 1, 1)}),
        ("360735902201", {"poor_until": date(2014, 1, 1)}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Region.objects.filter(code=code).update(**fields)


def test_a_place_is_found_by_the_words_of_a_roster(county: Any) -> None:
    load(county)

    def code(*words: str) -> str | None:
        found = region_of(county.programme, *words)
        return found.code if found else None

    assert code("甲镇") == "360735901"
    assert code("甲 镇", "甲村") == "360735901201"
    assert code("乙乡", "乙村") == code("乙乡", "乙村委会") == "360735902201"
    assert code("甲镇", "乙村") is None
    assert code("丙镇") is None


def test_the_synthetic_people_s_places_are_found_and_marked_as_made_up(county: Any) -> None:
    assert add_places(county.programme) == 2 * len(PLACES)

    places = gazetteer(county.programme)
    assert all(places.find(township, village) for township, village in PLACES)
    made = county.programme.regions.exclude(level="county")
    assert set(made.values_list("source", flat=True)) == {"演示用合成名单，代码不是官方的"}


def test_the_command_loads_a_list_or_names_every_line(
    county: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "名单.csv"
    file.write_text(LIST, encoding="utf-8")
    call_command("load_regions", "SC-2020", str(file), source="县民政局")
    assert "SC-2020：4" in capsys.readouterr().out

    file.write_text(WRONG, encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("load_regions", "SC-2020", str(file), source="县民政局")
    assert len(str(refused.value).splitlines()) == len(PROBLEMS)
    with pytest.raises(CommandError, match="没有项目"):
        call_command("load_regions", "XX", str(file), source="县民政局")


@pytest.fixture
def county(make_county: Callable[..., Any]) -> Any:
    return make_county(people=0)
