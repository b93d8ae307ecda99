"""The server's sealing key: stations lock walk-in card data with its public half."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings

from kiosk.envelope import encode_key


def sealing_key() -> str:
    """The public half, base64 of 32 bytes."""
    private = X25519PrivateKey.from_private_bytes(base64.b64decode(settings.SEALING_KEY))
    return encode_key(private.public_key())
