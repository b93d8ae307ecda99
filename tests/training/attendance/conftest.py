from __future__ import annotations

from typing import Any

import pytest

from tests.training.signing import Signer, enrol
from training.scheduling.models import Lesson


@pytest.fixture
def signer(approved: Any) -> Signer:
    return enrol(approved)


@pytest.fixture
def lesson(approved: Any) -> Lesson:
    """The morning lesson, 09:00 to 11:15."""
    return approved.session.lessons.first()


@pytest.fixture
def people(approved: Any) -> list[Any]:
    return list(approved.session.enrolments.all())
