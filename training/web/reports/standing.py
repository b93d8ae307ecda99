"""How a town's report stands on a day, in words that the list filters by."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.reports.models import TownReport


class TownState(models.TextChoices):
    """LATE and MISSING are the red ones."""

    OPEN = "open", _("待报")
    MISSING = "missing", _("未报")
    SUBMITTED = "submitted", _("已报")
    LATE = "late", _("迟报")


def state_of(report: TownReport, today: date) -> TownState:
    if report.is_submitted:
        return TownState.LATE if report.came_late else TownState.SUBMITTED
    return TownState.MISSING if report.is_missing_on(today) else TownState.OPEN


def having(state: str, today: date) -> Q:
    """The same as a condition; what is no state asks for nothing."""
    late = Q(submitted_at__date__gt=F("due_on"))
    conditions: dict[str, Q] = {
        TownState.OPEN: Q(submitted_at=None, due_on__gte=today),
        TownState.MISSING: Q(submitted_at=None, due_on__lt=today),
        TownState.SUBMITTED: Q(submitted_at__isnull=False) & ~late,
        TownState.LATE: late,
    }
    return conditions.get(state, Q())
