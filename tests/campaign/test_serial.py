"""A million bytes of damaged serial traffic: nobody is named wrongly, and the next good card is read."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.idcard.cards import IdCard
from kiosk.idcard.dialogue import CardDialogue, CardRead, ReaderEvent
from kiosk.idcard.frames import Command, FrameDecoder, Reply, encode
from kiosk.idcard.reader import CardReader
from kiosk.simulator.cards import PHOTO_STAND_IN, CardChip, card_from_fields
from kiosk.simulator.device import open_line
from kiosk.simulator.reader import SamModule
from tests.campaign.damage import LIKELY, WORSE, BadLine, Damage
from tests.campaign.office import ROOT
from tests.campaign.people import cards, people
from training.demo.stage import until

TRAFFIC = 1_000_000  # bytes
READERS, DRIVER_SECONDS, PATIENCE = 16, 10, 90.0
VECTORS = ROOT / "tests" / "kiosk" / "idcard" / "vectors.json"


def everybody() -> list[IdCard]:
    """Citizens, some of whom have moved, and one of each other kind of card."""
    others = [
        card_from_fields(vector["fields"]) for vector in json.loads(VECTORS.read_text("utf-8")).values()
    ]
    moved = [
        replace(card, additional_addresses=("江西省赣州市石城县琴江镇西华路 1 号",))
        for card in cards(people(40, 5))[40:]
    ]
    return [replace(card, photo=PHOTO_STAND_IN) for card in [*cards(people(40)), *moved, *others]]


def person(card: IdCard) -> IdCard:
    """What says who somebody is: all but the photo and the moves, which nothing but a checksum protects."""
    return replace(card, photo=b"", additional_addresses=())


def difference(read: IdCard, laid: IdCard) -> str:
    """The most important part that differs."""
    if read.number != laid.number:
        return "number"
    if person(read) != person(laid):
        return "person"
    return "as laid" if read == laid else "photo or moves"


class Desk:
    """A dialogue and a module, with a line between them."""

    def __init__(self, *, with_addresses: bool) -> None:
        self._with_addresses = with_addresses
        self.dialogue, self.sam = CardDialogue(with_addresses=with_addresses), SamModule()

    def steps(self, number: int, line: Callable[[bytes], bytes] = bytes) -> list[IdCard]:
        """So many questions and answers, as the driver holds them; the cards that were read."""
        events: list[ReaderEvent] = []
        for _step in range(number):
            decoder = FrameDecoder()
            data = line(self.sam.receive(encode(self.dialogue.command)))
            replies = [cut for cut in decoder.feed(data) + decoder.give_up() if isinstance(cut, Reply)]
            events += self.dialogue.answer(replies[0] if replies else None)
            if self.dialogue.lost:
                self.dialogue = CardDialogue(with_addresses=self._with_addresses)
        return [event.card for event in events if isinstance(event, CardRead)]

    def clear(self) -> None:
        """Nothing lies there, and the dialogue knows."""
        self.sam.lift()
        for _step in range(20):
            self.steps(1)
            if self.dialogue.command is Command.FIND:
                return
        raise AssertionError(self.dialogue.command)


@pytest.mark.parametrize("damages", [LIKELY, WORSE], ids=["likely", "worse"])
def test_damaged_answers_name_nobody_else_and_the_next_good_card_is_read(
    damages: Sequence[Damage],
    chance: random.Random,
    tell: Callable[[str], None],
    scaled: Callable[[float], int],
) -> None:
    line, hand, became, next_cards = BadLine(damages, chance), everybody(), Counter[str](), 0
    while line.spoilt < scaled(TRAFFIC):
        desk, (laid, following) = Desk(with_addresses=chance.random() < 0.5), chance.sample(hand, 2)
        desk.sam.lay(CardChip.of(laid))
        became.update(difference(read, laid) for read in desk.steps(chance.randrange(6, 20), line.carry))
        line.calm()
        desk.clear()
        desk.sam.lay(CardChip.of(following))
        assert [person(read) for read in desk.steps(20)] == [person(following)]
        next_cards += 1

    assert became["number"] == 0
    assert damages is WORSE or became["person"] == 0
    tell(
        f"{line.spoilt:,} bytes of damaged answers to the dialogue: {became['as laid']} cards read as laid, "
        f"{became['photo or moves']} with a damaged photo or move, {became['person']} with a damaged letter, "
        f"{became['number']} with another number; {next_cards} of {next_cards} good cards read afterwards"
    )


class NoisyReader:
    """A module behind a real line, which is bad when told to be."""

    def __init__(self, address: str, line: BadLine) -> None:
        self.sam, self.bad, self._noise = SamModule(), False, line
        self._line = open_line(address, self._answer)
        self.url = self._line.address

    def _answer(self, data: bytes) -> None:
        for _command, reply in self.sam.replies(data):
            self._line.send(self._noise.carry(reply) if self.bad else reply)

    def close(self) -> None:
        self._line.withdraw()
        self._line.close()


def serve(
    address: str, seconds: float, hand: list[IdCard], chance: random.Random
) -> tuple[int, Counter[str]]:
    """One reader for so long: a card on a bad line, then one on a good line, and again; bytes and outcomes."""
    noise, became, read = BadLine(LIKELY, chance), Counter[str](), list[IdCard]()
    reader, end = NoisyReader(address, noise), time.monotonic() + seconds

    def hear(event: ReaderEvent) -> None:
        if isinstance(event, CardRead):
            read.append(event.card)

    with CardReader(reader.url, hear, with_addresses=False):
        while time.monotonic() < end:
            laid, following = chance.sample(hand, 2)
            reader.bad = True
            reader.sam.lay(CardChip.of(laid))
            time.sleep(chance.uniform(1, 3))
            reader.bad = False
            noise.calm()
            reader.sam.lay(CardChip.of(following))
            until("the next good card", lambda card=following: person(card) in map(person, read), PATIENCE)
            *before, _last = read
            became.update(difference(card, laid) for card in before)
            became["next"] += 1
            reader.sam.lift()
            read.clear()
    reader.close()
    return noise.spoilt, became


def test_a_driver_on_a_bad_line_names_nobody_else_and_reads_the_next_good_card(
    chance: random.Random, tell: Callable[[str], None], scaled: Callable[[float], int], tmp_path: Path
) -> None:
    addresses = [str(tmp_path / f"reader{number}") for number in range(READERS - 2)]
    addresses += ["socket://127.0.0.1:0"] * 2
    seconds = [scaled(DRIVER_SECONDS)] * READERS

    with ThreadPoolExecutor(READERS) as pool:
        chances = [random.Random(chance.random()) for _address in addresses]
        results = list(pool.map(serve, addresses, seconds, [everybody()] * READERS, chances))
    spoilt, became = (
        sum(bytes_ for bytes_, _became in results),
        sum((one for _bytes, one in results), Counter()),
    )

    assert became["number"] == became["person"] == 0
    tell(
        f"{spoilt:,} bytes of damaged answers to {READERS} drivers on ptys and TCP: {became['as laid']} cards read "
        f"as laid, {became['photo or moves']} with a damaged photo, 0 wrong; {became['next']} of {became['next']} "
        "good cards read afterwards"
    )
