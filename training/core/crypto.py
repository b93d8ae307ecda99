"""Encryption of personal data at rest, and keyed hashes to find it again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
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
