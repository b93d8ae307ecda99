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
from training.dossiers.sealing import seal_key
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.programmes.models import Programme
from training.scheduling.choices import ChangeStatus, SessionStatus
from training.scheduling.models import Lesson, TrainingSession
from training.scheduling.verification import approved_session


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


@dataclass(frozen=True)
class PublicSession:
    """An approved session without anybody's name."""

    session: TrainingSession
    lessons: tuple[Lesson, ...]
    people: int
    changes: int  # of the timetable, approved since

    @property
    def programme(self) -> Programme:
        programme: Programme = self.session.institution.programme
        return programme

    @property
    def takes_place(self) -> bool:
        return self.session.status not in (SessionStatus.CANCELLED, SessionStatus.STOPPED)


def public_session(code: str, token: str) -> PublicSession:
    """Raises NotFoundError for a token nobody was given."""
    session = approved_session(code, token)
    changes = session.change_requests.filter(status=ChangeStatus.APPROVED, lesson__isnull=False)
    return PublicSession(
        session,
        tuple(session.lessons.select_related("venue")),
        session.enrolments.filter(ON_ROSTER).count(),
        changes.count(),
    )
