"""Cards of people who do not exist, as the simulated reader is given them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from kiosk.idcard.cards import IdCard
from kiosk.simulator.cards import card_from_fields
from training.demo.people import SyntheticPerson, synthetic_people
from training.demo.story import card as plastic

ROSTER_SEED = 7
"""What `make_county` draws its roster with: who comes after the last on it is a stranger."""


def people(rostered: int, strangers: int = 0) -> list[SyntheticPerson]:
    """The roster, then strangers."""
    return synthetic_people(rostered + strangers, seed=ROSTER_SEED)


def cards(persons: Sequence[SyntheticPerson]) -> list[IdCard]:
    return [card_from_fields(plastic(person)) for person in persons]


def write_cards(path: Path, persons: Sequence[SyntheticPerson]) -> Path:
    """A people file for another process."""
    path.write_text(json.dumps([plastic(person) for person in persons]), encoding="utf-8")
    return path
