"""The numbers printed on the cards: their form and their check digit, never whether they were issued.

`stdnum.cn.ric` is not used: it demands a birth place in its table and so refuses good numbers of
people from Hong Kong, Macao, Taiwan and abroad. Cards outlive region codes.
"""

from __future__ import annotations

import re
from itertools import cycle

from stdnum.iso7064 import mod_11_2

_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_OLD_RESIDENT = re.compile(r"[0-9]{15}")
_FOREIGNER_2017 = re.compile(r"[A-Z]{3}[0-9]{12}")


def is_resident_number(number: str) -> bool:
    """18 characters with the check character of GB 11643 (ISO 7064 MOD 11-2)."""
    return bool(_RESIDENT.fullmatch(number)) and mod_11_2.is_valid(number)


def upgrade_number(number: str) -> str:
    """The 18-character form of a 15-digit number of before 1999; raises ValueError for other input."""
    if not _OLD_RESIDENT.fullmatch(number):
        raise ValueError("a number of the first generation has 15 digits")
    body = f"{number[:6]}19{number[6:]}"
    return body + mod_11_2.calc_check_digit(body)


def is_foreigner_number_2017(number: str) -> bool:
    """The 15 characters of the 2017 permanent resident card, with its 7-3-1 check digit."""
    return bool(_FOREIGNER_2017.fullmatch(number)) and check_731(number[:14]) == number[14]


def check_731(body: str) -> str:
    """Check digit with weights 7, 3, 1 as on passports (ICAO 9303); A counts 10 … Z 35."""
    total = sum(int(char, 36) * weight for char, weight in zip(body, cycle((7, 3, 1)), strict=False))
    return str(total % 10)


def previous_foreigner_number(number: str, nationality: str, link: str) -> str:
    """The 2017 number rebuilt from a 2023 card; empty when `link` says there was none."""
    if link == "000" or not re.fullmatch(r"[A-Z]{3}[0-9]{3}", nationality + link):
        return ""
    body = f"{nationality}{number[1:3]}{link[:2]}{number[8:14]}{link[2]}"
    return body + check_731(body)


def mask_number(number: str) -> str:
    """`1101**********002X`: enough to tell two people apart in a log, not enough to use."""
    return f"{number[:4]}{'*' * max(len(number) - 8, 0)}{number[-4:]}"
