"""The four kinds of card as they come from the chip, and the person they name.

Offsets and lengths follow GA/T 490 as the vendors' programs agree on them. Damaged data gives a
`CardDataError`, never a wrong person: lengths, dates and the number's check digit must all hold.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from kiosk.idcard.codes import name_ethnicity, name_sex
from kiosk.idcard.numbers import (
    is_foreigner_number_2017,
    is_resident_number,
    mask_number,
    previous_foreigner_number,
    upgrade_number,
)
from kiosk.idcard.statuses import Wording

CardType = Literal["citizen", "J", "I", "Y"]

TEXT_SIZE, PHOTO_SIZE, ADDRESS_SIZE = 256, 1024, 70
MOST_ADDRESSES = 4
TYPE_AT = 248
LONG_TERM = "长期"


class Field(NamedTuple):
    """Where a field lies in the text: byte offset and length in UTF-16 units."""

    offset: int
    units: int


_NUMBERED = {
    "name": Field(0, 15),
    "sex": Field(30, 1),
    "born_on": Field(36, 8),
    "number": Field(122, 18),
    "valid_from": Field(188, 8),
    "valid_until": Field(204, 8),
}
_RESIDENT = {**_NUMBERED, "address": Field(52, 35), "issuer": Field(158, 15)}
LAYOUTS: dict[CardType, dict[str, Field]] = {
    "citizen": {**_RESIDENT, "ethnicity": Field(32, 2)},
    "J": {**_RESIDENT, "permit_number": Field(220, 9), "issue_count": Field(238, 2)},
    "I": {
        "english_name": Field(0, 60),
        "sex": Field(120, 1),
        "number": Field(122, 15),
        "nationality": Field(152, 3),
        "name": Field(158, 15),
        "valid_from": Field(188, 8),
        "valid_until": Field(204, 8),
        "born_on": Field(220, 8),
        "card_version": Field(236, 2),
        "authority": Field(240, 4),
    },
    "Y": {
        **_NUMBERED,
        "issue_count": Field(32, 2),
        "english_name": Field(52, 35),
        "english_name_rest": Field(220, 11),
        "nationality": Field(242, 3),
        "link": Field(250, 3),
    },
}

CARD_ERRORS = {
    "truncated": Wording("卡内数据不完整", "the card's data is cut short"),
    "text_length": Wording("文字信息长度不对", "the card's text has a wrong length"),
    "no_name": Wording("卡内没有姓名", "the card names nobody"),
    "bad_number": Wording("证件号码校验不通过", "the card's number fails its check"),
    "bad_date": Wording("卡内日期无效", "a date on the card is none"),
    "birth_differs": Wording("号码与出生日期不一致", "number and date of birth disagree"),
    "wrong_type": Wording("证件类型与号码不一致", "number and kind of card disagree"),
}


class CardDataError(Exception):
    """The chip's data can't be believed; `code` is a key of `CARD_ERRORS`. Carries no personal data."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{code}: {CARD_ERRORS[code].english}")
        self.code = code
        self.wording = CARD_ERRORS[code]


@dataclass(frozen=True, repr=False)
class IdCard:
    """What one card says. Its repr shows the kind and the masked number and nothing else.

    Codes stay codes: `sex` per GB/T 2261.1, `ethnicity` per GB/T 3304, `nationality` per ISO 3166-1
    alpha-3. A field that a kind of card does not have is empty. `name` falls back to the English one.
    """

    card_type: CardType
    name: str
    sex: str
    born_on: date
    number: str
    valid_from: date
    valid_until: date | None
    """None: 长期, no expiry."""
    ethnicity: str = ""
    address: str = ""
    issuer: str = ""
    permit_number: str = ""
    """J: 通行证号码."""
    issue_count: str = ""
    """J: 签发次数; Y: 换证次数."""
    english_name: str = ""
    nationality: str = ""
    card_version: str = ""
    """I only, as is `authority`: the code of the accepting authority."""
    authority: str = ""
    previous_number: str = ""
    """Y: the 2017 number of the same person."""
    additional_addresses: tuple[str, ...] = ()
    """Moves written to the chip after the card was printed, newest first."""
    photo: bytes = field(default=b"", repr=False)
    """1024 bytes as they come (WLT, no open decoder), or none."""

    def __repr__(self) -> str:
        return f"<IdCard {self.card_type} {self.masked_number}>"

    @property
    def masked_number(self) -> str:
        """The number as logs and screens may show it."""
        return mask_number(self.number)

    @property
    def sex_name(self) -> str:
        """男, 女, 未知, 未说明."""
        return name_sex(self.sex)

    @property
    def ethnicity_name(self) -> str:
        """汉, 蒙古 …; empty where the card has none."""
        return name_ethnicity(self.ethnicity)

    @property
    def has_private_use(self) -> bool:
        """A rare character came as a private code point or unreadable: show the printed card instead."""
        text = self.name + self.english_name + self.address + self.issuer
        return any(unicodedata.category(char) == "Co" or char == "\ufffd" for char in text)

    def is_expired(self, today: date) -> bool:
        """Whether the card's validity ended before `today`."""
        return self.valid_until is not None and self.valid_until < today


