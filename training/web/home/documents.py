"""Every file a page links to, reached through the row that owns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext_lazy as _

from training.accounts.permissions import demand, may
from training.attendance.models import Correction, LostRange
from training.core import files
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import NotFoundError, TrainingError
from training.core.models import StoredFile
from training.courses.models import Courseware, Outline
from training.dossiers.models import Dossier, DossierVersion, Evidence
from training.enrolment.models import RosterImport
from training.fairs.models import FairPaper
from training.institutions.models import Agreement, InstructorProof, Licence
from training.outcomes.models import Designation, EnterpriseOutcome, HouseholdSales, OutcomeEvidence
from training.people.models import TraineeGroup
from training.reports.models import Meeting


class FileLostError(TrainingError):
    """The disk lost the bytes, or they are no longer the ones that were kept."""

    code = "file_lost"
    http_status = 500


@dataclass(frozen=True)
class Source:
    """`acts`: one of them must be the actor's to do; empty where seeing the owner is enough."""

    owner: Any
    field: str = "file"
    acts: tuple[str, ...] = ()


SOURCES = {
    "licence": Source(Licence),
    "agreement": Source(Agreement),
    "proof": Source(InstructorProof),
    "courseware": Source(Courseware),
    "outline": Source(Outline),
    "evidence": Source(Evidence),
    # The file as handed in has identity numbers in full.
    "roster": Source(RosterImport, acts=("roster.import", "session.approve")),
    "correction": Source(Correction, "evidence", acts=("correction.propose", "correction.decide")),
    "lost-range": Source(LostRange, "evidence", acts=("lost_range.propose", "lost_range.decide")),
    "outcome": Source(OutcomeEvidence, acts=("outcome.view", "indicator.view")),
    "sales": Source(HouseholdSales, acts=("sales.view",)),
    "enterprise": Source(EnterpriseOutcome, acts=("enterprise.view",)),
    "designation": Source(Designation, acts=("designation.view",)),
    "fair-paper": Source(FairPaper, acts=("fair.view_people",)),
    "group": Source(TraineeGroup, acts=("group.verify", "rights.handle")),
    "minutes": Source(Meeting, "minutes", acts=("meeting.view",)),
    "dossier-pdf": Source(Dossier, "pdf"),
    "dossier-package": Source(Dossier, "package"),
    "version-pdf": Source(DossierVersion, "pdf", acts=("dossier.view",)),
    "version-package": Source(DossierVersion, "package", acts=("dossier.view",)),
}


def open_document(kind: str, pk: int, *, actor: Actor) -> tuple[StoredFile, BinaryIO]:
    """The stored file and its original bytes, for the caller to close; opening a sensitive one is on record.

    Raises NotFoundError, ForbiddenError and FileLostError.
    """
    source = SOURCES.get(kind)
    if source is None:
        raise NotFoundError(kind)
    owner = source.owner.objects.select_related(source.field).fetch(actor, pk=pk)
    if source.acts and not any(may(actor, act) for act in source.acts):
        demand(actor, source.acts[0])
    stored: StoredFile | None = getattr(owner, source.field)
    if stored is None:
        raise NotFoundError(kind)
    try:
        data = files.opened(stored)
    except (OSError, InvalidToken) as lost:
        raise FileLostError(
            _("文件读不出来，或与保存时不一致。请联系系统管理员从备份恢复。"), file=stored.pk
        ) from lost
    if stored.sensitive:
        record(actor, "file.opened", owner, kind=kind, sha256=stored.sha256)
    return stored, data
