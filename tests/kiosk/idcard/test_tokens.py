"""Tokens: the same card is the same token at every desk, and a damaged frame is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.idcard.tokens import AWAY, FRAME, Presence, TokenDecoder, TokenError, mask_token, normalise
from kiosk.simulator.tokens import encode_frame

VECTOR = bytes.fromhex("0236324533303836434544303803")
TOKEN = "086CED"

numbers = st.binary(min_size=5, max_size=5).filter(lambda number: any(number[-3:]))
noise = st.binary(max_size=40)


def spelled(number: bytes) -> dict[str, str]:
    """What wedges of every make type for a card whose number ends in these four bytes."""
    return {
        "decimal": f"{int.from_bytes(number, 'big'):010d}",
        "hex": number.hex().upper(),
        "decimal-reversed": f"{int.from_bytes(number, 'little'):010d}",
        "hex-reversed": number[::-1].hex(),
        "3+5": f"{number[1]:03d},{int.from_bytes(number[2:], 'big'):05d}",
    }


def test_the_frame_of_the_vendors_sheet_is_understood_and_made():
    assert TokenDecoder().feed(VECTOR) == [TOKEN]
    assert encode_frame(bytes.fromhex("62E3086CED")) == VECTOR


def test_a_frame_with_line_ends_is_understood_too():
    assert TokenDecoder().feed(VECTOR[:-1] + b"\r\n\x03") == [TOKEN]


def test_lower_case_digits_are_the_same_token():
    assert TokenDecoder().feed(VECTOR.lower()) == [TOKEN]


def test_a_blank_card_is_no_token():
    assert TokenDecoder().feed(encode_frame(bytes.fromhex("6200000000"))) == []


@given(st.data(), numbers, numbers)
def test_chunks_and_noise_change_nothing(data, one, two):
    gaps = [data.draw(noise.filter(lambda gap: b"\x02" not in gap)) for _ in range(3)]
    stream = gaps[0] + encode_frame(one) + gaps[1] + encode_frame(two) + gaps[2]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    decoder = TokenDecoder()
    tokens = [
        token
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for token in decoder.feed(stream[start:end])
    ]

    assert tokens == [number[-3:].hex().upper() for number in (one, two)]


@given(numbers, st.integers(0, 13), st.integers(1, 255))
def test_one_wrong_byte_never_gives_another_token_and_the_next_frame_is_read(number, at, change):
    damaged = bytearray(encode_frame(number))
    damaged[at] ^= change
    token = number[-3:].hex().upper()

    assert set(TokenDecoder().feed(bytes(damaged))) <= {token}  # a digit may have changed its case only
    assert TokenDecoder().feed(bytes(damaged) + VECTOR)[-1] == TOKEN


@given(st.lists(st.binary(max_size=300)))
def test_any_bytes_at_all_raise_nothing_and_are_not_hoarded(pieces):
    decoder = TokenDecoder()
    for piece in pieces:
        decoder.feed(piece)
        assert len(decoder._pending) <= 16


@given(noise, numbers)
def test_after_any_noise_a_frame_is_read(raving, number):
    decoder = TokenDecoder()
    decoder.feed(raving)

    assert decoder.feed(encode_frame(number)) == [number[-3:].hex().upper()]


def test_the_noise_of_a_test_is_no_frame():
    assert FRAME.fullmatch(VECTOR)
    assert not FRAME.search(VECTOR[:-1] + b"\x02")


@given(st.binary(min_size=4, max_size=4).filter(lambda number: any(number[-3:])))
def test_every_wedge_gives_the_token_the_serial_reader_gives(number):
    tokens = {normalise(text, form) for form, text in spelled(number).items()}

    assert tokens == set(TokenDecoder().feed(encode_frame(b"\x62" + number)))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("3808980205\r\n", "decimal"),
        ("３８０８９８０２０５", "decimal"),
        (" e3086ced", "hex"),
        ("008，27885", "3+5"),
        ("00827885", "3+5"),
        ("008 27885", "3+5"),
        ("ED6C08E3", "hex-reversed"),
        ("3983280355", "decimal-reversed"),
    ],
)
def test_what_keyboards_add_does_not_matter(text, form):
    assert normalise(text, form) == TOKEN


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", "decimal"),
        ("380898020", "decimal"),
        ("4294967296", "decimal"),
        ("E3086CEG", "hex"),
        ("E3086CED00", "hex"),
        ("256,00001", "3+5"),
        ("008,65536", "3+5"),
        ("0000000000", "decimal"),
        ("E3000000", "hex"),
        ("11010519491231002X", "decimal"),
        ("二二二二二二二二二二", "decimal"),
    ],
)
def test_what_is_no_card_number_is_refused_and_not_repeated(text, form):
    with pytest.raises(TokenError) as caught:
        normalise(text, form)

    assert caught.value.code == "token_wrong"
    assert not text or text not in str(caught.value)


@given(st.text(max_size=20), st.sampled_from(["decimal", "hex", "decimal-reversed", "hex-reversed", "3+5"]))
def test_whatever_is_typed_gives_a_token_or_a_refusal(text, form):
    try:
        token = normalise(text, form)
    except TokenError:
        return
    assert len(bytes.fromhex(token)) == 3


@given(st.lists(st.tuples(st.sampled_from("AB"), st.floats(0.01, 3.0)), max_size=40))
def test_a_token_is_told_of_once_until_it_was_away(frames):
    presence, now, last = Presence(), 0.0, dict[str, float]()
    for token, pause in frames:
        now += pause
        away = token not in last or now - last[token] >= AWAY
        last[token] = now

        assert presence.arrives(token, now) == away


def test_a_token_is_shown_by_its_end_only():
    assert mask_token(TOKEN) == "****ED"
