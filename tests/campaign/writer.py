"""A station that writes until it is killed, again and again: one process per life, forked from this one.

Imports once, so that two hundred lives cost seconds and not minutes. Each line of standard input begins a
life: `HOME FIRST END`, the station's home, the first card to be laid and the one before which it rests.
Lines out: `life PID`, then `CARD CODE` for each card when the screen shows that message, `dead` when the
life is over.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.idcard.cards import IdCard
from kiosk.idcard.dialogue import CardRead, CardRemoved
from kiosk.journal import Journal
from kiosk.simulator.cards import card_from_fields
from kiosk.station import Station

SAM_ID = "05.03-20110816-0001234567-0987654321"


def main(cards: Path) -> None:
    """Serve lives until standard input ends."""
    people = [card_from_fields(fields) for fields in json.loads(cards.read_text(encoding="utf-8"))]
    for line in sys.stdin:
        home, first, end = line.split()
        child = os.fork()
        if child == 0:
            live(Path(home), people[: int(end)], int(first))
        say(f"life {child}")
        os.waitpid(child, 0)
        say("dead")


def live(home: Path, people: list[IdCard], first: int) -> NoReturn:
    """Lay one card after the other, from the first one given, and then wait to be killed."""
    station = Station(Journal(home), Clock(), Camera(None))
    for number in range(first, len(people)):
        station.on_reader_event(CardRead(people[number], SAM_ID))
        say(f"{number} {station.state()['message']['code']}")  # now the trainee reads it
        station.on_reader_event(CardRemoved())
    while True:
        signal.pause()


def say(line: str) -> None:
    """One line in one write: a kill leaves it whole or absent."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
