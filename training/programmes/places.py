"""Names of townships and villages as people write them, held against the county's own list."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache
from typing import Final, NamedTuple

PlaceNames = tuple[str, str]
"""(township, village); the village blank for the township itself."""

_COMMITTEES: Final = (
    (re.compile(r"村?村民委员会$|村委会$"), "村"),
    (re.compile(r"居民委员会$|居委会$"), ""),
)
_KINDS: Final = ("街道", "社区", "镇", "乡", "村")


class Spelling(NamedTuple):
    """How the list writes a place. `unknown` is the word that it has no place for, "" if it has one for each."""

    township: str
    village: str
    unknown: str = ""


def place_word(name: str) -> str:
    """The name without blanks; a village's committee (大畲村村民委员会, 大畲村委会) stands for the village."""
    word = "".join(name.split())
    for committee, village in _COMMITTEES:
        word = committee.sub(village, word)
    return word


@cache
def _bare(word: str) -> str:
    """琴江镇 is 琴江 for short."""
    kind = next((kind for kind in _KINDS if word.endswith(kind) and word != kind), "")
    return word.removesuffix(kind)


def _listed(word: str, known: Collection[str]) -> str | None:
    """Exactly, else the only one that is this word with its kind (镇, 村 …) added or left out; 镇 is never 乡."""
    if word in known:
        return word
    near = [name for name in known if word == _bare(name) or name == _bare(word)]
    return near[0] if len(near) == 1 else None


class PlaceList:
    """The places of one county."""

    def __init__(self, places: Iterable[PlaceNames]) -> None:
        self._villages: dict[str, set[str]] = defaultdict(set)
        for township, village in places:
            self._villages[township].add(village)

    @property
    def townships(self) -> list[str]:
        return list(self._villages)

    def spell(self, township: str, village: str = "") -> Spelling:
        """What the list doesn't have stays as it was said. A village is looked for in its own township only."""
        if not township:
            return Spelling(township, village)
        listed = _listed(place_word(township), self._villages)
        if listed is None:
            return Spelling(township, village, township)
        if not village:
            return Spelling(listed, village)
        found = _listed(place_word(village), self._villages[listed] - {""})
        return Spelling(listed, found or village, "" if found else village)
