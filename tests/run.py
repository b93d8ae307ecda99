"""`make test`: every check and every test, on SQLite and, where one is given, on PostgreSQL.

Says by name what could not run and why. With YIDANG_TESTS_MUST_ALL_RUN=1 that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from machine import missing

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parent.parent


def install_missing() -> None:
    """Ask apt for what the tests need, where we may; without it those tests say so by name."""
    packages = [package for need in missing() for package in need.packages]
    if not packages or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run(install, env=environment, check=False, stdout=subprocess.DEVNULL)


def step(name: str, *command: str, **environment: str) -> bool:
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False)
    print(
        f"== {name}: {'ok' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return done.returncode == 0


def main() -> int:
    install_missing()
    python = sys.executable
    postgres = os.environ.pop("TEST_POSTGRES_URL", "")
    tests = [python, "-m", "pytest", "-q", *sys.argv[1:]]
    # Two at a time where nothing is timed; a desk, a browser and a fault have the machine to themselves.
    side_by_side = [*tests, "-n", "2", "--dist", "loadfile", "-m", "not browser"]
    results = [
        step("ruff", str(BIN / "ruff"), "check", "."),
        step("ruff format", str(BIN / "ruff"), "format", "--check", "--quiet", "."),
        step("import contracts", str(BIN / "lint-imports"), "--no-logo"),
        step("types", str(BIN / "mypy")),
        step(
            "migrations", python, "manage.py", "makemigrations", "--check", "--dry-run",
            DJANGO_SETTINGS_MODULE="tests.settings",
        ),
        step("tests on SQLite", *side_by_side, "--ignore", "tests/campaign"),
        step("tests in the browser", *tests, "-m", "browser"),
        step("the fault campaign", *tests, "tests/campaign"),
    ]  # fmt: skip
    not_run = [need.message for need in missing()]
    if postgres:
        results.append(
            step(
                "tests on PostgreSQL",
                *side_by_side,
                "tests/training",
                TEST_POSTGRES_URL=postgres,
            )
        )
    else:
        not_run.append("TEST_POSTGRES_URL is not set: the tests on PostgreSQL did not run")
    for line in not_run:
        print(f"NOT RUN: {line}")
    if os.environ.get("YIDANG_TESTS_MUST_ALL_RUN") and not_run:
        return 1
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
