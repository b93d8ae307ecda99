from collections.abc import Sequence
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook

from training.demo.people import SyntheticPerson, synthetic_people
from training.enrolment.roster_file import (
    COLUMNS,
    MAX_ROWS,
    RosterFile,
    RosterFileError,
    error_workbook,
    read_roster,
    roster_template,
)
from training.programmes.preset_file import load_preset

SHICHENG = load_preset("shicheng")
GROUPS = SHICHENG.group_words
FIRST_DAY = date(2021, 5, 7)
PEOPLE = synthetic_people(12, 1)
CHILD = "360735200912310017"


def line(person: SyntheticPerson, number: int = 1) -> list[object]:
    group = SHICHENG.group(person.group).name
    return [number, person.name, person.id_number, person.phone, person.township, person.village, group]


def workbook(*rows: Sequence[object], title: str = "名册", header: Sequence[object] = COLUMNS) -> bytes:
    book, stream = Workbook(), BytesIO()
    book.active.title = title
    for row in (header, *rows):
        book.active.append(list(row))
    book.save(stream)
    return stream.getvalue()


def read(data: bytes) -> RosterFile:
    return read_roster(data, groups=GROUPS, on=FIRST_DAY)


def changed(person: SyntheticPerson, column: str, value: object) -> list[object]:
    row = line(person)
    row[COLUMNS.index(column)] = value
    return row


def problems(data: bytes) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.column, problem.code) for problem in read(data).problems]


