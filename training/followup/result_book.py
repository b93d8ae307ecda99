"""The work list as a workbook: out with empty columns for what came of it, back in with them filled.

Right lines are written down, wrong ones come back marked; the corrected file can be handed in as a whole,
and twice: each line is known by what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from itertools import islice
from typing import Any, Final
from uuid import UUID, uuid5

from django.db import models, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from python_calamine import CalamineError, CalamineWorkbook

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, TrainingError
from training.core.files import keep
from training.core.refusals import InputError
from training.core.uploads import XLSX
from training.core.workbooks import check_workbook
from training.enrolment.columns import NAME, TOWNSHIP, VILLAGE, cell_text, heading_word
from training.enrolment.roster_book import FORMULA_STARTS, marked_copy, saved, write_text
from training.enrolment.roster_file import Finding
from training.enrolment.sheet_filling import fill_sheet
from training.enrolment.sheets import HEADING_WITHIN, Layout
from training.followup.choices import Conclusion, ContactMethod, ContactResult, Guidance
from training.followup.models import Contact, ContactImport, FollowUp
from training.followup.services import log_contact
from training.programmes.models import Programme

SHEET = "回访"
NUMBER, SESSION, DAY, DUE, PHONE, LAST = "编号", "期号", "第几天", "应联系日期", "电话", "最近一次结果"
ON, METHOD, RESULT, GUIDANCE = "联系日期", "联系方式", "结果", "提供的服务"
NOTE, CONCLUSION, NEXT = "情况记录", "阶段结论", "下次联系日期"
GIVEN = (NUMBER, NAME, TOWNSHIP, VILLAGE, SESSION, DAY, DUE, PHONE, LAST)
ASKED = (ON, METHOD, RESULT, GUIDANCE, NOTE, CONCLUSION, NEXT)
COLUMNS = GIVEN + ASKED
WIDTHS = dict(zip(COLUMNS, (8, 10, 12, 14, 16, 8, 12, 14, 12, 12, 10, 14, 22, 36, 10, 14), strict=True))
METHODS = tuple(choice for choice in ContactMethod if choice != ContactMethod.SELF)
OFFERS: Final[Mapping[str, Sequence[models.TextChoices]]] = {
    METHOD: METHODS,
    RESULT: tuple(ContactResult),
    GUIDANCE: tuple(Guidance),
    CONCLUSION: tuple(Conclusion),
}
HEADING_ROW = 2
MOST_OUT, MOST_IN = 10_000, 1_000
"""Lines of one file: what a person can go through, and what is written down while they wait."""
KEYS: Final = UUID("6f0f2a58-0f3c-5f0e-9c53-7a3a1d3a5b11")
_TO_FILL = PatternFill("solid", start_color="FFF5F6F8", end_color="FFF5F6F8")


def result_book(rows: models.QuerySet[Any]) -> bytes:
    """These stages as .xlsx, telephone numbers masked. Raises InvalidInputError beyond `MOST_OUT`."""
    if rows.count() > MOST_OUT:
        message = _("一份表格最多 %(limit)d 行。请先按乡镇、机构或负责人缩小范围，再下载。")
        raise InvalidInputError(message % {"limit": MOST_OUT}, code="too_many_rows")
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = SHEET
    write_text(
        sheet["A1"],
        _("填“联系日期”到“下次联系日期”各列，没有联系的行不用填；前面各列请勿改动。几项服务之间用顿号隔开。"),
    )
    sheet.append(COLUMNS)
    for index, column in enumerate(COLUMNS, start=1):
        _style(sheet, index, column)
    for row, text in enumerate(("甲", "=甲"), start=HEADING_ROW + 1):
        for index, column in enumerate(COLUMNS, start=1):
            write_text(sheet.cell(row, index), text)
            if column in ASKED:
                sheet.cell(row, index).number_format = "@"
    sheet.freeze_panes = f"C{HEADING_ROW + 1}"
    lines = (_line(row) for row in rows)
    return fill_sheet(saved(workbook), lines, first_row=HEADING_ROW + 1, formula_starts=FORMULA_STARTS)


def _style(sheet: Any, index: int, column: str) -> None:
    heading, letter = sheet.cell(HEADING_ROW, index), get_column_letter(index)
    heading.font, heading.border = Font(bold=True), Border(bottom=Side("thin"))
    heading.alignment = Alignment(horizontal="center")
    sheet.column_dimensions[letter].width = WIDTHS[column]
    if column in ASKED:
        heading.fill = _TO_FILL
        sheet.column_dimensions[letter].number_format = "@"
    if column in OFFERS:
        words = ",".join(_codes(column))
        offer = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True)
        offer.showErrorMessage = column != GUIDANCE  # several may stand in one cell
        offer.error, offer.errorTitle = _("请从列表中选择"), column
        sheet.add_data_validation(offer)
        offer.add(f"{letter}{HEADING_ROW + 1}:{letter}{HEADING_ROW + MOST_OUT}")


def _line(row: FollowUp) -> tuple[str, ...]:
    trainee = row.trainee
    given = (
        str(row.pk),
        trainee.name,
        trainee.township,
        trainee.village,
        row.enrolment.training_session.code,
        str(row.day),
        row.due_on.isoformat(),
        trainee.masked_phone,
        str(row.get_last_result_display()),
    )
    return given + ("",) * len(ASKED)


# Back in


@dataclass
class Said:
    """One line: what it says, or what is wrong with it."""

    row: int
    follow_up: int = 0
    name: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)

    def refuse(self, column: str, code: str, message: Any) -> None:
        self.problems.append(Finding(self.row, column, code, str(message)))

    @property
    def key(self) -> UUID:
        words = [str(self.follow_up), *(str(value) for _name, value in sorted(self.answers.items()))]
        return uuid5(KEYS, "\x1f".join(words))


@transaction.atomic
def take_results(programme: Programme, *, name: str, data: bytes, actor: Actor) -> ContactImport:
    """Write down every right line of a filled-in work list; keep a marked copy where some are wrong.

    Raises InvalidInputError where the file as a whole is of no use; nothing is kept then.
    """
    demand(actor, "followup.log")
    layout, lines = _read(name, data)
    _match(lines, actor)
    accepted = unchanged = 0
    there = _there([line.key for line in lines if not line.problems])
    for line in lines:
        if line.problems:
            continue
        if line.key in there:
            unchanged += 1
        elif _write_down(line, actor):
            there.add(line.key)
            accepted += 1
    problems = [problem for line in lines for problem in line.problems]
    marked = marked_copy(data, layout, problems=problems) if problems else None
    taken: ContactImport = ContactImport.objects.create(
        programme=programme,
        name=name[-200:],
        marked=keep(name, marked, content_type=XLSX, actor=actor, sensitive=True) if marked else None,
        handed_in_at=clock.now(),
        handed_in_by=actor.name,
        accepted=accepted,
        unchanged=unchanged,
        problems=[problem.as_dict() for problem in problems],
    )
    record(actor, "contacts.imported", taken, accepted=accepted, problems=len(problems))
    return taken


def _there(keys: Sequence[UUID]) -> set[UUID]:
    return set(Contact.objects.filter(key__in=keys).values_list("key", flat=True))


def _write_down(line: Said, actor: Actor) -> bool:
    try:
        with transaction.atomic():
            log_contact(line.follow_up, key=line.key, actor=actor, **line.answers)
    except TrainingError as refusal:
        line.refuse(RESULT, str(refusal.details.get("code", refusal.code)), refusal.message)
    return not line.problems


def _match(lines: Iterable[Said], actor: Actor) -> None:
    """The number and the name of a line must be one person's: somebody may have sorted half the sheet."""
    wanted = {line.follow_up for line in lines if line.follow_up}
    rows = FollowUp.objects.visible_to(actor).filter(pk__in=wanted)
    names = dict(rows.values_list("pk", "trainee__name"))
    for line in lines:
        if line.follow_up not in names:
            line.refuse(NUMBER, "unknown", _("名单上没有这个编号，请用下载的表格填写。"))
        elif names[line.follow_up] != line.name:
            line.refuse(NAME, "other_person", _("编号和姓名对不上，请看看是不是只排序了几列。"))


