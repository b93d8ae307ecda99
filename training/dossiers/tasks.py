from __future__ import annotations

import hashlib
import io
import logging
from zipfile import ZipFile

import pikepdf
from django.conf import settings
from django_tasks import task

from training.core import clock
from training.core.actor import SYSTEM
from training.dossiers.bag import build_bag
from training.dossiers.compile import compile_facts
from training.dossiers.layout import MANIFEST
from training.dossiers.models import Dossier
from training.dossiers.pdf.build import build_pdf
from training.dossiers.seal import Sealer
from training.dossiers.sealing import abandon_seal, finish_seal, seal_key

logger = logging.getLogger(__name__)


def _manifest_sha256(bag: bytes) -> str:
    with ZipFile(io.BytesIO(bag)) as opened:
        return hashlib.sha256(opened.read(MANIFEST)).hexdigest()


@task()
def make_package(dossier_id: int) -> None:
    """Build the PDF and the package of a dossier that is being sealed."""
    dossier = Dossier.objects.fetch(SYSTEM, pk=dossier_id)
    try:
        at = clock.now()
        sealer = Sealer(seal_key(), str(dossier.sealed_by), at)
        facts = compile_facts(dossier, as_of=at)
        pdf = build_pdf(facts, sealer.note, settings.FONTS_DIR)
        bag = build_bag(facts, pdf, sealer)
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            pages = len(opened.pages)
    except Exception as problem:  # whatever it was, a person must see it and be able to try again
        logger.exception("dossier %s could not be packed", dossier_id)
        abandon_seal(dossier_id, problem=f"{type(problem).__name__}: {problem}")
        raise
    finish_seal(
        dossier_id,
        pdf=pdf,
        package=bag,
        manifest_sha256=_manifest_sha256(bag),
        pages=pages,
        sealer=sealer,
    )
