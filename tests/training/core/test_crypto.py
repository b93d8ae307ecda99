"""Personal data at rest: nobody reads it without a key, and we find it again."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from hypothesis import given
from hypothesis import strategies as st

from training.core.crypto import EncryptedTextField, decrypt, encrypt, encrypted, keyed_hash


@given(st.binary(max_size=2000))
def test_what_is_encrypted_comes_back_and_does_not_show(data: bytes) -> None:
    token = encrypt(data)

    assert decrypt(token) == data
    assert len(data) < 8 or data not in token


@given(st.lists(st.binary(max_size=70)))
def test_what_is_encrypted_piece_by_piece_is_a_token_like_any_other(chunks: list[bytes]) -> None:
    assert decrypt(b"".join(encrypted(chunks))) == b"".join(chunks)


def test_the_same_text_is_another_token_each_time() -> None:
    assert encrypt(b"110105194912310021") != encrypt(b"110105194912310021")


def test_an_older_key_still_opens_what_it_locked_and_a_lost_one_does_not(settings: Any) -> None:
    old, new, stranger = (Fernet.generate_key().decode() for _ in range(3))
    settings.FIELD_KEYS = [old]
    token = encrypt(b"secret")

    settings.FIELD_KEYS = [new, old]
    assert decrypt(token) == b"secret"
    settings.FIELD_KEYS = [new]
    with pytest.raises(InvalidToken):
        decrypt(token)
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
