"""A call that is open, and people who come to it, for the tests of registration."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from training.accounts.choices import Role
from training.core import clock
from training.demo.people import SyntheticPerson, synthetic_people
from training.demo.scenery import TOWNSHIP
from training.enrolment.handed_in import expected_of
from training.enrolment.models import Application, RegistrationCall
from training.enrolment.registration import apply_oneself, open_registration, review
from training.enrolment.roster_file import RosterRow, read_person

PEOPLE = synthetic_people(60, seed=31)
HERE = [person for person in PEOPLE if person.township == TOWNSHIP]
CLERK, OFFICER, REVIEWER = Role.INSTITUTION_CLERK, Role.TOWNSHIP, Role.BUREAU_REVIEWER


def open_call(county: Any, **said: Any) -> RegistrationCall:
    """Open from an hour ago for ten days, twenty places."""
    now = clock.now()
    terms = {"opens_at": now - timedelta(hours=1), "closes_at": now + timedelta(days=10), "places": 20}
    return open_registration(county.session.pk, **{**terms, **said}, actor=county.actor(CLERK))


def row_of(person: SyntheticPerson, call: RegistrationCall) -> RosterRow:
    cells = {
        "姓名": person.name,
        "身份证号": person.id_number,
        "手机号": person.phone,
        "乡镇": person.township,
        "村（社区）": person.village,
        "学员类别": person.group,
    }
    found = read_person(cells, expected_of(call.training_session)).person
    assert isinstance(found, RosterRow)
    return found


def apply(call: RegistrationCall, person: SyntheticPerson) -> tuple[Application, str]:
    """By themselves; with the receipt."""
    receipt = apply_oneself(call.token, person=row_of(person, call), group_consent=True)
    return call.applications.latest("pk"), receipt


def qualify(county: Any, *applications: Application, role: Role = REVIEWER) -> None:
    (call,) = {application.call for application in applications}
    review(call.pk, [one.pk for one in applications], qualified=True, actor=county.actor(role))
