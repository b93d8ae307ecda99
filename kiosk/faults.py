"""What is wrong with the machine itself, said for as long as it is: the disk and the clock.

Nothing here repairs or corrects; the screen says what can't be done meanwhile.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from kiosk.clock import Clock, Jump
from kiosk.doctor import FREE_BYTES, OFFSET_MS
from kiosk.journal import Journal
from kiosk.messages import Message, say
from kiosk.store import JournalError

PROBE_SECONDS = 5.0
"""Between two attempts to write on a disk that took nothing."""
ROOM_SECONDS = 10.0
"""Between two looks at how much room is left."""


def free_bytes(home: Path) -> int:
    """Room on the disk that `home` is on."""
    return shutil.disk_usage(home).free


class Faults:
    """Asked several times a second, so it looks at the disk only now and then."""

    def __init__(self, journal: Journal, clock: Clock, room: Callable[[Path], int] = free_bytes) -> None:
        self._journal, self._clock, self._room = journal, clock, room
        self.unwritable = False
        """Whether the last thing to be written was not."""
        self._probed_at = 0.0
        self._free, self._looked_at = 0, float("-inf")
        self._jump: Jump | None = None
        self._contact_before: datetime | None = None

    def banners(self) -> list[Message]:
        """The gravest first."""
        found = [self._disk(), self._time()]
        return [message for message in found if message is not None]

    def probe(self) -> None:
        """While the disk takes nothing: try again, now and then."""
        now = time.monotonic()
        if not self.unwritable or now < self._probed_at + PROBE_SECONDS:
            return
        self._probed_at = now
        try:
            self._journal.probe()
        except JournalError:
            return
        self.unwritable = False

    def _disk(self) -> Message | None:
        if self.unwritable:
            return say("disk_unwritable")
        if time.monotonic() >= self._looked_at + ROOM_SECONDS:
            self._looked_at, self._free = time.monotonic(), self._room(self._journal.home)
        return say("disk_low", megabytes=self._free // 10**6) if self._free < FREE_BYTES else None

    def _time(self) -> Message | None:
        """A jump is told until a later contact shows that the clock is right."""
        jump, contact_at, offset_ms = (
            self._clock.jumped,
            self._journal.contact_at,
            self._journal.clock_offset_ms,
        )
        if jump is not self._jump:
            self._jump, self._contact_before = jump, contact_at
        if jump and contact_at == self._contact_before:
            return say("clock_jumped", seconds=f"{jump.seconds:+.0f}")
        if offset_ms is not None and abs(offset_ms) >= OFFSET_MS:
            return say("clock_wrong", seconds=f"{-offset_ms / 1000:+.0f}")
        return None
