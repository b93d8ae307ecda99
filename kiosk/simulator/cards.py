"""Cards that exist only here: the chip's bytes from plain fields. The people are synthetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self, cast

from kiosk.idcard.cards import (
    ADDRESS_SIZE,
    LAYOUTS,
    LONG_TERM,
    TEXT_SIZE,
    TYPE_AT,
    CardType,
    Field,
    IdCard,
    format_date,
)
from kiosk.idcard.codes import ETHNICITIES, SEXES

PHOTO_STAND_IN = bytes.fromhex("574C66007E00320000FF") + bytes((7 * i + 3) % 256 for i in range(1014))
"""A real photo's header and size; what follows is no picture, as no open encoder exists."""

_SEX_CODES = {word: code for code, word in SEXES.items()}
_ETHNICITY_CODES = {word: code for code, word in ETHNICITIES.items()}
_DATES = ("born_on", "valid_from", "valid_until")


class FieldError(Exception):
    """These fields make no card; the message names the field."""


@dataclass(frozen=True)
class CardChip:
    """What a reader can get out of one card."""

    text: bytes
    photo: bytes = PHOTO_STAND_IN
    addresses: bytes = b""

    @classmethod
    def of(cls, card: IdCard) -> Self:
        """The chip of this card; a card without a photo gets the stand-in. Raises FieldError."""
        addresses = b"".join(
            encode_units(address, ADDRESS_SIZE // 2) for address in card.additional_addresses
        )
        return cls(build_text(card), card.photo or PHOTO_STAND_IN, addresses)


def card_from_fields(fields: Mapping[str, Any]) -> IdCard:
    """A card from JSON-like fields named as in `IdCard`, the kind as `type`; raises FieldError.

    Sex and ethnicity as code or word (`2` or `女`, `01` or `汉`), dates as `1990-01-31` or `19900131`,
    `valid_until` may be null or `长期`. Number and dates are not checked here: bad cards are wanted too.
    """
    values = dict(fields)
    card_type = values.pop("type", "citizen")
    if card_type not in LAYOUTS:
        raise FieldError(f"type: {card_type!r} is none of {', '.join(LAYOUTS)}")
    values |= {name: read_day(name, values[name]) for name in _DATES if name in values}
    for name, codes in (("sex", _SEX_CODES), ("ethnicity", _ETHNICITY_CODES)):
        if name in values:
            values[name] = codes.get(values[name], values[name])
    values["additional_addresses"] = tuple(values.get("additional_addresses", ()))
    try:
        return IdCard(card_type=cast(CardType, card_type), **values)
    except TypeError as error:
        raise FieldError(str(error).removeprefix("IdCard.__init__() ")) from error


def read_day(name: str, word: str | None) -> date | None:
    """A date in either spelling; None for no end of validity."""
    if name == "valid_until" and word in (None, LONG_TERM):
        return None
    try:
        return date.fromisoformat(str(word))
    except ValueError as error:
        raise FieldError(f"{name}: {word!r} is no date") from error


def build_text(card: IdCard) -> bytes:
    """The 256 bytes of text: the inverse of `kiosk.idcard.cards.parse_text`. Raises FieldError."""
    text = bytearray(" ".encode("utf-16-le") * (TEXT_SIZE // 2))
    words = words_of(card)
    for name, place in LAYOUTS[card.card_type].items():
        try:
            put(text, place, words[name])
        except FieldError as error:
            raise FieldError(f"{name}: {error}") from error
    if card.card_type != "citizen":
        put(text, Field(TYPE_AT, 1), card.card_type)
    return bytes(text)


def words_of(card: IdCard) -> dict[str, str]:
    """Each field as the chip spells it."""
    words = {name: value for name, value in vars(card).items() if isinstance(value, str)}
    words |= {"born_on": format_date(card.born_on), "valid_from": format_date(card.valid_from)}
    words["valid_until"] = LONG_TERM if card.valid_until is None else format_date(card.valid_until)
    if card.card_type == "Y":
        old = card.previous_number
        words |= split_english_name(card.english_name)
        words["link"] = old[5:7] + old[13] if old else "000"
    return words


def split_english_name(name: str) -> dict[str, str]:
    """A 2023 card keeps the English name in two places."""
    return {"english_name": name[:35], "english_name_rest": name[35:]}


def put(text: bytearray, place: Field, word: str) -> None:
    """Write one padded field; raises FieldError when the word is too long."""
    text[place.offset : place.offset + 2 * place.units] = encode_units(word, place.units)


def encode_units(word: str, units: int) -> bytes:
    """UTF-16LE padded with spaces. A character beyond the BMP takes two units. Raises FieldError."""
    data = word.encode("utf-16-le", errors="surrogatepass")
    if len(data) > 2 * units:
        raise FieldError(f"{len(data) // 2} UTF-16 units in a field of {units}")
    return data + " ".encode("utf-16-le") * (units - len(data) // 2)


def read_reply_data(chip: CardChip, fingers: bytes | None = None) -> bytes:
    """The data of a 30 01 reply, or of a 30 10 reply when `fingers` (0, 512 or 1024 bytes) is given."""
    blocks = [chip.text, chip.photo] + ([] if fingers is None else [fingers])
    return b"".join(len(block).to_bytes(2, "big") for block in blocks) + b"".join(blocks)
