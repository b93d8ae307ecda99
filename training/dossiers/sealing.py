"""Sealing a dossier: freezing it, keeping the package, or saying why there is none (lifecycle F, 封存)."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError
from training.core.models import StoredFile
from training.dossiers.choices import UNDER_WAY, BuildStatus, DossierStatus, Edition
from training.dossiers.models import Dossier, DossierVersion
from training.dossiers.pdf.build import Built
from training.dossiers.reviewing import demand_complete, demand_reviewed, tell
from training.dossiers.seal import Sealer
from training.dossiers.signals import sealed, unsealing
from training.dossiers.versions import BuildCancelledError, fail_version, note_built, queue_version
from training.notifications.choices import Kind
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession


@transaction.atomic
def seal_dossier(dossier_id: int, *, actor: Actor) -> Dossier:
    """封存: freezes the archive and hands the making of the package to the background."""
    demand(actor, "dossier.review")
    dossier: Dossier = Dossier.objects.lock(actor, pk=dossier_id)
    if actor.user_id is not None and actor.user_id == dossier.submitted_by_id:
        raise ForbiddenError(_("提交人不能封存自己提交的档案。"))
    # From here to the package nothing that counts may change: corrections lock the session too.
    TrainingSession.objects.lock(actor, pk=dossier.training_session_id)
    demand_complete(dossier.training_session)
    demand_reviewed(dossier)
    dossier.sealed_by_id = actor.user_id
    dossier.seal_problem = ""
    dossier.save(update_fields=["sealed_by", "seal_problem"])
    dossier.enter(DossierStatus.SEALING)
    queue_version(dossier, Edition.SEALED, reason=_reason(dossier), actor=actor)
    record(actor, "dossier.sealing", dossier)
    return dossier


def _reason(dossier: Dossier) -> str:
    """Why there is another edition: what the one before was opened for."""
    before = dossier.versions.filter(edition=Edition.SEALED, unsealed_at__isnull=False).first()
    return before.unsealed_reason if before else ""


def seal_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(settings.SEAL_KEY))


@transaction.atomic
def finish_seal(
    dossier_id: int,
    *,
    pdf: StoredFile,
    package: StoredFile,
    manifest_sha256: str,
    pages: int,
    sealer: Sealer,
    lacking: Sequence[str] = (),
) -> Dossier:
    """Let the dossier count as sealed with the files that were made and kept.

    Raises BuildCancelledError if the sealing was stopped while it was made.
    """
    dossier: Dossier = Dossier.objects.lock(SYSTEM, pk=dossier_id)
    version = _being_sealed(dossier)
    dossier.pdf = version.pdf = pdf
    dossier.package = version.package = package
    dossier.manifest_sha256 = version.manifest_sha256 = manifest_sha256
    version.seal_key = sealer.note.public_key
    dossier.pages = pages
    dossier.sealed_at = sealer.sealed_at
    note_built(version, Built(pages, tuple(lacking)))
    dossier.save(update_fields=["pdf", "package", "manifest_sha256", "pages", "sealed_at"])
    dossier.enter(DossierStatus.SEALED)
    session = TrainingSession.objects.lock(SYSTEM, pk=dossier.training_session_id)
    session.enter(SessionStatus.ARCHIVED)
    sealed.send(Dossier, dossier=dossier)
    tell(Kind.DOSSIER_SEALED, dossier, INSTITUTION_ROLES | BUREAU_ROLES, actor=SYSTEM)
    record(SYSTEM, "dossier.sealed", dossier, manifest_sha256=manifest_sha256, version=version.number)
    return dossier


def _being_sealed(dossier: Dossier) -> DossierVersion:
    """The version under way, locked; raises BuildCancelledError without one."""
    wanted = dossier.versions.filter(edition=Edition.SEALED, status__in=UNDER_WAY)
    version: DossierVersion | None = wanted.select_for_update(of=("self",)).first()
    if version is None:
        raise BuildCancelledError
    if version.status == BuildStatus.QUEUED:
        version.enter(BuildStatus.RUNNING)
    return version


@transaction.atomic
def abandon_seal(dossier_id: int, *, problem: str) -> Dossier:
    """The package could not be made: back to review, with the reason for people to read."""
    dossier: Dossier = Dossier.objects.lock(SYSTEM, pk=dossier_id)
    for version in dossier.versions.filter(edition=Edition.SEALED, status__in=UNDER_WAY):
        fail_version(version.pk, problem=problem)
    dossier.seal_problem = problem
    dossier.save(update_fields=["seal_problem"])
    dossier.enter(DossierStatus.SUBMITTED)
    record(SYSTEM, "dossier.seal_failed", dossier, problem=problem)
    return dossier


@transaction.atomic
def unseal_dossier(dossier_id: int, *, reason: str, actor: Actor) -> Dossier:
    """解封: the head of the bureau opens a sealed dossier again; it is reviewed and sealed as a new version.

    The version that was sealed stays as it is and can still be fetched. Raises what a room above says against
    it: a claim that has been handed in stands on the sealed dossier.
    """
    demand(actor, "dossier.unseal")
    dossier: Dossier = Dossier.objects.lock(actor, pk=dossier_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明解封的原因。"))
    session = TrainingSession.objects.lock(actor, pk=dossier.training_session_id)
    dossier.enter(DossierStatus.SUBMITTED)
    unsealing.send(Dossier, dossier=dossier)
    version = dossier.versions.filter(edition=Edition.SEALED, status=BuildStatus.DONE).latest("number")
    version.unsealed_by_id, version.unsealed_at = actor.user_id, clock.now()
    version.unsealed_reason = reason.strip()
    version.save(update_fields=["unsealed_by", "unsealed_at", "unsealed_reason"])
    _forget_seal(dossier)
    session.enter(SessionStatus.CLOSED)
    tell(Kind.DOSSIER_UNSEALED, dossier, INSTITUTION_ROLES | BUREAU_ROLES, actor=actor)
    record(actor, "dossier.unsealed", dossier, version=version.number, reason=version.unsealed_reason)
    return dossier


def _forget_seal(dossier: Dossier) -> None:
    """What a sealed dossier shows of itself; its version keeps all of it."""
    dossier.pdf = dossier.package = dossier.pages = dossier.sealed_at = dossier.sealed_by = None
    dossier.manifest_sha256 = ""
    dossier.save(update_fields=["pdf", "package", "pages", "sealed_at", "sealed_by", "manifest_sha256"])
