"""Where the people stand in a workbook: which sheet, from which row on, what is in which column.

Titles, notes and a heading of two lines may stand above; merged cells, subtotals and blank rows between.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from io import BytesIO
from itertools import islice
from typing import Any, Self

from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from training.core.refusals import InputError
from training.core.workbooks import WorkbookError, check_workbook
from training.enrolment.columns import (
    COLUMN_OF,
    GROUP,
    ID_NUMBER,
    NAME,
    NUMBER,
    PHONE,
    PROBLEM,
    REQUIRED,
    SHEET,
    TOWNSHIP,
    VILLAGE,
    Cell,
    cell_text,
    heading_word,
)
from training.people.rules import check_id_number, check_phone

MAX_ROWS = 10_000
HEADING_WITHIN = 20  # rows from the top: titles and notes may stand above the heading
MAX_COLUMNS = 60  # that a person is asked about
MAX_MERGES = 1_000  # near the heading; a file with more is nobody's list
SAMPLES = 3

EXAMPLE: Mapping[str, str] = {NUMBER: "示例", NAME: "张三", ID_NUMBER: "11010519491231002X"}
"""The template's row that shows how; the number is the example of GB 11643 itself."""

SHORTEST_NUMBER = 15  # digits of an identity number of the first generation
_SUMS = re.compile(r"合计|总计|小计|共计")
_NOTES = re.compile(rf"({_SUMS.pattern}|备注|说明|填表|制表|审核|经办|填报|负责人)|[:：]|\d+\s*人")
_CARRIED = (TOWNSHIP, VILLAGE, GROUP)  # one merged cell may speak for the people of several rows


class RosterFileError(InputError):
    """The whole file is of no use.

    Codes: empty_sheet, header_twice, no_rows, too_many_rows, broken, and those of `WorkbookError`.
    """


class ColumnsUnknownError(RosterFileError):
    """Code no_header: the required columns are not recognised; `guess` is what to ask a person with."""

    def __init__(self, guess: Layout) -> None:
        wanted = "".join(f"“{column}”" for column in REQUIRED if column not in guess.columns)
        message = _("前 %(rows)d 行里认不出%(wanted)s列，请指出每一列是什么。") % {
            "rows": HEADING_WITHIN,
            "wanted": wanted,
        }
        super().__init__("no_header", message)
        self.guess = guess


@dataclass(frozen=True)
class Layout:
    """Where the people stand. Rows are Excel's numbers, from 1; columns are indexes, from 0.

    `headings`: what is written above each column; `others`: sheets that look like rosters too.
    """

    sheet: str
    first_row: int
    columns: Mapping[str, int]
    headings: Sequence[str] = ()
    others: Sequence[str] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def unused(self) -> list[str]:
        """Headings of columns that nothing is taken from."""
        used = set(self.columns.values())
        words = (word for index, word in enumerate(self.headings) if index not in used)
        return [word for word in dict.fromkeys(words) if word not in ("", PROBLEM)]


@dataclass(frozen=True)
class Line:
    """One row of the sheet: our column names to cells."""

    row: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class ColumnPreview:
    """A column as a person recognises it: its letter, what stands above, what stands in it."""

    index: int
    letter: str
    heading: str
    samples: list[str]


def find_layout(data: bytes, remembered: Mapping[str, str] | None = None) -> Layout:
    """The first sheet with a heading we know, the one named 名册 before others.

    `remembered` leads from heading words to our columns, "" for one that is not wanted; it goes before
    what we know ourselves. Raises `ColumnsUnknownError` where a person must say, else `RosterFileError`.
    """
    words = {**COLUMN_OF, **(remembered or {})}
    tops = [_Top(sheet, words) for sheet in _open(data)]
    if not any(top.rows for top in tops):
        raise RosterFileError("empty_sheet", _("表格里什么也没有，请填好名册、保存后再上传。"))
    found = [(top, heading) for top in tops if (heading := top.heading())]
    if not found:
        guess = max((top for top in tops if top.rows), key=_Top.recognised).guess()
        raise ColumnsUnknownError(guess)
    top, heading = found[0]
    return top.layout(heading, others=[other.sheet.name for other, _heading in found[1:]])


