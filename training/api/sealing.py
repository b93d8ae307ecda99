"""The server's sealing key: stations lock walk-in card data with its public half."""

from __future__ import annotations

from kiosk.envelope import encode_key
from training.core import crypto


def sealing_key() -> str:
    """The public half, base64 of 32 bytes."""
    return encode_key(crypto.sealing_key().public_key())
