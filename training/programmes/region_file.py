"""Reading a county's list of places from CSV: all mistakes at once, by line and in words.

Codes are those of the statistical division codes on the stem of GB/T 2260: 6 digits county, 9 township,
12 village; a county or township may be written with its trailing zeros.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from typing import Final, TypeVar

from django.utils.translation import gettext as _

from training.core.refusals import InputError
from training.programmes.choices import CODE_LENGTH, RegionLevel

CODE, NAME, POOR_FROM, POOR_UNTIL, POOR_SOURCE = "代码", "名称", "认定贫困村日期", "退出日期", "认定依据"
COLUMNS: Final = (CODE, NAME, POOR_FROM, POOR_UNTIL, POOR_SOURCE)
REQUIRED: Final = (CODE, NAME)
MAX_LINES: Final = 5_000
MAX_NAME, MAX_SOURCE = 64, 200
LEVEL_OF: Final = {length: level for level, length in CODE_LENGTH.items()}

Problems = list[tuple[int, str]]
Taken = TypeVar("Taken")


@dataclass(frozen=True)
class Place:
    """`parent` is the code above; blank for the county itself. `line` counts from 1."""

    line: int
    code: str
    name: str
    poor_from: date | None = None
    poor_until: date | None = None
    poor_source: str = ""

    @property
    def level(self) -> RegionLevel:
        return LEVEL_OF[len(self.code)]

    @property
    def parent(self) -> str:
        return "" if self.level == RegionLevel.COUNTY else self.code[:-3]


@dataclass
class _Line:
    """One line, and all that is wrong with it, not just the first."""

    number: int
    cells: Mapping[str, str]
    problems: Problems = field(default_factory=list)

    def take(self, column: str, check: Callable[[str], Taken]) -> Taken | None:
        try:
            return check(self.cells.get(column, ""))
        except InputError as wrong:
            self.wrong(wrong.message)
            return None

    def wrong(self, message: str) -> None:
        self.problems.append((self.number, message))


def read_regions(data: bytes, *, county: str, known: Collection[str]) -> tuple[list[Place], Problems]:
    """The places, parents first, or what is wrong, by line. `known`: codes that may be parents already."""
    try:
        lines = [_Line(number, cells) for number, cells in _rows(data)]
    except InputError as refused:
        return [], [(0, refused.message)]
    places = [place for line in lines if (place := _place(line, county))]
    problems = [problem for line in lines for problem in line.problems]
    problems += [*_twice(places), *_orphans(places, known)]
    return sorted(places, key=lambda place: len(place.code)), sorted(problems)


def _rows(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    rows = csv.reader(StringIO(_decoded(data), newline=""))
    headings: list[str] = []
    try:
        for row in rows:
            cells = [unicodedata.normalize("NFKC", cell).strip() for cell in row]
            if rows.line_num > MAX_LINES:
                raise InputError("too_many_rows", _("名单超过 %(limit)d 行。") % {"limit": MAX_LINES})
            if any(cells) and headings:
                yield rows.line_num, dict(zip(headings, cells, strict=False))
            elif any(cells):
                headings = _headings(cells)
    except csv.Error as broken:
        raise InputError("broken", _("这不是 CSV 文件，请在 Excel 中另存为“CSV UTF-8”再上传。")) from broken
    if not headings:
        raise InputError("empty_sheet", _("文件是空的。"))


def _decoded(data: bytes) -> str:
    """Excel on a Chinese computer writes GB 18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    raise InputError("encoding", _("文件的编码认不出，请另存为“CSV UTF-8”再上传。"))


def _headings(cells: list[str]) -> list[str]:
    missing = [column for column in REQUIRED if column not in cells]
    if missing:
        said = {"missing": _("、").join(missing), "columns": _("、").join(COLUMNS)}
        raise InputError(
            "no_header", _("第一行要写列名，缺少：%(missing)s。可以有的列：%(columns)s。") % said
        )
    return cells


def _place(line: _Line, county: str) -> Place | None:
    code = line.take(CODE, lambda cell: _code(cell, county))
    name = line.take(NAME, _name)
    poor_from, poor_until = line.take(POOR_FROM, _day), line.take(POOR_UNTIL, _day)
    source = line.take(POOR_SOURCE, _source) or ""
    if poor_from and code and len(code) != CODE_LENGTH[RegionLevel.VILLAGE]:
        line.wrong(_("只有村能认定为贫困村。"))
    if poor_until and not poor_from:
        line.wrong(_("写了退出日期，没有写认定贫困村日期。"))
    if poor_from and poor_until and poor_until < poor_from:
        line.wrong(_("退出日期早于认定日期。"))
    if line.problems or code is None or name is None:
        return None
    return Place(line.number, code, name, poor_from, poor_until, source)


def _code(cell: str, county: str) -> str:
    if re.search(r"[eE]\+", cell):
        raise InputError(
            "rounded",
            _("代码“%(code)s”被 Excel 改成了科学计数，后几位已经丢失。请把这一列设成文本，重新填写。")
            % {"code": cell},
        )
    code = cell
    for zeros in ("000000", "000"):
        if len(cell) == 12 and cell.endswith(zeros):
            code = cell.removesuffix(zeros)
            break
    if not (code.isascii() and code.isdigit() and len(code) in LEVEL_OF):
        message = _("代码“%(code)s”不对：县是 6 位，乡镇 9 位，村 12 位数字。")
        raise InputError("code", message % {"code": cell[:20]})
    if not code.startswith(county):
        message = _("代码“%(code)s”不是本县的（本县是 %(county)s）。")
        raise InputError("another_county", message % {"code": code, "county": county})
    return code


def _name(cell: str) -> str:
    name = "".join(cell.split())
    if not name:
        raise InputError("no_name", _("没有名称。"))
    if name.startswith(("=", "+", "-", "@")):
        raise InputError("formula", _("这里是公式，不是地名。"))
    return _short(name, MAX_NAME)


def _source(cell: str) -> str:
    return _short(cell, MAX_SOURCE)


def _short(words: str, limit: int) -> str:
    if len(words) > limit:
        raise InputError("too_long", _("超过 %(limit)d 个字。") % {"limit": limit})
    return words


def _day(cell: str) -> date | None:
    """As people and Excel write it: 2014-3-1, 2014/03/01, 2014.3.1, 2014年3月1日."""
    if not cell:
        return None
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", cell)
    with suppress(ValueError):
        if parts:
            return date(int(parts[1]), int(parts[2]), int(parts[3]))
    raise InputError("date", _("“%(cell)s”不是日期，请写成 2014-03-01。") % {"cell": cell[:20]})


def _twice(places: Collection[Place]) -> Iterator[tuple[int, str]]:
    first: dict[str, int] = {}
    for place in places:
        line = first.setdefault(place.code, place.line)
        if line != place.line:
            message = _("代码 %(code)s 与第 %(line)d 行重复。")
            yield place.line, message % {"code": place.code, "line": line}


def _orphans(places: Collection[Place], known: Collection[str]) -> Iterator[tuple[int, str]]:
    """A place under nothing; of one whose parent is on a line that is wrong itself, too."""
    codes = {place.code for place in places} | set(known)
    for place in places:
        if place.parent and place.parent not in codes:
            message = _("它的上级 %(parent)s 不在名单里，请先写上级。")
            yield place.line, message % {"parent": place.parent}
