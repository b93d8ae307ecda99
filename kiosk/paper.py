"""The paper register for a desk that can't work: numbered rows, a QR code each, cells to be filled by hand.

The code on a row is the address on the server where what was written there is keyed in, with the cursor
on that row; it holds no name and no number of a card.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import segno

from kiosk.package import Lesson, Programme, Trainee, TrainingSession

ROWS = 16
"""So many rows, each high enough for its code and a signature, fit on A4."""


@dataclass(frozen=True)
class Row:
    """Somebody who should come; `code` is an SVG element."""

    number: int
    name: str
    code: str


@dataclass(frozen=True)
class Sheet:
    """One page: a half-day, or a part of the roster if that is long."""

    programme: Programme
    session: TrainingSession
    lessons: tuple[Lesson, ...]
    rows: tuple[Row, ...]
    page: int
    pages: int


def sheets(programme: Programme, session: TrainingSession, lesson: Lesson, server: str) -> list[Sheet]:
    """All pages of the half-days of this lesson's day, in order; `server` is the address it enrolled at."""
    roster = sorted(session.roster, key=lambda trainee: trainee.number)
    return [
        sheet
        for lessons in _half_days(session, lesson.on)
        for sheet in _pages(
            programme, session, lessons, [_row(server, lessons[0], trainee) for trainee in roster]
        )
    ]


def _half_days(session: TrainingSession, on: date) -> list[tuple[Lesson, ...]]:
    today = [lesson for lesson in session.in_order() if lesson.on == on]
    return [tuple(lessons) for _half_day, lessons in groupby(today, key=lambda lesson: lesson.half_day)]


def _pages(
    programme: Programme, session: TrainingSession, lessons: tuple[Lesson, ...], rows: Sequence[Row]
) -> list[Sheet]:
    parts = [tuple(rows[start : start + ROWS]) for start in range(0, len(rows), ROWS)]
    return [
        Sheet(programme, session, lessons, part, page, len(parts)) for page, part in enumerate(parts, start=1)
    ]


def _row(server: str, lesson: Lesson, trainee: Trainee) -> Row:
    code = segno.make(row_address(server, lesson, trainee.enrolment), error="m", micro=False)
    return Row(trainee.number, trainee.name, code.svg_inline(omitsize=True, border=2))


def row_address(server: str, lesson: Lesson, enrolment: int) -> str:
    """Where the server takes what a pen wrote on this row of this half-day."""
    return f"{server.rstrip('/')}/attendance/rows/{enrolment}/?half_day={lesson.on}-{lesson.half_day}"
