"""The station's own voice, with a stand-in for `espeak-ng` that writes down what it is told to say."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.desk import Card
from kiosk.station import Station
from kiosk.voice import Voice


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-in writes; it takes five seconds for a sentence, as a speaker may."""
    heard, stand_in = tmp_path / "heard", tmp_path / "bin" / "espeak-ng"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {heard}\necho >> {heard}\nexec sleep 5\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}")
    return heard


def test_the_screen_is_said_aloud_in_its_language_and_nobody_waits_for_it(
    said: Path, make_station: Callable[..., Station], card: Callable[..., Card], eventually: Any
) -> None:
    station = make_station(voice=Voice())
    assert station.state()["voice"] == "station"
    station.speak()  # at rest there is nothing to say

    began = time.monotonic()
    station.admit(card("赵春禾"))
    station.speak()
    assert time.monotonic() - began < 2
    eventually(lambda: said.exists() and said.read_text().count("\n") == 1)
    station.use_language("en")
    station.speak()
    eventually(lambda: said.read_text().count("\n") == 2)

    assert said.read_text().splitlines() == ["-v|cmn|--|签到成功, 赵春禾|", "-v|en|--|Signed in, 赵春禾|"]


def test_a_station_without_a_voice_or_told_to_be_silent_says_so_to_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_station: Callable[..., Station]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert make_station(voice=Voice()).state()["voice"] == "page"
    assert make_station(voice=Voice(wanted=False)).state()["voice"] == "off"


def test_a_station_that_stops_is_silent(said: Path) -> None:
    voice = Voice()
    voice.say("签到成功", "zh")
    speaking = voice._speaking

    voice.hush()

    assert speaking is not None
    assert speaking.poll() is not None
