"""What the reader of rosters makes of the cells: who is right, and what is wrong with the others."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.enrolment.rosters import as_text, changed, line, read, shicheng, workbook
from training.demo.people import synthetic_people
from training.enrolment.roster_file import Expected, read_roster
from training.enrolment.sheets import find_layout

PEOPLE = synthetic_people(12, 1)
CHILD = "360735200912310017"
WOMAN_OLD_NUMBER = "360735800101102"  # 15 digits


def test_every_right_row_comes_back_exactly() -> None:
    roster = read(workbook(*(line(person, number) for number, person in enumerate(PEOPLE, 1))))
    assert (roster.problems, roster.warnings) == ([], [])
    assert [
        (row.row, row.name, row.id_number, row.sex, row.phone, row.township, row.village, row.group)
        for row in roster.rows
    ] == [
        (number, p.name, p.id_number, p.sex, p.phone, p.township, p.village, p.group)
        for number, p in enumerate(PEOPLE, 2)
    ]
    assert {"䶮海生", "张𬭎"} <= {row.name for row in roster.rows}


@given(st.integers(0, 2**32), st.integers(1, 20))
def test_any_roster_of_right_people_is_read_whole(seed: int, count: int) -> None:
    people = synthetic_people(count, seed)
    roster = read(workbook(*map(line, people)))
    assert [row.id_number for row in roster.rows] == [person.id_number for person in people]


MISTAKES = {
    "wrong check digit": ("身份证号", "110105194912310021", "check_digit"),
    "number spoilt by Excel": ("身份证号", 360735198001011234, "excel_number"),
    "spoilt and saved as text": ("身份证号", "1.1011E+17", "excel_number"),
    "spoilt, then shown in full": ("身份证号", "360735198001011000", "excel_number"),
    "a digit short": ("身份证号", "36073519800101123", "length"),
    "no identity number": ("身份证号", None, "missing"),
    "a child": ("身份证号", CHILD, "under_age"),
    "no name": ("姓名", "  ", "missing"),
    "a lost rare character": ("姓名", "张?", "lost_character"),
    "a bad phone": ("手机号", "1381234", "phone"),
    "an unknown group": ("学员类别", "外星人", "unknown_group"),
    "a place of a thousand characters": ("村（社区）", "村" * 1000, "too_long"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_row_is_named_and_the_right_ones_stay(mistake: str) -> None:
    column, value, code = MISTAKES[mistake]
    roster = read(workbook(line(PEOPLE[0]), changed(PEOPLE[1], column, value), line(PEOPLE[2])))
    assert roster.codes == [(3, column, code)]
    assert [row.row for row in roster.rows] == [2, 4]
    assert str(roster.problems[0]).startswith(f"第 3 行“{column}”：")


def test_whoever_lost_digits_to_excel_is_told_so() -> None:
    roster = read(workbook(changed(PEOPLE[0], "身份证号", 360735198001011234)))
    assert "Excel 把后几位变成了 0" in roster.problems[0].message


@pytest.mark.parametrize(
    "write",
    [
        lambda number: number.lower(),
        lambda number: f"'{number}",
        lambda number: f" {number[:6]} {number[6:14]} {number[14:]}　",
        lambda number: number.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}),
        lambda number: f"\u200b{number}\ufeff",
    ],
    ids=["lower case", "apostrophe", "spaces", "full width", "invisible signs"],
)
def test_an_identity_number_is_read_however_it_is_written(write: object) -> None:
    person = next(person for person in synthetic_people(200, 1) if person.id_number.endswith("X"))
    roster = read(workbook(changed(person, "身份证号", write(person.id_number))))  # type: ignore[operator]
    assert [row.id_number for row in roster.rows] == [person.id_number]


def test_fifteen_digits_become_eighteen_and_somebody_should_look() -> None:
    row = changed(PEOPLE[0], "身份证号", int(WOMAN_OLD_NUMBER))
    row[2] = "女"
    roster = read(workbook(row))
    assert roster.rows[0].id_number.startswith("36073519800101102")
    assert [warning.code for warning in roster.warnings] == ["old_number"]


def test_a_number_that_happens_to_be_right_although_it_ends_in_zeros_is_doubted() -> None:
    roster = read(workbook(changed(PEOPLE[0], "身份证号", "360735198001012000")))
    assert [(warning.column, warning.code) for warning in roster.warnings][:1] == [
        ("身份证号", "ends_in_zeros")
    ]
    assert len(roster.rows) == 1


def test_the_number_decides_the_sex_and_a_column_that_says_otherwise_is_a_warning() -> None:
    other = "女" if PEOPLE[0].sex == "male" else "男"
    roster = read(workbook(changed(PEOPLE[0], "性别", other)))
    assert [(warning.row, warning.column, warning.code) for warning in roster.warnings] == [
        (2, "性别", "sex_differs")
    ]
    assert roster.rows[0].sex == PEOPLE[0].sex


def test_all_mistakes_of_a_row_are_named_at_once() -> None:
    row = [1, "", "", "123", "12", "", "=1+1", "外星人"]
    assert read(as_text(workbook(row))).codes == [
        (2, "姓名", "missing"),
        (2, "身份证号", "length"),
        (2, "手机号", "phone"),
        (2, "村（社区）", "formula"),
        (2, "学员类别", "unknown_group"),
    ]


def test_a_duplicate_names_the_first_row_even_if_that_one_is_wrong_elsewhere() -> None:
    first, again = changed(PEOPLE[0], "手机号", "12"), line(PEOPLE[0])
    roster = read(workbook(line(PEOPLE[1]), first, line(PEOPLE[2]), again))
    assert [(p.row, p.code) for p in roster.problems] == [(3, "phone"), (5, "duplicate")]
    assert "第 3 行" in roster.problems[1].message


def test_an_unknown_group_is_told_which_there_are_and_which_is_near() -> None:
    roster = read(workbook(changed(PEOPLE[0], "学员类别", "具备条件的贫困户")))
    assert "是不是“具备条件贫困户”" in roster.problems[0].message
    assert "农民" in roster.problems[0].message
    assert "poor_household" not in roster.problems[0].message


def test_every_name_and_alias_of_every_group_is_known_however_it_is_spaced() -> None:
    for word, code in shicheng().group_words.items():
        spaced = " ".join(word) + "　"
        assert read(workbook(changed(PEOPLE[0], "学员类别", spaced))).rows[0].group == code, word


@pytest.mark.parametrize(("on", "warned"), [(date(2020, 12, 31), True), (date(2021, 1, 1), False)])
def test_a_group_s_word_of_other_years_is_taken_with_a_warning(on: date, warned: bool) -> None:
    """脱贫户 is what 贫困户 are called from 2021 on."""
    data = workbook(changed(PEOPLE[0], "学员类别", "脱 贫 户"))
    rules = shicheng()
    expected = Expected(rules.group_words, on, current=frozenset(rules.group_words_on(on)))

    [entry] = read_roster(data, find_layout(data), expected)

    assert (entry.person.group, entry.problems) == ("poor_household", [])
    said = [(finding.column, finding.code, finding.message) for finding in entry.warnings]
    message = "“脱贫户”不是 2020-12-31 时的叫法，已按“具备条件贫困户”登记，请核对。"
    assert said == ([("学员类别", "old_group_word", message)] if warned else [])


@pytest.mark.parametrize("typed", [16900000001, 16900000001.0, "169 0000 0001", "１６９０００００００１"])
def test_phones_are_read_as_excel_gives_them(typed: object) -> None:
    assert read(workbook(changed(PEOPLE[0], "手机号", typed))).rows[0].phone == "16900000001"


def test_what_may_be_blank_is_empty() -> None:
    person = PEOPLE[0]
    row = read(workbook([None, person.name, None, person.id_number])).rows[0]
    assert (row.phone, row.township, row.village, row.group) == ("", "", "", "")


def test_a_dash_for_nothing_is_nothing() -> None:
    person = PEOPLE[0]
    row = read(workbook([1, person.name, "/", person.id_number, "无", "-", "—", "/"])).rows[0]
    assert (row.phone, row.township, row.village, row.group) == ("", "", "", "")


DANGEROUS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x","y")']


@pytest.mark.parametrize("column", ["姓名", "村（社区）"])
@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_looks_like_a_formula_is_neither_a_name_nor_a_place(text: str, column: str) -> None:
    assert read(as_text(workbook(changed(PEOPLE[0], column, text)))).codes == [(2, column, "formula")]


@given(st.lists(st.one_of(st.text(max_size=12).filter(str.isprintable), st.floats(), st.none()), max_size=8))
def test_whatever_a_row_holds_the_right_row_beside_it_stays(cells: list[object]) -> None:
    roster = read(workbook(cells, line(PEOPLE[0])))
    assert PEOPLE[0].id_number in [row.id_number for row in roster.rows]
