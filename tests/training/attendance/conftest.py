from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest

from tests.conftest import CLASS_DAY, County
from tests.training.signing import Signer, enrol
from training.accounts.choices import Role
from training.demo.people import synthetic_people
from training.demo.scenery import (
    add_institution,
    add_instructors,
    add_training_agreement,
    plan_farmers_session,
    roster_workbook,
)
from training.enrolment.services import import_roster
from training.scheduling.models import Lesson
from training.scheduling.services import approve_session, submit_session


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


@pytest.fixture
def neighbour(approved: Any) -> Callable[..., County]:
    """Another institution of the county, with an approved session of the same twelve people.

    Two rosters at one time are refused today; these stand as they did before that.
    """

    def make(start: time = time(9, 0)) -> County:
        institution, staff = add_institution(
            approved.programme,
            name="石城县赣江源培训学校",
            uscc="91360825MA36DEMN7K",
            prefix="next-",
            bureau=approved.actor(Role.BUREAU_HEAD),
        )
        clerk = staff.actor(Role.INSTITUTION_CLERK)
        agreement = add_training_agreement(institution, actor=clerk)
        instructors = add_instructors(institution, actor=clerk)
        session, _venue = plan_farmers_session(
            institution, agreement, instructors, on=CLASS_DAY, start=start, actor=clerk
        )
        roster = roster_workbook(synthetic_people(12, seed=8))
        import_roster(session.pk, name="名册.xlsx", data=roster, actor=clerk)
        submit_session(session.pk, actor=staff.actor(Role.INSTITUTION_HEAD))
        session = approve_session(session.pk, actor=approved.actor(Role.BUREAU_REVIEWER))
        for theirs, ours in zip(session.enrolments.all(), approved.session.enrolments.all(), strict=True):
            theirs.trainee = ours.trainee
            theirs.save()
        return County(approved.programme, institution, approved.county_staff, staff, instructors, session)

    return make
