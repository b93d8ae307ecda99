"""A county whose session was held, closed and sealed, with a real package."""

from __future__ import annotations

from typing import Any

import pytest

from tests.training.reviews import review_and_seal
from tests.training.web.conftest import browse, closed, complete, handed_in

__all__ = ["browse", "closed", "complete", "handed_in", "sealed"]


@pytest.fixture
def sealed(handed_in: Any, django_capture_on_commit_callbacks: Any) -> Any:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    return handed_in
