"""Reading a roster (名册) from .xlsx, and giving it back with what is wrong marked.

A wrong row never takes a right one with it: rows and problems come back side by side.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from training.core.refusals import InputError
from training.core.workbooks import WorkbookError, check_workbook
from training.people.rules import (
    IdNumber,
    Sex,
    check_id_number,
    check_name,
    check_phone,
)

MAX_ROWS = 10_000
HEADER_WITHIN = 20  # rows from the top: titles and notes may stand above the header

NUMBER, NAME, ID_NUMBER, PHONE = "序号", "姓名", "身份证号", "手机号"
TOWNSHIP, VILLAGE, GROUP = "乡镇", "村（社区）", "学员类别"
COLUMNS = (NUMBER, NAME, ID_NUMBER, PHONE, TOWNSHIP, VILLAGE, GROUP)
PROBLEM = "问题"
SHEET = "名册"

# As they stand in real rosters, without spaces, stars and what is in brackets.
ALIASES = {
    NUMBER: {"序号", "编号", "序", "no", "no."},
    NAME: {"姓名", "学员姓名", "名字", "学员"},
    ID_NUMBER: {
        "身份证号",
        "身份证号码",
        "身份证",
        "公民身份号码",
        "公民身份证号码",
        "证件号码",
        "证件号",
    },
    PHONE: {"手机号", "手机号码", "手机", "联系电话", "电话", "电话号码", "联系方式"},
    TOWNSHIP: {"乡镇", "乡", "镇", "所在乡镇", "所属乡镇", "乡镇名称", "乡镇街道"},
    VILLAGE: {
        "村",
        "村社区",
        "村/社区",
        "行政村",
        "所在村",
        "所属村",
        "村名",
        "村居",
        "社区",
    },
    GROUP: {
        "学员类别",
        "人员类别",
        "类别",
        "学员类型",
        "人员类型",
        "培训对象",
        "培训对象类别",
    },
}
COLUMN_OF = {alias: column for column, aliases in ALIASES.items() for alias in aliases}
REQUIRED = (NAME, ID_NUMBER)

Cell = Any  # what a spreadsheet holds: str, float, bool, date, datetime, time, timedelta
Taken = TypeVar("Taken")


class RosterFileError(InputError):
    """The whole file is of no use.

    Codes: empty_sheet, no_header, header_twice, no_rows, too_many_rows, and those of `WorkbookError`.
    """


class _RowError(InputError):
    """One cell is; see the codes in `read_roster`."""


@dataclass(frozen=True)
class RosterRow:
    """`row` is Excel's row number; `group` is a code; what was left blank is empty."""

    row: int
    name: str
    id_number: str
    sex: Sex
    born_on: date
    phone: str
    township: str
    village: str
    group: str


@dataclass(frozen=True)
class RosterProblem:
    """`row` is Excel's row number, `column` our name for it, whatever the file calls it."""

    row: int
    column: str
    code: str
    message: str

    def __str__(self) -> str:
        return _("第 %(row)d 行“%(column)s”：%(message)s") % self.as_dict()

    def as_dict(self) -> dict[str, int | str]:
        return {"row": self.row, "column": self.column, "code": self.code, "message": self.message}


@dataclass(frozen=True)
class RosterFile:
    rows: list[RosterRow]
    problems: list[RosterProblem]


def read_roster(data: bytes, *, groups: Mapping[str, str], on: date, min_age: int = 16) -> RosterFile:
    """Read a roster for a class that begins `on`.

    `groups` leads from the words of the 学员类别 column to group codes (`Preset.group_words`).
    Row problems carry the codes of `check_name`, `check_id_number` and `check_phone`, and duplicate,
    under_age, unknown_group. Raises `RosterFileError` for the file as a whole.
    """
    table = _find_table(data)
    reader = _Reader(groups, on, min_age)
    people = [line for line in table.lines() if not _is_blank(line)]
    if len(people) > MAX_ROWS:
        raise RosterFileError(
            "too_many_rows",
            _("名册有 %(count)d 行，一次最多 %(limit)d 行，请分成几个文件上传。")
            % {"count": len(people), "limit": MAX_ROWS},
        )
    if not people:
        raise RosterFileError("no_rows", _("表头下面没有学员，请从表头的下一行开始填写，每人一行。"))
    rows = [row for line in people if (row := reader.read(line))]
    return RosterFile(rows, reader.problems)


@dataclass(frozen=True)
class _Line:
    """One row of the sheet under its header: our column names to cells."""

    row: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class _Table:
    sheet: str
    header_row: int
    columns: Mapping[str, int]  # our column name to 0-based index
    grid: Sequence[Sequence[Cell]]

    def lines(self) -> Iterator[_Line]:
        for index, cells in enumerate(self.grid[self.header_row :], start=self.header_row + 1):
            yield _Line(index, {column: cells[at] for column, at in self.columns.items()})


