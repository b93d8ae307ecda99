"""What anyone who holds the paper may know: figures and fingerprints, nobody's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Min, Q

from training.core import clock, files
from training.core.actor import SYSTEM
from training.dossiers.choices import BuildStatus, DossierStatus, Edition
from training.dossiers.container import unpack
from training.dossiers.layout import SEAL
from training.dossiers.models import Dossier, DossierVersion
from training.dossiers.seal import fingerprint, open_seal
from training.enrolment.choices import ON_ROSTER, CallStatus, EnrolmentStatus
from training.enrolment.models import RegistrationCall
from training.enrolment.queries import takes_applications
from training.institutions.choices import InstitutionStatus
from training.programmes.models import Programme
from training.programmes.queries import rule_set_on
from training.publications.choices import PublicationKind
from training.publications.models import Publication
from training.publications.queries import in_public, renci_of
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
    version: DossierVersion | None  # the sealed one, while it is
    key_fingerprint: str  # of the key that sealed it; empty if it is not sealed

    @property
    def sealed(self) -> bool:
        return self.dossier.status == DossierStatus.SEALED

    def is_of(self, sha256: str) -> bool:
        """Whether a file with this digest is its PDF or its package."""
        mine = (self.version.pdf, self.version.package) if self.version else ()
        return any(file and file.sha256 == sha256 for file in mine)


def public_dossier(token: str) -> PublicDossier:
    """Raises NotFoundError for a token nobody was given."""
    dossier: Dossier = Dossier.objects.select_related(
        "training_session__institution__programme", "pdf", "package"
    ).fetch(SYSTEM, public_token=token)
    session = dossier.training_session
    days = session.lessons.aggregate(first=Min("on"), last=Max("on"))
    completed = session.enrolments.filter(status=EnrolmentStatus.COMPLETED)
    counts = completed.aggregate(renci=Count("pk"), renshu=Count("trainee", distinct=True))
    version = sealed_versions().filter(dossier=dossier, package=dossier.package_id).first()
    return PublicDossier(
        dossier,
        days["first"],
        days["last"],
        counts["renci"],
        counts["renshu"],
        version if dossier.status == DossierStatus.SEALED else None,
        _fingerprint(version) if version else "",
    )


def sealed_versions() -> Any:
    """Every edition that was ever sealed, unsealed since or not."""
    return DossierVersion.objects.visible_to(SYSTEM).filter(edition=Edition.SEALED, status=BuildStatus.DONE)


def sealed_with(sha256: str) -> DossierVersion | None:
    """The sealed version whose PDF or package has this digest, whoever asks: they hold the file."""
    found: DossierVersion | None = (
        sealed_versions()
        .filter(Q(pdf__sha256=sha256) | Q(package__sha256=sha256))
        .select_related("dossier__training_session")
        .first()
    )
    return found


def _fingerprint(version: DossierVersion) -> str:
    """Of what was sealed before the key was kept, the package says it."""
    return fingerprint(version.seal_key or _key_inside(version))


def _key_inside(version: DossierVersion) -> str:
    assert version.package is not None  # noqa: S101  the database holds it for a sealed version
    with files.opened(version.package) as file:
        return str(open_seal(unpack(file)[SEAL].read())["public_key"])


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


# The county's public page


@dataclass(frozen=True)
class PublicProgramme:
    """`newest` is the list of sessions that somebody published, and `others` what else stands there."""

    programme: Programme
    phones: list[str]
    taught: list[str]
    institutions: list[str]
    newest: Publication | None
    others: list[Publication]
    open_calls: list[RegistrationCall]

    @property
    def renci(self) -> int | None:
        """As published."""
        return renci_of(self.newest) if self.newest else None


def programmes() -> list[Programme]:
    rows = Programme.objects.visible_to(SYSTEM).with_header(clock.today())
    return list(rows.order_by("county", "name"))


def programme_by_code(code: str) -> Programme:
    """Raises NotFoundError."""
    rows = Programme.objects.with_header(clock.today())
    programme: Programme = rows.fetch(SYSTEM, code=code)
    return programme


def public_programme(programme: Programme) -> PublicProgramme:
    """What anybody may know of a county's programme; nobody's name in it."""
    standing = list(in_public(programme))
    newest = next((one for one in standing if one.kind == PublicationKind.SESSIONS), None)
    rules = rule_set_on(programme, clock.today(), actor=SYSTEM).rules
    admitted = programme.institutions.filter(status=InstitutionStatus.ADMITTED).order_by("name")
    calls = RegistrationCall.objects.filter(
        training_session__institution__programme=programme, status=CallStatus.OPEN
    ).select_related("training_session__institution")
    return PublicProgramme(
        programme,
        list(programme.phones),
        [category.name for category in rules.categories],
        list(admitted.values_list("name", flat=True)),
        newest,
        [one for one in standing if one.kind != PublicationKind.SESSIONS],
        [call for call in calls if takes_applications(call)],
    )
