"""Personal data at rest: nobody reads it without a key, and we find it again."""

from __future__ import annotations

import io
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from hypothesis import given
from hypothesis import strategies as st

from training.core.crypto import EncryptedTextField, decrypt, encrypt, encrypted, keyed_hash, unlocked


@given(st.binary(max_size=2000))
def test_what_is_encrypted_comes_back_and_does_not_show(data: bytes) -> None:
    token = encrypt(data)

    assert decrypt(token) == data
    assert len(data) < 8 or data not in token


@given(st.lists(st.binary(max_size=70)))
def test_what_is_encrypted_piece_by_piece_is_a_token_like_any_other(chunks: list[bytes]) -> None:
    assert decrypt(b"".join(encrypted(chunks))) == b"".join(chunks)


@given(st.binary(max_size=400), st.lists(st.tuples(st.integers(0, 420), st.integers(0, 100))))
def test_a_token_opens_at_any_place(data: bytes, places: list[tuple[int, int]]) -> None:
    token = encrypt(data)
    with unlocked(io.BytesIO(token)) as file:
        assert file.read() == data
        for start, count in places:
            file.seek(start)
            assert file.read(count) == data[start : start + count]


def test_a_token_of_several_pieces_opens_as_a_whole() -> None:
    data = bytes(range(256)) * 7_000
    with unlocked(io.BytesIO(encrypt(data))) as file:
        assert file.seek(0, io.SEEK_END) == len(data)
        assert file.seek(-5, io.SEEK_END) == len(data) - 5
        assert file.read() == data[-5:]
        file.seek(0)
        assert file.read() == data


@given(st.binary(max_size=60), st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_token_changed_anywhere_does_not_open(data: bytes, place: float, flip: int) -> None:
    token = bytearray(encrypt(data))
    token[int(place * len(token))] ^= flip
    for damaged in (bytes(token), encrypt(data)[: int(place * len(token))]):
        try:
            with unlocked(io.BytesIO(damaged)) as file:  # other letters may stand for the same bytes
                assert file.read() == data
        except InvalidToken:
            pass


def test_the_same_text_is_another_token_each_time() -> None:
    assert encrypt(b"110105194912310021") != encrypt(b"110105194912310021")


def test_an_older_key_still_opens_what_it_locked_and_a_lost_one_does_not(settings: Any) -> None:
    old, new, stranger = (Fernet.generate_key().decode() for _ in range(3))
    settings.FIELD_KEYS = [old]
    token = encrypt(b"secret")

    settings.FIELD_KEYS = [new, old]
    assert decrypt(token) == b"secret"
    assert unlocked(io.BytesIO(token)).read() == b"secret"
    settings.FIELD_KEYS = [new]
    with pytest.raises(InvalidToken):
        decrypt(token)
    with pytest.raises(InvalidToken):
        unlocked(io.BytesIO(token))
    settings.FIELD_KEYS = [stranger]
    with pytest.raises(InvalidToken):
        decrypt(token[:-4] + b"AAA=")


def test_a_keyed_hash_finds_the_same_text_for_the_same_purpose_under_the_same_key(settings: Any) -> None:
    here = keyed_hash("11010519491231002X", purpose="id-number")

    assert here == keyed_hash("11010519491231002X", purpose="id-number")
    assert here != keyed_hash("11010519491231002X", purpose="phone")
    assert here != keyed_hash("110105194912310021", purpose="id-number")
    settings.HASH_KEY = "another"
    assert here != keyed_hash("11010519491231002X", purpose="id-number")


@given(st.text(min_size=1, max_size=200))
def test_an_encrypted_column_gives_back_what_was_put_in(text: str) -> None:
    field: EncryptedTextField = EncryptedTextField()
    stored = field.get_prep_value(text)

    assert stored.startswith("gAAAA")
    assert field.from_db_value(stored, None, None) == text


@pytest.mark.parametrize("nothing", ["", None])
def test_nothing_stays_nothing(nothing: str | None) -> None:
    field: EncryptedTextField = EncryptedTextField()

    assert field.get_prep_value(nothing) == nothing
    assert field.from_db_value(nothing, None, None) == nothing
