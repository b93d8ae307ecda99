"""What a line does to a reader's answers, and worse."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Damage = Callable[[bytes, random.Random], bytes]
LONGEST = 64  # bytes: of a piece that is lost, doubled or moved; one USB packet


def flip(answer: bytes, chance: random.Random) -> bytes:
    """One byte wrong: one bit of it, or many."""
    wrong, at = bytearray(answer), chance.randrange(len(answer))
    wrong[at] ^= chance.choice([1 << chance.randrange(8), chance.randrange(1, 256)])
    return bytes(wrong)


def cut(answer: bytes, chance: random.Random) -> bytes:
    """A piece lost."""
    start, end = piece(answer, chance)
    return answer[:start] + answer[end:]


def insert(answer: bytes, chance: random.Random) -> bytes:
    """Noise in between."""
    at = chance.randrange(len(answer) + 1)
    return answer[:at] + chance.randbytes(chance.randrange(1, LONGEST)) + answer[at:]


def repeat(answer: bytes, chance: random.Random) -> bytes:
    """A piece twice, or the whole."""
    start, end = chance.choice([(0, len(answer)), piece(answer, chance)])
    return answer[:end] + answer[start:]


def storm(answer: bytes, chance: random.Random) -> bytes:
    """Several bytes wrong in one answer: they can cancel out in the protocol's one checksum byte."""
    for _time in range(chance.randrange(2, 20)):
        answer = flip(answer, chance)
    return answer


def shuffle(answer: bytes, chance: random.Random) -> bytes:
    """Two neighbouring pieces in the wrong order: the checksum can't see it at all."""
    start, middle = piece(answer, chance)
    end = middle + chance.randrange(1, LONGEST)
    return answer[:start] + answer[middle:end] + answer[start:middle] + answer[end:]


def piece(answer: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(answer))
    return start, min(len(answer), start + chance.randrange(1, LONGEST))


LIKELY: tuple[Damage, ...] = (flip, cut, insert, repeat)
"""One fault in an answer."""
WORSE: tuple[Damage, ...] = (storm, shuffle)


class BadLine:
    """Passes on every other answer damaged, late, or in the wrong order; `spoilt` counts the bytes of those."""

    def __init__(self, damages: Sequence[Damage], chance: random.Random) -> None:
        self.spoilt = 0
        self._damages, self._chance = damages, chance
        self._late: list[bytes] = []

    def carry(self, answer: bytes) -> bytes:
        """What arrives of this answer, and of earlier ones."""
        if not answer or self._chance.random() < 0.5:
            return answer
        arrives = self._spoil(answer)
        self.spoilt += len(arrives)
        return arrives

    def calm(self) -> None:
        """What is under way is lost; a new card starts on a quiet line."""
        self._late.clear()

    def _spoil(self, answer: bytes) -> bytes:
        if self._chance.random() < 0.1:
            self._late.append(answer)
            return b""
        if self._late and self._chance.random() < 0.5:
            both = [self._late.pop(), answer]
            self._chance.shuffle(both)
            return b"".join(both)
        return self._chance.choice(self._damages)(answer, self._chance)