def _find_table(data: bytes) -> _Table:
    """The first sheet with a header we know, the one named 名册 before others."""
    grids = _grids(data)
    missing: list[set[str]] = []
    for sheet, grid in sorted(grids.items(), key=lambda entry: entry[0] != SHEET):
        for number, cells in enumerate(grid[:HEADER_WITHIN], start=1):
            columns = _columns(number, cells)
            if columns.keys() >= set(REQUIRED):
                return _Table(sheet, number, columns, grid)
            if len(columns) > 1:
                missing.append(set(REQUIRED) - columns.keys())
    raise _no_table(missing, empty=not any(grids.values()))


def _no_table(missing: list[set[str]], *, empty: bool) -> RosterFileError:
    if empty:
        return RosterFileError("empty_sheet", _("表格里什么也没有，请填好名册、保存后再上传。"))
    wanted = "".join(f"“{column}”" for column in REQUIRED if not missing or column in missing[0])
    return RosterFileError(
        "no_header",
        _("前 %(rows)d 行里找不到表头%(wanted)s。请下载名册模板，或在第一行写上列名后再上传。")
        % {"rows": HEADER_WITHIN, "wanted": wanted},
    )


def _grids(data: bytes) -> dict[str, list[list[Cell]]]:
    try:
        check_workbook(data)
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        return {
            name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in _worksheets(workbook)
        }
    except WorkbookError as refused:
        raise RosterFileError(refused.code, refused.message) from refused
    except (CalamineError, OSError, ValueError) as broken:
        raise RosterFileError(
            "broken",
            _("表格文件已损坏，打不开。请在 Excel 或 WPS 中打开原文件，另存后再上传。"),
        ) from broken


def _worksheets(workbook: CalamineWorkbook) -> list[str]:
    """Sheets that people see and that hold cells: no charts, nothing hidden."""
    return [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]


def _columns(number: int, cells: Sequence[Cell]) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, cell in enumerate(cells):
        column = COLUMN_OF.get(_header_word(cell))
        if column in found and {NAME, ID_NUMBER} & {column}:
            raise RosterFileError(
                "header_twice",
                _("第 %(row)d 行有两个“%(column)s”列（名册分成左右两栏了？）。请排成一栏，每人一行，再上传。")
                % {"row": number, "column": column},
            )
        if column:
            found.setdefault(column, index)
    return found


def _header_word(cell: Cell) -> str:
    plain = re.sub(r"\(.*?\)|[\s*:]", "", unicodedata.normalize("NFKC", str(cell)))
    return plain.lower()


def _is_blank(line: _Line) -> bool:
    """Nothing but a number, or the header again at a page break."""
    filled = {column for column, cell in line.cells.items() if _text(cell)}
    again = COLUMN_OF.get(_header_word(line.cells[NAME])) == NAME
    return again or not filled - {NUMBER}


