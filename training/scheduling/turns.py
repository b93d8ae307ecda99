"""Whose turn it is with an application, and how long the bureau has had it. Plain data in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from training.core.working_days import full_working_days

TO_THE_BUREAU: Final = "session.submitted"
FROM_THE_BUREAU: Final = frozenset(
    {"session.returned", "session.approved", "session.cancelled", "session.stopped"}
)
MOVES: Final = FROM_THE_BUREAU | {TO_THE_BUREAU}


@dataclass(frozen=True)
class Move:
    """`verb` as in the audit trail; `at` in the county's zone."""

    verb: str
    at: datetime


@dataclass(frozen=True)
class Turn:
    """`since` when it lies where it lies; `working_days` the bureau had it in all: its clock stood still
    while it lay with the institution."""

    since: datetime
    working_days: int


def turn(moves: Sequence[Move], now: datetime) -> Turn | None:
    """From the moves in order; None before the first submission."""
    days, since, handed_in = 0, None, False
    for move in moves:
        if move.verb == TO_THE_BUREAU and not handed_in:
            since, handed_in = move.at, True
        elif move.verb in FROM_THE_BUREAU and handed_in:
            days += working_days_between(since.date(), move.at.date()) if since else 0
            since, handed_in = move.at, False
    if since is None:
        return None
    running = working_days_between(since.date(), now.date()) if handed_in else 0
    return Turn(since, days + running)


def working_days_between(first: date, last: date) -> int:
    """Of the days after `first` up to and with `last`: handed in today is 0, tomorrow 1 if that is one."""
    return full_working_days(first, last + timedelta(days=1))
