"""Reading the people of a roster (名册): who is right, and what is wrong with the others.

A wrong row never takes a right one with it: people, problems and warnings come back side by side.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from typing import TypeVar

from django.utils.translation import gettext as _
from stdnum.cn.uscc import is_valid as is_uscc

from training.core.refusals import InputError
from training.enrolment.columns import (
    EDUCATION,
    EMPLOYER,
    EMPLOYER_USCC,
    GROUP,
    ID_NUMBER,
    NAME,
    PHONE,
    SEX,
    TOWNSHIP,
    VILLAGE,
    Cell,
    cell_text,
)
from training.enrolment.sheets import Layout, Line, lines_of
from training.people.choices import Education
from training.people.rules import IdNumber, Person, Sex, check_id_number, check_name, check_phone
from training.programmes.places import Spelling

MAX_EMPLOYER = 120
MAX_PLACE = 64  # characters of a township's or a village's name
MASKED_NUMBER = re.compile(r"\d{4}\*{10}\d{3}[\dX]")
MASKED_PHONE = re.compile(r"\d{3}\*{4}\d{4}")
NOTHING = frozenset({"-", "--", "—", "——", "/", "\\", "无", "暂无"})
SEX_OF: dict[str, Sex] = {
    "男": "male",
    "男性": "male",
    "male": "male",
    "女": "female",
    "女性": "female",
    "female": "female",
}

Taken = TypeVar("Taken")


class _CellError(InputError):
    """One cell is of no use; see the codes in `read_roster`."""


@dataclass(frozen=True)
class RosterRow(Person):
    """`row` is Excel's row number; `group` is a code; what was left blank is empty."""

    row: int
    group: str


@dataclass(frozen=True)
class MaskedRow:
    """A row of our own export whose number is masked: it can find somebody, not add anybody."""

    row: int
    name: str
    masked: str


@dataclass(frozen=True)
class Finding:
    """`row` is Excel's row number, `column` our name for it, whatever the file calls it."""

    row: int
    column: str
    code: str
    message: str

    def __str__(self) -> str:
        return _("第 %(row)d 行“%(column)s”：%(message)s") % self.as_dict()

    def as_dict(self) -> dict[str, int | str]:
        return asdict(self)


@dataclass
class Entry:
    """One line of the file. `person` is None where there are problems; warnings stop nobody."""

    row: int
    person: RosterRow | MaskedRow | None = None
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Expected:
    """What a session asks of its roster.

    `groups` leads from the words of the 学员类别 column to group codes (`Preset.group_words`); `on` is
    the day the class begins, `current` those of the words that are in use on it, None for all. `spell`
    holds township and village against the county's list of places, None where it has given none.
    """

    groups: Mapping[str, str]
    on: date
    min_age: int = 16
    current: frozenset[str] | None = None
    spell: Callable[[str, str], Spelling] | None = None

    @cached_property
    def codes(self) -> dict[str, str]:
        return {_group_word(word): code for word, code in self.groups.items()}

    @cached_property
    def out_of_date(self) -> frozenset[str]:
        """Words whose years `on` does not lie in; they are understood all the same."""
        current = frozenset(self.groups) if self.current is None else self.current
        return frozenset(map(_group_word, self.groups)) - frozenset(map(_group_word, current))

    def name_of(self, code: str) -> str:
        return next(word for word, known in self.groups.items() if known == code)

    @cached_property
    def names(self) -> list[str]:
        """What each group is called; its aliases come behind its name."""
        first: dict[str, str] = {}
        for word, code in self.groups.items():
            first.setdefault(code, word)
        return list(first.values())


def read_roster(data: bytes, layout: Layout, expected: Expected) -> Iterator[Entry]:
    """Every line with a person, in the file's order; reading it again gives the same.

    Problems carry the codes of `check_name`, `check_id_number` and `check_phone`, and duplicate, under_age,
    unknown_group, formula, too_long. Warnings: old_number, ends_in_zeros, sex_differs, old_group_word,
    unknown_place, education, uscc.
    """
    reader = _Reader(expected)
    return map(reader.read, lines_of(data, layout))


def read_person(cells: Mapping[str, Cell], expected: Expected) -> Entry:
    """One person who stands in no file, by the rules of `read_roster`; a masked number is refused here."""
    entry = _Reader(expected).read(Line(1, {NAME: "", ID_NUMBER: "", **cells}))
    if isinstance(entry.person, MaskedRow):
        entry.person = None
        message = _("请填完整的身份证号。")
        entry.problems.append(Finding(1, ID_NUMBER, "masked", message))
    return entry


