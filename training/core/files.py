"""Keeping files: checked, hashed, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from django.core.files.base import File
from django.db import transaction

from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.content import Content
from training.core.crypto import encrypted, unlocked
from training.core.errors import InvalidInputError
from training.core.models import StoredFile
from training.core.uploads import DOCUMENTS, IMAGES, CheckedFile, UploadError, check_upload

_HELD: Final = 2**20
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
        device=actor.device,
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
    """The original bytes; raises OSError if the disk lost them or they are no longer the same.

    Raises `cryptography.fernet.InvalidToken` for a sensitive one that was changed.
    """
    with _open(stored) as file:
        data = file.read()
    _demand_same(stored, hashlib.sha256(data).hexdigest())
    return data


def opened(stored: StoredFile) -> BinaryIO:
    """The original bytes as a file that can be sought in, for one that may be large; the caller closes it.

    A large one is read once before, a piece at a time. Raises as `read` does.
    """
    if stored.size <= _HELD:
        return BytesIO(read(stored))
    file = _open(stored)
    try:
        _demand_same(stored, hashlib.file_digest(cast(Any, file), "sha256").hexdigest())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _open(stored: StoredFile) -> BinaryIO:
    file = cast(BinaryIO, stored.file.storage.open(str(stored.file.name), "rb"))
    try:
        return unlocked(file) if stored.sensitive else file
    except BaseException:
        file.close()
        raise


def _demand_same(stored: StoredFile, sha256: str) -> None:
    if sha256 != stored.sha256:
        raise OSError(f"stored file {stored.pk} no longer has the hash it was kept with")


def sweep(*, before: datetime) -> int:
    """Discard what the system made before then and no row points to; how many there were.

    What a person handed in stays: somebody may have to find out why nothing points to it.
    """
    made = StoredFile.objects.filter(uploaded_by=SYSTEM.name, uploaded_at__lt=before)
    for model, field in pointing():
        made = made.exclude(pk__in=model.objects.exclude(**{field: None}).order_by().values(field))
    for stored in made:
        with transaction.atomic():
            discard(stored)
    return len(made)


def pointing() -> Iterator[tuple[Any, str]]:
    """Each model with the name of a field by which its rows point to stored files."""
    for relation in StoredFile._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and relation.related_model is not None:
            yield relation.related_model, relation.field.name  # type: ignore[union-attr]


def discard(stored: StoredFile) -> None:
    """Delete the bytes and the row, for what may no longer be held; nothing may point to it any more."""
    name, storage = str(stored.file.name), stored.file.storage
    stored.delete()
    transaction.on_commit(lambda: storage.delete(name))
