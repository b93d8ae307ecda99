"""The fault campaign: real station programs, a real server process, real faults; every test counts.

`YIDANG_CAMPAIGN=10` makes it ten times as long, `YIDANG_CAMPAIGN_SEED=…` repeats what was drawn. The counts
of every scenario, with its seed, stand in the summary at the end of the run; `docs/faults.md` keeps the last.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.clock import CLOCK_FILE
from tests.campaign.office import Office
from training.accounts.choices import Role
from training.scheduling.services import approve_session, submit_session

COUNTS = "campaign"


@pytest.fixture(scope="session")
def scaled() -> Callable[[float], int]:
    """How many of something, at least one: as many as are given in every test run, more by hand."""
    factor = float(os.environ.get("YIDANG_CAMPAIGN", "1"))
    return lambda number: max(1, round(number * factor))


@pytest.fixture
def chance(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> random.Random:
    """Every draw of this test. What the machine's own timing adds can't be repeated, what was drawn can."""
    seed = os.environ.get("YIDANG_CAMPAIGN_SEED") or str(random.SystemRandom().randrange(10**9))
    record_property(COUNTS, f"{request.node.name}: YIDANG_CAMPAIGN_SEED={seed}")
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Put a line of counts into the summary."""
    return lambda line: record_property(COUNTS, f"  {line}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [
        report for name in ("passed", "failed", "error") for report in terminalreporter.stats.get(name, [])
    ]
    lines = [line for report in reports for name, line in report.user_properties if name == COUNTS]
    if lines:
        terminalreporter.section("fault campaign")
    for line in lines:
        terminalreporter.write_line(line)


@pytest.fixture
def open_office(
    transactional_db: None, make_county: Any, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Office]]:
    """Open the server of a county with one approved session; stations and server read one clock file."""
    monkeypatch.setenv(CLOCK_FILE, str(clock.path))
    opened: list[Office] = []

    def open_one(people: int = 12) -> Office:
        county = make_county(people=people)
        submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))
        county.session = approve_session(county.session.pk, actor=county.actor(Role.BUREAU_REVIEWER))
        office = Office(tmp_path, county)
        opened.append(office)
        office.open()
        return office

    yield open_one
    for office in opened:
        office.kill()
