"""What anyone who holds the paper may know: figures and fingerprints, nobody's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Min

from kiosk.envelope import encode_key
from training.core.actor import SYSTEM
from training.dossiers.choices import DossierStatus
from training.dossiers.models import Dossier
from training.dossiers.seal import fingerprint
from training.dossiers.services import seal_key
from training.enrolment.choices import EnrolmentStatus


@dataclass(frozen=True)
class PublicDossier:
    """`renci` are attendances that count, `renshu` different people."""

    dossier: Dossier
    first_on: date | None
    last_on: date | None
    renci: int
    renshu: int
    key_fingerprint: str  # of the key this server seals with today

    @property
    def sealed(self) -> bool:
        return self.dossier.status == DossierStatus.SEALED


def public_dossier(token: str) -> PublicDossier:
    """Raises NotFoundError for a token nobody was given."""
    dossier: Dossier = Dossier.objects.select_related(
        "training_session__institution__programme", "pdf", "package"
    ).fetch(SYSTEM, public_token=token)
    session = dossier.training_session
    days = session.lessons.aggregate(first=Min("on"), last=Max("on"))
    completed = session.enrolments.filter(status=EnrolmentStatus.COMPLETED)
    counts = completed.aggregate(renci=Count("pk"), renshu=Count("trainee", distinct=True))
    return PublicDossier(
        dossier, days["first"], days["last"], counts["renci"], counts["renshu"], _fingerprint()
    )


def _fingerprint() -> str:
    return fingerprint(encode_key(seal_key().public_key()))