def _read(name: str, data: bytes) -> tuple[Layout, list[Said]]:
    try:
        check_workbook(data)
        layout, rows = _layout(data)
    except InputError as problem:
        raise InvalidInputError(problem.message, code=problem.code, name=name) from problem
    except (CalamineError, OSError, ValueError) as broken:
        raise InvalidInputError(_("表格文件已损坏，打不开。请另存后再上传。"), code="broken") from broken
    lines = list(islice(_filled(layout, rows), MOST_IN + 1))
    if len(lines) > MOST_IN:
        message = _("填了结果的超过 %(limit)d 行，请分成几个文件上传。")
        raise InvalidInputError(message % {"limit": MOST_IN}, code="too_many_rows", name=name)
    if not lines:
        raise InvalidInputError(
            _("表格里没有填了结果的行。请填好、保存后再上传。"), code="no_rows", name=name
        )
    return layout, lines


def _layout(data: bytes) -> tuple[Layout, list[list[Any]]]:
    workbook = CalamineWorkbook.from_filelike(BytesIO(data))
    for name in sorted(workbook.sheet_names, key=lambda name: name != SHEET):
        sheet = workbook.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False)
        for index, cells in enumerate(rows[:HEADING_WITHIN], start=1):
            words = [heading_word(cell) for cell in cells]
            columns = {column: words.index(column) for column in COLUMNS if column in words}
            if columns.keys() >= {NUMBER, NAME, ON, METHOD, RESULT}:
                return Layout(name, index + 1, columns), rows
    raise InvalidInputError(
        _("没有找到“编号、姓名、联系日期、联系方式、结果”这几列。请用下载的工作表填写。"), code="no_header"
    )