def lines_of(data: bytes, layout: Layout) -> Iterator[Line]:
    """The rows with people, one after the other; `data` has been through `find_layout` before."""
    sheet = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_name(layout.sheet)
    merged = _Merged(sheet, layout.columns)
    for row, cells in _rows(sheet):
        if row < layout.first_row:
            continue
        line = Line(row, {column: _at(cells, index) for column, index in layout.columns.items()})
        if not _is_noise(line, title=row in merged.titles):
            yield merged.completed(line)


def count_people(data: bytes, layout: Layout) -> int:
    """Raises `RosterFileError` where there are none, or more than can be taken at once."""
    count = sum(1 for _line in lines_of(data, layout))
    if count > MAX_ROWS:
        raise RosterFileError(
            "too_many_rows",
            _("名册有 %(count)d 行，一次最多 %(limit)d 行，请分成几个文件上传。")
            % {"count": count, "limit": MAX_ROWS},
        )
    if not count:
        raise RosterFileError("no_rows", _("表头下面没有学员，请从表头的下一行开始填写，每人一行。"))
    return count


def preview(data: bytes, layout: Layout) -> list[ColumnPreview]:
    """The columns that hold anything, with the first cells of each."""
    sheet = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_name(layout.sheet)
    below = (cells for row, cells in _rows(sheet) if row >= layout.first_row)
    rows = list(islice(filter(any, below), HEADING_WITHIN))
    width = max(map(len, rows), default=len(layout.headings))
    columns = (_column(index, layout, rows) for index in range(width))
    return list(islice((column for column in columns if column.heading or column.samples), MAX_COLUMNS))


def _column(index: int, layout: Layout, rows: Iterable[Sequence[Cell]]) -> ColumnPreview:
    filled = (text for cells in rows if (text := cell_text(_at(cells, index))))
    heading = layout.headings[index] if index < len(layout.headings) else ""
    return ColumnPreview(index, get_column_letter(index + 1), heading, list(islice(filled, SAMPLES)))


def _open(data: bytes) -> list[CalamineSheet]:
    """Sheets that people see and that hold cells, 名册 first: no charts, nothing hidden."""
    try:
        check_workbook(data)
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        names = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        names.sort(key=lambda name: name != SHEET)
        return [workbook.get_sheet_by_name(name) for name in names]
    except WorkbookError as refused:
        raise RosterFileError(refused.code, refused.message) from refused
    except (CalamineError, OSError, ValueError) as broken:
        raise RosterFileError(
            "broken",
            _("表格文件已损坏，打不开。请在 Excel 或 WPS 中打开原文件，另存后再上传。"),
        ) from broken


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Cell]]]:
    """Excel's row numbers and cells from column A on; calamine leaves out what is blank on the left."""
    left: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
    for row, cells in enumerate(sheet.iter_rows(), start=1):
        yield row, [*left, *cells]


def _at(cells: Sequence[Cell], index: int) -> Cell:
    return cells[index] if index < len(cells) else ""


@dataclass(frozen=True)
class _Heading:
    """`row` is the last line of it; `texts` are what people read above each column."""

    row: int
    columns: Mapping[str, int]
    texts: Sequence[str]


