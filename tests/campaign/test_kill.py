"""Kill -9 at any moment: what a person was told is there, and it is there once."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kiosk.idcard.cards import IdCard
from kiosk.journal import Journal
from tests.campaign.door import Door, GoneError
from tests.campaign.nursery import CONFIRMED, Victim, nursery
from tests.campaign.people import cards, people, write_cards
from tests.campaign.proof import demand_same, drain, events_of, rows_of
from training.demo.stage import until

KILLS = 214
ROSTERED, STRANGERS = 160, 20
MESSAGES = 8  # in a life; in one of eight none, and then it may die at birth
OPENING, VISIT = 0.06, 0.015  # seconds they take, about: the kill falls somewhere in them
RUN_KILLS, DOORS, STRANGERS_AT_DOOR = 18, 3, 2
START_SECONDS, VISIT_SECONDS = 2.0, 0.6  # in which the kill falls somewhere


def demand_whole(victim: Victim) -> None:
    """Chain and signatures hold; everyone who was told is in the journal; nobody is there twice."""
    with Journal(victim.home) as journal:
        count = len(events_of(journal))
    subjects = [row.subject for row in rows_of(victim.home)]
    assert count == len(subjects) == len(set(subjects))
    # In the order in which they came, so the first so many cards are theirs, and one more at most.
    assert len(victim.told) <= count <= len(victim.told) + 1


def kill_again_and_again(
    cards: Path, persons: int, kills: int, new_home: Callable[[], Path], chance: random.Random
) -> list[Victim]:
    """Until so many kills are done, a new station whenever everybody has signed in at the last."""
    victims = [Victim(new_home(), persons)]
    with nursery(cards) as life:
        while sum(victim.kills for victim in victims) < kills:
            if victims[-1].exhausted:
                victims.append(Victim(new_home(), persons))
            messages = chance.randrange(MESSAGES)
            life(victims[-1], messages, chance.uniform(0, VISIT if messages else OPENING))
            demand_whole(victims[-1])
    return victims


@pytest.mark.django_db(transaction=True)
def test_kill_9_of_a_writing_station_loses_nobody_and_doubles_nobody(
    open_office: Any,
    chance: random.Random,
    tell: Callable[[str], None],
    scaled: Callable[[float], int],
    tmp_path: Path,
) -> None:
    office = open_office(ROSTERED)
    persons = people(ROSTERED, STRANGERS)
    file = write_cards(tmp_path / "cards.json", persons)
    homes = (office.enrol(f"终端{number}") for number in range(1000))

    victims = kill_again_and_again(file, len(persons), scaled(KILLS), lambda: next(homes), chance)
    for victim in victims:
        drain(victim.home)

    kept = sum(demand_same(victim.home) for victim in victims)
    told = [code for victim in victims for code in victim.told.values()]
    tell(
        f"{sum(victim.kills for victim in victims)} kill -9 of a writing station, {len(told)} confirmed, "
        f"{kept} in journal and ledger, 0 lost, 0 doubled; {told.count('already_in')} killed between disk and screen"
    )


def lay_until_killed(door: Door, hand: list[IdCard], victim: Victim, chance: random.Random) -> None:
    """Some cards, then the kill, before, while or after the next is read; they are the first of the next life."""
    spared = chance.randrange(6)
    try:
        if spared == 0:
            door.kill_in(chance.uniform(0, START_SECONDS))
        until("a desk", door.takes_cards)
        while not victim.exhausted:
            if (spared := spared - 1) == 0:
                door.kill_in(chance.uniform(0, VISIT_SECONDS))
            number = len(victim.told)
            code = door.lay(hand[number])
            assert code in CONFIRMED
            victim.told[number] = code
    except GoneError:
        victim.kills += 1


def kill_the_program(home: Path, hand: list[IdCard], kills: int, chance: random.Random) -> Victim:
    """Until so many kills are done; then once more, until the server has everything."""
    victim = Victim(home, len(hand))
    with Door(home) as door:
        while victim.kills < kills:
            door.launch()
            lay_until_killed(door, hand, victim, chance)
            door.kill()
            demand_whole(victim)
        door.open()
        until("everything received", lambda: door.state()["safe_to_power_off"])
    return victim


@pytest.mark.django_db(transaction=True)
def test_kill_9_of_the_whole_program_at_the_reader_loses_nobody_and_doubles_nobody(
    open_office: Any, chance: random.Random, tell: Callable[[str], None], scaled: Callable[[float], int]
) -> None:
    kills = scaled(RUN_KILLS / DOORS)
    passers_by = 8 * kills  # more than can come in so many lives
    office, hand = open_office(passers_by - STRANGERS_AT_DOOR), cards(people(passers_by))
    homes = [office.enrol(f"终端{number}") for number in range(DOORS)]

    with ThreadPoolExecutor(DOORS) as pool:
        chances = [random.Random(chance.random()) for _home in homes]
        victims = list(pool.map(kill_the_program, homes, [hand] * DOORS, [kills] * DOORS, chances))

    kept = sum(demand_same(victim.home) for victim in victims)
    told = [code for victim in victims for code in victim.told.values()]
    tell(
        f"{DOORS * kills} kill -9 of `kiosk run` at its reader, {len(told)} confirmed on the screen, {kept} in "
        f"journal and ledger, 0 lost, 0 doubled; {told.count('already_in')} killed between disk and screen"
    )