def _filled(layout: Layout, rows: Sequence[Sequence[Any]]) -> Iterator[Said]:
    """Lines in which something was filled in."""
    for row, cells in enumerate(rows[layout.first_row - 1 :], start=layout.first_row):
        said = {
            column: cells[index] if index < len(cells) else "" for column, index in layout.columns.items()
        }
        if any(cell_text(said.get(column, "")) for column in ASKED):
            yield _understood(row, said)


def _understood(row: int, said: Mapping[str, Any]) -> Said:
    number = cell_text(said[NUMBER])
    line = Said(row, int(number) if re.fullmatch(r"[0-9]{1,18}", number) else 0, cell_text(said[NAME]))
    line.answers = {
        "on": _day(line, ON, said, needed=True),
        "method": _choice(line, METHOD, said, needed=True),
        "result": _choice(line, RESULT, said, needed=True),
        "guidance": _several(line, said),
        "note": cell_text(said.get(NOTE, "")),
        "conclusion": _choice(line, CONCLUSION, said),
        "next_on": _day(line, NEXT, said),
    }
    return line


def _day(line: Said, column: str, said: Mapping[str, Any], *, needed: bool = False) -> date | None:
    cell = said.get(column, "")
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = cell_text(cell)
    if not text:
        if needed:
            line.refuse(column, "missing", _("没有填。"))
        return None
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    try:
        year, month, day = map(int, found.groups() if found else ())
        return date(year, month, day)
    except ValueError:
        line.refuse(column, "not_a_day", _("日期看不懂，请写成 2026-05-18 这样。"))
        return None


def _choice(line: Said, column: str, said: Mapping[str, Any], *, needed: bool = False) -> str:
    text = cell_text(said.get(column, ""))
    if not text and needed:
        line.refuse(column, "missing", _("没有填。"))
    return _code(line, column, text) if text else ""


def _several(line: Said, said: Mapping[str, Any]) -> list[str]:
    words = re.split(r"[、,，;；\s]+", cell_text(said.get(GUIDANCE, "")))
    codes = {_code(line, GUIDANCE, word) for word in words if word}
    return [choice for choice in Guidance if choice in codes]


def _codes(column: str) -> dict[str, str]:
    """By their Chinese words, like the headings: the file may come back to somebody who reads English."""
    with translation.override("zh-hans"):
        return {str(choice.label): choice.value for choice in OFFERS[column]}


def _code(line: Said, column: str, word: str) -> str:
    by_word = _codes(column)
    if word not in by_word:
        message = _("“%(word)s”不在列表里，请从这些里选：%(words)s。")
        line.refuse(column, "not_a_choice", message % {"word": word[:20], "words": _("、").join(by_word)})
    return by_word.get(word, "")
