"""What is done with a sealed version afterwards: it is checked again in the background, and handed over."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import cast

from cryptography.hazmat.primitives.hashes import SM3, Hash
from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock, files
from training.core.actor import Actor
from training.core.audit import record
from training.core.content import CHUNK
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.core.models import StoredFile
from training.dossiers.choices import BuildStatus, CheckStage, DossierStatus, Edition
from training.dossiers.models import ArchiveTransfer, Dossier, DossierVersion, PropertyCheck


def sealed_version(dossier: Dossier) -> DossierVersion:
    """The one that counts; raises InvalidTransitionError for a dossier that is not sealed."""
    if dossier.status != DossierStatus.SEALED:
        raise InvalidTransitionError(_("档案现在没有封存。"))
    version: DossierVersion = dossier.versions.filter(edition=Edition.SEALED, status=BuildStatus.DONE).latest(
        "number"
    )
    return version


def failed_check(dossier: Dossier) -> PropertyCheck | None:
    """The last check of what is sealed now, if it found something."""
    checks = PropertyCheck.objects.filter(version__dossier=dossier, version__unsealed_at=None)
    last: PropertyCheck | None = checks.defer("report").first()
    return None if last is None or last.holds else last


def queue_check(dossier: Dossier, stage: CheckStage) -> None:
    """Hand the check of what is sealed to the background; once per version and stage."""
    version = sealed_version(dossier)
    if version.property_checks.filter(stage=stage).exists():
        return
    from training.dossiers.tasks import check_version  # noqa: PLC0415  the task calls back into this module

    transaction.on_commit(partial(check_version.enqueue, version.pk, stage))


def transfer_dossier(
    dossier_id: int, *, receiver: str, taken_by: str, receipt_number: str, handed_on: date, actor: Actor
) -> ArchiveTransfer:
    """移交: the head of the bureau records that the archives took the sealed package; once for each version.

    The package is read for its SM3 digest before anything is locked.
    """
    demand(actor, "dossier.transfer")
    dossier: Dossier = Dossier.objects.fetch(actor, pk=dossier_id)
    version = sealed_version(dossier)
    if handed_on > clock.today():
        raise InvalidInputError(_("移交日期不能晚于今天。"))
    package = cast(StoredFile, version.package)
    said = {
        "receiver": receiver.strip(),
        "taken_by": taken_by.strip(),
        "receipt_number": receipt_number.strip(),
        "handed_on": handed_on,
    }
    return _record(
        dossier_id, version, said | {"package_sha256": package.sha256, "package_sm3": sm3(package)}, actor
    )


@transaction.atomic
def _record(
    dossier_id: int, version: DossierVersion, said: dict[str, object], actor: Actor
) -> ArchiveTransfer:
    dossier: Dossier = Dossier.objects.lock(actor, pk=dossier_id)
    if sealed_version(dossier) != version:
        raise InvalidTransitionError(_("档案刚刚改变了，请再看一遍。"))
    if ArchiveTransfer.objects.filter(version=version).exists():
        raise InvalidTransitionError(_("这一版已经移交。"))
    kept: ArchiveTransfer = ArchiveTransfer.objects.create(
        version=version, recorded_by_id=actor.person_id, recorded_at=clock.now(), **said
    )
    queue_check(dossier, CheckStage.TRANSFER)
    record(actor, "dossier.transferred", dossier, receipt_number=kept.receipt_number, receiver=kept.receiver)
    return kept


def sm3(stored: StoredFile) -> str:
    """The digest of GB/T 32905-2016, which archives in China may ask for beside SHA-256."""
    digest = Hash(SM3())
    with files.opened(stored) as file:
        for piece in iter(partial(file.read, CHUNK), b""):
            digest.update(piece)
    return digest.finalize().hex()
