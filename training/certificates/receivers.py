"""What other rooms tell, and what it means for certificates."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from training.attendance.models import Completion
from training.attendance.signals import completion_changed
from training.certificates.services import issue_when_sealed, revoke_struck
from training.core.actor import SYSTEM
from training.dossiers.models import Dossier
from training.dossiers.signals import sealed


@receiver(sealed)
def issue(dossier: Dossier, **_said: Any) -> None:
    issue_when_sealed(dossier.training_session, actor=SYSTEM)


@receiver(completion_changed)
def strike(completion: Completion, **_said: Any) -> None:
    revoke_struck(completion.enrolment, actor=SYSTEM)
