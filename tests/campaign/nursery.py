"""Stations that are killed again and again, and what was shown before each kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaign.office import ROOT

CONFIRMED = {"signed_in", "walk_in", "already_in"}
"""What a person takes for done. The last: laid again after a kill, and it had been written before it."""


@dataclass
class Victim:
    """A station that is killed again and again; whoever was told nothing lays the card once more."""

    home: Path
    people: int
    told: dict[int, str] = field(default_factory=dict)
    """Card number in the people file → the first message about it."""
    kills: int = 0

    @property
    def exhausted(self) -> bool:
        return len(self.told) == self.people

    def hear(self, line: str) -> None:
        """What was shown: a card, and the code of the message."""
        card, code = line.split()
        assert int(card) == len(self.told)
        assert code in CONFIRMED
        self.told[int(card)] = code


@contextmanager
def nursery(
    cards: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Callable[[Victim, int, float], None]]:
    """Begin a life, hear so many messages, live on for so many seconds, then kill -9."""
    command = [sys.executable, "-m", "tests.campaign.writer", str(cards)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | dict(environment or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        lines = (line.strip() for line in process.stdout)

        def life(victim: Victim, messages: int, seconds: float) -> None:
            print(victim.home, len(victim.told), victim.people, file=process.stdin, flush=True)
            _life, child = next(lines).split()
            try:
                for _message in range(min(messages, victim.people - len(victim.told))):
                    victim.hear(next(lines))
                time.sleep(seconds)
            finally:
                os.kill(int(child), signal.SIGKILL)
            for line in iter(lambda: next(lines), "dead"):
                victim.hear(line)
            victim.kills += 1

        yield life
        process.stdin.close()