def test_every_right_row_comes_back_exactly() -> None:
    roster = read(workbook(*(line(person, number) for number, person in enumerate(PEOPLE, 1))))
    assert roster.problems == []
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
    "no identity number": ("身份证号", None, "missing"),
    "a child": ("身份证号", CHILD, "under_age"),
    "no name": ("姓名", "  ", "missing"),
    "a lost rare character": ("姓名", "张?", "lost_character"),
    "a bad phone": ("手机号", "1381234", "phone"),
    "an unknown group": ("学员类别", "外星人", "unknown_group"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_row_is_named_and_the_right_ones_stay(mistake: str) -> None:
    column, value, code = MISTAKES[mistake]
    roster = read(workbook(line(PEOPLE[0]), changed(PEOPLE[1], column, value), line(PEOPLE[2])))
    assert [(p.row, p.column, p.code) for p in roster.problems] == [(3, column, code)]
    assert [row.row for row in roster.rows] == [2, 4]
    assert str(roster.problems[0]).startswith(f"第 3 行“{column}”：")


def test_all_mistakes_of_a_row_are_named_at_once() -> None:
    row = [1, "", "123", "12", "", "", "外星人"]
    assert problems(workbook(row)) == [
        (2, "姓名", "missing"),
        (2, "身份证号", "length"),
        (2, "手机号", "phone"),
        (2, "学员类别", "unknown_group"),
    ]


def test_a_duplicate_names_the_first_row_even_if_that_one_is_wrong_elsewhere() -> None:
    first, again = changed(PEOPLE[0], "手机号", "12"), line(PEOPLE[0])
    roster = read(workbook(line(PEOPLE[1]), first, line(PEOPLE[2]), again))
    assert [(p.row, p.code) for p in roster.problems] == [(3, "phone"), (5, "duplicate")]
    assert "第 3 行" in roster.problems[1].message


def test_an_unknown_group_is_told_which_there_are() -> None:
    roster = read(workbook(changed(PEOPLE[0], "学员类别", "外星人")))
    assert "具备条件贫困户" in roster.problems[0].message
    assert "poor_household" not in roster.problems[0].message


@pytest.mark.parametrize("typed", [16900000001, 16900000001.0, "169 0000 0001", "１６９０００００００１"])
def test_phones_are_read_as_excel_gives_them(typed: object) -> None:
    assert read(workbook(changed(PEOPLE[0], "手机号", typed))).rows[0].phone == "16900000001"


def test_what_may_be_blank_is_empty() -> None:
    person = PEOPLE[0]
    row = read(workbook([None, person.name, person.id_number])).rows[0]
    assert (row.phone, row.township, row.village, row.group) == ("", "", "", "")


def test_titles_above_other_headings_and_page_breaks_are_understood() -> None:
    book, stream = Workbook(), BytesIO()
    sheet = book.active
    sheet["A1"] = "石城县第一期培训班学员名册"
    sheet.merge_cells("A1:E1")
    sheet.append([])
    heading = ["编号", "学员 姓名", "身份证号码（必填）", "联系电话 *", "所在村"]
    sheet.append(heading)
    sheet.append([1, "张　𬭎", f" {PEOPLE[6].id_number.lower()} ", "", "大畲村"])
    sheet.append(heading)
    sheet.append([2, PEOPLE[0].name, PEOPLE[0].id_number, None, None])
    for number in range(3, 40):
        sheet.append([number])
    book.save(stream)
    roster = read(stream.getvalue())
    assert roster.problems == []
    assert [(row.row, row.name, row.village) for row in roster.rows] == [
        (4, "张𬭎", "大畲村"),
        (6, PEOPLE[0].name, ""),
    ]


def test_the_sheet_called_roster_goes_before_others() -> None:
    book, stream = Workbook(), BytesIO()
    book.active.append(COLUMNS)
    book.active.append(line(PEOPLE[0]))
    roster = book.create_sheet("名册")
    roster.append(COLUMNS)
    roster.append(line(PEOPLE[1]))
    book.save(stream)
    assert [row.name for row in read(stream.getvalue()).rows] == [PEOPLE[1].name]


DANGEROUS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x","y")']


def as_text(data: bytes) -> bytes:
    """Formulas turned into the text they look like, as an attacker's tool would write them."""
    book, stream = load_workbook(BytesIO(data)), BytesIO()
    for row in book.active.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_looks_like_a_formula_stays_text_and_is_no_name(text: str) -> None:
    in_village = read(as_text(workbook(changed(PEOPLE[0], "村（社区）", text))))
    assert [row.village for row in in_village.rows] == [text]
    in_name = as_text(workbook(changed(PEOPLE[0], "姓名", text)))
    assert problems(in_name) == [(2, "姓名", "formula")]


@given(st.lists(st.one_of(st.text(max_size=12).filter(str.isprintable), st.floats(), st.none()), max_size=7))
def test_whatever_a_row_holds_the_right_row_beside_it_stays(cells: list[object]) -> None:
    roster = read(workbook(cells, line(PEOPLE[0])))
    assert PEOPLE[0].id_number in [row.id_number for row in roster.rows]


WHOLE_FILE = {
    "nothing in it": (workbook(header=[]), "empty_sheet"),
    "only a header": (workbook(), "no_rows"),
    "no header": (workbook(header=["甲", "乙"]), "no_header"),
    "no identity column": (workbook(header=["序号", "姓名", "电话"]), "no_header"),
    "two halves side by side": (workbook(header=["姓名", "身份证号", "姓名", "身份证号"]), "header_twice"),
    "not a workbook": (b"hello", "not_workbook"),
    "empty file": (b"", "empty_file"),
    "cut off": (workbook(line(PEOPLE[0]))[:2000], "broken"),
}


@pytest.mark.parametrize("case", WHOLE_FILE)
def test_a_file_of_no_use_is_refused_with_what_to_do(case: str) -> None:
    data, code = WHOLE_FILE[case]
    with pytest.raises(RosterFileError, match="请") as refused:
        read(data)
    assert refused.value.code == code


def test_a_missing_column_is_named() -> None:
    with pytest.raises(RosterFileError, match="身份证号") as refused:
        read(workbook(header=["序号", "姓名", "电话"]))
    assert "“姓名”" not in refused.value.message


def test_more_rows_than_a_roster_can_have_are_refused() -> None:
    rows = [[None, "张三", "1"]] * (MAX_ROWS + 1)
    with pytest.raises(RosterFileError) as refused:
        read(workbook(*rows))
    assert refused.value.code == "too_many_rows"


def test_the_template_filled_in_is_read_back() -> None:
    names = [group.name for group in SHICHENG.groups]
    book = load_workbook(BytesIO(roster_template(names)))
    sheet = book["名册"]
    for person in PEOPLE:
        sheet.append(line(person))
    stream = BytesIO()
    book.save(stream)
    roster = read(stream.getvalue())
    assert (len(roster.rows), roster.problems) == (12, [])


def test_the_template_keeps_numbers_as_text_and_offers_the_groups() -> None:
    sheet = load_workbook(BytesIO(roster_template(["农民", "合作社工作人员"])))["名册"]
    assert [cell.value for cell in sheet[2]] == list(COLUMNS)
    assert sheet.column_dimensions["C"].number_format == "@"
    assert sheet.column_dimensions["D"].number_format == "@"
    assert sheet.data_validations.dataValidation[0].formula1 == '"农民,合作社工作人员"'


def test_the_template_as_it_is_has_no_rows() -> None:
    with pytest.raises(RosterFileError) as refused:
        read(roster_template())
    assert refused.value.code == "no_rows"


def test_wrong_cells_are_marked_and_explained_in_a_copy() -> None:
    original = workbook(line(PEOPLE[0]), changed(PEOPLE[2], "身份证号", "1.1011E+17"), line(PEOPLE[0]))
    sheet = load_workbook(BytesIO(error_workbook(original, read(original).problems)))["名册"]
    assert [sheet.cell(row, 8).value is not None for row in (1, 2, 3, 4)] == [True, False, True, True]
    assert sheet["H1"].value == "问题"
    assert "单元格格式设为“文本”" in sheet["H3"].value
    red = [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.fill.fill_type == "solid"]
    assert red == ["C3", "C4"]
    assert sheet["B3"].value == PEOPLE[2].name


def test_the_corrected_copy_can_be_handed_in_again_and_loses_its_marks() -> None:
    original = workbook(line(PEOPLE[0]), changed(PEOPLE[2], "身份证号", "123"))
    marked = error_workbook(original, read(original).problems)
    book, stream = load_workbook(BytesIO(marked)), BytesIO()
    book["名册"]["C3"] = PEOPLE[2].id_number
    book.save(stream)
    roster = read(stream.getvalue())
    assert (len(roster.rows), roster.problems) == (2, [])
    clean = load_workbook(BytesIO(error_workbook(stream.getvalue(), [])))["名册"]
    assert clean["C3"].fill.fill_type is None
    assert [cell.value for cell in clean["H"]] == ["问题", None, None]


def test_marking_never_turns_text_into_a_formula() -> None:
    original = as_text(workbook(changed(PEOPLE[0], "学员类别", "=1+1")))
    marked = error_workbook(original, read(original).problems)
    sheet = load_workbook(BytesIO(marked))["名册"]
    assert [cell.data_type for cell in sheet[2]] == ["n", *["s"] * 7]
    values = CalamineWorkbook.from_filelike(BytesIO(marked)).get_sheet_by_name("名册").to_python()
    assert values[1][6] == "=1+1"
