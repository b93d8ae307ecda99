from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.conf import settings
from django_tasks import task

from training.core import clock, files
from training.core.actor import SYSTEM
from training.core.models import StoredFile
from training.dossiers.bag import write_bag
from training.dossiers.choices import BuildStep, CheckStage, Edition
from training.dossiers.compile import compile_facts
from training.dossiers.models import DossierVersion
from training.dossiers.pdf.build import Progress, write_pdf
from training.dossiers.property_checks import check_properties
from training.dossiers.seal import Sealer
from training.dossiers.sealing import abandon_seal, finish_seal, seal_key
from training.dossiers.signatories import signers_for
from training.dossiers.signing import sign_in_place
from training.dossiers.versions import (
    BuildCancelledError,
    begin_version,
    fail_version,
    finish_draft,
    note_progress,
)

logger = logging.getLogger(__name__)
CONTENT_TYPES: Final = {".pdf": "application/pdf", ".zip": "application/zip"}


@task()
def make_version(version_id: int) -> None:
    """Build what a version asks for: a draft's PDF, or the signed PDF and the sealed package."""
    version = begin_version(version_id)
    if version is None:
        return
    try:
        _make(version)
    except BuildCancelledError:
        logger.info("dossier version %s was stopped", version_id)
    except Exception as problem:  # whatever it was, a person must see it and be able to try again
        logger.exception("dossier version %s could not be made", version_id)
        said = f"{type(problem).__name__}: {problem}"
        if version.edition == Edition.SEALED:
            abandon_seal(version.dossier_id, problem=said)
        else:
            fail_version(version_id, problem=said)
        raise


@task()
def check_version(version_id: int, stage: str) -> None:
    """四性检测 of a sealed version, again."""
    check_properties(version_id, CheckStage(stage))


def _make(version: DossierVersion) -> None:
    tell = _teller(version.pk)
    at = clock.now()
    dossier = version.dossier
    facts = compile_facts(dossier, as_of=at, version=version.number)
    gc.collect()  # here and before signing: rows and page parts that are done with point at one another
    sealer = None
    if version.edition == Edition.SEALED:
        sealer = Sealer(seal_key(), str(dossier.sealed_by), at)
    with TemporaryDirectory(prefix="yidang-", dir=settings.VAR_DIR) as directory:
        pdf, package = Path(directory) / "dossier.pdf", Path(directory) / "dossier.zip"
        built = write_pdf(facts, sealer.note if sealer else None, settings.FONTS_DIR, pdf, on_progress=tell)
        code = dossier.training_session.code
        if sealer is None:
            with _kept({f"{code}-草稿.pdf": pdf}) as (draft,):
                finish_draft(version.pk, pdf=draft, built=built)
            return
        gc.collect()
        tell(BuildStep.SIGNING, 0, 1)
        with pdf.open("r+b") as file:
            sign_in_place(file, signers_for(dossier, at=at), fonts_dir=settings.FONTS_DIR)
        tell(BuildStep.PACKING, 0, 1)
        manifest_sha256 = write_bag(facts, pdf, sealer, package)
        with _kept({f"{code}.pdf": pdf, f"{code}.zip": package}) as (kept_pdf, kept_package):
            finish_seal(
                dossier.pk,
                pdf=kept_pdf,
                package=kept_package,
                manifest_sha256=manifest_sha256,
                pages=built.pages,
                sealer=sealer,
                lacking=built.lacking,
            )


@contextmanager
def _kept(made: Mapping[str, Path]) -> Iterator[list[StoredFile]]:
    """Encrypted and kept under these names while nothing is locked; discarded if they come to no use."""
    kept: list[StoredFile] = []
    try:
        for name, path in made.items():
            content_type = CONTENT_TYPES[path.suffix]
            kept.append(files.keep(name, path, content_type=content_type, actor=SYSTEM, sensitive=True))
        yield kept
    except BaseException:
        for stored in kept:
            files.discard(stored)
        raise


def _teller(version_id: int) -> Progress:
    """Notes each new step, and within a step once in BUILD_TELLS_EVERY seconds: so soon a stop is seen."""
    told: tuple[str, float] = ("", 0.0)

    def tell(step: str, done: int, total: int) -> None:
        nonlocal told
        if step != told[0] or time.monotonic() - told[1] >= settings.BUILD_TELLS_EVERY:
            told = (step, time.monotonic())
            note_progress(version_id, BuildStep(step), done, total)

    return tell
