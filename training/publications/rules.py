"""What may be published: no table that names people (PIPL art. 25; Disclosure Regulations art. 15).

Plain data in, refusals out. Names may stand masked (王*某 is not masked, 王** is); groups of people that are
sensitive may stand only as counts, and not as counts of one or two, which everybody in a village could name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.programmes.preset import sounds_sensitive

FEWEST: Final = 3
"""A count of a sensitive group below this points at somebody; nought points at nobody."""

_NAME: Final = re.compile(
    r"姓名|名字|名单$|户主|联系人|负责人|法定代表人|法人代表|经办人|授课人|讲师|班主任|受益人|学员$|^name$|trainee name"
)
_NUMBER: Final = re.compile(r"身份证|证件号|公民身份|社保号|id ?(card|number)")
_PHONE: Final = re.compile(r"手机|电话|联系方式|微信|qq|phone|mobile")
_OFFICE_PHONE: Final = re.compile(r"(监督|举报|投诉|服务|咨询|办公)(热线|电话)")
_BANK: Final = re.compile(r"银行|账号|帐号|卡号|开户|一卡通")
_PRIVATE: Final = re.compile(
    r"住址|家庭地址|门牌|出生|生日|年龄|性别|民族|宗教|病|健康|婚姻|文化程度|照片|人脸"
)
_GROUP: Final = re.compile(r"监测户|帮扶|困难|五保|孤儿|退役|劳改|刑满|留守|(人员|学员|人群)(类别|身份)|群体")
_COUNT: Final = re.compile(r"(人次|人数|户数|次数|数量|占比|比例|率|count|%)[)）]?$")

_ID_NUMBER: Final = re.compile(
    r"(?<!\d)\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx](?!\d)"
)
_OLD_ID_NUMBER: Final = re.compile(
    r"(?<!\d)[1-6]\d{5}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)"
)
_MOBILE: Final = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_BANK_CARD: Final = re.compile(r"(?<!\d)(?:62|60|4\d|5[1-5])\d{14,17}(?!\d)")
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[\s\-–—·.*_]+(?=[\dx])")
_MASKED: Final = re.compile(r"[\u3400-\U0003134f][*＊×某○]+[\u3400-\U0003134f]?")
_SPLIT: Final = re.compile(r"[\s,，、;；/|()（）:：]+")

WORDS: Final[dict[str, Promise]] = {
    "name_column": gettext_lazy("这一列是姓名，要隐去（只留姓，如“王**”）或删掉这一列"),
    "number_column": gettext_lazy("这一列是身份证件号码，不公开，隐去几位也不行"),
    "phone_column": gettext_lazy("这一列是个人的联系方式，不公开；监督电话请把列名写明"),
    "bank_column": gettext_lazy("这一列是银行账户，不公开"),
    "private_column": gettext_lazy("这一列是个人情况，不公开"),
    "group_column": gettext_lazy(
        "这一列说出谁属于特殊群体（敏感个人信息），不公开；只能公开人次、人数这样的合计"
    ),
    "small_count": gettext_lazy("这个群体的合计只有一两个人，看得出是谁；请合并或删掉"),
    "id_number": gettext_lazy("里面有身份证号"),
    "mobile": gettext_lazy("里面有手机号"),
    "bank_card": gettext_lazy("里面有银行卡号"),
    "known_name": gettext_lazy("里面有学员的姓名"),
}


@dataclass(frozen=True)
class Refused:
    """One thing that may not be published: the column's heading, and of a cell its row, counted from 1.

    It never repeats what stood in the cell. A `row` of 0 is the whole column; column "" is title or notes.
    """

    code: str
    column: str
    row: int = 0

    @property
    def message(self) -> str:
        where = _("标题或说明") if not self.column else _("“%(column)s”") % {"column": self.column}
        if self.row:
            where = _("“%(column)s”第 %(row)s 行") % {"column": self.column, "row": self.row}
        return _("%(where)s：%(what)s") % {"where": where, "what": WORDS[self.code]}


def refusals(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    names: Collection[str] = (),
) -> tuple[Refused, ...]:
    """Everything in a table that names people, columns first; nothing means that it may be published.

    `names` are those of people whom the publisher knows: a cell that is one of them, or a list with one in
    it, is refused under whatever heading.
    """
    found = [refused for column, heading in enumerate(columns) for refused in _column(heading, column, rows)]
    spoken_for = {refused.column for refused in found if not refused.row}
    found += [Refused(code, "") for code in _text_codes(title, names)]
    for number, row in enumerate(rows, 1):
        for heading, cell in zip(columns, row, strict=True):
            if heading not in spoken_for:
                found += [Refused(code, heading, number) for code in _text_codes(cell, names)]
    return tuple(found)


def _column(heading: str, place: int, rows: Sequence[Sequence[str]]) -> Iterator[Refused]:
    word = _plain(heading)
    yield from (Refused(code, heading) for code in _text_codes(heading, ()))
    cells = [_plain(row[place]) for row in rows]
    if _NUMBER.search(word):
        yield Refused("number_column", heading)
    elif _is_about_a_group(word):
        yield from _group_column(heading, word, cells)
    elif _COUNT.search(word):
        return
    elif _NAME.search(word):
        if not all(_MASKED.fullmatch(cell) or _count_of(cell) is not None for cell in cells if cell):
            yield Refused("name_column", heading)
    elif _PHONE.search(word):
        if not _OFFICE_PHONE.search(word):
            yield Refused("phone_column", heading)
    elif _BANK.search(word):
        yield Refused("bank_column", heading)
    elif _PRIVATE.search(word):
        yield Refused("private_column", heading)


def _is_about_a_group(word: str) -> bool:
    return sounds_sensitive(word) or bool(_GROUP.search(word))


def _group_column(heading: str, word: str, cells: Sequence[str]) -> Iterator[Refused]:
    """Counts may stand, so long as they count more than one or two."""
    numbers = [_count_of(cell) for cell in cells if cell]
    if not _COUNT.search(word) or None in numbers:
        yield Refused("group_column", heading)
        return
    if "率" in word or "比" in word or "%" in word:
        return
    for row, cell in enumerate(cells, 1):
        if cell and 0 < (_count_of(cell) or 0) < FEWEST:
            yield Refused("small_count", heading, row)


def _count_of(cell: str) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:人次|人|户|次|%)?", cell.replace(",", ""))
    return float(found[1]) if found else None


def _text_codes(text: str, names: Collection[str]) -> Iterator[str]:
    """What a text gives away, whatever it stands under; digits may be spread out with blanks and dashes."""
    word = _plain(text)
    joined = _BETWEEN_DIGITS.sub("", word)
    texts = (word, joined)
    if any(_ID_NUMBER.search(one) or _OLD_ID_NUMBER.search(one) for one in texts):
        yield "id_number"
    elif any(_BANK_CARD.search(one) for one in texts):
        yield "bank_card"
    if any(_MOBILE.search(one) for one in texts):
        yield "mobile"
    if names and not {part for part in (text.strip(), *_SPLIT.split(text)) if part}.isdisjoint(names):
        yield "known_name"


def _plain(text: str) -> str:
    """Full-width signs as plain ones, in small letters, without blanks that only spread a Chinese word out."""
    flat = unicodedata.normalize("NFKC", text).casefold().strip()
    return re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", flat)
