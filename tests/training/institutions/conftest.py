from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from training.accounts.choices import Role
from training.demo.scenery import add_institution, add_instructors
from training.institutions.models import Institution


@pytest.fixture
def make_second() -> Callable[[Any], Institution]:
    """Another institution of the same county that presents one of the instructors, with the same certificate."""

    def make(county: Any) -> Institution:
        institution, staff = add_institution(
            county.programme,
            name="石城县振兴学校",
            uscc="91350100M000100Y43",
            prefix="second-",
            bureau=county.actor(Role.BUREAU_HEAD),
        )
        theirs, _second = add_instructors(institution, actor=staff.actor(Role.INSTITUTION_CLERK))
        ours = county.instructors[0].proofs.get()
        theirs.proofs.update(number=ours.number, key=ours.key)
        return institution

    return make
