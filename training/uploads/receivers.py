"""A file came into an archive: what is in it is looked at in the background."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from training.dossiers.models import Evidence
from training.dossiers.signals import evidence_added, evidence_withdrawn
from training.dossiers.snapshots import mark
from training.uploads.tasks import look_at_evidence


@receiver(evidence_added)
def look_at_new_evidence(evidence: Evidence, **_said: Any) -> None:
    transaction.on_commit(partial(look_at_evidence.enqueue, evidence.pk))


@receiver(evidence_withdrawn)
def free_copies(evidence: Evidence, **_said: Any) -> None:
    """Where its copies stand, the archive may be complete without it."""
    for reuse in evidence.copied_as.all():
        mark(reuse._meta.label, str(reuse.pk))
