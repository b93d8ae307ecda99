"""What every page of a planned session shows of it, in parts/session_facts.html and parts/budget.html."""

from __future__ import annotations

from training.scheduling.budget import barred, total_fen
from training.scheduling.models import TrainingSession
from training.scheduling.queries import other_forms


class SessionFacts:
    """Part of a page that has the session, read with its budget."""

    session: TrainingSession

    @property
    def other_forms(self) -> str:
        """Besides the main one."""
        return other_forms(self.session)

    @property
    def budget_fen(self) -> int:
        return total_fen(self.session)

    @property
    def budget_remarks(self) -> list[str]:
        return list(barred(self.session.budget_lines.all(), self.session.rule_set.rules))
