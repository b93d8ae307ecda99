"""Several archives as one zip: sealed ones as their two files, the others as the originals of each item.

Made while it is sent, one file at a time. Every file is asked for anew, by the person who wants it, as if they
had clicked on it; what they may not have or the disk has lost stands in a list inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from time import localtime
from typing import IO, Final, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from django.utils.translation import gettext as _

from training.core.actor import Actor
from training.core.audit import record
from training.core.content import CHUNK
from training.core.errors import InvalidInputError, TrainingError
from training.dossiers.choices import DossierStatus
from training.dossiers.models import Dossier
from training.dossiers.papers import item_papers, with_papers
from training.dossiers.queries import with_archive
from training.scheduling.models import TrainingSession
from training.web.home.documents import open_document

MAX_DOSSIERS: Final = 20
MAX_BYTES: Final = 1024**3
MB: Final = 1024**2
UNSAFE: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


@dataclass(frozen=True)
class Entry:
    """One file to ask for, and where it goes in the zip; `size` as it was kept."""

    name: str
    kind: str
    pk: int
    size: int


@dataclass(frozen=True)
class Bundle:
    dossier: Dossier
    entries: tuple[Entry, ...]

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries)


class _Pipe:
    """A file that is written on one side and taken away on the other."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it."""

    def taken(self) -> bytes:
        data, self._written = b"".join(self._written), []
        return data


def chosen(ids: Sequence[str], *, actor: Actor) -> list[Bundle]:
    """What will be asked for; raises InvalidInputError for none, too many or too much."""
    wanted = {int(pk) for pk in ids if pk.isdecimal()}
    if not wanted:
        raise InvalidInputError(_("请先勾选要下载的档案。"))
    if len(wanted) > MAX_DOSSIERS:
        raise InvalidInputError(
            _("一次最多下载 %(limit)s 份档案，选了 %(count)s 份。请分几次下载。")
            % {"limit": MAX_DOSSIERS, "count": len(wanted)}
        )
    related = ("pdf", "package", "training_session")
    rows = Dossier.objects.visible_to(actor).filter(pk__in=wanted).select_related(*related)
    bundles = [Bundle(row, tuple(_entries(row))) for row in rows.order_by("training_session__code")]
    size = sum(bundle.size for bundle in bundles)
    if size > MAX_BYTES:
        raise InvalidInputError(
            _("选中的档案共 %(size)s MB，一次最多 %(limit)s MB。请少选几份。")
            % {"size": size // MB, "limit": MAX_BYTES // MB}
        )
    return bundles


def _entries(dossier: Dossier) -> Iterator[Entry]:
    code = _safe(dossier.training_session.code)
    if dossier.status == DossierStatus.SEALED:
        for kind, stored in (("dossier-pdf", dossier.pdf), ("dossier-package", dossier.package)):
            if stored:
                yield Entry(f"{code}/{_safe(stored.name)}", kind, dossier.pk, stored.size)
        return
    rows = TrainingSession.objects.filter(pk=dossier.training_session_id)
    for item, papers in sorted(item_papers(with_papers(with_archive(rows)).get()).items()):
        for number, paper in enumerate(papers, 1):
            name = f"{code}/{item}/{number:03d} {_safe(paper.file.name)}"
            yield Entry(name, paper.kind, paper.pk, paper.file.size)


def _safe(name: str) -> str:
    """A name that every system can unpack and that stays in its folder."""
    return UNSAFE.sub("_", name).strip(". ") or "_"


def stream(bundles: Sequence[Bundle], *, actor: Actor) -> Iterator[bytes]:
    pipe = _Pipe()
    left_out: list[str] = []
    with ZipFile(cast("IO[bytes]", pipe), "w", ZIP_STORED) as archive:  # it only writes and flushes
        for bundle in bundles:
            record(actor, "dossier.downloaded", bundle.dossier, files=len(bundle.entries))
            for entry in bundle.entries:
                for _piece in _add(archive, entry, bundle.dossier, left_out, actor):
                    yield pipe.taken()
        if left_out:
            archive.writestr(_("没有打包的文件.txt"), "\n".join(left_out))
    yield pipe.taken()


def _add(
    archive: ZipFile, entry: Entry, dossier: Dossier, left_out: list[str], actor: Actor
) -> Iterator[int]:
    """Writes the file, and stops after each piece."""
    try:
        stored, original = open_document(entry.kind, entry.pk, actor=actor)
    except TrainingError as refusal:
        left_out.append(f"{entry.name}：{refusal}")
        return
    with original, archive.open(ZipInfo(entry.name, localtime()[:6]), "w") as target:
        for piece in iter(partial(original.read, CHUNK), b""):
            yield target.write(piece)
    if not stored.sensitive:  # opening a sensitive one is on record already
        record(actor, "file.taken", dossier, kind=entry.kind, sha256=stored.sha256)
