"""Cards: the four layouts, and that damage never makes another person."""

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.idcard.cards import (
    CARD_ERRORS,
    TEXT_SIZE,
    TYPE_AT,
    CardDataError,
    parse_additional_addresses,
    parse_card,
    parse_text,
    split_blocks,
)
from kiosk.idcard.codes import format_sam_id, name_ethnicity, name_sex
from kiosk.idcard.frames import FrameDecoder, Reply
from kiosk.simulator.cards import PHOTO_STAND_IN, CardChip, build_text, card_from_fields, read_reply_data
from kiosk.simulator.reader import encode_reply

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
TEXTS = {card_type: bytes.fromhex(vector["text"]) for card_type, vector in VECTORS.items()}
CARDS = {card_type: card_from_fields(vector["fields"]) for card_type, vector in VECTORS.items()}
FINGERS = {"A": None, "B": b"", "C": 2 * (b"C" + bytes(511))}
CITIZEN = TEXTS["citizen"]


def with_word(text: bytes, offset: int, word: str) -> bytes:
    """The text with another word at this byte offset."""
    data = word.encode("utf-16-le")
    return text[:offset] + data + text[offset + len(data) :]


def code_of(text: bytes) -> str:
    """The code of the refusal of this text."""
    with pytest.raises(CardDataError) as caught:
        parse_text(text)
    return caught.value.code


def test_the_photo_stand_in_is_the_agreed_one():
    assert hashlib.sha256(PHOTO_STAND_IN).hexdigest() == (
        "7bb659aaa5d2643b5279c0d7adfc04b5f3d8b58f1ef3d840e31ac9a5181d9daa"
    )


@pytest.mark.parametrize("card_type", VECTORS)
def test_the_text_names_this_person_and_nobody_else(card_type):
    assert parse_text(TEXTS[card_type]) == CARDS[card_type]


@pytest.mark.parametrize("card_type", VECTORS)
def test_the_text_is_built_byte_for_byte(card_type):
    assert build_text(CARDS[card_type]) == TEXTS[card_type]


@pytest.mark.parametrize("kind", FINGERS)
@pytest.mark.parametrize("card_type", VECTORS)
def test_whole_frames_are_the_agreed_ones(card_type, kind):
    chip, wanted = CardChip.of(CARDS[card_type]), VECTORS[card_type]["frames"][kind]
    frame = encode_reply(0x90, read_reply_data(chip, FINGERS[kind]))

    assert len(frame) == {"A": 1295, "B": 1297, "C": 2321}[kind]
    assert f"{frame[-1]:02X}" == wanted["checksum"]
    assert hashlib.sha256(frame).hexdigest() == wanted["sha256"]


@pytest.mark.parametrize("kind", FINGERS)
@pytest.mark.parametrize("card_type", VECTORS)
def test_a_person_comes_out_of_a_whole_frame(card_type, kind):
    chip = CardChip.of(CARDS[card_type])
    [reply] = FrameDecoder().feed(encode_reply(0x90, read_reply_data(chip, FINGERS[kind])))

    assert isinstance(reply, Reply)
    card = parse_card(reply.data, with_fingers=kind != "A")
    assert card == replace(CARDS[card_type], photo=PHOTO_STAND_IN)


@pytest.mark.parametrize(("mark", "card_type"), [("\0", "citizen"), (" ", "citizen"), ("?", "citizen")])
def test_any_other_mark_is_a_citizens_card(mark, card_type):
    assert parse_text(with_word(CITIZEN, TYPE_AT, mark)).card_type == card_type


def test_a_2023_card_by_any_other_mark_is_refused():
    assert code_of(with_word(TEXTS["Y"], TYPE_AT, " ")) == "wrong_type"
    assert code_of(with_word(CITIZEN, TYPE_AT, "Y")) == "wrong_type"


def test_nul_padding_is_padding():
    assert parse_text(CITIZEN.replace(" ".encode("utf-16-le"), b"\0\0")) == CARDS["citizen"]


def test_inner_spaces_and_dots_belong_to_the_name():
    assert parse_text(with_word(CITIZEN, 0, "阿迪力·吾 买尔")).name == "阿迪力·吾 买尔"


def test_a_card_without_end_never_expires():
    card = CARDS["citizen"]

    assert card.valid_until is None
    assert not card.is_expired(date(2999, 1, 1))


def test_a_card_expires_the_day_after_its_last():
    card = CARDS["J"]

    assert not card.is_expired(date(2024, 1, 1))
    assert card.is_expired(date(2024, 1, 2))


def test_an_end_on_a_29_february_that_never_comes_is_the_28th():
    assert parse_text(with_word(CITIZEN, 204, "20300229")).valid_until == date(2030, 2, 28)
    assert parse_text(with_word(CITIZEN, 204, "20280229")).valid_until == date(2028, 2, 29)


def test_a_foreigner_without_a_chinese_name_goes_by_the_english_one():
    assert parse_text(with_word(TEXTS["I"], 158, " " * 15)).name == "ZHENGJIAN, YANGBEN"


def test_an_english_name_may_break_at_a_space():
    name = "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH IJKLMNOPQRS"
    card = replace(CARDS["Y"], english_name=name)

    assert (name[34], len(name)) == (" ", 46)
    assert parse_text(build_text(card)) == card


