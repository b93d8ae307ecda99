"""What is wrong with this station, asked before class and not during it.

Each check looks at one part and answers with a finding; none changes anything.
"""

from __future__ import annotations

from pathlib import Path

from kiosk.doctor import hardware, machine, memory
from kiosk.doctor.findings import Finding, table
from kiosk.doctor.hardware import Parts
from kiosk.doctor.machine import FREE_BYTES
from kiosk.doctor.memory import OFFSET_MS

__all__ = ["FREE_BYTES", "OFFSET_MS", "Finding", "Parts", "examine", "table"]


def examine(home: Path, parts: Parts) -> list[Finding]:
    """All findings, in the order a person would look."""
    return [*memory.look(home), *machine.look(home), *hardware.look(parts)]