@dataclass
class _Reader:
    """Reads one line after the other and remembers whom it has seen."""

    expected: Expected
    seen: dict[str, int] = field(default_factory=dict)

    def read(self, line: Line) -> Entry:
        entry = Entry(line.row)
        masked = _plain(line.cells[ID_NUMBER])
        if MASKED_NUMBER.fullmatch(masked):
            name = _take(entry, line, NAME, check_name)
            entry.person = MaskedRow(line.row, name, masked) if name else None
        else:
            entry.person = self._person(line, entry)
        return entry

    def _person(self, line: Line, entry: Entry) -> RosterRow | None:
        """All that is wrong with a line is noted, not just the first."""
        name = _take(entry, line, NAME, check_name)
        person = _take(entry, line, ID_NUMBER, lambda cell: self._identity(line.row, cell))
        phone = _take(entry, line, PHONE, _phone)
        township = _take(entry, line, TOWNSHIP, _place)
        village = _take(entry, line, VILLAGE, _place)
        group = _take(entry, line, GROUP, self._group)
        spelt = self._spelling(township or "", village or "")
        if person:
            entry.warnings += _doubts(line, person)
        entry.warnings += _place_doubt(line.row, spelt)
        entry.warnings += self._group_doubt(line)
        occupation = self._occupation(line, entry)
        if entry.problems or name is None or person is None:
            return None
        return RosterRow(
            row=line.row,
            name=name,
            id_number=person.number,
            sex=person.sex,
            born_on=person.born_on,
            phone=phone or "",
            township=spelt.township,
            village=spelt.village,
            group=group or "",
            **occupation,
        )

    def _occupation(self, line: Line, entry: Entry) -> dict[str, str]:
        """Asked for the statistics only: what can't be read is left out with a warning and stops nobody."""
        education = _filled(line.cells.get(EDUCATION, ""))
        uscc = _plain(_filled(line.cells.get(EMPLOYER_USCC, ""))).upper()
        if education and not _education(education):
            message = _("看不懂这个文化程度，没有登记；可以填：%(known)s。")
            known = _("、").join(map(str, Education.labels))
            entry.warnings.append(Finding(line.row, EDUCATION, "education", message % {"known": known}))
        if uscc and not is_uscc(uscc):
            message = _("统一社会信用代码校验位不对，没有登记，请对照营业执照核对。")
            entry.warnings.append(Finding(line.row, EMPLOYER_USCC, "uscc", message))
        return {
            "education": _education(education),
            "employer": _take(entry, line, EMPLOYER, _employer) or "",
            "employer_uscc": uscc if is_uscc(uscc) else "",
        }

    def _spelling(self, township: str, village: str) -> Spelling:
        spell = self.expected.spell
        return spell(township, village) if spell else Spelling(township, village)

    def _identity(self, row: int, cell: Cell) -> IdNumber:
        person = check_id_number(cell)
        first = self.seen.setdefault(person.number, row)
        if first != row:
            raise _CellError(
                "duplicate",
                _("与第 %(row)d 行是同一个身份证号。同一个人只留一行；如果是两个人，请核对号码。")
                % {"row": first},
            )
        if person.age_on(self.expected.on) < self.expected.min_age:
            raise _CellError(
                "under_age",
                _("开班时未满 %(age)d 周岁，不能参加培训；如果年龄不对，请核对身份证号。")
                % {"age": self.expected.min_age},
            )
        return person

    def _group(self, cell: Cell) -> str:
        word = _group_word(_filled(cell))
        codes = self.expected.codes
        if not word or word in codes:
            return codes.get(word, "")
        near = get_close_matches(word, self.expected.groups, 1)
        message = _("没有“%(word)s”这个学员类别，是不是“%(near)s”？可以选：%(known)s。")
        if not near:
            message = _("没有“%(word)s”这个学员类别，请从这些里选：%(known)s。")
        told = {"word": word[:20], "near": "".join(near), "known": _("、").join(self.expected.names)}
        raise _CellError("unknown_group", message % told)

    def _group_doubt(self, line: Line) -> Iterator[Finding]:
        """Terms age (贫困户 became 脱贫户): the word of another year is taken, and said so."""
        word = _group_word(_filled(line.cells.get(GROUP, "")))
        if word in self.expected.out_of_date:
            name = self.expected.name_of(self.expected.codes[word])
            message = _("“%(word)s”不是 %(on)s 时的叫法，已按“%(name)s”登记，请核对。")
            told = {"word": word, "on": self.expected.on.isoformat(), "name": name}
            yield Finding(line.row, GROUP, "old_group_word", message % told)


