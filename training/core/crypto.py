"""Encryption of personal data at rest, and keyed hashes to find it again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import os
import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, BinaryIO, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from django.conf import settings
from django.db import models

from training.core.content import Placed

_HEAD, _BLOCK, _MAC = 25, 16, 32
"""Bytes of a Fernet token around its blocks: version, time and IV before, the HMAC behind."""
_PIECE: Final = 3 * 2**18
"""Of a token at a time; three bytes are four letters of base64."""


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


def unlocked(token: BinaryIO) -> BinaryIO:
    """What `encrypted` made a token of, as a file that can be sought in, a piece at a time in memory.

    Reads the token once for its HMAC; raises `cryptography.fernet.InvalidToken` if no key of ours fits.
    """
    keys = [base64.urlsafe_b64decode(key) for key in settings.FIELD_KEYS]
    try:
        size = _size(token)
        raw = _Unlocked(token, size, _fitting(token, size, keys))
    except (ValueError, IndexError) as damage:  # no base64, or no whole blocks
        raise InvalidToken from damage
    return io.BufferedReader(raw, 2**20)


def _size(token: BinaryIO) -> int:
    letters = token.seek(0, io.SEEK_END)
    token.seek(max(0, letters - 2))
    return letters // 4 * 3 - token.read().count(b"=")


def _part(token: BinaryIO, start: int, end: int) -> bytes:
    """Bytes `start` to `end` of the token behind the letters of the file."""
    first, last = start // 3, -(-end // 3)
    token.seek(4 * first)
    known = base64.urlsafe_b64decode(token.read(4 * (last - first)))
    return known[start - 3 * first : end - 3 * first]


def _fitting(token: BinaryIO, size: int, keys: list[bytes]) -> bytes:
    """The key that the HMAC was made with."""
    macs = [hmac.new(key[:16], digestmod="sha256") for key in keys]
    for start in range(0, size - _MAC, _PIECE):
        piece = _part(token, start, min(start + _PIECE, size - _MAC))
        for mac in macs:
            mac.update(piece)
    said = _part(token, size - _MAC, size)
    fitting = [key for key, mac in zip(keys, macs, strict=True) if hmac.compare_digest(mac.digest(), said)]
    if not fitting:
        raise InvalidToken
    return fitting[0]


class _Unlocked(Placed):
    """Opens the blocks that are asked for: in CBC each needs only the one before it."""

    def __init__(self, token: BinaryIO, size: int, key: bytes) -> None:
        self._token, self._cipher = token, AES(key[16:])
        blocks = size - _HEAD - _MAC
        super().__init__(blocks - self._open(blocks - _BLOCK, blocks)[-1])  # without the padding, PKCS #7

    def _open(self, start: int, end: int) -> bytes:
        """From one edge of a block to another."""
        locked = _part(self._token, _HEAD + start - _BLOCK, _HEAD + end)
        cipher = Cipher(self._cipher, CBC(locked[:_BLOCK])).decryptor()
        return cipher.update(locked[_BLOCK:]) + cipher.finalize()

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        end = min(self.at + len(target), self.size)
        if end <= self.at:
            return 0
        start = self.at // _BLOCK * _BLOCK
        data = self._open(start, -(-end // _BLOCK) * _BLOCK)[self.at - start : end - start]
        target[: len(data)] = data
        self.at = end
        return len(data)

    def close(self) -> None:
        self._token.close()
        super().close()


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
