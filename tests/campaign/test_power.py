"""The power fails: of what was not yet forced onto the disk, any part may be missing; what was shown is there.

A kill leaves the system's buffers whole, a power cut does not. So a station's writes are noted together with
its fsyncs and with what it said, and the disk is put together as it would be after a cut at any moment: all
that was forced, and of the rest any sectors and not others.
"""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kiosk.journal import Journal
from kiosk.store import DATABASE
from tests.campaign.nursery import CONFIRMED, Victim, nursery
from tests.campaign.people import people, write_cards
from tests.campaign.proof import events_of, rows_of
from tests.machine import COMPILER

CUTS, VISITS, LIFE = 60, 250, 100
SECTOR = 512
NUMBERS = struct.Struct("=cQQQ")
FILES = (DATABASE, f"{DATABASE}-wal")
"""What a restart reads; the file beside them is shared memory, made anew."""


@dataclass(frozen=True)
class Record:
    """Something that the station did, in its order."""

    kind: bytes
    offset: int
    name: str
    data: bytes


def read_trace(path: Path) -> Iterator[Record]:
    trace, at = path.read_bytes(), 0
    while at < len(trace):
        kind, offset, name_size, size = NUMBERS.unpack_from(trace, at)
        start = at + NUMBERS.size
        at = start + name_size + size
        name = trace[start : start + name_size].decode()
        yield Record(kind, offset, Path(name).name, trace[start + name_size : at])


@dataclass
class File:
    """A file's bytes as they are for sure, and what was written since, which may be there or not."""

    forced: bytearray = field(default_factory=bytearray)
    loose: list[Record] = field(default_factory=list)

    def force(self) -> None:
        for record in self.loose:
            apply(self.forced, record)
        self.loose.clear()

    def after_a_cut(self, share: float, chance: random.Random) -> bytes:
        """With this share of the sectors that were not forced."""
        content = bytearray(self.forced)
        for record in self.loose:
            for part in sectors(record):
                if chance.random() < share:
                    apply(content, part)
        return bytes(content)


def sectors(record: Record) -> Iterator[Record]:
    """A write in the pieces that a disk takes whole or not at all; a truncation is one."""
    yield from (
        Record(record.kind, record.offset + start, record.name, record.data[start : start + SECTOR])
        for start in range(0, max(len(record.data), 1), SECTOR)
    )


def apply(content: bytearray, record: Record) -> None:
    if record.kind == b"T":
        del content[record.offset :]
    content.extend(bytes(max(0, record.offset + len(record.data) - len(content))))
    content[record.offset : record.offset + len(record.data)] = record.data


@pytest.fixture
def tracer(tmp_path: Path) -> Path:
    if not COMPILER.here():
        pytest.skip(COMPILER.message)
    library = tmp_path / "trace.so"
    source = Path(__file__).with_name("trace.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def work_under_trace(home: Path, tracer: Path, cards: Path) -> list[Record]:
    """A station takes all cards in several lives, each killed when it rests: what is done is noted then."""
    trace, victim = home.with_name("trace"), Victim(home, 0)
    noted = {"LD_PRELOAD": str(tracer), "TRACED": str(home), "TRACE": str(trace)}
    with nursery(cards, noted) as life:
        for end in (*range(LIFE, VISITS, LIFE), VISITS):
            victim.people = end
            life(victim, LIFE, 0)
    return list(read_trace(trace))


def cut_the_power(home: Path, files: dict[str, File], share: float, chance: random.Random) -> None:
    """The home as the next start finds it."""
    for name in FILES:
        (home / name).write_bytes(files[name].after_a_cut(share, chance))
    (home / f"{DATABASE}-shm").unlink(missing_ok=True)


def demand_told(home: Path, told: int) -> int:
    """Everybody who was told is there, the first so many cards; how many more were written than told."""
    with Journal(home) as journal:
        count = len(events_of(journal))
    subjects = [row.subject for row in rows_of(home)]
    assert len(set(subjects)) == count
    assert told <= count <= told + 1
    return count - told


@pytest.mark.django_db(transaction=True)
def test_a_power_cut_at_any_moment_loses_nobody_who_was_told(
    open_office: Any,
    tracer: Path,
    chance: random.Random,
    tell: Callable[[str], None],
    scaled: Callable[[float], int],
    tmp_path: Path,
) -> None:
    home = open_office(VISITS).enrol("终端")
    before = {name: (home / name).read_bytes() for name in FILES if (home / name).exists()}
    records = work_under_trace(home, tracer, write_cards(tmp_path / "cards.json", people(VISITS)))
    after = tmp_path / "after"
    shutil.copytree(home, after)

    number_of_cuts = min(scaled(CUTS), len(records))
    cuts = sorted(chance.sample(range(len(records)), number_of_cuts))
    files: dict[str, File] = defaultdict(File, {name: File(bytearray(data)) for name, data in before.items()})
    told, more, loose, forced = set[int](), 0, 0, 0
    for number, record in enumerate(records):
        if cuts and cuts[0] == number:
            cuts.pop(0)
            loose += any(files[name].loose for name in FILES)
            cut_the_power(after, files, chance.choice([0.0, chance.random(), 1.0]), chance)
            more += demand_told(after, len(told))
        if record.kind == b"S":
            told.update(cards_told(record.data))
        elif record.kind == b"F":
            files[record.name].force()
            forced += 1
        else:
            files[record.name].loose.append(record)

    assert len(told) == VISITS
    tell(
        f"{number_of_cuts} power cuts in {len(records)} writes and {forced} fsyncs of {VISITS} visits, {loose} of "
        f"them with sectors missing: everybody told is in the journal, {more} written and not yet told, 0 lost, 0 doubled"
    )


def cards_told(line: bytes) -> list[int]:
    """The card that the screen confirmed; lines of the nursery say nothing of cards."""
    card, _space, code = line.decode().strip().partition(" ")
    return [int(card)] if code in CONFIRMED else []
