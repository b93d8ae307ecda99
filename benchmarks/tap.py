"""From the card on the reader to the record on the disk, against what the line itself takes."""

from __future__ import annotations

from random import Random

from benchmarks.door import Tap, at_any_moment, crowd, milliseconds, open_door
from benchmarks.measure import Comparison, Result, Series, series
from kiosk.idcard.dialogue import FIND_PAUSE
from kiosk.idcard.reader import GAP

SIZES = {"taps": 60, "taps_with_face": 40}
TINY = {"taps": 3, "taps_with_face": 2}


def run(taps: int, taps_with_face: int) -> Result:
    """Card only, then card and face, each tap beside the time its own bytes need on the line."""
    card, face = visits(taps, face=False), visits(taps_with_face, face=True)
    line, reading = series(milliseconds(card, "line"), "ms"), series(milliseconds(card, "reading"), "ms")
    with_face = series(milliseconds(face, "reading"), "ms")
    return Result(
        "tap",
        "Card found → read, checked, signed, on the disk (fsync) and 签到成功 shown, over the simulated "
        "reader at 115,200 baud. The wait until the reader looks for a card again comes before that.",
        "the wire limit: the bytes the reader sent from “card found” to the record, at 10 bits each",
        {
            "wire limit": line,
            "card found → record": reading,
            "card found → record, with face check": with_face,
            "wait for the next look": waiting(card),
            "card laid → record, the wait included": whole(card),
            "card laid → record with face check, the wait included": whole(face),
        },
        [
            Comparison("card found → record / wire limit", reading.over(line), 1.25),
            Comparison("with face check / wire limit", with_face.over(wire(face)), 2.5),
            Comparison("card laid → record, the wait included / wire limit", whole(card).over(line)),
            Comparison("with face check, the wait included / wire limit", whole(face).over(wire(face))),
        ],
        {"taps": taps, "taps_with_face": taps_with_face},
        [
            f"The reader is asked every {1000 * FIND_PAUSE:.0f} ms whether a card is there: the modules' "
            "manuals forbid less than 300 ms, so this wait is theirs and not in the goal's figure.",
            f"Before every question the driver leaves the line quiet for {1000 * GAP:.0f} ms.",
            "The simulated line charges the reader's bytes only, so the limit counts only those. It hands over "
            "each piece before its time on the line, so the last 15 bytes of a card come 1.3 ms too early.",
        ],
    )


def visits(count: int, *, face: bool) -> list[Tap]:
    """So many people, one after the other, at any moment between two looks."""
    people, chance, taps = crowd(count), Random(1), []  # noqa: S311  no secret hangs on it
    with open_door(people, face=face) as door:
        for person in people:
            at_any_moment(chance, FIND_PAUSE)
            taps.append(door.tap(person))
            door.wait_for_the_next_look()
    return taps


def wire(taps: list[Tap]) -> Series:
    return series(milliseconds(taps, "line"), "ms")


def waiting(taps: list[Tap]) -> Series:
    return series(milliseconds(taps, "waiting"), "ms")


def whole(taps: list[Tap]) -> Series:
    return series((1000 * (tap.waiting + tap.reading) for tap in taps), "ms")
