"""Six stations without a network see the same person: all of it is kept, and it counts once."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kiosk.clock import Clock
from kiosk.idcard.cards import IdCard
from kiosk.journal import Journal
from kiosk.simulator.network import NetworkCable
from kiosk.uplink import hand_over
from tests.campaign.door import Door
from tests.campaign.people import cards, people
from tests.campaign.proof import demand_same, server_of
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent
from training.attendance.queries import clashes, register
from training.demo.stage import until

STATIONS, ROSTERED, OTHERS = 6, 12, 3


def sign_in_offline(home: Path, hand: list[IdCard]) -> list[str]:
    """A class morning without a network, and then the power fails; what the screen said."""
    with Door(home) as door:
        door.launch()
        until("a desk that takes cards", door.takes_cards)
        return [door.lay(card) for card in hand]


def hand_over_in_any_order(homes: list[Path], chance: random.Random) -> int:
    """One event at a time, of any station, some of them twice; how many requests that took."""
    queue = []
    for home in homes:
        with Journal(home) as journal:
            queue += [(home, envelope) for envelope in journal.envelopes()]
    queue += chance.sample(queue, len(queue) // 3)
    chance.shuffle(queue)
    for home, envelope in queue:
        with Journal(home) as journal:
            server = server_of(journal)
            hand_over(server, journal, Clock(), [envelope])
            server.close()
    return len(queue)


@pytest.mark.django_db(transaction=True)
def test_one_person_at_six_stations_is_six_pieces_of_evidence_one_attendance_and_one_clash(
    open_office: Any, chance: random.Random, tell: Callable[[str], None]
) -> None:
    office = open_office(ROSTERED)
    session, actor = office.county.session, office.county.actor(Role.BUREAU_REVIEWER)
    everywhere, *others = cards(people(ROSTERED))
    hands = [[everywhere, *others[number::STATIONS][:OTHERS]] for number in range(STATIONS)]
    with ExitStack() as ends:
        lines = [ends.enter_context(NetworkCable("127.0.0.1", office.port)) for _number in range(STATIONS)]
        homes = [office.enrol(f"终端{number}", line.url) for number, line in enumerate(lines)]
        for line in lines:
            line.cut()
        with ThreadPoolExecutor(STATIONS) as pool:
            said = list(pool.map(sign_in_offline, homes, [chance.sample(hand, len(hand)) for hand in hands]))
        assert {code for codes in said for code in codes} == {"signed_in"}
        assert AttendanceEvent.objects.count() == 0
        for line in lines:
            line.restore()
        requests = hand_over_in_any_order(homes, chance)

    events = sum(demand_same(home) for home in homes)
    evidence = AttendanceEvent.objects.filter(enrolment__number=1, held_reason="")
    [clash] = clashes([session], actor)
    morning, _afternoon = register(session)
    [line] = [line for line in morning.lines if line.enrolment.number == 1]

    assert evidence.count() == len(clash.evidence) == len(clash.stations) == STATIONS
    assert {piece.event for piece in clash.evidence} == set(evidence)
    assert line.presence.signed_in_at == min(event.captured_at for event in evidence)
    assert morning.present == len({card.number for hand in hands for card in hand})
    tell(
        f"{STATIONS} stations × the same person offline: 1 counted attendance, {evidence.count()} pieces of "
        f"evidence, 1 clash; {events} events in {requests} requests in any order, 0 lost, 0 doubled"
    )
