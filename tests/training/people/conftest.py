from __future__ import annotations

from typing import Any

import pytest

from training.accounts.choices import Role
from training.demo.scenery import TOWNSHIP


@pytest.fixture
def trainee(county: Any) -> Any:
    """The first on the roster, who lives in the township officer's township."""
    trainee = county.session.enrolments.first().trainee
    trainee.township = TOWNSHIP
    trainee.save()
    return trainee


@pytest.fixture
def officer(county: Any) -> Any:
    return county.actor(Role.PRIVACY_OFFICER)


@pytest.fixture
def township(county: Any) -> Any:
    return county.actor(Role.TOWNSHIP)


@pytest.fixture
def department(county: Any) -> Any:
    return county.actor(Role.DATA_DEPARTMENT)
