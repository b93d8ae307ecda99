"""A network that breaks in the middle of everything, and a server that is killed in the middle of a batch."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.idcard.cards import IdCard
from kiosk.idcard.dialogue import CardRead, CardRemoved
from kiosk.journal import Journal
from kiosk.server import UplinkError
from kiosk.simulator.network import NetworkCable
from kiosk.station import Station
from kiosk.uplink import Uplink, hand_over
from tests.campaign.people import cards, people
from tests.campaign.proof import demand_same, drain, rows_of, server_of
from tests.campaign.writer import SAM_ID
from training.demo.stage import until

STATIONS = 10
BREAKS = 150  # of the cable, all stations together
SERVER_KILLS, SENDERS, QUEUED = 6, 6, 150
ROSTERED, STRANGERS = 300, 60
EVENT_BYTES, RECEIPT_BYTES = 900, 150  # about; a break falls somewhere in the first few of them
BACK_OFF = 60.0  # seconds: the longest pause an uplink may be in when the faults end


@dataclass
class Outpost:
    """A station with its uplink, in this process; somebody lays one card after the other."""

    home: Path
    hand: Iterator[IdCard]
    laid: int = 0
    _ends: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.journal = self._ends.enter_context(Journal(self.home))
        assert self.journal.identity is not None
        self.uplink = Uplink(
            self.journal, self.journal.identity, Clock(), events_every=0.1, package_every=3.0
        )
        self.station = Station(self.journal, Clock(), Camera(None), uplink=self.uplink)
        self._ends.callback(self.station.stop)
        self._ends.callback(self.uplink.stop)
        self.uplink.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ends.close()

    def receive(self, visitors: int) -> None:
        """So many people come, unless everybody has been here."""
        for _visitor in range(visitors):
            if (card := next(self.hand, None)) is None:
                return
            self.station.on_reader_event(CardRead(card, SAM_ID))
            self.station.on_reader_event(CardRemoved())
            self.laid += 1

    def all_received(self) -> bool:
        return self.journal.counts().all_received


@pytest.fixture
def outposts(open_office: Any) -> Iterator[Callable[..., list[Outpost]]]:
    """Running stations that know the server by these addresses, each with every card in its own order."""
    with ExitStack() as ends:

        def open_them(office: Any, addresses: Sequence[str], chance: random.Random) -> list[Outpost]:
            hand = cards(people(ROSTERED, STRANGERS))
            homes = [office.enrol(f"终端{number}", url) for number, url in enumerate(addresses)]
            return [ends.enter_context(Outpost(home, iter(chance.sample(hand, len(hand))))) for home in homes]

        yield open_them


def demand_all(outposts: list[Outpost]) -> tuple[int, Counter[str | None]]:
    """After the faults everything arrives, and once; how many events, and what answers the stations had."""
    until("everything received", lambda: all(outpost.all_received() for outpost in outposts), 2 * BACK_OFF)
    for outpost in outposts:
        outpost.uplink.stop()
        assert demand_same(outpost.home) == outpost.laid
    answers = Counter(row.status for outpost in outposts for row in rows_of(outpost.home))
    return sum(outpost.laid for outpost in outposts), answers


def break_again_and_again(
    outpost: Outpost, cable: NetworkCable, times: int, chance: random.Random
) -> Counter[str]:
    """Visitors come, the cable breaks somewhere in what is sent of them, and is joined again."""
    broken: Counter[str] = Counter()
    for _time in range(times):
        towards = chance.choice(["server", "station"])
        size = EVENT_BYTES if towards == "server" else RECEIPT_BYTES
        visitors = chance.randrange(1, 5)
        cable.cut_after(chance.randrange(1, size * visitors), towards=towards)
        outpost.receive(visitors)
        deadline = time.monotonic() + 1.2
        while not cable.is_cut and time.monotonic() < deadline:
            time.sleep(0.005)
        broken[towards if cable.is_cut else "idle"] += 1
        cable.cut()
        time.sleep(chance.uniform(0, 0.1))
        cable.restore()
        if chance.random() < 0.8:  # else it breaks once more before anything got through
            until("a better day", outpost.all_received, BACK_OFF)
    return broken


@pytest.mark.django_db(transaction=True)
def test_a_network_that_breaks_in_the_middle_of_requests_and_answers_loses_and_doubles_nothing(
    open_office: Any,
    outposts: Any,
    chance: random.Random,
    tell: Callable[[str], None],
    scaled: Callable[[float], int],
) -> None:
    office = open_office(ROSTERED)
    with ExitStack() as ends:
        lines = [ends.enter_context(NetworkCable("127.0.0.1", office.port)) for _number in range(STATIONS)]
        posts = outposts(office, [cable.url for cable in lines], chance)
        chances = [random.Random(chance.random()) for _post in posts]
        times = [scaled(BREAKS / STATIONS)] * STATIONS

        with ThreadPoolExecutor(STATIONS) as pool:
            broken = sum(pool.map(break_again_and_again, posts, lines, times, chances), Counter())
        events, answers = demand_all(posts)

    tell(
        f"{sum(broken.values())} breaks of the network ({broken['server']} in requests, {broken['station']} in "
        f"answers, {broken['idle']} with nothing under way), {events} events of {STATIONS} stations, {events} in the ledger, 0 lost, 0 doubled; "
        f"{answers['duplicate']} sent again because the answer was lost"
    )


def record(home: Path, hand: list[IdCard]) -> None:
    """Everybody comes while there is no network."""
    with Journal(home) as journal:
        station = Station(journal, Clock(), Camera(None))
        for card in hand:
            station.on_reader_event(CardRead(card, SAM_ID))
            station.on_reader_event(CardRemoved())
        station.stop()


def send_without_end(home: Path, over: threading.Event, chance: random.Random) -> Counter[str]:
    """Any piece of the journal, again and again, in any order; how many were answered, and how many cut off."""
    became: Counter[str] = Counter()
    with Journal(home) as journal, closing(server_of(journal)) as server:
        envelopes = journal.envelopes()
        while not over.is_set():
            start = chance.randrange(len(envelopes))
            try:
                hand_over(server, journal, Clock(), envelopes[start : start + chance.randrange(1, 60)])
            except UplinkError as error:
                became["nobody there" if isinstance(error.__cause__, httpx.ConnectError) else "cut off"] += 1
                time.sleep(0.02)
            else:
                became["answered"] += 1
    return became


@pytest.mark.django_db(transaction=True)
def test_a_server_killed_in_the_middle_of_batches_has_every_event_once_afterwards(
    open_office: Any, chance: random.Random, tell: Callable[[str], None], scaled: Callable[[float], int]
) -> None:
    office, over = open_office(ROSTERED), threading.Event()
    homes = [office.enrol(f"终端{number}") for number in range(SENDERS)]
    hand = chance.sample(cards(people(ROSTERED, STRANGERS)), QUEUED)
    kills = scaled(SERVER_KILLS)

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(record, homes, [hand] * SENDERS))
        chances = [random.Random(chance.random()) for _home in homes]
        senders = [
            pool.submit(send_without_end, home, over, own) for home, own in zip(homes, chances, strict=True)
        ]
        for _kill in range(kills):
            time.sleep(chance.uniform(0, 0.5))
            office.kill()
            office.open()
        over.set()
        became = sum((sender.result() for sender in senders), Counter())
    for home in homes:
        drain(home)

    events = sum(demand_same(home) for home in homes)
    assert events == SENDERS * QUEUED
    assert became["cut off"]
    tell(
        f"{kills} kill -9 of the server, {became['cut off']} batches cut off and {became['answered']} answered, "
        f"{events} events of {SENDERS} stations, {events} in the ledger, 0 lost, 0 doubled"
    )