def _take(entry: Entry, line: Line, column: str, check: Callable[[Cell], Taken]) -> Taken | None:
    if column not in line.cells:
        return None
    try:
        return check(line.cells[column])
    except InputError as wrong:
        entry.problems.append(Finding(line.row, column, wrong.code, wrong.message))
        return None


def _plain(cell: Cell) -> str:
    return "".join(unicodedata.normalize("NFKC", cell_text(cell)).split())


def _filled(cell: Cell) -> str:
    """The text, or nothing where people write a dash for nothing."""
    text = cell_text(cell)
    return "" if text in NOTHING else text


def _group_word(text: str) -> str:
    return re.sub(r"[\s()]", "", unicodedata.normalize("NFKC", text))


def _phone(cell: Cell) -> str:
    """A masked number of our own export says nothing new."""
    text = _filled(cell)
    return check_phone(cell) if text and not MASKED_PHONE.fullmatch(text) else ""


def _place(cell: Cell) -> str:
    place = " ".join(_filled(cell).split())
    if place.startswith(("=", "+", "-", "@")):
        raise _CellError("formula", _("这里是公式，不是地名，请改成地名；不知道的可以不填。"))
    if len(place) > MAX_PLACE:
        raise _CellError(
            "too_long", _("地名超过 %(limit)d 个字，请只填乡镇或村的名称。") % {"limit": MAX_PLACE}
        )
    return place


def _employer(cell: Cell) -> str:
    employer = " ".join(_filled(cell).split())
    if employer.startswith(("=", "+", "-", "@")):
        raise _CellError("formula", _("这里是公式，不是单位名称，请改成名称；没有的可以不填。"))
    return employer[:MAX_EMPLOYER]


_SCHOOLS: Mapping[str, tuple[str, ...]] = {
    Education.BACHELOR: ("本科", "大学本科", "学士", "研究生", "硕士", "博士", "大学"),
    Education.COLLEGE: ("大专", "专科", "高职"),
    Education.SENIOR: ("高中", "中专", "职高", "技校", "中职"),
    Education.JUNIOR: ("初中",),
    Education.PRIMARY: ("小学", "文盲", "未上学"),
}


def _education(text: str) -> str:
    """The code of what a roster calls it (大学本科, 高中毕业 …), "" for what is none of them."""
    word = re.sub(r"\(.*?\)|(毕业|学历|及以[上下]|文化|肄业)$", "", _plain(text))
    found = (code for code, words in _SCHOOLS.items() if word in words)
    return str(next(found, Education(word) if word in Education.values else ""))


def _place_doubt(row: int, spelt: Spelling) -> Iterator[Finding]:
    if spelt.unknown:
        column = VILLAGE if spelt.unknown == spelt.village else TOWNSHIP
        message = _("“%(place)s”不在本县的行政区划名单里，已照原样登记，请核对。")
        yield Finding(row, column, "unknown_place", message % {"place": spelt.unknown})


def _doubts(line: Line, person: IdNumber) -> Iterator[Finding]:
    """What is allowed and yet worth a look at the card."""
    if len(_plain(line.cells[ID_NUMBER]).strip("'‘’`")) == 15:
        message = _("这是 15 位的旧号码，已补成 18 位 %(number)s，请对照身份证核对。")
        yield Finding(line.row, ID_NUMBER, "old_number", message % {"number": person.masked})
    if person.number.endswith("000"):
        message = _("末三位是 000，校验位凑巧也对。请核对是不是 Excel 把后几位变成了 0。")
        yield Finding(line.row, ID_NUMBER, "ends_in_zeros", message)
    said = SEX_OF.get(cell_text(line.cells.get(SEX, "")).lower())
    if said and said != person.sex:
        message = _("性别与身份证号第 17 位不一致，已按身份证号登记，请核对号码和性别。")
        yield Finding(line.row, SEX, "sex_differs", message)
