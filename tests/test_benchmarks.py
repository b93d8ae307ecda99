"""Every benchmark runs, and says its figures beside its baseline's. How fast is not asked here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FIGURES = {
    "tap": {"card found → record", "card found → record, with face check", "wire limit"},
    "face": {"station, 640 × 480", "plain, 640 × 480", "station, 1280 × 720", "plain, 1280 × 720"},
    "memory": {
        "station with face check",
        "station without face check",
        "bare Python with the station's libraries",
    },
    "queue": {"all, seconds", "per person", "wire limit of all"},
    "sign_in": {"sign-in", "bare view", "bare view, the site's middleware"},
    "drain": {"journal → receipts in the journal", "server only", "verify + bulk_create"},
}


def measure(results: Path, *names: str) -> dict[str, dict[str, Any]]:
    """Run these with next to no repetitions; what each wrote, by name."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "benchmarks",
        "--tiny",
        "--results",
        str(results),
        *names,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: json.loads((results / f"{name}.json").read_text(encoding="utf-8")) for name in names}


@pytest.mark.parametrize("names", [["tap", "face", "memory", "queue"], ["sign_in", "drain"]], ids=" ".join)
def test_each_benchmark_gives_its_figures_its_baselines_and_the_machine(
    names: list[str], tmp_path: Path
) -> None:
    found = measure(tmp_path, *names)

    for name, result in found.items():
        assert FIGURES[name] <= set(result["figures"]), name
        assert all(figure["least"] > 0 for figure in result["figures"].values()), name
        assert result["baseline"]
        assert any(comparison["met"] is not None for comparison in result["comparisons"])
        assert {"cores", "python", "libraries", "load_average"} <= set(result["surroundings"])


def test_the_table_names_every_result_it_stands_beside(tmp_path: Path) -> None:
    measure(tmp_path, "face")

    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "## face" in page
    assert "Baseline: `face_recognition.face_locations`" in page
