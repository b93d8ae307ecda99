"""A programme's whole life as a plain description, drawn from a seed: who was taught what, when, and who came.

Nothing here knows the database. What `seeding` writes from it can be counted again from it, by other means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Final

from training.demo.people import PLACES, REGION, SyntheticPerson, synthetic_people
from training.programmes.preset import Preset
from training.scheduling.choices import SessionStatus

INSTITUTIONS: Final = 4
SMALLEST, LARGEST = 28, 48
"""So many have a place in a session."""
DAYS_APART: Final = 4
"""Between the sessions of one room and its two instructors, at least."""
AGAIN: Final = 0.18
"""Of the places, those that somebody takes who has been trained before."""
TOWNSHIPS: Final = (
    "城关镇", "东岭镇", "西河镇", "南山镇", "北桥镇", "龙泉乡", "白石乡", "青云乡", "双溪乡", "茶坪乡",
)  # fmt: skip
VILLAGES: Final = ("新建村", "光明村", "和平村", "前进村", "红星村", "石桥村")
"""Of every township: names that stand more than once in a county, as they do."""


@dataclass(frozen=True)
class PlannedPlace:
    """`person` by position among the people; `missed` are positions of lessons."""

    person: int
    group: str
    missed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class PlannedSession:
    """`institution` and `room` by position; each day has two lessons."""

    number: int
    institution: int
    room: int
    class_type: str
    fund_line: str
    category: str
    days: tuple[date, ...]
    status: SessionStatus
    places: tuple[PlannedPlace, ...]

    @property
    def was_held(self) -> bool:
        return self.status in (SessionStatus.CLOSED, SessionStatus.ARCHIVED)


@dataclass(frozen=True)
class Description:
    preset: Preset
    as_of: date
    rooms: int
    people: tuple[SyntheticPerson, ...]
    sessions: tuple[PlannedSession, ...]


def describe(
    preset: Preset,
    *,
    renci: int,
    seed: int,
    half_way: bool = False,
    starts_on: date | None = None,
    ends_on: date | None = None,
    as_of: date | None = None,
) -> Description:
    """A programme of so many places between two days, those of the preset's window unless said otherwise.

    Seen from `as_of`: from half-way through, or from a season after its end. The same arguments give the same.
    """
    starts_on, ends_on = starts_on or preset.window.starts_on, ends_on or preset.window.ends_on
    span = (ends_on - starts_on).days
    as_of = as_of or (starts_on + timedelta(days=span // 2) if half_way else ends_on + timedelta(days=120))
    chance = Random(seed)  # noqa: S311  no secret hangs on it
    sizes = list(_sizes(chance, renci))
    rooms = -(-len(sizes) * DAYS_APART // (INSTITUTIONS * max(span, 1)))
    everybody = synthetic_people(
        renci,
        seed,
        region=preset.region_code,
        places=places_of(preset),
        groups=_weighted([group.code for group in preset.groups]),
        phones_from=10_000_000,
    )
    takers = _takers(chance, apart=(INSTITUTIONS * rooms + 1) * LARGEST)
    sessions = []
    for number, size in enumerate(sizes):
        first = starts_on + timedelta(days=int((number + 0.5) * (span - 3) / len(sizes)))
        sessions.append(
            _session(chance, preset, number, rooms, first, as_of, _different(takers, size), everybody)
        )
    known = 1 + max((place.person for it in sessions for place in it.places), default=-1)
    return Description(preset, as_of, rooms, tuple(everybody[:known]), tuple(sessions))


def places_of(preset: Preset) -> list[tuple[str, str]]:
    """Townships with their villages: Shicheng's own, made-up ones elsewhere."""
    if preset.region_code == REGION:
        return [(township, village) for township, own in PLACES for village in (own, *VILLAGES[:3])]
    return [(township, village) for township in TOWNSHIPS for village in VILLAGES]


def _weighted(codes: Sequence[str]) -> list[str]:
    """The first of them in the majority."""
    return [codes[0]] * (2 + len(codes) // 2) + list(codes)


def _sizes(chance: Random, renci: int) -> Iterator[int]:
    while renci > 0:
        size = min(renci, chance.randint(SMALLEST, LARGEST))
        yield size
        renci -= size


def _takers(chance: Random, apart: int) -> Iterator[int]:
    """Newcomers one after the other, and in between somebody who came so many people before them."""
    for newcomer in count():
        yield newcomer
        while newcomer > apart and chance.random() < AGAIN:
            yield chance.randrange(newcomer - apart)


def _different(takers: Iterator[int], number: int) -> list[int]:
    """A class's roster: nobody twice."""
    roster: dict[int, None] = {}
    while len(roster) < number:
        roster[next(takers)] = None
    return list(roster)


def _session(
    chance: Random,
    preset: Preset,
    number: int,
    rooms: int,
    first: date,
    as_of: date,
    takers: Sequence[int],
    everybody: Sequence[SyntheticPerson],
) -> PlannedSession:
    kinds = preset.class_types
    kind = chance.choices(kinds, weights=[1 / (1 + place) for place in range(len(kinds))])[0]
    days = tuple(first + timedelta(days=day) for day in range(1 + (kind is not kinds[0])))
    status = _status(chance, days, as_of)
    held = status in (SessionStatus.CLOSED, SessionStatus.ARCHIVED)
    return PlannedSession(
        number=number,
        institution=number % INSTITUTIONS,
        room=number // INSTITUTIONS % rooms,
        class_type=kind.code,
        fund_line=kind.fund_line,
        category=chance.choice(preset.categories).code,
        days=days,
        status=status,
        places=tuple(
            PlannedPlace(
                person, everybody[person].group, _missed(chance, 2 * len(days)) if held else frozenset()
            )
            for person in takers
        ),
    )


def _status(chance: Random, days: Sequence[date], as_of: date) -> SessionStatus:
    """By how long ago it was, or how far it lies ahead."""
    ago = (as_of - days[-1]).days
    if ago > 60:
        return SessionStatus.ARCHIVED if chance.random() < 0.94 else SessionStatus.CLOSED
    if ago > 0:
        return SessionStatus.ARCHIVED if chance.random() < ago / 60 else SessionStatus.CLOSED
    return (
        SessionStatus.APPROVED if ago > -20 else SessionStatus.SUBMITTED if ago > -40 else SessionStatus.DRAFT
    )


def _missed(chance: Random, lessons: int) -> frozenset[int]:
    """Most come to everything, some stay away from one lesson, a few never come."""
    drawn = chance.random()
    if drawn < 0.9:
        return frozenset()
    if drawn < 0.95:
        return frozenset({chance.randrange(lessons)})
    return frozenset(range(lessons))
