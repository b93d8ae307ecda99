"""Keeping files: checked, hashed, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import transaction

from training.core import clock
from training.core.actor import Actor
from training.core.content import Content
from training.core.crypto import decrypt, encrypted
from training.core.errors import InvalidInputError
from training.core.models import StoredFile
from training.core.uploads import DOCUMENTS, IMAGES, CheckedFile, UploadError, check_upload

PAPERS = DOCUMENTS
PHOTOS = IMAGES


def keep_upload(
    name: str, data: bytes, *, allow: frozenset[str], actor: Actor, sensitive: bool = False
) -> StoredFile:
    """Check what a person handed in and keep it; raises InvalidInputError with what to do."""
    checked = check(name, data, allow=allow)
    return keep(name, data, content_type=checked.content_type, actor=actor, sensitive=sensitive)


def check(name: str, data: bytes, *, allow: frozenset[str]) -> CheckedFile:
    """What the file really is; raises InvalidInputError with what to do. Takes seconds for a long PDF."""
    try:
        return check_upload(name, data, allow=set(allow))
    except UploadError as problem:
        raise InvalidInputError(problem.message, code=problem.code, name=name) from problem


def keep(
    name: str, data: bytes | Path, *, content_type: str, actor: Actor, sensitive: bool = False
) -> StoredFile:
    """Keep what we made or have already checked; a file on disk is copied piece by piece."""
    content = Content.at(data) if isinstance(data, Path) else Content.held(data)
    stored = StoredFile(
        name=name[-200:],
        content_type=content_type,
        size=content.size,
        sha256=content.sha256,
        sensitive=sensitive,
        uploaded_by=actor.name,
        uploaded_at=clock.now(),
    )
    pieces = encrypted(content.chunks()) if sensitive else content.chunks()
    stored.file.save(content.sha256, _Pieces(pieces), save=False)
    stored.save()
    return stored


class _Pieces(File[bytes]):
    """What a storage writes as it comes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__(None)
        self._pieces = pieces

    def chunks(self, chunk_size: Any = None) -> Iterator[bytes]:
        return self._pieces


def read(stored: StoredFile) -> bytes:
    """The original bytes; raises OSError if the disk lost them or they are no longer the same."""
    with stored.file.open("rb") as file:
        data: bytes = file.read()
    if stored.sensitive:
        data = decrypt(data)
    if hashlib.sha256(data).hexdigest() != stored.sha256:
        raise OSError(f"stored file {stored.pk} no longer has the hash it was kept with")
    return data


def discard(stored: StoredFile) -> None:
    """Delete the bytes and the row, for what may no longer be held; nothing may point to it any more."""
    name, storage = str(stored.file.name), stored.file.storage
    stored.delete()
    transaction.on_commit(lambda: storage.delete(name))
