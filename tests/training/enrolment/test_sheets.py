"""Where the people stand in a file, whatever stands around them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.training.enrolment.rosters import drawn, line, read, workbook
from training.demo.people import SyntheticPerson, synthetic_people
from training.enrolment.columns import ALIASES, COLUMNS, NUMBER
from training.enrolment.sheets import (
    MAX_ROWS,
    ColumnsUnknownError,
    RosterFileError,
    count_people,
    find_layout,
    preview,
)

PEOPLE = synthetic_people(12, 1)


def numbers(people: list[SyntheticPerson]) -> list[str]:
    return [person.id_number for person in people]


def test_titles_other_headings_and_page_breaks_are_understood() -> None:
    heading = ["编号", "学员 姓名", "身份证号码（必填）", "联系电话 *", "所在村"]

    def draw(sheet: Worksheet) -> None:
        sheet["A1"] = "石城县第一期培训班学员名册"
        sheet.merge_cells("A1:E1")
        sheet.append([])
        sheet.append(heading)
        sheet.append([1, "张　𬭎", f" {PEOPLE[6].id_number.lower()} ", "", "大畲村"])
        sheet.append(heading)
        sheet.append([2, PEOPLE[0].name, PEOPLE[0].id_number, None, None])
        for number in range(3, 40):
            sheet.append([number])

    roster = read(drawn(draw))
    assert roster.problems == []
    assert [(row.row, row.name, row.village) for row in roster.rows] == [
        (4, "张𬭎", "大畲村"),
        (6, PEOPLE[0].name, ""),
    ]


def two_lines_merged(sheet: Worksheet) -> None:
    sheet.append(["序号", "姓名", "证件", None, "联系", None])
    sheet.append([None, None, "类型", "号码", "电话", "所在村"])
    for place in ("A1:A2", "B1:B2", "C1:D1", "E1:F1"):
        sheet.merge_cells(place)


def two_lines_blank(sheet: Worksheet) -> None:
    sheet.append(["序号", "姓名", None, "身份证号码", "联系"])
    sheet.append([None, None, None, None, "电话", "所在村"])


def title_and_two_lines(sheet: Worksheet) -> None:
    sheet["A1"] = "姓名、身份证号请按身份证填写"
    sheet.merge_cells("A1:F1")
    sheet.append([])
    sheet.append(["序号", "学员信息", None, None, "学员信息", None])
    sheet.append([None, "姓名", "性别", "身份证号", "手机", "村"])
    sheet.merge_cells("A3:A4")
    sheet.merge_cells("B3:D3")


def one_tall_line(sheet: Worksheet) -> None:
    sheet.append(["序号", "姓名", None, "身份证\n号码", "手机\n号码", "村"])
    for letter in "ABDEF":
        sheet.merge_cells(f"{letter}1:{letter}3")
    sheet.append([])
    sheet.append([])


@pytest.mark.parametrize("heading", [two_lines_merged, two_lines_blank, title_and_two_lines, one_tall_line])
def test_a_heading_of_several_lines_is_read_and_nobody_below_it_is_lost(
    heading: Callable[[Worksheet], None],
) -> None:
    def draw(sheet: Worksheet) -> None:
        heading(sheet)
        below = max(2, sheet.max_row, *(merged.max_row for merged in sheet.merged_cells.ranges))
        for offset, person in enumerate(PEOPLE[:3], 1):
            cells = [offset, person.name, None, person.id_number, person.phone, person.village]
            for column, value in enumerate(cells, 1):
                sheet.cell(below + offset, column, value)

    roster = read(drawn(draw))
    assert roster.problems == []
    assert [(row.id_number, row.phone, row.village) for row in roster.rows] == [
        (person.id_number, person.phone, person.village) for person in PEOPLE[:3]
    ]


def test_a_village_merged_over_several_rows_is_everybody_s() -> None:
    def draw(sheet: Worksheet) -> None:
        sheet.append(["姓名", "身份证号", "村"])
        for person in PEOPLE[:4]:
            sheet.append([person.name, person.id_number, None])
        sheet["C2"], sheet["C5"] = "大畲村", None
        sheet.merge_cells("C2:C4")

    assert [row.village for row in read(drawn(draw)).rows] == ["大畲村", "大畲村", "大畲村", ""]


def test_the_sheet_called_roster_goes_first_a_hidden_one_is_not_there_and_others_are_named() -> None:
    book, stream = Workbook(), BytesIO()
    for title, person in (("二班", PEOPLE[0]), ("名册", PEOPLE[1]), ("旧名册", PEOPLE[2])):
        sheet = book.create_sheet(title)
        sheet.append(COLUMNS)
        sheet.append(line(person))
    book["旧名册"].sheet_state = "hidden"
    book.save(stream)

    assert numbers([PEOPLE[1]]) == [row.id_number for row in read(stream.getvalue()).rows]
    assert find_layout(stream.getvalue()).others == ["二班"]


NOISE: dict[str, dict[str, object]] = {
    "nothing": {},
    "only a number": {"序号": 7},
    "spaces": {"序号": " ", "姓名": "　", "身份证号": "\n"},
    "subtotal": {"序号": "合计", "手机号": "12 人"},
    "sum under the names": {"姓名": "合计", "学员类别": 12},
    "who filled it in": {"姓名": "填表人：温支书"},
    "the example": {"序号": "示例", "姓名": "张三", "身份证号": "11010519491231002X", "乡镇": "示例镇"},
}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_order_of_columns_under_any_names_between_any_noise_is_read_whole(data: st.DataObject) -> None:
    people = data.draw(st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True))
    strange = data.draw(st.lists(st.sampled_from(["备注", "银行卡号", "民族", ""]), max_size=3))
    order = data.draw(st.permutations([*COLUMNS, *strange]))
    words = [data.draw(st.sampled_from(sorted(ALIASES.get(column, {column})))) for column in order]
    titles = data.draw(
        st.lists(st.sampled_from([[], ["某县培训名册"], ["填表说明：按身份证填"]]), max_size=4)
    )
    noise = st.sampled_from([[NOISE[name].get(column) for column in order] for name in NOISE] + [words])
    rows: list[Any] = [*titles, words]
    for person in people:
        cells = dict(zip(COLUMNS, line(person), strict=True))
        rows += data.draw(st.lists(noise, max_size=3))
        rows.append([cells.get(column, "x" if column else None) for column in order])

    roster = read(workbook(*rows[1:], header=rows[0], title="某班"))

    assert roster.problems == []
    assert [row.id_number for row in roster.rows] == numbers(people)
    assert [row.village for row in roster.rows] == [person.village for person in people]


def test_two_hundred_thousand_formatted_blank_rows_below_cost_nothing() -> None:
    def draw(sheet: Worksheet) -> None:
        sheet.append(COLUMNS)
        sheet.append(line(PEOPLE[0]))
        sheet.row_dimensions[200_000].height = 20
        sheet.cell(200_000, 1).number_format = "@"

    data = drawn(draw)
    assert count_people(data, find_layout(data)) == 1


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


def test_more_rows_than_a_roster_can_have_are_refused() -> None:
    rows = [[None, "张三", None, "1"]] * (MAX_ROWS + 1)
    with pytest.raises(RosterFileError) as refused:
        read(workbook(*rows))
    assert refused.value.code == "too_many_rows"


# --- where a person must say ------------------------------------------------------------------------


def asked(data: bytes) -> ColumnsUnknownError:
    with pytest.raises(ColumnsUnknownError) as refused:
        find_layout(data)
    return refused.value


def test_a_missing_column_is_named_and_what_is_known_is_guessed() -> None:
    question = asked(workbook(header=["序号", "姓名", "电话"]))
    assert "“身份证号”" in question.message
    assert "“姓名”" not in question.message
    assert question.guess.columns == {"序号": 0, "姓名": 1, "手机号": 2}


def test_identity_and_phone_are_guessed_by_what_they_look_like() -> None:
    rows = [[person.phone, "某", person.id_number] for person in PEOPLE]
    guess = asked(workbook(*rows, header=["甲", "乙", "丙"])).guess
    assert (guess.columns, guess.first_row) == ({"身份证号": 2, "手机号": 0}, 2)


def test_a_file_without_any_heading_begins_with_its_first_person() -> None:
    rows = [[person.name, person.id_number] for person in PEOPLE]
    guess = asked(workbook(*rows[1:], header=rows[0])).guess
    assert (guess.columns, guess.first_row) == ({"身份证号": 1}, 1)


def test_a_person_is_shown_letter_heading_and_first_cells_of_each_column() -> None:
    rows = [[person.name, person.id_number] for person in PEOPLE]
    data = workbook(*rows, header=["大名", "号"])
    columns = preview(data, asked(data).guess)
    assert [(column.letter, column.heading, column.samples) for column in columns] == [
        ("A", "大名", [person.name for person in PEOPLE[:3]]),
        ("B", "号", numbers(PEOPLE[:3])),
    ]


def test_what_an_institution_said_before_goes_before_what_we_know() -> None:
    rows = [["x", person.name, person.id_number] for person in PEOPLE]
    data = workbook(*rows, header=["姓名", "大名", "号"])
    roster = read(data, {"大名": "姓名", "号": "身份证号", "姓名": ""})
    assert [row.name for row in roster.rows] == [person.name for person in PEOPLE]


def test_columns_that_nothing_is_taken_from_are_named() -> None:
    data = workbook(["张三", "1", "x", "y"], header=["姓名", "身份证号", "备注", "问题"])
    assert find_layout(data).unused == ["备注"]


def test_every_alias_leads_to_one_column_only() -> None:
    words = list(chain(*ALIASES.values()))
    assert len(words) == len(set(words))
    assert NUMBER in ALIASES
