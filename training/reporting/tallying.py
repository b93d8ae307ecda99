"""From places on rosters to figures, as plain data: every slice, dimension and depth at once.

Different people add up to nothing, so figures can't be corrected by what changed on a roster alone. They are a sum
over people, though: what one person adds follows from that person's own places. So figures are put right by taking
away what the people of a changed session added before and adding what they add now, however large the county is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, groupby
from operator import attrgetter
from typing import Final, NamedTuple

from training.reporting.choices import Dimension, SliceKind, village_key

Slice = tuple[str, str]
Cell = tuple[str, str, str, str]
"""Slice kind and key, dimension and key."""
_Counts = defaultdict[Cell, list[int]]


class Tally(NamedTuple):
    """The same rows counted as attendances (人次) and as different people (人数)."""

    renci: int = 0
    people: int = 0


class Place(NamedTuple):
    """A place on a roster: whose, by what it is counted, and how many depths it has reached, less one."""

    enrolment: int
    training_session: int
    trainee: int
    institution: int
    fund_line: str
    class_type: str
    category: str
    township: str
    village: str
    group: str
    month: str
    level: int

    @property
    def slices(self) -> tuple[Slice, ...]:
        return (
            (SliceKind.PROGRAMME.value, ""),
            (SliceKind.INSTITUTION.value, str(self.institution)),
            (SliceKind.TOWNSHIP.value, self.township),
            (SliceKind.FUND_LINE.value, self.fund_line),
        )

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """Dimension and key, of each dimension that a single place decides."""
        return (
            (_TOTAL, ""),
            (_CLASS_TYPE, self.class_type),
            (_CATEGORY, self.category),
            (_FUND_LINE, self.fund_line),
            (_INSTITUTION, str(self.institution)),
            (_TOWNSHIP, self.township),
            (_VILLAGE, village_key(self.township, self.village)),
            (_GROUP, self.group),
            (_MONTH, self.month),
        )


_TOTAL: Final = Dimension.TOTAL.value
_CLASS_TYPE: Final = Dimension.CLASS_TYPE.value
_CATEGORY: Final = Dimension.CATEGORY.value
_FUND_LINE: Final = Dimension.FUND_LINE.value
_INSTITUTION: Final = Dimension.INSTITUTION.value
_TOWNSHIP: Final = Dimension.TOWNSHIP.value
_VILLAGE: Final = Dimension.VILLAGE.value
_GROUP: Final = Dimension.GROUP.value
_MONTH: Final = Dimension.MONTH.value
_FIRST_MONTH: Final = Dimension.FIRST_MONTH.value


def tally(places: Iterable[Place], depths: int) -> dict[tuple[Cell, int], Tally]:
    """Everything there is to count; of `places` those of one person follow each other.

    A place counts at every depth up to its level, a person as deep as any of their places reached.
    """
    renci: _Counts = defaultdict(lambda: [0] * depths)
    people: _Counts = defaultdict(lambda: [0] * depths)
    newcomers: _Counts = defaultdict(lambda: [0] * depths)
    for _trainee, own in groupby(places, key=attrgetter("trainee")):
        held = list(own)
        for cell, levels in _cells(held).items():
            people[cell][max(levels)] += 1
            for level in levels:
                renci[cell][level] += 1
        for cell, depth in _first_months(held, depths):
            newcomers[cell][depth] += 1
    return dict(_told(renci, people, newcomers))


def _cells(held: Sequence[Place]) -> dict[Cell, list[int]]:
    """Where one person's places count, and how deep each of them."""
    cells: dict[Cell, list[int]] = {}
    for place in held:
        keys = place.keys
        for slice_kind, slice_key in place.slices:
            for dimension, key in keys:
                cells.setdefault((slice_kind, slice_key, dimension, key), []).append(place.level)
    return cells


def _first_months(held: Sequence[Place], depths: int) -> Iterator[tuple[Cell, int]]:
    """The month in which one person counts for the first time, in each slice at each depth."""
    first: dict[tuple[Slice, int], str] = {}
    for place in held:
        if place.month:
            for slice_ in place.slices:
                for depth in range(place.level + 1):
                    first[slice_, depth] = min(place.month, first.get((slice_, depth), place.month))
    for ((kind, key), depth), month in first.items():
        yield (kind, key, _FIRST_MONTH, month), depth


def _told(renci: _Counts, people: _Counts, newcomers: _Counts) -> Iterator[tuple[tuple[Cell, int], Tally]]:
    """Summed up: whatever reached a depth has passed those before it."""
    for cell, levels in renci.items():
        sums = zip(_from_the_deepest(levels), _from_the_deepest(people[cell]), strict=True)
        kind, own, dimension, key = cell
        for depth, (places, persons) in enumerate(sums):
            if not places:
                break
            yield (cell, depth), Tally(places, persons)
            if dimension == _MONTH and key:
                first = kind, own, _FIRST_MONTH, key
                yield (first, depth), Tally(places, newcomers[first][depth])


def _from_the_deepest(levels: Sequence[int]) -> list[int]:
    return list(accumulate(reversed(levels)))[::-1]


def difference(
    after: Mapping[tuple[Cell, int], Tally], before: Mapping[tuple[Cell, int], Tally]
) -> dict[tuple[Cell, int], Tally]:
    """What is to be added to figures that still count `before`; only what is not nothing."""
    none = Tally()
    changes = {
        cell: Tally(
            after.get(cell, none).renci - before.get(cell, none).renci,
            after.get(cell, none).people - before.get(cell, none).people,
        )
        for cell in after.keys() | before.keys()
    }
    return {cell: change for cell, change in changes.items() if any(change)}
