from __future__ import annotations

from training.accounts.permissions import may
from training.core.actor import Actor
from training.scheduling.choices import EDITABLE
from training.scheduling.models import TrainingSession


def may_see_numbers(actor: Actor, session: TrainingSession) -> bool:
    """Identity numbers in full: whoever is still writing the roster, and the bureau that approves it.

    domain.md §4.4: the institution sees them masked once it has submitted.
    """
    writing = session.status in EDITABLE and may(actor, "roster.import")
    return writing or may(actor, "session.approve")
