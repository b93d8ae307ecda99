"""Roster files as people make them, for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from training.demo.people import SyntheticPerson
from training.enrolment.columns import COLUMNS, SEX_WORDS
from training.enrolment.roster_file import Expected, Finding, RosterRow, read_roster
from training.enrolment.sheets import count_people, find_layout
from training.programmes.preset import Preset
from training.programmes.preset_file import load_preset

FIRST_DAY = date(2021, 5, 7)


@cache
def shicheng() -> Preset:
    return load_preset("shicheng")


@dataclass(frozen=True)
class Found:
    rows: list[RosterRow]
    problems: list[Finding]
    warnings: list[Finding]

    @property
    def codes(self) -> list[tuple[int, str, str]]:
        return [(problem.row, problem.column, problem.code) for problem in self.problems]


def read(data: bytes, remembered: dict[str, str] | None = None) -> Found:
    """The whole file, as the service reads it."""
    layout = find_layout(data, remembered)
    entries = list(read_roster(data, layout, Expected(shicheng().group_words, FIRST_DAY)))
    assert len(entries) == count_people(data, layout)
    return Found(
        [entry.person for entry in entries if isinstance(entry.person, RosterRow)],
        [problem for entry in entries for problem in entry.problems],
        [warning for entry in entries for warning in entry.warnings],
    )


def line(person: SyntheticPerson, number: int = 1) -> list[object]:
    group = shicheng().group(person.group).name
    sex = SEX_WORDS[person.sex]
    told = (person.name, sex, person.id_number, person.phone, person.township, person.village, group)
    return [number, *told, "初中", f"{person.village}电商服务站", "91350100M000100Y43"]


def changed(person: SyntheticPerson, column: str, value: object) -> list[object]:
    row = line(person)
    row[COLUMNS.index(column)] = value
    return row


def workbook(*rows: Sequence[object], title: str = "名册", header: Sequence[object] = COLUMNS) -> bytes:
    return drawn(lambda sheet: [sheet.append(list(row)) for row in (header, *rows)], title=title)


def drawn(draw: Callable[[Worksheet], object], *, title: str = "Sheet1") -> bytes:
    """A workbook with one sheet that `draw` fills."""
    book, stream = Workbook(), BytesIO()
    book.active.title = title
    draw(book.active)
    book.save(stream)
    return stream.getvalue()


def as_text(data: bytes) -> bytes:
    """Formulas turned into the text they look like, as an attacker's tool would write them."""
    book, stream = load_workbook(BytesIO(data)), BytesIO()
    for row in book.active.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"
    book.save(stream)
    return stream.getvalue()
