"""Writing rosters (名册) as .xlsx: the empty one, the one in force, and a file given back with its faults marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from io import BytesIO

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from training.enrolment.columns import (
    COLUMNS,
    EDUCATION,
    EMPLOYER_USCC,
    GROUP,
    ID_NUMBER,
    NAME,
    NUMBER,
    PHONE,
    PROBLEM,
    SEX,
    SHEET,
    TOWNSHIP,
    VILLAGE,
)
from training.enrolment.roster_file import Finding
from training.enrolment.sheet_filling import fill_sheet
from training.enrolment.sheets import EXAMPLE, MAX_ROWS, Layout
from training.people.choices import Education

OPTIONS = "选项"
HEADING_ROW = 2
_WIDTHS = dict(zip(COLUMNS, (6, 14, 6, 24, 16, 14, 18, 22, 14, 24, 24), strict=True))
_DIGITS = (ID_NUMBER, PHONE, EMPLOYER_USCC)
_AS_TEXT = "@"
FORMULA_STARTS = ("=", "+", "-", "@")
_INK, _RED, _AMBER, _GREY = "FF9C0006", "FFFFC7CE", "FFFFEB9C", "FF808080"
_FILLS = {colour: PatternFill("solid", start_color=colour, end_color=colour) for colour in (_RED, _AMBER)}
_HOW_TO_FILL_IN = gettext_lazy(
    "填写说明：每人一行，从表头下一行开始，“示例”一行导入时会跳过。“姓名”“身份证号”必填，按身份证录入；"
    "身份证号、手机号两列已设为文本格式，请勿改成数字。"
)
MASKED_NOTE = gettext_lazy(
    "本期名册，身份证号和手机号隐去了中间几位。可以改动后再导入：隐去号码的行只用来核对，不能用来加人。"
)
FULL_NOTE = gettext_lazy("本期名册，含完整的身份证号和手机号，请妥善保管，用完删除。导出已记录。")


def roster_template(groups: Collection[str] = ()) -> bytes:
    """An empty roster as .xlsx; `groups` are the names to choose from in 学员类别."""
    workbook, sheet = _roster_sheet(_HOW_TO_FILL_IN, groups)
    example = {SEX: "女", PHONE: "16900000000", TOWNSHIP: "示例镇", VILLAGE: "示例村", **EXAMPLE}
    example[GROUP] = next(iter(groups), "")
    _write_row(sheet, HEADING_ROW + 1, [example.get(column, "") for column in COLUMNS])
    for cell in sheet[HEADING_ROW + 1]:
        cell.font = Font(italic=True, color=_GREY)
    return saved(workbook)


def roster_book(rows: Iterable[Sequence[str]], *, groups: Collection[str], note: str | Promise) -> bytes:
    """A roster in the shape of the template; `rows` follow `COLUMNS`.

    openpyxl makes the book with a row of each look, and `fill_sheet` puts the people in: ten thousand of
    them through openpyxl's own cells keep a person waiting for three seconds.
    """
    workbook, sheet = _roster_sheet(note, groups)
    for row, text in enumerate(("甲", "=甲"), start=HEADING_ROW + 1):
        _write_row(sheet, row, [text] * len(COLUMNS))
    return fill_sheet(saved(workbook), rows, first_row=HEADING_ROW + 1, formula_starts=FORMULA_STARTS)


def _roster_sheet(note: str | Promise, groups: Collection[str]) -> tuple[Workbook, Worksheet]:
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = SHEET
    write_text(sheet["A1"], str(note))
    sheet.merge_cells(end_row=1, end_column=len(COLUMNS), start_row=1, start_column=1)
    sheet["A1"].alignment = Alignment(wrap_text=True, vertical="center")
    sheet.row_dimensions[1].height = 36
    sheet.append(COLUMNS)
    for index, column in enumerate(COLUMNS, start=1):
        _style_column(sheet, index, column)
    sheet.freeze_panes = f"A{HEADING_ROW + 1}"
    _offer(sheet, SEX, '"男,女"')
    _offer(sheet, EDUCATION, f'"{",".join(map(str, Education.labels))}"')
    if groups:
        _offer(sheet, GROUP, _listed(workbook, groups))
    return workbook, sheet


def _style_column(sheet: Worksheet, index: int, column: str) -> None:
    heading = sheet.cell(HEADING_ROW, index)
    heading.font = Font(bold=True)
    heading.alignment = Alignment(horizontal="center")
    heading.border = Border(bottom=Side("thin"))
    dimension = sheet.column_dimensions[get_column_letter(index)]
    dimension.width = _WIDTHS[column]
    if column in _DIGITS:
        dimension.number_format = _AS_TEXT


def _listed(workbook: Workbook, words: Collection[str]) -> str:
    """A list on a hidden sheet: written into the rule itself, it may have 255 characters and no comma."""
    sheet = workbook.create_sheet(OPTIONS)
    sheet.sheet_state = "hidden"
    for row, word in enumerate(words, start=1):
        write_text(sheet.cell(row, 1), word)
    return f"{OPTIONS}!$A$1:$A${len(words)}"


def _offer(sheet: Worksheet, column: str, formula: str) -> None:
    letter = get_column_letter(COLUMNS.index(column) + 1)
    choice = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=True)
    choice.error, choice.errorTitle = _("请从列表中选择"), column
    sheet.add_data_validation(choice)
    choice.add(f"{letter}{HEADING_ROW + 1}:{letter}{HEADING_ROW + MAX_ROWS}")


def _write_row(sheet: Worksheet, row: int, texts: Sequence[str]) -> None:
    for index, (column, text) in enumerate(zip(COLUMNS, texts, strict=True), start=1):
        if not text:
            continue
        if column == NUMBER and text.isascii():
            sheet.cell(row, index, int(text))
        else:
            write_text(sheet.cell(row, index), text)
            if column in _DIGITS:
                sheet.cell(row, index).number_format = _AS_TEXT


def write_text(cell: Cell, text: str) -> None:
    """Never a formula, whatever it says, also after somebody has clicked into the cell."""
    cell.value = text
    cell.data_type = "s"
    if text.startswith(FORMULA_STARTS):
        cell.quotePrefix = True


def marked_copy(
    original: bytes, layout: Layout, *, problems: Iterable[Finding], warnings: Iterable[Finding] = ()
) -> bytes:
    """A copy of the file with the wrong cells red, the doubtful ones amber, and a column 问题 saying what to do.

    Marks of an earlier round are taken away first, so the corrected copy can be uploaded again.
    """
    workbook = load_workbook(BytesIO(original))
    sheet = workbook[layout.sheet]
    column = _problem_column(sheet, layout)
    _clear_marks(sheet, layout, column)
    texts: dict[int, list[str]] = defaultdict(list)
    for colour, words, found in (
        (_RED, _("%(column)s：%(message)s"), problems),
        (_AMBER, _("提醒，%(column)s：%(message)s"), warnings),
    ):
        for finding in found:
            _mark(sheet, layout.columns, finding, colour)
            texts[finding.row].append(words % finding.as_dict())
    for row, said in texts.items():
        _explain(sheet, row, column, _("；").join(said))
    return saved(workbook)


def _mark(sheet: Worksheet, columns: Mapping[str, int], finding: Finding, colour: str) -> None:
    index = columns.get(finding.column, columns[NAME])
    sheet.cell(finding.row, index + 1).fill = _FILLS[colour]


def _problem_column(sheet: Worksheet, layout: Layout) -> int:
    heading_row = max(layout.first_row - 1, 1)
    for cell in sheet[heading_row]:
        if cell.value == PROBLEM:
            return int(cell.column)
    column = int(sheet.max_column) + 1
    if layout.first_row > 1:
        _explain(sheet, heading_row, column, PROBLEM)
    sheet.column_dimensions[get_column_letter(column)].width = 60
    return column


def _clear_marks(sheet: Worksheet, layout: Layout, column: int) -> None:
    for cells in sheet.iter_rows(min_row=layout.first_row):
        for cell in cells:
            if cell.fill.start_color.rgb in _FILLS:
                cell.fill = PatternFill()
        if len(cells) >= column and not isinstance(cells[column - 1], MergedCell):
            cells[column - 1].value = None


def _explain(sheet: Worksheet, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column)
    if not isinstance(cell, MergedCell):
        write_text(cell, text)
        cell.font = Font(color=_INK)


def saved(workbook: Workbook) -> bytes:
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()
