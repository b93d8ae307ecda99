"""The station installs alone: its wheel, what the `kiosk` extra brings, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
import setuptools
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]

PROGRAM = """
import json, pkgutil, sys
site, forbidden, arguments = json.loads(sys.argv[1])

class Guard:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in forbidden:
            raise ModuleNotFoundError(f"{name} is not installed here", name=name)

sys.meta_path.insert(0, Guard())
sys.path.insert(0, site)
import kiosk, kiosk.cli
assert kiosk.__file__.startswith(site), kiosk.__file__
if arguments is None:
    for module in pkgutil.walk_packages(kiosk.__path__, "kiosk."):
        __import__(module.name)
    import kiosk.face
    model = kiosk.face.FaceModel()
    model.start()
    assert model.wait(60)
    print("all imported")
else:
    sys.exit(kiosk.cli.main(arguments))
"""
"""Runs a command, or imports everything, from `site` alone: other people's packages can't be imported."""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the station's half of the tree only, as pip builds it."""
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "kiosk", source / "kiosk", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        "dist",
        ".",
    ]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the station's program as it is in the wheel, without what its extra does not bring."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    elsewhere = foreign(wheel)
    assert {"django", "reportlab", "training"} <= elsewhere

    def run(*arguments: str, without: set[str] = frozenset()) -> subprocess.CompletedProcess[str]:  # type: ignore[assignment]
        about = json.dumps([str(site), sorted(elsewhere | without), arguments or None])
        command = [sys.executable, "-I", "-c", PROGRAM, about]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    return run


def foreign(wheel: Path) -> set[str]:
    """What can be imported here and would not be there, were only the wheel's `kiosk` extra installed."""
    ours = closure(wheel)
    providers = packages_distributions().items()
    others = {name for name, owners in providers if not ours & {canonicalize_name(owner) for owner in owners}}
    vendored = {path.stem for path in (Path(setuptools.__file__).parent / "_vendor").iterdir()}
    return ({"training"} | others) - {"kiosk"} - vendored  # setuptools brings copies of its own


def closure(wheel: Path) -> set[str]:
    """The distributions that `pip install yidang[kiosk]` brings."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        lines = archive.read(metadata).decode().splitlines()
    waiting = wanted(
        [line.partition(": ")[2] for line in lines if line.startswith("Requires-Dist")], {"kiosk"}
    )
    found: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in found:
            found.add(name)
            try:
                waiting += wanted(requires(name) or [], requirement.extras)
            except PackageNotFoundError:  # dlib, in whose place dlib-bin is
                found.discard(name)
    return found


def wanted(requirements: list[str], extras: set[str]) -> list[Requirement]:
    parsed = map(Requirement, requirements)
    return [one for one in parsed if not one.marker or any(map(one.marker.evaluate, contexts(extras)))]


def contexts(extras: set[str]) -> list[dict[str, str]]:
    return [{"extra": extra} for extra in (extras or {""})]


def test_the_wheel_holds_every_file_of_the_station(wheel: Path) -> None:
    files = (
        path for path in (ROOT / "kiosk").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("kiosk/")}

    assert held == {path.relative_to(ROOT).as_posix() for path in files}


def test_every_module_loads_with_only_what_the_extra_brings(installed: Run) -> None:
    answer = installed()

    assert (answer.returncode, answer.stdout.strip()) == (0, "all imported"), answer.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], "签到终端"),
        (["run", "--help"], "--reader"),
        (["simulate", "reader", "--help"], "--link"),
    ],
)
def test_its_commands_run_there(installed: Run, arguments: list[str], words: str) -> None:
    answer = installed(*arguments)

    assert (answer.returncode, words in answer.stdout) == (0, True), answer.stderr


def test_doctor_runs_there(installed: Run, tmp_path: Path) -> None:
    answer = installed("doctor", "--home", str(tmp_path / "home"), "--json")

    findings = {finding["part"]: finding["level"] for finding in json.loads(answer.stdout)["findings"]}
    assert (answer.returncode, findings["key"], findings["disk"]) == (1, "error", "ok")


def test_the_server_is_not_importable_there(installed: Run) -> None:
    """Or the tests above would say nothing."""
    answer = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM.replace("import kiosk, kiosk.cli", "import django"), '["", ["django"], 1]'],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "django is not installed here" in answer.stderr


def test_only_the_simulators_need_a_unix_terminal(installed: Run) -> None:
    answer = installed("--help", without={"pty", "tty"})

    assert answer.returncode == 0, answer.stderr


def test_both_locks_agree() -> None:
    def pins(name: str) -> set[str]:
        """Package and version; where each is wanted may differ between station and server."""
        return set(re.findall(r"^([\w.-]+==\S+)", (ROOT / name).read_text(), re.MULTILINE))

    station, everything = pins("requirements-kiosk.lock"), pins("requirements.lock")
    assert len(station) > 20
    assert station <= everything
    assert not any(pin.startswith(("django", "gunicorn", "psycopg")) for pin in station)
