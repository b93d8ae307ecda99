"""What a county may not publish, and what it may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.demo.people import synthetic_people
from training.publications.rules import Refused, refusals

ALLOWED_COLUMNS = ("期号", "培训机构", "结业人次", "金额（元）", "学员姓名")
ALLOWED_ROWS = [
    ("SC-2020-01", "兴农电商培训中心", "44", "17,600", "王**"),
    ("SC-2020-02", "振兴学校", "8", "3,200", "欧*"),
]
PEOPLE = synthetic_people(40, seed=3)


def found(columns: tuple[str, ...], *rows: tuple[str, ...], title: str = "公示", names: tuple[str, ...] = ()):
    return refusals(title, columns, list(rows), names=names)


def test_ac25_names_numbers_and_group_columns_are_refused_each_by_its_heading() -> None:
    columns = ("期号", "姓名", "身份证号", "是否贫困户", "残疾人", "金额")
    row = ("SC-2020-01", "张三", "360735198001010016", "是", "否", "400")

    assert found(columns, row) == (
        Refused("name_column", "姓名"),
        Refused("number_column", "身份证号"),
        Refused("group_column", "是否贫困户"),
        Refused("group_column", "残疾人"),
    )


def test_ac25_sessions_institutions_counts_amounts_and_masked_names_may_stand() -> None:
    assert found(ALLOWED_COLUMNS, *ALLOWED_ROWS) == ()


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("姓　名", "name_column"),
        ("学员姓名", "name_column"),
        ("授课人", "name_column"),
        ("监测户", "group_column"),
        ("公民身份号码", "number_column"),
        ("证件号码", "number_column"),
        ("手机", "phone_column"),
        ("联系电话", "phone_column"),
        ("ＱＱ", "phone_column"),
        ("银行卡号", "bank_column"),
        ("家庭地址", "private_column"),
        ("年龄", "private_column"),
        ("建档立卡", "group_column"),
        ("人员类别", "group_column"),
        ("低保户", "group_column"),
    ],
)
def test_a_column_about_people_is_refused_however_it_is_written(heading: str, code: str) -> None:
    assert found(("期号", heading), ("SC-2020-01", "张三")) == (Refused(code, heading),)


def test_a_column_called_trainees_that_only_counts_them_may_stand() -> None:
    assert found(("期号", "参训学员"), ("SC-2020-01", "44 人")) == ()


def test_the_supervision_phone_of_an_office_may_stand() -> None:
    assert found(("单位", "监督电话"), ("石城县商务局", "0797-5792681")) == ()


def test_a_sensitive_group_may_be_counted_but_not_down_to_one_or_two() -> None:
    columns = ("期号", "脱贫户人次", "残疾人占比")

    assert found(columns, ("01", "12", "5%"), ("02", "0", "0%")) == ()
    assert found(columns, ("01", "12", "5%"), ("02", "2", "1%")) == (Refused("small_count", "脱贫户人次", 2),)


def test_a_known_name_is_refused_under_any_heading_also_within_a_list() -> None:
    rows = [("SC-2020-01", "表现好：刘一、陈二")]

    assert found(("期号", "备注"), *rows, names=("陈二",)) == (Refused("known_name", "备注", 1),)
    assert found(("期号", "备注"), *rows, names=("李四",)) == ()


def test_the_title_is_looked_at_too() -> None:
    assert found(("期号",), ("1",), title="关于13812345678的公示") == (Refused("mobile", ""),)


def test_a_refusal_says_where_and_never_what_stood_there() -> None:
    (refused,) = found(("期号", "备注"), ("1", "电话 13812345678"))

    assert refused.message == "“备注”第 1 行：里面有手机号"


@given(
    person=st.sampled_from(PEOPLE),
    before=st.text("甲乙丙：，", max_size=4),
    after=st.text("甲乙丙。；", max_size=4),
    between=st.sampled_from(["", " ", "-", "　"]),
    wide=st.booleans(),
    place=st.integers(0, 2),
)
def test_an_identity_number_is_found_in_any_cell_however_it_is_spread(
    person, before: str, after: str, between: str, wide: bool, place: int
) -> None:
    number = between.join((person.id_number[:6], person.id_number[6:14], person.id_number[14:]))
    if wide:
        number = number.translate(str.maketrans("0123456789X", "０１２３４５６７８９Ｘ"))
    row = ["x", "y", "z"]
    row[place] = before + number + after

    codes = {one.code for one in found(("甲", "乙", "丙"), tuple(row))}

    assert "id_number" in codes


@given(st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 99999)), max_size=8))
def test_figures_are_never_taken_for_people(rows: list[tuple[int, int]]) -> None:
    lines = [
        (f"SC-2020-{n:02d}", str(a), f"{b:,}", "2021-05-18 — 2021-05-20") for n, (a, b) in enumerate(rows)
    ]

    assert found(("期号", "结业人次", "金额", "日期"), *lines) == ()
