"""A job fair of the institution, the day after its session closed, with ten trainees who completed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import approved
from tests.standing import stage
from tests.training.fairs.scenes import plan, prepared
from tests.training.signing import hold_and_close
from training.fairs.models import JobFair


def close(approved: Any, clock: Any) -> Any:
    """Roster numbers 11 and 12 never came."""
    hold_and_close(approved, clock, absent=(11, 12))
    return approved


closed = stage("closed", close, after=approved)


@pytest.fixture
def fair(closed: Any, clock: Any) -> JobFair:
    """Reported, two employers, three invited; it is nine o'clock of its day."""
    return prepared(closed, clock)


@pytest.fixture
def make_fair(closed: Any) -> Callable[..., JobFair]:
    return lambda **changes: plan(closed, **changes)
