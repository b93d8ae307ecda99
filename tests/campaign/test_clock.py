"""A clock that is set back and forward all morning: nothing is refused, nothing is corrected, all of it shows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.journal import Journal
from tests.campaign.door import Door
from tests.campaign.people import cards, people
from tests.campaign.proof import demand_same
from tests.conftest import CLASS_DAY, EARLY_MORNING
from training.attendance.choices import Note
from training.attendance.models import AttendanceEvent
from training.attendance.queries import register
from training.demo.stage import until

VISITS = 16
FIRST, LAST = EARLY_MORNING - timedelta(minutes=35), EARLY_MORNING + timedelta(minutes=140)
"""The wall clock stays where the desk takes cards for the morning, 08:05 to 11:00; lessons begin at nine."""
LEAST = timedelta(minutes=2)


@dataclass
class WallClock:
    """The station's: set to any moment, while its other clock goes on."""

    path: Path
    shown: datetime

    def set(self, moment: datetime) -> None:
        wall, steady = (one.timestamp() - time.time() for one in (moment, EARLY_MORNING))
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f"{wall} {steady}", encoding="ascii")
        fresh.replace(self.path)
        self.shown = moment


def another_time(clock: WallClock, chance: random.Random) -> datetime:
    """Far enough from what the clock shows that nobody could take it for a slow morning."""
    moments = (FIRST + chance.random() * (LAST - FIRST) for _draw in range(100))
    return next(moment for moment in moments if abs(moment - clock.shown) > LEAST)


@pytest.mark.django_db(transaction=True)
def test_a_clock_set_back_and_forward_moves_no_event_and_is_seen(
    open_office: Any,
    chance: random.Random,
    tell: Callable[[str], None],
    scaled: Callable[[float], int],
    tmp_path: Path,
) -> None:
    visits = scaled(VISITS)
    office = open_office(visits)
    clock = WallClock(tmp_path / "wall clock", EARLY_MORNING)
    clock.set(EARLY_MORNING)
    home, suspects, starts, jumps = office.enrol("终端"), [], 0, 0

    with Door(home, clock.path) as door:
        door.open()
        for number, card in enumerate(cards(people(visits)), start=1):
            deed = chance.choice(["nothing", "set", "set", "set and start"]) if number > 1 else "nothing"
            before = clock.shown
            if deed != "nothing":
                clock.set(another_time(clock, chance))
                jumps += 1
            if deed == "set and start":
                door.kill()
                door.open()
                starts += 1
            # Of a start, only a step back can be told from a night's rest.
            if deed == "set" or clock.shown < before:
                suspects.append(number)
            assert door.lay(card) == "signed_in"
        until("everything received", lambda: door.state()["safe_to_power_off"])

    assert demand_same(home) == visits
    with Journal(home) as journal:
        seen_at_the_desk = len(journal.jumps())
    ledger = AttendanceEvent.objects.order_by("seq").select_related("enrolment")
    assert [row.enrolment.number for row in ledger] == list(range(1, visits + 1))
    assert {row.held_reason for row in ledger} == {""}
    assert [row.seq for row in ledger if Note.CLOCK_JUMP in row.notes] == suspects
    morning, _afternoon = register(office.county.session)
    assert (morning.on, morning.present) == (CLASS_DAY, visits)
    tell(
        f"clock set {jumps} times in {visits} visits ({starts} of them while the program was off): {visits} events "
        f"in their order and at the time they were given, 0 refused, {len(suspects)} of {len(suspects)} jumps that "
        f"can be known flagged on the server, {seen_at_the_desk} written down at the desk"
    )