def parse_card(data: bytes, *, with_fingers: bool = False) -> IdCard:
    """The person in the data of a read reply (what follows SW3); raises CardDataError.

    Fingerprints of a 30 10 reply are skipped, not kept: there is no legal ground to.
    """
    text, photo = split_blocks(data, with_fingers=with_fingers)
    return parse_text(text, photo)


def split_blocks(data: bytes, *, with_fingers: bool = False) -> tuple[bytes, bytes]:
    """Text (256 bytes) and photo (1024 or none), cut by the lengths the header gives."""
    header = 6 if with_fingers else 4
    sizes = [int.from_bytes(data[at : at + 2], "big") for at in range(0, header, 2)]
    if len(data) < header or len(data) < header + sum(sizes):
        raise CardDataError("truncated")
    if sizes[0] < TEXT_SIZE:
        raise CardDataError("text_length")
    text, photo = (data[header : header + sizes[0]], data[header + sizes[0] :][: sizes[1]])
    return text[:TEXT_SIZE], photo[:PHOTO_SIZE]


def parse_text(text: bytes, photo: bytes = b"") -> IdCard:
    """The person in the 256 bytes of text; raises CardDataError."""
    if len(text) != TEXT_SIZE:
        raise CardDataError("text_length")
    card_type = read_card_type(text)
    raw = {name: read_field(text, place) for name, place in LAYOUTS[card_type].items()}
    words = {name: clean(value) for name, value in raw.items()}
    if card_type == "Y":  # the English name is one field in two places; a space may lie on the seam
        words["english_name"] = clean(raw["english_name"] + raw["english_name_rest"])
        del words["english_name_rest"]
    return build_card(card_type, words, photo)


def read_card_type(text: bytes) -> CardType:
    """The kind of card by its mark; anything but J, I and Y is a citizen's card."""
    mark = read_field(text, Field(TYPE_AT, 1))
    return next((card_type for card_type in LAYOUTS if card_type == mark), "citizen")


def read_field(text: bytes, place: Field) -> str:
    """A field with its padding; what is no UTF-16 becomes U+FFFD."""
    return text[place.offset : place.offset + 2 * place.units].decode("utf-16-le", errors="replace")


def clean(value: str) -> str:
    """Without padding: spaces, and NULs from readers that write them. Inner spaces belong to the name."""
    return value.strip(" \0\u3000")


def build_card(card_type: CardType, words: dict[str, str], photo: bytes) -> IdCard:
    """The card from its cleaned words, every check made; raises CardDataError."""
    born_on = read_date(words["born_on"])
    values: dict[str, Any] = {
        **words,
        "name": words["name"] or words.get("english_name", ""),
        "born_on": born_on,
        "number": checked_number(card_type, words["number"], born_on),
        "valid_from": read_date(words["valid_from"]),
        "valid_until": read_expiry(words["valid_until"]),
    }
    if not values["name"]:
        raise CardDataError("no_name")
    if card_type == "Y":
        link = values.pop("link")
        values["previous_number"] = previous_foreigner_number(values["number"], words["nationality"], link)
    return IdCard(card_type=card_type, photo=photo, **values)


def read_date(word: str) -> date:
    """YYYYMMDD; raises CardDataError."""
    if not re.fullmatch(r"[0-9]{8}", word):
        raise CardDataError("bad_date")
    try:
        return date(int(word[:4]), int(word[4:6]), int(word[6:]))
    except ValueError as error:
        raise CardDataError("bad_date") from error


def format_date(day: date) -> str:
    """YYYYMMDD."""
    return day.isoformat().replace("-", "")


def read_expiry(word: str) -> date | None:
    """The last day of validity, None for 长期."""
    if word == LONG_TERM:
        return None
    # Cards issued on 29 February carry 29 February ten years on, where there is none.
    if word.endswith("0229") and word[:4].isdecimal() and int(word[:4]) % 4:
        word = word[:4] + "0228"
    return read_date(word)


def checked_number(card_type: CardType, number: str, born_on: date) -> str:
    """The number, which must pass its check and agree with birth and kind; raises CardDataError.

    Its region is not checked: cards outlive region codes.
    """
    number = number.upper()
    if card_type == "I":
        birth, passes = number[7:13], is_foreigner_number_2017(number)
    else:
        number = upgrade_number(number) if re.fullmatch(r"[0-9]{15}", number) else number
        birth, passes = number[6:14], is_resident_number(number)
    if not passes:
        raise CardDataError("bad_number")
    if not format_date(born_on).endswith(birth):
        raise CardDataError("birth_differs")
    # A card of 2023 read by its mark as something else would show a foreigner's name as an address.
    if card_type != "I" and (card_type == "Y") != number.startswith("9"):
        raise CardDataError("wrong_type")
    return number


def parse_additional_addresses(data: bytes) -> tuple[str, ...]:
    """The addresses in the data of a 30 03 reply: whole records of 70 bytes, blank ones left out.

    A chip holds four at most; more data than that answers some other question.
    """
    if len(data) > MOST_ADDRESSES * ADDRESS_SIZE:
        return ()
    records = [data[at : at + ADDRESS_SIZE] for at in range(0, len(data) - ADDRESS_SIZE + 1, ADDRESS_SIZE)]
    addresses = (clean(record.decode("utf-16-le", errors="replace")) for record in records)
    return tuple(filter(None, addresses))
