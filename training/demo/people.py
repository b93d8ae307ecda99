"""People who do not exist, for the demonstration and the tests.

Check digits are right and the region is Shicheng's, so every door opens for them; phone numbers stand
in 169…, which no operator has been given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from random import Random
from textwrap import wrap

from stdnum.iso7064 import mod_11_2

from training.people.rules import Sex

REGION = "360735"  # 石城县, GB/T 2260
OLDEST, YOUNGEST = date(1955, 1, 1), date(2001, 12, 31)

# Rare characters that real rosters have and fonts and code pages lack: 䶮 (U+4DAE), 𬭎 (U+2CB4E).
RARE: tuple[tuple[str, Sex], ...] = (("䶮海生", "male"), ("张𬭎", "female"))
RARE_AT = (2, 6)

SURNAMES = "赖温黄陈许熊邓李刘罗廖董孔朱郑曾吴叶周何"
# Given names, two characters each.
MALE = "建华志强海生小军国平水生家明石根文斌德福冬生春林永福俊杰"
FEMALE = "秀英桂香小红丽萍莲香春兰玉梅冬秀淑珍美华金莲雪梅晓燕思琪"
# Townships of Shicheng County with a village each.
PLACES = (
    ("琴江镇", "大畲村"),
    ("小松镇", "丹溪村"),
    ("屏山镇", "长溪村"),
    ("横江镇", "丹阳村"),
    ("高田镇", "堂下村"),
    ("赣江源镇", "洋地村"),
    ("木兰乡", "新河村"),
    ("丰山乡", "福村村"),
    ("大由乡", "兰田村"),
    ("珠坑乡", "高玑村"),
)
# Codes of the Shicheng preset's trainee groups, farmers in the majority.
GROUPS = (
    "farmer",
    "farmer",
    "farmer",
    "farmer",
    "cooperative",
    "leader",
    "ecommerce",
    "poor_household",
)


@dataclass(frozen=True)
class SyntheticPerson:
    """`group` is a code of the preset, the Shicheng one unless asked otherwise."""

    name: str
    id_number: str
    sex: Sex
    phone: str
    village: str
    township: str
    group: str


def synthetic_people(
    count: int,
    seed: int,
    *,
    region: str = REGION,
    places: Sequence[tuple[str, str]] = PLACES,
    groups: Sequence[str] = GROUPS,
    phones_from: int = 1,
) -> list[SyntheticPerson]:
    """`count` people, all different; the same seed gives the same ones, and more only adds to them.

    Of another county with its code, its townships with their villages, and its groups.
    """
    return list(islice(_people(Random(seed), region, places, groups, phones_from), count))  # noqa: S311  no secret hangs on it


def _people(
    chance: Random, region: str, places: Sequence[tuple[str, str]], groups: Sequence[str], phones_from: int
) -> Iterator[SyntheticPerson]:
    taken: set[str] = set()
    while True:
        name, sex = _name(chance, len(taken))
        id_number = _id_number(chance, sex, region)
        township, village = chance.choice(places)
        group = chance.choice(groups)
        if id_number not in taken:
            phone = f"169{len(taken) + phones_from:08d}"
            taken.add(id_number)
            yield SyntheticPerson(name, id_number, sex, phone, village, township, group)


def _name(chance: Random, index: int) -> tuple[str, Sex]:
    if index in RARE_AT:
        return RARE[RARE_AT.index(index)]
    sex: Sex = chance.choice(("male", "female"))
    given = wrap(MALE if sex == "male" else FEMALE, 2)
    return chance.choice(SURNAMES) + chance.choice(given), sex


def _id_number(chance: Random, sex: Sex, region: str) -> str:
    born_on = OLDEST + timedelta(days=chance.randrange((YOUNGEST - OLDEST).days))
    sequence = 2 * chance.randrange(100, 450) + (sex == "male")
    body = f"{region}{born_on:%Y%m%d}{sequence:03d}"
    return body + mod_11_2.calc_check_digit(body)
