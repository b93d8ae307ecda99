"""`python -m training.core.keys FILE` writes new keys to FILE once; an existing file stays as it is."""

from __future__ import annotations

import argparse
import base64
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey


def new_keys() -> dict[str, str]:
    """One value for every key that `training.settings` demands."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "HASH_KEY": secrets.token_urlsafe(32),
        "SEALING_KEY": base64.b64encode(X25519PrivateKey.generate().private_bytes_raw()).decode(),
        "SEAL_KEY": base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode(),
    }


def write_keys(path: Path) -> bool:
    """Write the file, readable by its owner only; False if it was there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{name}='{value}'\n" for name, value in new_keys().items())
    return True


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file", type=Path, metavar="FILE")
    write_keys(arguments.parse_args().file)
