"""Files that come in piece by piece, and what is said of pairs that look the same."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import IO, Any, Final

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from training.accounts.choices import INSTITUTION_ROLES
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, NotFoundError, TrainingError
from training.core.limits import take
from training.core.uploads import MAX_BYTES, MB
from training.dossiers.choices import EvidenceKind
from training.dossiers.collecting import add_evidence
from training.dossiers.models import Evidence
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.scheduling.models import Lesson, TrainingSession
from training.uploads import parts
from training.uploads.choices import ReuseStatus
from training.uploads.errors import (
    TooManyUploadsError,
    UploadBusyError,
    UploadTooLargeError,
    WrongOffsetError,
)
from training.uploads.models import Reuse, Upload
from training.uploads.queries import upload_of

MAX_SIZE: Final = max(MAX_BYTES.values())
KEPT: Final = timedelta(days=7)
"""How long a file that is not whole waits for the rest, and a refusal for its reader."""
FOR_ITS_FORM: Final = timedelta(hours=2)
"""The page sends the form at once; somebody may have to put right what else is in it."""
HANDING_IN: Final = timedelta(minutes=2)
"""Longer than looking through any file takes; after it, whoever was at it has died."""
OPEN_AT_ONCE: Final = 60  # files of one person
OPEN_BYTES: Final = 2048 * MB  # of one institution
AN_HOUR: Final = 600  # files of one person


def open_upload(
    session_id: int,
    *,
    item: str,
    kind: EvidenceKind,
    caption: str,
    name: str,
    size: int,
    lesson_id: int | None = None,
    sha256: str = "",
    device: str = "",
    actor: Actor,
) -> Upload:
    """Begin with a file of `size` bytes for an archive item. What it is worth is judged when it is whole."""
    demand(actor, "evidence.add")
    take("upload", str(actor.person_id), limit=AN_HOUR, seconds=3600)
    session: TrainingSession = TrainingSession.objects.fetch(actor, pk=session_id)
    lesson = Lesson.objects.fetch(actor, pk=lesson_id, training_session=session) if lesson_id else None
    if not caption.strip():
        raise InvalidInputError(_("请先写说明。"))
    theirs = Q(training_session__institution=session.institution_id)
    about: dict[str, Any] = {"training_session": session, "item": item, "kind": kind, "lesson": lesson}
    return _begin(
        theirs, name, size, sha256, actor, caption=caption.strip()[:200], device=device[:200], **about
    )


def open_file(*, name: str, size: int, sha256: str = "", actor: Actor) -> Upload:
    """Begin with a file for a field of a form; what it is for, the form says when it is sent."""
    demand(actor, "evidence.add")
    take("upload", str(actor.person_id), limit=AN_HOUR, seconds=3600)
    theirs = Q(training_session=None, user=actor.person_id)
    return _begin(theirs, name, size, sha256, actor, device=actor.device)


def _begin(theirs: Q, name: str, size: int, sha256: str, actor: Actor, **about: Any) -> Upload:
    _demand_size(name, size)
    _demand_room(theirs, size, actor)
    now = clock.now()
    upload: Upload = Upload.objects.create(
        name=name[-200:], size=size, sha256=sha256.lower(), user_id=actor.person_id, created_at=now,
        expires_at=now + KEPT, **about,
    )  # fmt: skip
    return upload


def _demand_size(name: str, size: int) -> None:
    if size < 1:
        raise InvalidInputError(_("“%(name)s”是空文件（0 字节），请重新选择文件上传。") % {"name": name})
    if size > MAX_SIZE:
        said = _(
            "“%(name)s”有 %(size)d MB，超过上限 %(limit)d MB。请压缩、拆成几个文件，或以 200 dpi 重新扫描。"
        )
        raise UploadTooLargeError(said % {"name": name, "size": size // MB, "limit": MAX_SIZE // MB})


def _demand_room(theirs: Q, size: int, actor: Actor) -> None:
    """`theirs` are the uploads that share what there is."""
    lying = Q(finished_at=None) | Q(training_session=None)
    under_way = Upload.objects.filter(lying, expires_at__gt=clock.now())
    if under_way.filter(user=actor.person_id).count() >= OPEN_AT_ONCE:
        said = _("您有 %(count)d 个文件还没有传完，请先传完或取消几个。")
        raise TooManyUploadsError(said % {"count": OPEN_AT_ONCE})
    if (under_way.filter(theirs).aggregate(total=Sum("size"))["total"] or 0) + size > OPEN_BYTES:
        raise TooManyUploadsError(_("本机构没有传完的文件太多，请先传完或取消几个。"))


def take_piece(
    upload: Upload, read: parts.Read, *, offset: int, checksum: parts.Checksum | None = None, actor: Actor
) -> int:
    """Keep the next piece and, when it was the last, hand the file in. Returns how much has come.

    No transaction is open while a slow line delivers; what came before it broke is kept. Raises
    WrongOffsetError when `offset` is not where the file goes on, and ChecksumError.
    """
    demand(actor, "evidence.add")
    if upload.finished_at is not None:
        return upload.size
    if offset != upload.received:
        raise _wrong_offset()
    with parts.spool(read, most=upload.size - offset, checksum=checksum) as piece:
        received = offset + piece.tell()
        _keep_piece(upload.pk, offset, received, piece)
    if received == upload.size:
        finish_upload(upload.pk, actor=actor)
    return received


@transaction.atomic
def _keep_piece(pk: Any, offset: int, received: int, piece: IO[bytes]) -> None:
    """Of two lines that bring the same piece, one finds that the file no longer goes on there."""
    if received == offset:
        return
    if not Upload.objects.filter(pk=pk, received=offset).update(received=received):
        raise _wrong_offset()
    parts.save(pk, offset, piece)


def _wrong_offset() -> WrongOffsetError:
    return WrongOffsetError(_("续传的位置不对，请重新开始这个文件。"))


def finish_upload(upload_id: Any, *, actor: Actor) -> Upload:
    """The whole file goes the way of every other; a refusal is kept with its reason. Twice changes nothing.

    Raises UploadBusyError while another request hands it in. A crash on the way leaves it whole and
    unfinished, and an empty last piece finishes it once `HANDING_IN` is over.
    """
    upload = upload_of(upload_id, actor)
    if upload.finished_at is not None:
        return upload
    _claim(upload)
    try:
        upload.evidence = _hand_in(upload, actor) if upload.training_session_id else None
    except TrainingError as refusal:
        upload.refusal = str(refusal)
    upload.finished_at = clock.now()
    if upload.training_session_id is None:
        upload.expires_at = upload.finished_at + FOR_ITS_FORM
    upload.save(update_fields=["evidence", "refusal", "finished_at", "expires_at"])
    if upload.training_session_id:
        parts.drop(upload.pk)
    return upload


def whole_file(upload_id: Any, *, actor: Actor) -> tuple[str, bytes]:
    """Name and bytes of one's own file that waits for its form, as often as that is sent.

    Raises NotFoundError for what is none or not whole, InvalidInputError for what came otherwise than it was sent.
    """
    upload = upload_of(upload_id, actor)
    if upload.training_session_id or upload.finished_at is None:
        raise NotFoundError("upload")
    return upload.name, _whole(upload)


def _claim(upload: Upload) -> None:
    now = clock.now()
    free = Q(handing_in_since=None) | Q(handing_in_since__lt=now - HANDING_IN)
    if not Upload.objects.filter(free, pk=upload.pk, finished_at=None).update(handing_in_since=now):
        raise UploadBusyError(_("这个文件正在传，请稍等再续传。"))


def _hand_in(upload: Any, actor: Actor) -> Evidence:
    data = _whole(upload)
    return add_evidence(
        upload.training_session_id,
        item=upload.item,
        kind=EvidenceKind(upload.kind),
        caption=upload.caption,
        file=(upload.name, data),
        lesson_id=upload.lesson_id,
        device=upload.device,
        actor=actor,
    )


def _whole(upload: Upload) -> bytes:
    """Raises InvalidInputError for what did not come as it was sent."""
    try:
        data = parts.joined(upload.pk, upload.size)
    except OSError:
        data = b""
    sound = not upload.sha256 or hashlib.sha256(data).hexdigest() == upload.sha256
    if len(data) != upload.size or not sound:
        raise InvalidInputError(
            _("“%(name)s”收到的内容与您电脑上的不一致，请再传一次。") % {"name": upload.name}
        )
    return data


def drop_upload(upload_id: Any, *, actor: Actor) -> None:
    """Stop it, or put a refusal that was read away. What became evidence stays."""
    demand(actor, "evidence.add")
    upload = upload_of(upload_id, actor)
    _forget(upload)


def _forget(upload: Upload) -> None:
    pk = upload.pk
    upload.delete()
    parts.drop(pk)


def forget_stale_uploads(*, actor: Actor) -> int:
    """What nobody went on with, row and bytes; how many there were."""
    stale = list(Upload.objects.visible_to(actor).filter(expires_at__lte=clock.now()))
    for upload in stale:
        _forget(upload)
    return len(stale)


@transaction.atomic
def decide_reuse(reuse_id: int, *, status: ReuseStatus, reason: str, actor: Actor) -> Reuse:
    """Say whether the second place may stand. May be said anew, with a new reason; each is on record."""
    demand(actor, "reuse.decide")
    reuse: Reuse = Reuse.objects.lock(actor, pk=reuse_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明理由。"))
    reuse.reason = reason.strip()[:200]
    reuse.decided_by_id, reuse.decided_at = actor.person_id, clock.now()
    reuse.save(update_fields=["reason", "decided_by", "decided_at"])
    reuse.enter(status)
    session = reuse.copy.training_session
    notify(Kind.REUSE_DECIDED, session, roles=INSTITUTION_ROLES, actor=actor, session=str(session))
    record(actor, "reuse.decided", reuse, status=str(status), reason=reuse.reason)
    return reuse