@dataclass
class _Top:
    """The rows of a sheet among which the heading stands."""

    sheet: CalamineSheet
    words: Mapping[str, str]
    rows: list[list[Cell]] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = [cells for _row, cells in islice(_rows(self.sheet), HEADING_WITHIN + 1)]

    def heading(self) -> _Heading | None:
        """The first that has what is required, of two lines where the second says more."""
        first = next(filter(self._suffices, self._candidates()), None)
        if first is None:
            return None
        near = [self._single(first.row), self._double(first.row - 1), self._double(first.row)]
        best = max((heading for heading in near if heading and self._suffices(heading)), key=_recognised)
        self._refuse_halves(best)
        return best

    def recognised(self) -> int:
        return max(map(_recognised, self._candidates()), default=0)

    def layout(self, heading: _Heading, others: Sequence[str] = ()) -> Layout:
        below = max(self._bottom(heading.row, heading.columns[column]) for column in REQUIRED)
        return Layout(self.sheet.name, below + 1, dict(heading.columns), list(heading.texts), list(others))

    def guess(self) -> Layout:
        """What a person is asked to put right: by its words, else by cells that are what they look like."""
        first = self._first_identity() or len(self.rows) + 1
        above = [heading for heading in self._candidates() if heading.row < first]
        best = max(above, key=_recognised, default=_Heading(0, {}, ()))
        if first <= len(self.rows) and not best.columns:
            best = self._single(first - 1) or best
        known = dict(best.columns)
        for column, check in ((ID_NUMBER, check_id_number), (PHONE, check_phone)):
            index = self._like(check, best.row)
            if column not in known and index is not None and index not in known.values():
                known[column] = index
        return Layout(self.sheet.name, best.row + 1, known, list(best.texts))

    def _candidates(self) -> Iterator[_Heading]:
        for row in range(1, min(len(self.rows), HEADING_WITHIN) + 1):
            yield from filter(None, (self._single(row), self._double(row)))

    def _suffices(self, heading: _Heading) -> bool:
        return heading.columns.keys() >= set(REQUIRED)

    def _single(self, row: int) -> _Heading | None:
        if not 1 <= row <= len(self.rows):
            return None
        cells = enumerate(self.rows[row - 1])
        texts = [cell_text(cell) or self._from_above(row, index) for index, cell in cells]
        return self._read(row, texts, [(text,) for text in texts])

    def _double(self, row: int) -> _Heading | None:
        """Lines `row` and `row + 1` together: 联系 above 电话 is 联系电话."""
        if not 1 <= row < len(self.rows):
            return None
        upper, lower = self._spread(row), [cell_text(cell) for cell in self.rows[row]]
        pairs = zip(upper, lower, strict=True)
        texts = [above if above == below else above + below for above, below in pairs]
        own = [cell_text(cell) for cell in self.rows[row - 1]]
        heading = self._read(row + 1, texts, list(zip(texts, lower, own, strict=True)))
        return heading if self._is_heading(lower, heading.columns) else None

    def _read(self, row: int, texts: Sequence[str], tries: Sequence[tuple[str, ...]]) -> _Heading:
        columns: dict[str, int] = {}
        for index, words in enumerate(tries):
            known = (self.words.get(heading_word(word), "") for word in words)
            if column := next(filter(None, known), ""):
                columns.setdefault(column, index)
        return _Heading(row, columns, texts)

    def _is_heading(self, lower: Sequence[str], columns: Mapping[str, int]) -> bool:
        """Where the first person has a name and a number, a second line of the heading has words or nothing."""
        name = heading_word(lower[columns[NAME]]) if NAME in columns else ""
        number = lower[columns[ID_NUMBER]] if ID_NUMBER in columns else ""
        return (not name or name in self.words) and not re.search(r"\d", number)

    def _spread(self, row: int) -> list[str]:
        """A line with what is merged sideways written above each of its columns."""
        texts = [cell_text(cell) for cell in self.rows[row - 1]]
        for (top, left), (_bottom, right) in self._merges:
            if top == row - 1:
                texts[left : right + 1] = [texts[left]] * (min(right + 1, len(texts)) - left)
        return texts

    def _from_above(self, row: int, index: int) -> str:
        """What a merged cell of an earlier line says here."""
        top = self._tops.get((row - 1, index))
        return "" if top is None else cell_text(self.rows[top][index])

    def _bottom(self, row: int, index: int) -> int:
        """The last row of the merged cell that a heading stands in."""
        ends = (
            bottom + 1
            for (top, left), (bottom, right) in self._merges
            if top <= row - 1 <= bottom and left <= index <= right
        )
        return min(max(ends, default=row), HEADING_WITHIN + 1)

    @cached_property
    def _merges(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        merges = self.sheet.merged_cell_ranges or []
        width = max(map(len, self.rows), default=0)
        near = (merge for merge in merges if merge[0][0] < len(self.rows) and merge[0][1] < width)
        return list(islice(near, MAX_MERGES))

    @cached_property
    def _tops(self) -> dict[tuple[int, int], int]:
        """For each place that a merged cell reaches down to, the line where it begins."""
        return {
            (row, left): top
            for (top, left), (bottom, _right) in self._merges
            for row in range(top + 1, min(bottom, HEADING_WITHIN) + 1)
        }

    def _refuse_halves(self, heading: _Heading) -> None:
        words = Counter(self.words.get(heading_word(cell)) for cell in self.rows[heading.row - 1])
        for column in REQUIRED:
            if words[column] > 1:
                raise RosterFileError(
                    "header_twice",
                    _(
                        "第 %(row)d 行有两个“%(column)s”列（名册分成左右两栏了？）。请排成一栏，每人一行，再上传。"
                    )
                    % {"row": heading.row, "column": column},
                )

    def _first_identity(self) -> int | None:
        """The first row with a right identity number in it."""
        rows = enumerate(self.rows, start=1)
        return next(
            (row for row, cells in rows if any(_passes(check_id_number, cell) for cell in cells)), None
        )

    def _like(self, check: Callable[[Cell], object], below: int) -> int | None:
        """The column of which most cells pass, if there is one."""
        for index, cells in enumerate(zip(*self.rows[below:], strict=True)):
            filled = [cell for cell in cells if cell_text(cell)]
            if filled and 2 * sum(_passes(check, cell) for cell in filled) > len(filled):
                return index
        return None


def _recognised(heading: _Heading) -> int:
    return len(heading.columns)


def _passes(check: Callable[[Cell], object], cell: Cell) -> bool:
    try:
        check(cell)
    except InputError:
        return False
    return True


class _Merged:
    """What merged cells say below the heading: a village for several people, a title across the table."""

    def __init__(self, sheet: CalamineSheet, columns: Mapping[str, int]) -> None:
        merges = sheet.merged_cell_ranges or []
        required = {columns[column] for column in REQUIRED}
        self.titles = {
            top + 1
            for (top, left), (_bottom, right) in merges
            if left <= min(required) and max(required) <= right
        }
        self._ends = {
            (column, top + 1): bottom + 1
            for (top, left), (bottom, _right) in merges
            for column in _CARRIED
            if columns.get(column) == left and bottom > top
        }
        self._carried: dict[str, tuple[int, Cell]] = {}

    def completed(self, line: Line) -> Line:
        cells = dict(line.cells)
        for column in _CARRIED:
            if end := self._ends.get((column, line.row)):
                self._carried[column] = end, cells[column]
            until, cell = self._carried.get(column, (0, ""))
            if line.row <= until:
                cells[column] = cell
        return Line(line.row, cells)


def _is_noise(line: Line, *, title: bool) -> bool:
    """Blank, only numbered, the heading again at a page break, a title, a subtotal, a note, the example."""
    texts = {column: text for column, cell in line.cells.items() if (text := cell_text(cell))}
    if COLUMN_OF.get(heading_word(texts.get(NAME, ""))) == NAME:
        return True
    if texts.items() >= EXAMPLE.items():
        return True
    number, name = texts.pop(NUMBER, ""), texts.get(NAME, "")
    if not texts or (_SUMS.search(number + name) and len(texts.get(ID_NUMBER, "")) < SHORTEST_NUMBER):
        return True
    return texts.keys() == {NAME} and (title or bool(_NOTES.search(name)))
