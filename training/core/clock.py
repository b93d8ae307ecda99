"""The one place that asks what time it is; rules and services are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """The time, in UTC; moved by the seconds in the clock file where a demo sets one."""
    moment = datetime.now(UTC)
    if settings.CLOCK_FILE:
        moment += timedelta(seconds=float(Path(settings.CLOCK_FILE).read_text(encoding="ascii")))
    return moment


def today() -> date:
    """The calendar day in the county's zone."""
    return timezone.localdate(now())
