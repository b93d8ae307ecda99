"""Two clocks that a demonstration can move together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk.clock import CLOCK_FILE, Clock


def test_a_demonstration_moves_both_clocks_by_the_same_step(set_time: Callable[[str], None]) -> None:
    clock = Clock()
    before, ticks = clock.now(), clock.monotonic_ms()
    set_time("16:30")

    wall, steady = clock.now() - before, timedelta(milliseconds=clock.monotonic_ms() - ticks)
    assert abs(wall - steady) < timedelta(seconds=1)
    assert wall > timedelta(hours=7)


@pytest.mark.parametrize("text", [None, "", "soon"])
def test_a_clock_file_that_says_nothing_moves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    path = tmp_path / "clock"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv(CLOCK_FILE, str(path))
    now = Clock().now()

    assert now.tzinfo is not None
    assert abs(now - datetime.now(now.tzinfo)) < timedelta(seconds=5)


def test_every_start_is_a_new_boot() -> None:
    assert Clock().boot != Clock().boot


@pytest.fixture
def turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Write the clock file: one number moves both clocks, a second one the monotonic clock alone."""
    path = tmp_path / "clock"
    monkeypatch.setenv(CLOCK_FILE, str(path))

    def write(text: str) -> None:
        path.write_text(text)

    write("0")
    return write


@pytest.mark.parametrize("seconds", [3600.0, -3600.0, 2.5, -2.5])
def test_a_wall_clock_that_was_set_is_told_once(turn: Callable[[str], None], seconds: float) -> None:
    clock = Clock()
    turn(f"{seconds} 0")

    jump = clock.look()

    assert jump is not None
    assert (abs(jump.seconds - seconds) < 0.1, jump.kind) == (True, "running")
    assert clock.jumped == jump
    assert clock.look() is None
    turn("0 0")
    back = clock.look()
    assert back is not None
    assert abs(back.seconds + seconds) < 0.1


@pytest.mark.parametrize("text", ["86400", "-86400", "1.5 0", "", "soon"])
def test_time_that_passes_and_small_corrections_are_no_jump(turn: Callable[[str], None], text: str) -> None:
    clock = Clock()
    turn(text)

    assert (clock.look(), clock.jumped) == (None, None)


def test_an_event_after_a_jump_carries_both_clocks_as_they_are(turn: Callable[[str], None]) -> None:
    clock = Clock()
    before, ticks = clock.now(), clock.monotonic_ms()
    turn("-7200 0")

    assert clock.now() - before < timedelta(hours=-1)
    assert 0 <= clock.monotonic_ms() - ticks < 1000
