"""Charts as geometry: numbers in, coordinates out; `templates/reporting/` draws them as SVG.

Every chart is drawn with the table of its numbers, so nobody depends on seeing it, and lines differ by dashes and
marks, not by colour, so it prints in black and white. Lengths are in the units of the chart's own viewBox.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, log10
from typing import Final, NamedTuple

WIDTH: Final = 640
HEIGHT: Final = 240
LEFT, RIGHT, TOP, BOTTOM = 56, 36, 14, 28
MAX_LABELS: Final = 8

Number = int | float | Decimal


class Point(NamedTuple):
    x: float
    y: float


class Tick(NamedTuple):
    """A mark on an axis: where, and what stands there."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """`values` stand over the chart's labels from the left; None where nothing is known."""

    name: str
    values: Sequence[Number | None]
    dashed: bool = False


@dataclass(frozen=True)
class Drawn:
    """A line as it is drawn; `marks` are its known values."""

    name: str
    dashed: bool
    path: str
    marks: tuple[Point, ...]


@dataclass(frozen=True)
class LineChart:
    """Values over labels in order, such as months. `unit` is of every value; `desc` says what is to be seen."""

    title: str
    desc: str
    unit: str
    labels: Sequence[str]
    lines: Sequence[Line]

    width: int = WIDTH
    height: int = HEIGHT

    @property
    def drawn(self) -> list[Drawn]:
        return [self._draw(line) for line in self.lines]

    @property
    def floor(self) -> int:
        """Where the horizontal axis lies."""
        return self.height - BOTTOM

    @property
    def left(self) -> int:
        return LEFT

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def ticks(self) -> list[Tick]:
        """Of the vertical axis, from zero to above the highest value."""
        return [Tick(self._y(value), f"{value:g}") for value in scale(self._highest)]

    @property
    def captions(self) -> list[Tick]:
        """Of the horizontal axis: no more labels than there is room for, the last always."""
        step = max(1, ceil(len(self.labels) / MAX_LABELS))
        places = list(range(len(self.labels) - 1, -1, -step))[::-1]
        return [Tick(self._x(place), self.labels[place]) for place in places]

    @property
    def rows(self) -> Iterator[tuple[str, list[Number | None]]]:
        """The table behind the chart: each label with the value of every line."""
        for place, label in enumerate(self.labels):
            yield label, [line.values[place] if place < len(line.values) else None for line in self.lines]

    @property
    def _highest(self) -> float:
        return max(
            (float(value) for line in self.lines for value in line.values if value is not None), default=0
        )

    def _draw(self, line: Line) -> Drawn:
        known = [(place, value) for place, value in enumerate(line.values) if value is not None]
        marks = tuple(Point(self._x(place), self._y(float(value))) for place, value in known)
        return Drawn(line.name, line.dashed, " ".join(f"{mark.x:g},{mark.y:g}" for mark in marks), marks)

    def _x(self, place: int) -> float:
        steps = max(1, len(self.labels) - 1)
        return round(LEFT + (self.right - LEFT) * place / steps, 1)

    def _y(self, value: float) -> float:
        return round(self.floor - (self.floor - TOP) * value / scale(self._highest)[-1], 1)


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart: `href` lists what `value` counts; `beside` is another count of the same rows."""

    name: str
    value: int
    beside: int | None = None
    href: str = ""
    expected: Decimal | None = None
    width: Decimal = Decimal(0)
    """Of 100."""


def bars(rows: Sequence[Bar]) -> list[Bar]:
    """The same with their widths: the longest fills the whole."""
    longest = max((row.value for row in rows), default=0) or 1
    return [
        Bar(
            row.name,
            row.value,
            row.beside,
            row.href,
            row.expected,
            (Decimal(100 * row.value) / longest).quantize(Decimal("0.1")),
        )
        for row in rows
    ]


def scale(highest: float, *, steps: int = 4) -> list[float]:
    """Round numbers from zero to at least `highest`, about so many steps apart."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / steps
    power = 10.0 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
    return [round(step * number, 10) for number in range(ceil(highest / step - 1e-9) + 1)]
