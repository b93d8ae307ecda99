"""A table out of an Excel file: the first line that has cells is the heading. Bytes in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from training.core.refusals import InputError
from training.core.workbooks import check_workbook
from training.publications.models import Table

MOST_ROWS: Final = 2_000
MOST_COLUMNS: Final = 30


def read_table(data: bytes) -> Table:
    """Of the first sheet; raises InputError with what to do."""
    check_workbook(data)
    try:
        lines = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python()
    except (CalamineError, IndexError) as problem:
        raise InputError("broken", _("这个文件打不开，请用 Excel 另存为 .xlsx 再上传。")) from problem
    cells = [[_text(cell) for cell in line] for line in lines]
    filled = [line for line in cells if any(line)]
    if len(filled) < 2:
        raise InputError("empty_sheet", _("第一张表里没有内容：第一行写列名，下面每行一条。"))
    return _table(filled[0], filled[1:])


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    places = [place for place, word in enumerate(heading) if word]
    columns = tuple(heading[place] for place in places)
    nameless = {place for row in rows for place, cell in enumerate(row) if cell} - set(places)
    if nameless or len(set(columns)) < len(columns):
        raise InputError("headings", _("每一列都要有列名，列名不能重复。表名请填在“标题”里，不要放在表上。"))
    if len(rows) > MOST_ROWS or len(columns) > MOST_COLUMNS:
        raise InputError(
            "too_much",
            _("一次最多公开 %(rows)s 行、%(columns)s 列。") % {"rows": MOST_ROWS, "columns": MOST_COLUMNS},
        )
    return Table(columns, tuple(tuple(row[place] for place in places) for row in rows))


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return f"{cell:%Y-%m-%d}"
    return str(cell).strip()
