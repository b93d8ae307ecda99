"""Which cells of a table may leave without telling anything of a person. Plain functions, no ORM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SMALLEST_CELL: Final = 10
"""People (人数) below which a cell is withheld: k-anonymity with k = 10.

Groups say who is disabled or poor (sensitive, GB/T 45574-2025), and a township's few may be known by name.
"""


def withheld(people: Mapping[str, int], *, smallest: int = SMALLEST_CELL) -> frozenset[str]:
    """The cells not to show; `people` holds those with somebody in them.

    Every cell of fewer than `smallest` people, then the next smallest ones until at least two are withheld
    and together hold `smallest`: else what is withheld would be the total less what is shown.
    """
    order = sorted(people, key=lambda cell: (people[cell], cell))
    hidden = [cell for cell in order if people[cell] < smallest]
    if not hidden:
        return frozenset()
    for cell in order[len(hidden) :]:
        if len(hidden) > 1 and sum(people[name] for name in hidden) >= smallest:
            break
        hidden.append(cell)
    return frozenset(hidden)
