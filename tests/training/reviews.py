"""The bureau's check of a dossier, for tests that are about what comes after it."""

from __future__ import annotations

from typing import Any

from training.accounts.choices import Role
from training.core.actor import SYSTEM
from training.core.files import keep
from training.core.models import StoredFile
from training.dossiers.models import Dossier
from training.dossiers.reviewing import accept_item, confirm_dossier
from training.dossiers.rounds import standing
from training.dossiers.sealing import seal_dossier


def stand_in(content: bytes, name: str = "made.bin") -> StoredFile:
    """For a file that the background makes of a dossier."""
    return keep(name, content, content_type="application/octet-stream", actor=SYSTEM, sensitive=True)


def pass_review(county: Any) -> Dossier:
    """The reviewer accepts every item of the county's dossier, and the head confirms where the rules want it."""
    dossier: Dossier = Dossier.objects.get(training_session=county.session)
    reviewer, head = county.actor(Role.BUREAU_REVIEWER), county.actor(Role.BUREAU_HEAD)
    for item in standing(dossier).open_items:
        accept_item(dossier.pk, item=item.code, actor=reviewer)
    if standing(dossier).waits_for_second_person:
        confirm_dossier(dossier.pk, actor=head)
    return dossier


def review_and_seal(county: Any, role: Role = Role.BUREAU_REVIEWER) -> Dossier:
    """Then somebody of `role` seals it, which hands the package to the background."""
    return seal_dossier(pass_review(county).pk, actor=county.actor(role))
