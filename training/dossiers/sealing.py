"""Sealing a dossier: freezing it, keeping the package, or saying why there is none (lifecycle F, 封存)."""

from __future__ import annotations

import base64
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES
from training.accounts.permissions import demand
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import ForbiddenError
from training.core.files import keep
from training.core.models import StoredFile
from training.dossiers.choices import DossierStatus
from training.dossiers.models import Dossier
from training.dossiers.reviewing import demand_complete, tell
from training.dossiers.seal import Sealer
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
    dossier.sealed_by_id = actor.user_id
    dossier.seal_problem = ""
    dossier.save(update_fields=["sealed_by", "seal_problem"])
    dossier.enter(DossierStatus.SEALING)
    record(actor, "dossier.sealing", dossier)
    from training.dossiers.tasks import make_package  # noqa: PLC0415  the task calls back into this module

    transaction.on_commit(partial(make_package.enqueue, dossier.pk))
    return dossier


def seal_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(settings.SEAL_KEY))


@transaction.atomic
def finish_seal(
    dossier_id: int, *, pdf: bytes, package: bytes, manifest_sha256: str, pages: int, sealer: Sealer
) -> Dossier:
    """Keep the package that was made and let the dossier count as sealed."""
    dossier: Dossier = Dossier.objects.lock(SYSTEM, pk=dossier_id)
    code = dossier.training_session.code
    dossier.pdf = _keep_made(f"{code}.pdf", pdf, "application/pdf")
    dossier.package = _keep_made(f"{code}.zip", package, "application/zip")
    dossier.manifest_sha256 = manifest_sha256
    dossier.pages = pages
    dossier.sealed_at = sealer.sealed_at
    dossier.save(update_fields=["pdf", "package", "manifest_sha256", "pages", "sealed_at"])
    dossier.enter(DossierStatus.SEALED)
    session = TrainingSession.objects.lock(SYSTEM, pk=dossier.training_session_id)
    session.enter(SessionStatus.ARCHIVED)
    tell(Kind.DOSSIER_SEALED, dossier, INSTITUTION_ROLES | BUREAU_ROLES, actor=SYSTEM)
    record(SYSTEM, "dossier.sealed", dossier, manifest_sha256=manifest_sha256)
    return dossier


def _keep_made(name: str, data: bytes, content_type: str) -> StoredFile:
    return keep(name, data, content_type=content_type, actor=SYSTEM, sensitive=True)


@transaction.atomic
def abandon_seal(dossier_id: int, *, problem: str) -> Dossier:
    """The package could not be made: back to review, with the reason for people to read."""
    dossier: Dossier = Dossier.objects.lock(SYSTEM, pk=dossier_id)
    dossier.seal_problem = problem
    dossier.save(update_fields=["seal_problem"])
    dossier.enter(DossierStatus.SUBMITTED)
    record(SYSTEM, "dossier.seal_failed", dossier, problem=problem)
    return dossier
