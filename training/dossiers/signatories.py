"""Who signs a dossier, and whose certificates this installation believes: the settings' part of signing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from training.core import clock
from training.dossiers.models import Dossier
from training.dossiers.signing import PdfSigner
from training.dossiers.signing_keys import Key, SigningSetup, TestCa, load_setup


def signers_for(dossier: Dossier, *, at: datetime | None = None) -> list[PdfSigner]:
    """Who signs this dossier's PDF, by `YIDANG_SIGNING_FILE`; without one, by the test CA.

    Raises SigningError where the file has no key for one of them.
    """
    session = dossier.training_session
    institution, programme = session.institution, session.institution.programme
    setup = load_setup(Path(settings.SIGNING_FILE)) if settings.SIGNING_FILE else None
    shared: dict[str, Any] = {
        "at": at or clock.now(),
        "zone": ZoneInfo(session.rule_set.rules.timezone),
        "test": setup is None,
        "timestamper": setup.timestamp.client() if setup and setup.timestamp else None,
    }
    bureau = f"{programme.county}商务局"
    return [
        PdfSigner(
            field="institution",
            key=_key(setup, "institution", institution.uscc, institution.name),
            name=institution.name,
            person=str(dossier.submitted_by or ""),
            **shared,
        ),
        PdfSigner(
            field="bureau",
            key=_key(setup, "bureau", programme.code, bureau),
            name=bureau,
            person=str(dossier.sealed_by or ""),
            **shared,
        ),
    ]


def own_ca() -> TestCa:
    """The one of this installation."""
    return TestCa(Path(settings.VAR_DIR) / "signing")


def trusted_certificates() -> list[bytes]:
    """PEM of the CAs that this installation believes; without a signing file that is its test CA."""
    if settings.SIGNING_FILE:
        return [path.read_bytes() for path in load_setup(Path(settings.SIGNING_FILE)).trust]
    return [own_ca().make().read_bytes()]


def _key(setup: SigningSetup | None, kind: Any, code: str, name: str) -> Key:
    return setup.key(kind, code, name) if setup else own_ca().key(code, name)
