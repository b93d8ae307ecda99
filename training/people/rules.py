"""Names, identity and phone numbers: what is right, what it says, and how it is shown.

Identity numbers follow GB 11643: region 6, birth 8, sequence 3 (odd male), check 1 (ISO 7064 MOD 11-2).
The region is not looked up: cards outlive region codes, and residents of Hong Kong, Macao and Taiwan
(81, 82, 83) and foreign residents (9…) have numbers no region table knows.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from django.utils.translation import gettext as _
from stdnum.iso7064 import mod_11_2

from training.core.refusals import InputError
from training.core.working_days import end_of_term

Sex = Literal["male", "female"]


class IdNumberError(InputError):
    """Codes: missing, excel_number, length, characters, birth_date, check_digit."""


class PersonNameError(InputError):
    """Codes: missing, formula, lost_character, characters."""


class PhoneNumberError(InputError):
    """Codes: missing, phone."""


@dataclass(frozen=True)
class IdNumber:
    """A right identity number of 18 characters; `str()` gives it in full, so mind where it goes."""

    number: str
    born_on: date
    sex: Sex

    def __str__(self) -> str:
        return self.number

    def __repr__(self) -> str:
        return f"IdNumber({self.masked})"

    @property
    def masked(self) -> str:
        return mask_id_number(self.number)

    @property
    def region(self) -> str:
        """GB/T 2260 code of where the number was first given, possibly long retired."""
        return self.number[:6]

    def age_on(self, day: date) -> int:
        """Completed years (周岁), negative before birth."""
        return day.year - self.born_on.year - ((day.month, day.day) < (self.born_on.month, self.born_on.day))


@dataclass(frozen=True)
class Person:
    """What a roster says of somebody, already checked; what is not known is empty."""

    name: str
    id_number: str
    sex: Sex
    born_on: date
    phone: str
    township: str
    village: str
    education: str = field(default="", kw_only=True)
    employer: str = field(default="", kw_only=True)
    employer_uscc: str = field(default="", kw_only=True)


def check_id_number(text: object) -> IdNumber:
    """Read what people and spreadsheets make of an identity number; 15 digits become 18.

    Takes numbers too, as a spreadsheet cell gives them. Raises `IdNumberError`.
    """
    number = _upgraded(_normalised(text))
    if not number:
        raise IdNumberError("missing", _("没有填身份证号，请按身份证录入 18 位号码。"))
    if len(number) != 18:
        raise IdNumberError(
            "length",
            _("身份证号应为 18 位，这里有 %(count)d 位，请对照身份证补齐或删去多余的字符。")
            % {"count": len(number)},
        )
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise IdNumberError("characters", _("身份证号只能是数字，最后一位可以是 X，请改掉其中的其他字符。"))
    born_on = _birth_date(number)
    _refuse_wrong_check_digit(number)
    return IdNumber(number, born_on, "male" if int(number[16]) % 2 else "female")


def _normalised(text: object) -> str:
    """Half-width, no spaces, upper-case X."""
    if isinstance(text, float | int) and not isinstance(text, bool):
        text = _whole(text)
    plain = unicodedata.normalize("NFKC", str(text or "")).replace("×", "X")
    number = "".join(
        sign for sign in plain if not sign.isspace() and unicodedata.category(sign) != "Cf"
    ).upper()
    number = number.lstrip("'‘’`")  # how people tell Excel that a number is text
    if re.fullmatch(r"\d+(\.\d+)?E\+?\d+", number):
        raise _digits_lost()
    return number.removesuffix(".0")


def _whole(value: float) -> str:
    """A number's digits, if a spreadsheet can hold them: it keeps fifteen."""
    if not 0 <= value < 10**15 or value != int(value):
        raise _digits_lost()
    return str(int(value))


def _digits_lost() -> IdNumberError:
    return IdNumberError(
        "excel_number",
        _(
            "身份证号被 Excel 变成了数字，Excel 把后几位变成了 0，无法还原。"
            "请把这一列的单元格格式设为“文本”，再按身份证重新录入这个号码。"
        ),
    )


def _upgraded(number: str) -> str:
    """First-generation numbers (15 digits) lack the century and the check digit."""
    if not re.fullmatch(r"[0-9]{15}", number):
        return number
    body = f"{number[:6]}19{number[6:]}"
    return body + mod_11_2.calc_check_digit(body)


def _birth_date(number: str) -> date:
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        born_on = date.min
    if born_on.year < 1900:
        raise IdNumberError("birth_date", _("身份证号第 7 至 14 位不是有效的出生日期，请对照身份证核对。"))
    return born_on


def _refuse_wrong_check_digit(number: str) -> None:
    if mod_11_2.is_valid(number):
        return
    if number.endswith("000"):
        raise _digits_lost()
    raise IdNumberError("check_digit", _("身份证号校验位不对，至少有一位录错了，请对照身份证逐位核对。"))


