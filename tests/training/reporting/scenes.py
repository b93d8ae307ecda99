"""A row of everything that figures leave behind, for tests that look at all there is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from training.accounts.choices import Role
from training.core import clock
from training.reporting import counting, measuring
from training.reporting.models import MonthReport
from training.reporting.months import report_month
from training.reporting.stated import state_value

MONTH = "2021-04"


def leave_figures(county: Any) -> None:
    """Once a programme: a number from outside, the measures, and a month that was reported."""
    programme = county.programme
    if MonthReport.objects.filter(programme=programme).exists():
        return
    counting.refresh(programme.pk)
    state_value(
        programme.pk, code="practitioners", region=None, value=Decimal(500), source="商务局摸底",
        as_of=clock.today(), actor=county.actor(Role.BUREAU_REVIEWER),
    )  # fmt: skip
    measuring.take(programme)
    report_month(programme.pk, MONTH, actor=county.actor(Role.BUREAU_HEAD))
    counting.mark("scheduling.TrainingSession", str(county.session.pk))  # something waits again
