"""Rosters as we write them: the template, the roster in force, and a file with its faults marked."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from tests.training.enrolment.rosters import Found, as_text, changed, drawn, line, read, shicheng, workbook
from training.demo.people import synthetic_people
from training.enrolment.columns import COLUMNS
from training.enrolment.roster_book import MASKED_NOTE, marked_copy, roster_book, roster_template
from training.enrolment.sheets import RosterFileError, find_layout

PEOPLE = synthetic_people(12, 1)
RED, AMBER = "FFFFC7CE", "FFFFEB9C"


def sheet_of(data: bytes, name: str = "名册") -> Worksheet:
    return load_workbook(BytesIO(data))[name]


def marked(original: bytes, found: Found) -> bytes:
    return marked_copy(original, find_layout(original), problems=found.problems, warnings=found.warnings)


def coloured(sheet: Worksheet, colour: str) -> list[str]:
    cells = (cell for row in sheet.iter_rows() for cell in row)
    return [cell.coordinate for cell in cells if cell.fill.start_color.rgb == colour]


def test_the_template_filled_in_is_read_back_without_its_example() -> None:
    book = load_workbook(BytesIO(roster_template([group.name for group in shicheng().groups])))
    for person in PEOPLE:
        book["名册"].append(line(person))
    stream = BytesIO()
    book.save(stream)
    roster = read(stream.getvalue())
    assert (len(roster.rows), roster.problems, roster.warnings) == (12, [], [])


def test_the_template_as_it_is_has_no_rows() -> None:
    with pytest.raises(RosterFileError) as refused:
        read(roster_template(["农民"]))
    assert refused.value.code == "no_rows"


def test_whoever_writes_over_the_example_is_read() -> None:
    book, stream = load_workbook(BytesIO(roster_template())), BytesIO()
    book["名册"]["D3"] = PEOPLE[0].id_number
    book.save(stream)
    assert [row.id_number for row in read(stream.getvalue()).rows] == [PEOPLE[0].id_number]


def test_the_template_keeps_numbers_as_text() -> None:
    sheet = sheet_of(roster_template())
    assert [cell.value for cell in sheet[2]] == list(COLUMNS)
    for column in (COLUMNS.index("身份证号"), COLUMNS.index("手机号")):
        assert sheet.column_dimensions["ABCDEFGH"[column]].number_format == "@"
        assert sheet.cell(3, column + 1).number_format == "@"
        assert sheet.cell(3, column + 1).data_type == "s"


def test_the_template_offers_sexes_and_groups_however_many_and_whatever_they_are_called() -> None:
    groups = [f"学员类别，第 {number} 类, 一二三四五六七八九十" for number in range(40)]
    data = roster_template(groups)
    rules = {str(rule.sqref)[0]: rule.formula1 for rule in sheet_of(data).data_validations.dataValidation}
    assert rules == {
        "C": '"男,女"',
        "H": "选项!$A$1:$A$40",
        "I": '"小学及以下,初中,高中（中专、职高）,大专,本科及以上"',
    }
    options = sheet_of(data, "选项")
    assert options.sheet_state == "hidden"
    assert [cell.value for cell in options["A"]] == groups


def rows(*people: Sequence[object]) -> list[list[str]]:
    return [[str(cell) for cell in person] for person in people]


def test_a_roster_that_was_written_is_read_back_the_same() -> None:
    texts = rows(*(line(person, number) for number, person in enumerate(PEOPLE, 1)))
    roster = read(roster_book(texts, groups=["农民"], note=MASKED_NOTE))
    assert [row.id_number for row in roster.rows] == [person.id_number for person in PEOPLE]
    assert roster.problems == []


def test_nothing_in_a_roster_that_was_written_is_a_formula() -> None:
    data = roster_book(rows(changed(PEOPLE[0], "村（社区）", "=1+1")), groups=["=2+2"], note="=3+3")
    cell = sheet_of(data)["G3"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=1+1", "s", True)
    assert sheet_of(data, "选项")["A1"].data_type == "s"
    values = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_name("名册").to_python()
    assert (values[0][0], values[2][6]) == ("=3+3", "=1+1")


@given(texts=st.lists(st.tuples(*[st.text(max_size=8)] * 7), max_size=4))
def test_whatever_stands_in_a_roster_comes_out_as_the_same_text(texts: list[tuple[str, ...]]) -> None:
    lines = [(str(number), *cells) for number, cells in enumerate(texts, 1)]
    sheet = sheet_of(roster_book(lines, groups=(), note=MASKED_NOTE))
    for row, cells in enumerate(lines, start=3):
        for column, text in enumerate(cells[1:], start=2):
            cell = sheet.cell(row, column)
            kept = "".join(
                sign for sign in text if not ILLEGAL_CHARACTERS_RE.match(sign) and sign not in "\ufffe\uffff"
            )
            assert (cell.value or "") == kept.replace("\r\n", "\n").replace("\r", "\n")
            assert cell.data_type in ("s", "n" if not kept else "s")
            assert bool(cell.quotePrefix) == text.startswith(("=", "+", "-", "@"))
            assert cell.number_format == ("@" if text and column in (4, 5) else "General")


def test_wrong_cells_are_red_doubtful_ones_amber_and_all_are_explained() -> None:
    doubtful = changed(PEOPLE[1], "性别", "女" if PEOPLE[1].sex == "male" else "男")
    original = workbook(
        line(PEOPLE[0]), changed(PEOPLE[2], "身份证号", "1.1011E+17"), line(PEOPLE[0]), doubtful
    )
    sheet = sheet_of(marked(original, read(original)))
    assert [cell.value is not None for cell in sheet["L"]] == [True, False, True, True, True]
    assert sheet["L1"].value == "问题"
    assert "单元格格式设为“文本”" in sheet["L3"].value
    assert sheet["L5"].value.startswith("提醒，性别：")
    assert (coloured(sheet, RED), coloured(sheet, AMBER)) == (["D3", "D4"], ["C5"])
    assert sheet["B3"].value == PEOPLE[2].name


def test_the_corrected_copy_can_be_handed_in_again_and_loses_its_marks() -> None:
    original = workbook(line(PEOPLE[0]), changed(PEOPLE[2], "身份证号", "123"))
    book, stream = load_workbook(BytesIO(marked(original, read(original)))), BytesIO()
    book["名册"]["D3"] = PEOPLE[2].id_number
    book.save(stream)
    roster = read(stream.getvalue())
    assert (len(roster.rows), roster.problems) == (2, [])
    clean = sheet_of(marked(stream.getvalue(), roster))
    assert clean["D3"].fill.fill_type is None
    assert [cell.value for cell in clean["L"]] == ["问题", None, None]


def test_marking_never_turns_text_into_a_formula() -> None:
    original = as_text(workbook(changed(PEOPLE[0], "学员类别", "=1+1")))
    copy = marked(original, read(original))
    assert [cell.data_type for cell in sheet_of(copy)[2]] == ["n", *["s"] * 11]
    values = CalamineWorkbook.from_filelike(BytesIO(copy)).get_sheet_by_name("名册").to_python()
    assert values[1][7] == "=1+1"


def test_merged_cells_do_not_stop_the_marking() -> None:
    def draw(sheet: Worksheet) -> None:
        sheet.append(["姓名", "身份证号", "问题"])
        sheet.append(["张三", "1"])
        sheet.append(["李四", "2"])
        sheet.merge_cells("C2:C3")

    data = drawn(draw, title="名册")
    sheet = sheet_of(marked(data, read(data)))
    assert sheet["C2"].value.startswith("身份证号：")
    assert coloured(sheet, RED) == ["B2", "B3"]
