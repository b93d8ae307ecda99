"""Eighty people at one desk, each laying the card as soon as the one before has lifted theirs."""

from __future__ import annotations

import time

from benchmarks.door import crowd, open_door
from benchmarks.measure import Comparison, Result, series

SIZES = {"people": 80, "rounds": 3}
TINY = {"people": 3, "rounds": 1}
MINUTES = 15


def run(people: int, rounds: int) -> Result:
    """The desk's own time: nobody looks for the card or drops it."""
    each, whole, line = [], [], []
    for _round in range(rounds):
        seconds, limit = queue(people)
        each += seconds
        whole.append(sum(seconds))
        line.append(limit)
    total, limit_series = series(whole, "s"), series(line, "s")
    person = series(each, "s")
    return Result(
        "queue",
        f"{people} people sign in one after the other with the simulated reader at 115,200 baud: card laid → "
        "record on the disk and 签到成功 → card lifted → next card laid.",
        f"the wire limit of {people} cards; the goal is the {MINUTES} minutes of a class of 80 at the door",
        {"all, seconds": total, "per person": person, "wire limit of all": limit_series},
        [
            Comparison(f"{people} people", total, 60.0 * MINUTES),
            Comparison("all / wire limit", total.over(limit_series)),
            Comparison("per person, p50", series([person.percentile(50)], "s")),
            Comparison("per person, p95", series([person.percentile(95)], "s")),
        ],
        {"people": people, "rounds": rounds},
        [
            "The hands cost nothing here: what a person needs to find, lay and lift a card comes on top. "
            f"It may be {(60 * MINUTES - total.median) / people:.1f} s each before the {MINUTES} minutes are over.",
            "Between two people the driver must notice that the card is gone; it asks every 500 ms.",
        ],
    )


def queue(count: int) -> tuple[list[float], float]:
    """Seconds of each person, and the wire limit of all."""
    people, seconds, line = crowd(count), [], 0.0
    with open_door(people) as door:
        for person in people:
            laid_at = time.perf_counter()
            line += door.tap(person).line
            seconds.append(time.perf_counter() - laid_at)
    return seconds, line
