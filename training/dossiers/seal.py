"""The seal: the server's signature over the manifest of a dossier package.

Whoever holds the server's key can seal; whoever has the package can check. The key inside the package
says which key sealed it, not whose key that is: compare its fingerprint with the one the bureau published.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.envelope import decode_signing_key, encode_key


class SealError(Exception):
    """The seal does not hold; the message is for the log, `code` is stable.

    Codes: `malformed`, `bad_signature`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class SealNote:
    """What the PDF says of the seal; the signature itself needs the PDF's digest and stands beside it."""

    sealed_by: str
    sealed_at: datetime
    public_key: str  # base64 of 32 bytes

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public_key)


@dataclass(frozen=True)
class Sealer:
    """Who seals, when, and with which key."""

    key: Ed25519PrivateKey
    sealed_by: str
    sealed_at: datetime

    @property
    def note(self) -> SealNote:
        return SealNote(self.sealed_by, self.sealed_at, encode_key(self.key.public_key()))

    def seal(self, says: Mapping[str, Any]) -> bytes:
        """seal.json: `says`, who, when and the key, in canonical JSON (RFC 8785), with its signature."""
        note = self.note
        statement = {
            **says,
            "sealed_by": note.sealed_by,
            "sealed_at": note.sealed_at.isoformat(),
            "public_key": note.public_key,
        }
        signature = self.key.sign(rfc8785.dumps(statement))
        return rfc8785.dumps(statement | {"signature": base64.b64encode(signature).decode()})


def open_seal(content: bytes) -> dict[str, Any]:
    """What a seal.json says, once its signature holds; raises SealError.

    Other bytes that mean the same are refused, base64's unused bits included: there is one seal.json.
    """
    try:
        statement = json.loads(content)
        signature = base64.b64decode(statement.pop("signature"), validate=True)
        key = decode_signing_key(statement["public_key"])
        text = rfc8785.dumps(statement)
        whole = rfc8785.dumps(statement | {"signature": base64.b64encode(signature).decode()})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error) as error:
        raise SealError("malformed") from error
    if whole != content:
        raise SealError("malformed")
    try:
        key.verify(signature, text)
    except InvalidSignature as error:
        raise SealError("bad_signature") from error
    return dict(statement)


def fingerprint(public_key: str) -> str:
    """SHA-256 of the key's bytes, shortened to 32 hex digits in groups of four, to be read aloud."""
    digest = hashlib.sha256(base64.b64decode(public_key)).hexdigest()[:32]
    return " ".join(digest[i : i + 4] for i in range(0, 32, 4))
