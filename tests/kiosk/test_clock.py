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
