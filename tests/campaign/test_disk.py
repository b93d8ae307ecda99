"""A disk that is full, takes nothing, or can only be read: nobody is told what was not written down."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kiosk.idcard.cards import IdCard
from kiosk.store import DATABASE
from tests.campaign.door import Door
from tests.campaign.office import ROOT
from tests.campaign.people import cards, people
from tests.campaign.proof import demand_same, rows_of
from training.demo.stage import until

ROUNDS, VISITORS = 3, 8  # times a disk fails, and people who come until it works again and is tried
TMPFS_BYTES = 8 * 2**20
PATIENCE = 90.0  # seconds: the uplink may be in a pause


class Disk(ABC):
    """Where a station's home lies; `fail` and `work` while its program runs."""

    name: str

    @abstractmethod
    def fail(self, door: Door, chance: random.Random) -> None: ...

    @abstractmethod
    def work(self, door: Door) -> None: ...


class Full(Disk):
    """A small disk of its own, filled up to the last bytes by something else."""

    name = "full"

    def fail(self, door: Door, chance: random.Random) -> None:
        with self._ballast(door).open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                ballast.truncate(max(0, ballast.tell() - chance.randrange(40_000)))

    def work(self, door: Door) -> None:
        self._ballast(door).unlink()

    def _ballast(self, door: Door) -> Path:
        return door.home.with_name("ballast")


class Limited(Disk):
    """No file may grow beyond the size of the journal's log now; no right of root is needed for this."""

    name = "not growing"

    def fail(self, door: Door, chance: random.Random) -> None:
        size = door.home.joinpath(f"{DATABASE}-wal").stat().st_size
        limit(door, size + chance.randrange(20_000))

    def work(self, door: Door) -> None:
        limit(door, resource.RLIM_INFINITY)


class Dead(Limited):
    """Every write fails, wherever in the file."""

    name = "taking nothing"

    def fail(self, door: Door, chance: random.Random) -> None:
        limit(door, 0)


def limit(door: Door, size: int) -> None:
    """The largest file the running program may write."""
    assert door.process is not None
    _soft, hard = resource.prlimit(door.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(door.process.pid, resource.RLIMIT_FSIZE, (size, hard))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small file system can only be mounted by root")
    yield mount
    subprocess.run(["umount", "--lazy", str(mount)], check=True)


def fail_again_and_again(
    home: Path, disk: Disk, hand: list[IdCard], rounds: int, chance: random.Random
) -> Counter[str]:
    """Whoever is told that it was not recorded comes again when the disk works, and nobody is taken for known."""
    said: Counter[str] = Counter()
    visitors, again = iter(hand), list[IdCard]()
    with Door(home) as door:
        door.open()
        for _round in range(rounds):
            disk.fail(door, chance)
            for card in [next(visitors) for _visitor in range(chance.randrange(1, VISITORS))]:
                code = door.lay(card)
                said[code] += 1
                again += [card] * (code == "not_recorded")
            disk.work(door)
            for card in [*again, next(visitors)]:
                assert door.lay(card) == "signed_in"
                said["signed_in"] += 1
            again.clear()
        until("everything received", lambda: door.state()["safe_to_power_off"], PATIENCE)
    return said


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_takes_nothing_confirms_nothing_and_goes_on_when_it_can(
    open_office: Any,
    chance: random.Random,
    tell: Callable[[str], None],
    scaled: Callable[[float], int],
    request: Any,
) -> None:
    rounds = scaled(ROUNDS)
    office, hand = open_office(rounds * VISITORS), cards(people(rounds * VISITORS))
    disks: list[Disk] = [Limited(), Dead()]
    homes = [office.enrol(disk.name) for disk in disks]
    if os.geteuid() == 0:
        disks.append(Full())
        office.folder = request.getfixturevalue("small_disk")
        homes.append(office.enrol("full"))

    with ThreadPoolExecutor(len(disks)) as pool:
        jobs = [
            pool.submit(fail_again_and_again, home, disk, hand, rounds, random.Random(chance.random()))
            for home, disk in zip(homes, disks, strict=True)
        ]
    for disk, home, job in zip(disks, homes, jobs, strict=True):
        said = job.result()
        assert said.keys() <= {"signed_in", "not_recorded"}
        assert said["not_recorded"] > 0
        assert demand_same(home) == said["signed_in"] == len({row.subject for row in rows_of(home)})
        tell(
            f"a disk {disk.name} {rounds} times: {said['signed_in']} confirmed, {said['signed_in']} in journal and "
            f"ledger, {said['not_recorded']} told that it was not recorded and signed in later, 0 lost, 0 doubled"
        )


@pytest.mark.django_db(transaction=True)
def test_a_program_on_a_read_only_disk_says_so_and_leaves_everything_as_it_is(
    open_office: Any, tell: Callable[[str], None], small_disk: Path
) -> None:
    office, hand = open_office(), cards(people(12))
    office.folder = small_disk
    home = office.enrol("终端")
    with Door(home) as door:
        door.open()
        assert [door.lay(card) for card in hand[:3]] == ["signed_in"] * 3
        door.kill()
        remount(small_disk, "ro")
        command = [sys.executable, "-m", "kiosk.cli", "run", "--home", str(home), "--listen", "127.0.0.1:0"]
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        remount(small_disk, "rw")
        door.open()
        assert [door.lay(card) for card in hand[:4]] == ["already_in"] * 3 + ["signed_in"]
        until("everything received", lambda: door.state()["safe_to_power_off"], PATIENCE)

    assert (answer.returncode, "本机数据打不开" in answer.stderr) == (1, True)
    assert "Traceback" not in answer.stderr
    tell(
        f"a disk that can only be read: the start is refused in words, {demand_same(home)} events kept, 0 lost"
    )


def remount(mount: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(mount)], check=True)
