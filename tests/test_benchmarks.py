"""Every benchmark runs, and says its figures beside its baseline's. How fast is not asked here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from kiosk.simulator.camera import NAMES, film

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.long
FIGURES = {
    "tap": {"card found → record", "card found → record, with face check", "wire limit"},
    "face": {
        f"{way}, {camera}"
        for way in ("station, search done", "station, cold", "plain")
        for camera in ("640 × 480", "1280 × 720")
    },
    "memory": {
        "station with face check",
        "station without face check",
        "bare Python with the station's libraries",
    },
    "queue": {"all, seconds", "per person", "wire limit of all"},
    "sign_in": {"sign-in", "bare view", "bare view, the site's middleware"},
    "roster": {"import", "plain"},
    "scale": {"whole county", "a tenth"},
    "completeness": {
        "a session, of many",
        "a session, of few",
        "a session, one at a time",
        "queries a batch",
    },
    "dashboards": {"dashboard, 100 places", "figures.read, 400 places", "recount, 400 places", "export csv"},
    "register_pdf": {"roster paper", "ReportLab canvas", "WeasyPrint", "fpdf2"},
    "dossier": {"ours", "pikepdf + pyHanko + hashlib + zipfile", "most memory of the large one"},
    "verify": {
        "verify",
        "digests and PDF signatures alone",
        "event signatures alone",
        "most memory at a large package",
    },
    "drain": {"journal → receipts in the journal", "server only", "verify + bulk_create"},
}


def measure(results: Path, *names: str, faces: Path | None = None) -> dict[str, dict[str, Any]]:
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
        *(["--faces", str(faces)] if faces else []),
        *names,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: json.loads((results / f"{name}.json").read_text(encoding="utf-8")) for name in names}


@pytest.mark.parametrize(
    "names",
    [
        ["tap", "face", "memory", "queue", "verify", "register_pdf"],
        ["sign_in", "drain", "roster", "scale", "completeness", "dossier", "dashboards"],
    ],
    ids=" ".join,
)
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


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Two people, two pictures each, a directory for each of them."""
    for name in NAMES:
        person = tmp_path / "faces" / name
        person.mkdir(parents=True)
        film(tmp_path / "film.avi", name, seconds=2 / 15)
        capture = cv2.VideoCapture(str(tmp_path / "film.avi"))
        for number in range(2):
            cv2.imwrite(str(person / f"{number}.png"), capture.read()[1])
        capture.release()
    return tmp_path / "faces"


def test_accuracy_tells_two_people_apart_and_names_nobody(tmp_path: Path, faces: Path) -> None:
    result = measure(tmp_path, "accuracy", faces=faces)["accuracy"]

    assert set(result["data_sets"]) >= {"all"}
    found = next(iter(result["data_sets"].values()))
    assert (found["pictures"], found["people"]) == (4, 2)
    assert found["pairs"] == {"same person": 2, "different people": 4}
    at_040 = found["ways"]["station"]["rates"][1]
    assert at_040["threshold"] == 0.4
    assert at_040["false_reject"] == {"wrong": 0, "of": 2, "rate": 0.0, "interval": [0.0, 0.6576]}
    assert at_040["false_accept"]["wrong"] == 0
    assert not any(name in json.dumps(result) for name in NAMES)


def test_labelled_pairs_are_followed_from_one_to_the_next(tmp_path: Path, faces: Path) -> None:
    pictures = [faces / name / f"{number}.png" for name in NAMES for number in range(2)]
    for number, picture in enumerate(pictures):
        picture.rename(faces / f"{number}.png")
    (faces / "pairs.csv").write_text(
        "file_x,file_y,Decision\n0.png,1.png,Yes\n2.png,3.png,Yes\n1.png,2.png,No\n"
    )

    result = measure(tmp_path, "accuracy", faces=faces)["accuracy"]
    found = next(iter(result["data_sets"].values()))

    assert (found["people"], found["pairs"]) == (2, {"same person": 2, "different people": 4})


def test_accuracy_without_pictures_refuses(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="accuracy needs pictures: --faces DIR"):
        measure(tmp_path, "accuracy")
