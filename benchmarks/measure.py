"""What a benchmark found: figures with their spread, the machine they hold for, and the goals they met."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Literal

LIBRARIES = (
    "cryptography", "django", "dlib-bin", "face-recognition", "gunicorn", "numpy",
    "opencv-python-headless", "psycopg", "pydantic", "pyserial", "rfc8785",
)  # fmt: skip


@dataclass(frozen=True)
class Series:
    """One quantity, measured again and again."""

    values: tuple[float, ...]
    unit: str

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The middle half of the values lies between these."""
        if len(self.values) < 2:
            return self.median, self.median
        low, _middle, high = quantiles(self.values, n=4, method="inclusive")
        return low, high

    def percentile(self, percent: int) -> float:
        """Between the values where none is exactly there."""
        if len(self.values) < 2:
            return self.median
        return quantiles(self.values, n=100, method="inclusive")[percent - 1]

    def over(self, other: Series) -> Series:
        """Pair by pair, this over the other."""
        return Series(
            tuple(mine / theirs for mine, theirs in zip(self.values, other.values, strict=True)), "×"
        )

    def as_json(self) -> dict[str, Any]:
        low, high = self.quartiles
        return {
            "unit": self.unit,
            "median": rounded(self.median),
            "quartiles": [rounded(low), rounded(high)],
            "p95": rounded(self.percentile(95)),
            "least": rounded(min(self.values)),
            "most": rounded(max(self.values)),
            "values": [rounded(value) for value in self.values],
        }

    def __str__(self) -> str:
        low, high = self.quartiles
        return f"{self.median:,.4g} {self.unit} ({low:,.4g} to {high:,.4g})"


def series(values: Iterable[float], unit: str) -> Series:
    """The same from any iterable."""
    return Series(tuple(values), unit)


def rounded(value: float) -> float:
    """Four digits that count; more would be noise."""
    return float(f"{value:.4g}")


@dataclass(frozen=True)
class Comparison:
    """A figure held against a baseline or, with a limit, against a goal on its median."""

    what: str
    found: Series
    goal: float | None = None
    better: Literal["less", "more"] = "less"

    @property
    def met(self) -> bool | None:
        """None where no goal was set."""
        if self.goal is None:
            return None
        return self.found.median <= self.goal if self.better == "less" else self.found.median >= self.goal

    @property
    def goal_in_words(self) -> str:
        if self.goal is None:
            return "–"
        return f"{'≤' if self.better == 'less' else '≥'} {self.goal:,g} {self.found.unit}"

    def as_json(self) -> dict[str, Any]:
        return {"what": self.what, "goal": self.goal_in_words, "met": self.met, **self.found.as_json()}


@dataclass
class Result:
    """All that one benchmark has to say."""

    name: str
    about: str
    baseline: str
    figures: dict[str, Series]
    comparisons: Sequence[Comparison]
    sizes: dict[str, Any]
    notes: Sequence[str] = ()
    surroundings: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "about": self.about,
            "baseline": self.baseline,
            "sizes": self.sizes,
            "surroundings": self.surroundings,
            "figures": {name: figure.as_json() for name, figure in self.figures.items()},
            "comparisons": [comparison.as_json() for comparison in self.comparisons],
            "notes": list(self.notes),
        }


def machine() -> dict[str, Any]:
    """Where and when this ran; load average over the last minute, our own work included."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "load_average": round(os.getloadavg()[0], 2),
    }


def processor() -> str:
    """The name that Linux gives it; another system says what it can."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def write(folder: Path, result: Result) -> None:
    """One JSON file for each benchmark, and the table of them all."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result.as_json(), ensure_ascii=False, indent=1)
    (folder / f"{result.name}.json").write_text(text + "\n", encoding="utf-8")
    (folder / "README.md").write_text(table(folder), encoding="utf-8")


def table(folder: Path) -> str:
    """Every result in the folder as one page, whenever it was found."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return "\n\n".join([HEAD, *map(chapter, results)]) + "\n"


HEAD = """# 性能测量 · Measurements

Written by `make bench`; do not edit. Each figure is a median with the middle half of its values in brackets,
beside a baseline measured in the same run, in turns. The values themselves are in the JSON files."""


def chapter(result: dict[str, Any]) -> str:
    here = result["surroundings"]
    more = [f"{name} {here[name]}" for name in ("database", "server") if name in here]
    where = f"{here['at']} · {here['cores']} × {here['processor']} · Python {here['python']} · " + " · ".join(
        [*more, f"load {here['load_average']} before, {here['load_average_after']} after"]
    )
    parts = [
        f"## {result['name']}\n\n{result['about']}\n\nBaseline: {result['baseline']}\n\n{where}",
        "| | found | goal | |\n|---|---|---|---|\n" + "\n".join(map(row, result["comparisons"])),
        "| figure | median | middle half | p95 |\n|---|---|---|---|\n"
        + "\n".join(figure_row(name, figure) for name, figure in result["figures"].items()),
        *(["\n".join(f"- {note}" for note in result["notes"])] if result["notes"] else []),
    ]
    return "\n\n".join(parts)


def row(comparison: dict[str, Any]) -> str:
    met = {True: "✓ met", False: "✗ not met", None: ""}[comparison["met"]]
    low, high = comparison["quartiles"]
    found = f"**{comparison['median']:g} {comparison['unit']}** ({low:g} to {high:g})"
    return f"| {comparison['what']} | {found} | {comparison['goal']} | {met} |"


def figure_row(name: str, figure: dict[str, Any]) -> str:
    low, high = figure["quartiles"]
    return f"| {name} | {figure['median']:g} {figure['unit']} | {low:g} to {high:g} | {figure['p95']:g} |"