def test_the_old_number_is_rebuilt_from_its_link():
    card = parse_text(with_word(TEXTS["Y"], 250, "001"))

    assert card.previous_number == "PAK310080010116"
    assert parse_text(build_text(card)) == card


def test_characters_beyond_the_bmp_and_rare_ones_come_through():
    card = replace(CARDS["citizen"], name="张𬭎䶮㛃", address="𬭎" * 17)

    assert parse_text(build_text(card)) == card
    assert not card.has_private_use


def test_private_characters_are_flagged_not_dropped():
    card = parse_text(with_word(CITIZEN, 0, "张\ue123"))

    assert card.name == "张\ue123"
    assert card.has_private_use


def test_half_a_character_is_flagged_and_raises_nothing():
    card = parse_text(CITIZEN[:2] + b"\x00\xd8" + CITIZEN[4:])

    assert card.name == "张\ufffd"
    assert card.has_private_use


@pytest.mark.parametrize(
    ("offset", "word", "code"),
    [
        (0, " " * 15, "no_name"),
        (36, "19491301", "bad_date"),
        (36, "1949 231", "bad_date"),
        (36, "19491230", "birth_differs"),
        (188, "20160230", "bad_date"),
        (204, "永久", "bad_date"),
        (122, "110105194912310021", "bad_number"),
        (122, " " * 18, "bad_number"),
        (122, "１１０１０５", "bad_number"),
    ],
)
def test_damaged_text_is_refused(offset, word, code):
    assert code_of(with_word(CITIZEN, offset, word)) == code


def test_a_2017_number_is_held_to_its_check_digit():
    assert code_of(with_word(TEXTS["I"], 122, "CAN110081080319")) == "bad_number"


def test_a_number_of_15_digits_is_brought_to_18():
    text = with_word(with_word(CITIZEN, 36, "19670401"), 122, "130503670401001   ")

    assert parse_text(text).number == "130503196704010016"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "truncated"),
        (bytes.fromhex("01000400") + CITIZEN, "truncated"),
        (bytes.fromhex("00FE0000") + CITIZEN, "text_length"),
        (bytes.fromhex("00000000"), "text_length"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(data, code):
    with pytest.raises(CardDataError) as caught:
        parse_card(data)
    assert caught.value.code == code


def test_a_longer_text_is_cut_and_the_photo_found_behind_it():
    data = bytes.fromhex("01040003") + CITIZEN + b"more" + b"pix"

    assert split_blocks(data) == (CITIZEN, b"pix")


def test_every_refusal_has_words_in_both_languages():
    assert all(all(CardDataError(code).wording) for code in CARD_ERRORS)


def test_a_card_in_a_log_shows_no_name_and_a_masked_number():
    assert repr(CARDS["citizen"]) == "<IdCard citizen 1101**********002X>"
    assert repr(CARDS["I"]) == "<IdCard I CAN1*******0310>"


@given(st.integers(0, TEXT_SIZE - 1), st.integers(1, 255))
def test_a_wrong_byte_that_slipped_through_never_changes_the_number(at, change):
    damaged = bytearray(CITIZEN)
    damaged[at] ^= change
    try:
        card = parse_text(bytes(damaged))
    except CardDataError:
        return
    assert card.number == CARDS["citizen"].number
    assert card.born_on == CARDS["citizen"].born_on


@given(st.binary(min_size=TEXT_SIZE, max_size=TEXT_SIZE))
def test_random_text_is_nobody(text):
    with pytest.raises(CardDataError):
        parse_text(text)


@given(st.binary(max_size=600), st.booleans())
def test_random_data_raise_nothing_else(data, with_fingers):
    with pytest.raises(CardDataError):
        parse_card(data, with_fingers=with_fingers)


def test_additional_addresses_come_newest_first_without_blanks():
    record = "北京市海淀区中关村大街1号".ljust(35).encode("utf-16-le")
    blank = (" " * 35).encode("utf-16-le")
    card = replace(CARDS["citizen"], additional_addresses=parse_additional_addresses(record + 3 * blank))

    assert (encode_reply(0x90, record)[-1], encode_reply(0x90, record + 3 * blank)[-1]) == (0xBD, 0xCA)
    assert card.additional_addresses == ("北京市海淀区中关村大街1号",)


def test_the_answer_to_another_question_is_no_address():
    assert parse_additional_addresses(read_reply_data(CardChip.of(CARDS["citizen"]))) == ()


def test_codes_have_names_and_unknown_ones_stay():
    assert [name_sex(code) for code in ("1", "2", "0", "9", "x")] == ["男", "女", "未知", "未说明", "x"]
    assert [name_ethnicity(code) for code in ("01", "56", "97", "98", "99", "")] == [
        "汉",
        "基诺",
        "其他",
        "外国血统中国籍人士",
        "99",
        "",
    ]


def test_the_sam_number_is_printed_as_vendors_do():
    data = bytes.fromhex("05000300E0DD320187D61200B168DE3A")

    assert format_sam_id(data) == "05.03-20110816-0001234567-0987654321"
    with pytest.raises(ValueError, match="16 bytes"):
        format_sam_id(data[:-1])
