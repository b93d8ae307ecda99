"""Simulated cards: what goes into a chip comes out of it."""

import string
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from kiosk.idcard.cards import IdCard, parse_additional_addresses, parse_card
from kiosk.idcard.codes import ETHNICITIES, SEXES
from kiosk.idcard.numbers import check_731, previous_foreigner_number
from kiosk.simulator.cards import (
    PHOTO_STAND_IN,
    CardChip,
    FieldError,
    build_text,
    card_from_fields,
    read_reply_data,
)

FIELDS = {
    "type": "citizen",
    "name": "赵小满",
    "sex": "女",
    "ethnicity": "汉",
    "born_on": "1990-03-07",
    "address": "江西省石城县琴江镇1号",
    "number": "110101199003070011",
    "issuer": "石城县公安局",
    "valid_from": "20200101",
    "valid_until": "长期",
}
HAN = "赵钱孙李·䶮㛃𬭎𠮷"
RARE = st.sampled_from(HAN) | st.characters(codec="utf-16-le", exclude_categories=["Cs", "Cc", "Z"])
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


def words(units: int, alphabet: st.SearchStrategy[str] = RARE) -> st.SearchStrategy[str]:
    """Words that fit into so many UTF-16 units."""
    return st.text(alphabet, min_size=1, max_size=units).filter(
        lambda word: len(word.encode("utf-16-le")) <= 2 * units
    )


def digits(size: int) -> st.SearchStrategy[str]:
    return st.text(string.digits, min_size=size, max_size=size)


def capitals(size: int, most: int = 0) -> st.SearchStrategy[str]:
    return st.text(string.ascii_uppercase, min_size=size, max_size=most or size)


def with_check(body: str) -> str:
    return body + mod_11_2.calc_check_digit(body)


@st.composite
def cards(draw: Any) -> IdCard:
    """Any card of the four kinds that could have been issued."""
    card_type, born_on = draw(st.sampled_from(["citizen", "J", "I", "Y"])), draw(DAYS)
    birth = born_on.isoformat().replace("-", "")
    fields = {
        "card_type": card_type,
        "name": draw(words(15)),
        "sex": draw(st.sampled_from(sorted(SEXES))),
        "born_on": born_on,
        "valid_from": draw(DAYS),
        "valid_until": draw(st.none() | DAYS),
        "photo": draw(st.just(PHOTO_STAND_IN) | st.binary(min_size=1024, max_size=1024)),
    }
    region = str(draw(st.integers(100000, 899999)))
    if card_type in ("citizen", "J"):
        fields |= {"address": draw(words(35)), "issuer": draw(words(15))}
        fields["number"] = with_check(region + birth + draw(digits(3)))
        fields["additional_addresses"] = tuple(draw(st.lists(words(35), max_size=4)))
    if card_type == "citizen":
        fields["ethnicity"] = draw(st.sampled_from(sorted(ETHNICITIES)))
    if card_type == "J":
        fields |= {"permit_number": draw(capitals(9)), "issue_count": draw(digits(2))}
    if card_type == "I":
        body = draw(capitals(3)) + draw(digits(4)) + birth[2:] + draw(digits(1))
        fields |= {"number": body + check_731(body), "nationality": body[:3]}
        fields |= {"english_name": draw(capitals(1, 60)), "authority": draw(digits(4)), "card_version": "01"}
    if card_type == "Y":
        number = with_check("9" + draw(digits(5)) + birth + draw(digits(3)))
        nationality, link = draw(capitals(3)), draw(digits(3))
        fields |= {"number": number, "nationality": nationality, "issue_count": draw(digits(2))}
        fields |= {"english_name": draw(capitals(1, 46))}
        fields["previous_number"] = previous_foreigner_number(number, nationality, link)
    return IdCard(**fields)


@given(cards())
def test_what_goes_into_a_chip_comes_out_of_it(card):
    chip = CardChip.of(card)
    read = parse_card(read_reply_data(chip))

    assert len(chip.text) == 256
    assert read == IdCard(**{**vars(card), "additional_addresses": ()})
    assert parse_additional_addresses(chip.addresses) == card.additional_addresses


def test_a_card_is_made_from_plain_words():
    card = card_from_fields(FIELDS)

    assert (card.sex, card.ethnicity) == ("2", "01")
    assert (card.valid_from, card.valid_until) == (date(2020, 1, 1), None)
    assert card_from_fields({**FIELDS, "sex": "2", "ethnicity": "01", "valid_until": None}) == card


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "passport"}, "type"),
        ({"born_on": "31.12.1990"}, "born_on"),
        ({"nick": "小满"}, "nick"),
        ({"valid_from": None}, "valid_from"),
    ],
)
def test_a_field_that_is_no_good_is_named(change, said):
    with pytest.raises(FieldError, match=said):
        card_from_fields({**FIELDS, **change})


def test_a_missing_field_is_named():
    with pytest.raises(FieldError, match="number"):
        card_from_fields({name: word for name, word in FIELDS.items() if name != "number"})


def test_a_word_too_long_is_refused_not_cut():
    """Eight characters beyond the BMP are sixteen units."""
    assert build_text(card_from_fields({**FIELDS, "name": "𬭎" * 7}))
    with pytest.raises(FieldError, match="name: 16 UTF-16 units in a field of 15"):
        build_text(card_from_fields({**FIELDS, "name": "𬭎" * 8}))
