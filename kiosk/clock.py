"""The station's clocks: the one on the wall, and the one that only goes forward.

A wall clock can be set; the monotonic one can't, so an event carries both and the server sees
a jump. Nothing here corrects anything.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

CLOCK_FILE = "YIDANG_CLOCK_FILE"
"""Names a file with seconds to add to both clocks; for demonstrations and tests only.

A second number in it is for the monotonic clock alone: `3600 0` is a wall clock that was set an hour on.
"""
JUMP_SECONDS = 2.0
"""So far the two clocks may drift apart between two looks."""


def _seconds_running() -> float:
    # A laptop with its lid closed for lunch has not jumped: count the time asleep where we can.
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def _demo_seconds() -> tuple[float, float]:
    """Read anew on every call; a file that is missing or half written moves nothing."""
    path = os.environ.get(CLOCK_FILE)
    try:
        numbers = [float(word) for word in Path(path).read_text().split()] if path else []
    except (OSError, ValueError):
        numbers = []
    return (numbers[0], numbers[-1]) if numbers else (0.0, 0.0)


@dataclass(frozen=True)
class Jump:
    """The wall clock was set: by so many seconds, back if negative, seen at `at` of the new time.

    `start`: the program began at a time before the last event of its journal.
    """

    at: datetime
    seconds: float
    kind: Literal["running", "start"]


class Clock:
    """One per program start; `boot` names the stretch over which `monotonic_ms` is comparable."""

    def __init__(self) -> None:
        self.boot: UUID = uuid4()
        self.jumped: Jump | None = None
        """The last jump that somebody's `look` found, or the journal at the start."""
        self._demo_at_start = _demo_seconds()[1]
        self._apart = self._read_apart()

    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        return datetime.now(UTC) + timedelta(seconds=_demo_seconds()[0])

    def monotonic_ms(self) -> int:
        """Milliseconds that move with the demonstration clock, so its jumps are not clock faults."""
        return max(0, round((_seconds_running() + _demo_seconds()[1] - self._demo_at_start) * 1000))

    def look(self) -> Jump | None:
        """Whether the wall clock was set since the last look: a jump is told once."""
        before, self._apart = self._apart, self._read_apart()
        if abs(self._apart - before) <= JUMP_SECONDS:
            return None
        self.jumped = Jump(self.now(), round(self._apart - before, 3), "running")
        return self.jumped

    def _read_apart(self) -> float:
        """Seconds between the two clocks, with the demonstration's step read once for both."""
        wall, steady = _demo_seconds()
        return time.time() + wall - _seconds_running() - steady