def check_phone(text: object) -> str:
    """A mainland mobile number as 11 digits. Raises `PhoneNumberError`."""
    if isinstance(text, float) and text.is_integer():
        text = int(text)
    plain = unicodedata.normalize("NFKC", str(text or ""))
    number = re.sub(r"[\s\-()'‘’\u200b-\u200f\u202a-\u202e\u2060\ufeff]", "", plain).removesuffix(".0")
    number = re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", number)
    if not number:
        raise PhoneNumberError("missing", _("没有填手机号。"))
    if not re.fullmatch(r"1[3-9][0-9]{9}", number):
        raise PhoneNumberError("phone", _("手机号应为 11 位数字、以 1 开头，请核对；没有手机的可以不填。"))
    return number


def check_name(text: object) -> str:
    """A person's name as on the card, rare characters untouched. Raises `PersonNameError`.

    Spaces that only align names of two characters in a list go; between Latin words one stays.
    """
    words = "".join(sign for sign in str(text or "") if unicodedata.category(sign) not in ("Cf", "Cc"))
    name = re.sub(r"(?<![A-Za-z.])\s+|\s+(?![A-Za-z])", "", words.strip())
    name = re.sub(r"\s+", " ", name).translate(MIDDLE_DOTS)
    if not name:
        raise PersonNameError("missing", _("没有填姓名，请按身份证录入。"))
    if name[0] in "=+-@" or set(name) & set("=+@"):
        raise PersonNameError("formula", _("姓名里有 = + - @ 等公式符号，不是姓名，请按身份证重新录入。"))
    if any(_is_lost(sign) for sign in name):
        raise PersonNameError(
            "lost_character",
            _("姓名里有丢失或自造的字（显示为问号、方框），请用支持生僻字的输入法按身份证重新录入。"),
        )
    if len(name) > 50 or not all(_belongs_in_a_name(sign) for sign in name):
        raise PersonNameError("characters", _("姓名只能是文字和间隔号“·”，请删去数字和其他符号。"))
    return name


MIDDLE_DOTS = str.maketrans(dict.fromkeys("•・‧∙⋅･", "·"))


def _is_lost(sign: str) -> bool:
    """Old code pages put rare characters (䶮 at U+E863) in private areas that mean nothing elsewhere."""
    return sign in "?？□▯\ufffd" or unicodedata.category(sign) in ("Co", "Cn", "Cs")


def _belongs_in_a_name(sign: str) -> bool:
    return sign in "·.-'’ 〇" or unicodedata.category(sign)[0] in "LM"


def mask_id_number(number: str) -> str:
    """'3607**********1234': the first and last four; anything shorter than 12 is hidden whole."""
    return _masked(number, 4, 4) if len(number) >= 12 else "*" * len(number)


def mask_phone(number: str) -> str:
    """'138****5678'; anything shorter than 11 is hidden whole."""
    return _masked(number, 3, 4) if len(number) >= 11 else "*" * len(number)


def mask_name(name: str) -> str:
    """'王**': the surname's first sign and a star for each that follows."""
    return name[:1] + "*" * max(1, len(name) - 1)


def _masked(text: str, first: int, last: int) -> str:
    return text[:first] + "*" * (len(text) - first - last) + text[-last:]


# What a person may ask for


def answer_due_on(received_on: date, working_days: int) -> date:
    """The last day for an answer; the day of receipt does not count.

    PIPL art. 50 demands an answer 及时 and gives no number; GB/T 35273-2020 8.7 allows 30 days at most.
    """
    return end_of_term(received_on, working_days)


def is_overdue(due_on: date, today: date) -> bool:
    return today > due_on


@dataclass(frozen=True)
class Verdict:
    """One thing that is held of a person: whether it stays when they ask for deletion."""

    code: str
    stays: bool


GOES_ALWAYS: Final = ("phone", "groups", "agreement")
STAYS_ALWAYS: Final = ("answers", "trail")
PARTICULARS: Final = ("name", "number", "place")
RECORDS: Final = ("roster", "attendance", "outcome")


def deletion_verdicts(*, on_record: bool) -> tuple[Verdict, ...]:
    """What goes and what must stay (PIPL art. 47, 72; 档案法 arts. 14 and 21).

    `on_record`: a roster names the person. Rosters, registers and what hangs on them are archives: then
    the particulars stay with them and may only be kept, no longer used.
    """
    stays = (*(PARTICULARS + RECORDS if on_record else ()), *STAYS_ALWAYS)
    goes = (*GOES_ALWAYS, *(() if on_record else PARTICULARS))
    return (*(Verdict(code, stays=False) for code in goes), *(Verdict(code, stays=True) for code in stays))