def _text(cell: Cell) -> str:
    """A cell as people see it; text that looks like a formula stays the text it is."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip()


@dataclass
class _Reader:
    """Reads one line after the other and remembers whom it has seen."""

    groups: Mapping[str, str]
    on: date
    min_age: int
    problems: list[RosterProblem] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    def read(self, line: _Line) -> RosterRow | None:
        """The row, or None with its problems noted: all of them, not just the first."""
        before = len(self.problems)
        name = self._take(line, NAME, check_name)
        person = self._take(line, ID_NUMBER, lambda cell: self._identity(line.row, cell))
        phone = self._take(line, PHONE, lambda cell: check_phone(cell) if _text(cell) else "")
        group = self._take(line, GROUP, self._group)
        if len(self.problems) > before or name is None or person is None:
            return None
        return RosterRow(
            row=line.row,
            name=name,
            id_number=person.number,
            sex=person.sex,
            born_on=person.born_on,
            phone=phone or "",
            township=_text(line.cells.get(TOWNSHIP, "")),
            village=_text(line.cells.get(VILLAGE, "")),
            group=group or "",
        )

    def _take(self, line: _Line, column: str, check: Callable[[Cell], Taken]) -> Taken | None:
        if column not in line.cells:
            return None
        try:
            return check(line.cells[column])
        except InputError as wrong:
            self.problems.append(RosterProblem(line.row, column, wrong.code, wrong.message))
            return None

    def _identity(self, row: int, cell: Cell) -> IdNumber:
        person = check_id_number(cell)
        first = self.seen.setdefault(person.number, row)
        if first != row:
            raise _RowError(
                "duplicate",
                _("与第 %(row)d 行是同一个身份证号。同一个人只留一行；如果是两个人，请核对号码。")
                % {"row": first},
            )
        if person.age_on(self.on) < self.min_age:
            raise _RowError(
                "under_age",
                _("开班时未满 %(age)d 周岁，不能参加培训；如果年龄不对，请核对身份证号。")
                % {"age": self.min_age},
            )
        return person

    def _group(self, cell: Cell) -> str:
        words = "".join(_text(cell).split())
        if not words or words in self.groups:
            return self.groups.get(words, "")
        known = _("、").join(word for word in self.groups if not word.isascii())
        raise _RowError(
            "unknown_group",
            _("没有“%(word)s”这个学员类别，请从这些里选：%(known)s。") % {"word": words[:20], "known": known},
        )


_INK, _PAPER = "FF9C0006", "FFFFC7CE"
_RED = PatternFill("solid", start_color=_PAPER, end_color=_PAPER)
_WIDTHS = dict(zip(COLUMNS, (6, 14, 24, 16, 14, 18, 22), strict=True))
_NOTE = gettext_lazy(
    "填写说明：每人一行，从表头下一行开始。“姓名”“身份证号”必填，按身份证录入；"
    "身份证号、手机号两列已设为文本格式，请勿改成数字。"
)


def roster_template(groups: Collection[str] = ()) -> bytes:
    """An empty roster as .xlsx; `groups` are the names to choose from in 学员类别."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = SHEET
    sheet.append([str(_NOTE)])
    sheet.merge_cells(end_row=1, end_column=len(COLUMNS), start_row=1, start_column=1)
    sheet["A1"].alignment = Alignment(wrap_text=True, vertical="center")
    sheet.row_dimensions[1].height = 36
    sheet.append(COLUMNS)
    for index, column in enumerate(COLUMNS, start=1):
        _style_column(sheet, index, column)
    sheet.freeze_panes = "A3"
    if groups:
        _offer(sheet, groups)
    return _saved(workbook)


def _style_column(sheet: Worksheet, index: int, column: str) -> None:
    heading = sheet.cell(2, index)
    heading.font = Font(bold=True)
    heading.alignment = Alignment(horizontal="center")
    heading.border = Border(bottom=Side("thin"))
    dimension = sheet.column_dimensions[get_column_letter(index)]
    dimension.width = _WIDTHS[column]
    if column in (ID_NUMBER, PHONE):
        dimension.number_format = "@"


def _offer(sheet: Worksheet, groups: Collection[str]) -> None:
    letter = get_column_letter(COLUMNS.index(GROUP) + 1)
    choice = DataValidation(type="list", formula1=f'"{",".join(groups)}"', allow_blank=True)
    choice.error, choice.errorTitle = _("请从列表中选择学员类别"), GROUP
    sheet.add_data_validation(choice)
    choice.add(f"{letter}3:{letter}{MAX_ROWS + 2}")


def error_workbook(original: bytes, problems: Iterable[RosterProblem]) -> bytes:
    """A copy of the file with the wrong cells red and a column 问题 saying what to do.

    Marks of an earlier round are taken away first, so the corrected copy can be uploaded again.
    """
    table = _find_table(original)
    workbook = load_workbook(BytesIO(original))
    sheet = workbook[table.sheet]
    column = _problem_column(sheet, table.header_row)
    _clear_marks(sheet, table, column)
    for row, found in _by_row(problems).items():
        for problem in found:
            if problem.column in table.columns:
                sheet.cell(row, table.columns[problem.column] + 1).fill = _RED
        _write_text(sheet, row, column, _("；").join(map(_in_a_row, found)))
    return _saved(workbook)


def _in_a_row(problem: RosterProblem) -> str:
    return _("%(column)s：%(message)s") % problem.as_dict()


def _by_row(problems: Iterable[RosterProblem]) -> dict[int, list[RosterProblem]]:
    rows: dict[int, list[RosterProblem]] = defaultdict(list)
    for problem in problems:
        rows[problem.row].append(problem)
    return rows


def _problem_column(sheet: Worksheet, header_row: int) -> int:
    for cell in sheet[header_row]:
        if cell.value == PROBLEM:
            return int(cell.column)
    column = int(sheet.max_column) + 1
    _write_text(sheet, header_row, column, PROBLEM)
    sheet.column_dimensions[get_column_letter(column)].width = 60
    return column


def _clear_marks(sheet: Worksheet, table: _Table, column: int) -> None:
    for cells in sheet.iter_rows(min_row=table.header_row + 1):
        for cell in cells:
            if cell.fill.start_color.rgb == _PAPER:
                cell.fill = PatternFill()
        cells[column - 1].value = None


def _write_text(sheet: Worksheet, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column)
    cell.value = text
    cell.data_type = "s"  # never a formula, whatever it quotes
    cell.font = Font(color=_INK)


def _saved(workbook: Workbook) -> bytes:
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()
