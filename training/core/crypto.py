"""Encryption of personal data at rest, and keyed hashes to find it again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from django.conf import settings
from django.db import models


@cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(data: bytes) -> bytes:
    return _fernet(tuple(settings.FIELD_KEYS)).encrypt(data)


def decrypt(data: bytes) -> bytes:
    """The plain bytes; raises `cryptography.fernet.InvalidToken` if no key of ours fits."""
    return _fernet(tuple(settings.FIELD_KEYS)).decrypt(data)


def encrypted(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The token that `encrypt` makes of the whole, piece by piece; the library makes it only in memory."""
    return _base64(_token(chunks, base64.urlsafe_b64decode(settings.FIELD_KEYS[0])))


def _token(chunks: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """Version, time, IV, ciphertext and HMAC, after the Fernet specification."""
    iv = os.urandom(16)
    mac = hmac.new(key[:16], digestmod="sha256")
    cipher, padder = Cipher(AES(key[16:]), CBC(iv)).encryptor(), PKCS7(AES.block_size).padder()

    def locked() -> Iterator[bytes]:
        yield b"\x80" + int(time.time()).to_bytes(8, "big") + iv
        for chunk in chunks:
            yield cipher.update(padder.update(chunk))
        yield cipher.update(padder.finalize()) + cipher.finalize()

    for part in locked():
        mac.update(part)
        yield part
    yield mac.digest()


def _base64(parts: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for part in parts:
        known = rest + part
        whole = len(known) // 3 * 3  # no padding but at the end
        yield base64.urlsafe_b64encode(known[:whole])
        rest = known[whole:]
    yield base64.urlsafe_b64encode(rest)


def keyed_hash(text: str, *, purpose: str) -> str:
    """HMAC-SHA256 as hex: finds the same text again and tells nobody without the key what it is."""
    return hmac.new(settings.HASH_KEY.encode(), f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def sealing_key() -> X25519PrivateKey:
    """What opens the card data that stations seal for this server."""
    return X25519PrivateKey.from_private_bytes(base64.b64decode(settings.SEALING_KEY))


class EncryptedTextField(models.TextField[str, str]):
    """Text that the database holds only as a Fernet token. Can't be searched: use a keyed hash."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(str(value).encode()).decode() if value else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return decrypt(value.encode()).decode() if value else value
