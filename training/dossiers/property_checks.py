"""四性检测 of what was sealed, made again later from the package as it lies here."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, cast

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _
from pydantic import ValidationError

from training.accounts.choices import BUREAU_ROLES, FINANCE_ROLES, Role
from training.core import clock, files
from training.core.actor import SYSTEM
from training.core.audit import record
from training.core.models import StoredFile
from training.dossiers.checks import Payload, check_payload
from training.dossiers.choices import BuildStatus, CheckStage, Edition
from training.dossiers.container import ContainerError, unpack
from training.dossiers.four_properties import FourProperties, report
from training.dossiers.layout import MANIFEST, METADATA
from training.dossiers.metadata import Metadata
from training.dossiers.models import DossierVersion, PropertyCheck
from training.notifications.choices import Kind
from training.notifications.services import notify

YEARLY: Final = timedelta(days=365)
A_NIGHT: Final = 200
"""Versions that one night checks again; a large one takes a minute."""
CONCERNED: Final = BUREAU_ROLES | {Role.AUDITOR}
"""Who hears of a sealed dossier that no longer holds: the bureau opens it again, or has the file restored."""
CLAIMANTS: Final = FINANCE_ROLES | {Role.INSTITUTION_HEAD, Role.INSTITUTION_CLERK}
"""And of one on which a claim stands."""


def check_properties(version_id: int, stage: CheckStage) -> PropertyCheck:
    """Read the package as it lies here, check everything again, and keep what was found."""
    version: DossierVersion = DossierVersion.objects.select_related("package").fetch(SYSTEM, pk=version_id)
    said, problem = _checked(version, stage)
    return _keep(version, stage, said, problem)


@transaction.atomic
def _keep(
    version: DossierVersion, stage: CheckStage, said: FourProperties | None, problem: str
) -> PropertyCheck:
    holds = said is not None and said.holds and not problem
    check: PropertyCheck = PropertyCheck.objects.create(
        version=version,
        stage=stage,
        at=clock.now(),
        holds=holds,
        problem=problem,
        report=said.model_dump() if said else {},
    )
    if not holds:
        hear = CONCERNED | CLAIMANTS if stage == CheckStage.CLAIM else CONCERNED
        dossier = version.dossier
        said_of = str(dossier.training_session)
        notify(Kind.PROPERTIES_FAILED, dossier, roles=hear, actor=SYSTEM, session=said_of)
    record(SYSTEM, "dossier.properties_checked", version.dossier, stage=str(stage), holds=holds)
    return check


def _checked(version: DossierVersion, stage: CheckStage) -> tuple[FourProperties | None, str]:
    """The report, and what is wrong beyond it; without a report where the package can't be read."""
    try:
        with files.opened(cast(StoredFile, version.package)) as file:  # a sealed one has it
            entries = unpack(file)
            metadata = Metadata.model_validate_json(entries[METADATA].read())
            said = report(check_payload(Payload(entries, metadata)), metadata, stage=str(stage.label))
            same = entries[MANIFEST].sha256 == version.manifest_sha256
    except (OSError, InvalidToken):
        return None, _("压缩包读不出，或与保存时不一致")
    except (ContainerError, KeyError, ValidationError):
        return None, _("压缩包打不开")
    return said, "" if same else _("清单与封存时记录的散列不同")


def check_yearly() -> int:
    """Check again what has not been for a year, the longest ago first; how many there were.

    Versions that were opened again are kept and not checked: another one has taken their place.
    """
    before = clock.now() - YEARLY
    rows = DossierVersion.objects.filter(
        edition=Edition.SEALED, status=BuildStatus.DONE, unsealed_at=None, finished_at__lt=before
    ).annotate(checked_at=Max("property_checks__at"))
    due = rows.filter(Q(checked_at=None) | Q(checked_at__lt=before)).order_by("finished_at")
    ids = list(due.values_list("pk", flat=True)[:A_NIGHT])
    for pk in ids:
        check_properties(pk, CheckStage.YEAR)
    return len(ids)
