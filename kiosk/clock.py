"""The station's clocks: the one on the wall, and the one that only goes forward.

A wall clock can be set; the monotonic one can't, so an event carries both and the server sees
a jump. Nothing here corrects anything.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

CLOCK_FILE = "YIDANG_CLOCK_FILE"
"""Names a file with seconds to add to the system clock; for demonstrations and tests only."""


def _seconds_running() -> float:
    # A laptop with its lid closed for lunch has not jumped: count the time asleep where we can.
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def _demo_seconds() -> float:
    """Read anew on every call; a file that is missing or half written moves nothing."""
    path = os.environ.get(CLOCK_FILE)
    try:
        return float(Path(path).read_text()) if path else 0.0
    except (OSError, ValueError):
        return 0.0


class Clock:
    """One per program start; `boot` names the stretch over which `monotonic_ms` is comparable."""

    def __init__(self) -> None:
        self.boot: UUID = uuid4()
        self._demo_at_start = _demo_seconds()

    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        return datetime.now(UTC) + timedelta(seconds=_demo_seconds())

    def monotonic_ms(self) -> int:
        """Milliseconds that move with the demonstration clock, so its jumps are not clock faults."""
        return max(0, round((_seconds_running() + _demo_seconds() - self._demo_at_start) * 1000))
