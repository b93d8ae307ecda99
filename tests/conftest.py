"""A small county with everything in it, and a second one whose people must never see the first."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.core.cache import caches
from django.utils import translation

from tests.machine import POPPLER
from tests.standing import (  # noqa: F401  the fixtures
    Clock,
    _django_db_helper,
    before_the_test,
    in_order,
    stage,
    standing,
    standing_for_this_test,
)
from training.accounts.choices import Role
from training.core.actor import SYSTEM, Actor
from training.demo.people import synthetic_people
from training.demo.scenery import (
    Staff,
    add_county_staff,
    add_institution,
    add_instructor_account,
    add_instructors,
    add_training_agreement,
    plan_farmers_session,
    refuse_second_proof,
    roster_workbook,
)
from training.enrolment.services import import_roster
from training.institutions.models import Institution, Instructor
from training.notifications.models import Notification
from training.programmes.models import Programme
from training.programmes.preset import Preset
from training.programmes.preset_file import load_preset
from training.programmes.services import load_programme
from training.scheduling.models import TrainingSession
from training.scheduling.services import approve_session, submit_session

# How fast this machine is today says nothing about whether the code is right.
hypothesis.settings.register_profile("yidang", deadline=None)
hypothesis.settings.load_profile("yidang")

CLASS_DAY = date(2021, 5, 18)
EARLY_MORNING = datetime(2021, 5, 18, 0, 40, tzinfo=UTC)  # 08:40 in the county


@dataclass
class County:
    """One programme with one institution, their people, and a session with two half-days."""

    programme: Programme
    institution: Institution
    county_staff: Staff
    institution_staff: Staff
    instructors: tuple[Instructor, Instructor]
    session: TrainingSession

    def actor(self, role: Role) -> Actor:
        staff = self.institution_staff if role in self.institution_staff.members else self.county_staff
        return staff.actor(role)

    def user(self, role: Role):
        staff = self.institution_staff if role in self.institution_staff.members else self.county_staff
        return staff.members[role].user


@cache
def shicheng() -> Preset:
    """Read once: checking every quotation against the document takes a while."""
    return load_preset("shicheng")


@pytest.fixture(autouse=True)
def county_language() -> Iterator[None]:
    """The test client leaves the language of its last request behind; every test starts in Chinese."""
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def clock(tmp_path: Path, settings: Any) -> Clock:
    """Starts at 08:40 of the class day, a month after planning."""
    clock = Clock(tmp_path / "clock")
    clock.set(EARLY_MORNING)
    settings.CLOCK_FILE = str(clock.path)
    return clock


@pytest.fixture
def limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """How often somebody asks is counted, from nothing, in windows that begin with the test."""
    settings.RATELIMIT_ENABLE = True
    caches[settings.RATELIMIT_USE_CACHE].clear()
    began = int(datetime.now(UTC).timestamp())
    monkeypatch.setattr("django_ratelimit.core._get_window", lambda _who, seconds: began + seconds)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what talks to a database runs: the rest has run on SQLite and can't differ."""
    here = talks_to_a_database if os.environ.get("TEST_POSTGRES_URL") else lambda _test: True
    config.hook.pytest_deselected(items=[test for test in items if not here(test)])
    items[:] = in_order([test for test in items if here(test)])


def talks_to_a_database(test: Any) -> bool:
    return "_django_db_helper" in test.fixturenames or bool(test.get_closest_marker("django_db"))


@pytest.fixture
def first_moment() -> datetime:
    """What time it is when a test begins, or what it starts from is built."""
    return EARLY_MORNING


def build_county(
    code: str = "SC-2020", county: str = "石城县", uscc: str = "91360735MA35NXTP4H", people: int = 12
) -> County:
    """A county from the Shicheng preset under another code and name."""
    preset = shicheng().model_copy(update={"code": code, "county": county})
    programme = load_programme(preset, actor=SYSTEM)
    prefix = f"{code.lower()}-"
    county_staff = add_county_staff(programme, prefix)
    institution, institution_staff = add_institution(
        programme,
        name=f"{county}兴农电商培训中心",
        uscc=uscc,
        prefix=prefix,
        bureau=county_staff.actor(Role.BUREAU_HEAD),
    )
    clerk = institution_staff.actor(Role.INSTITUTION_CLERK)
    agreement = add_training_agreement(institution, actor=clerk)
    instructors = add_instructors(institution, actor=clerk)
    institution_staff.members[Role.INSTRUCTOR] = add_instructor_account(instructors[0], prefix)
    session, _venue = plan_farmers_session(
        institution, agreement, instructors, on=CLASS_DAY, seats=max(60, people), actor=clerk
    )
    if people:
        roster = roster_workbook(synthetic_people(people, seed=7))
        import_roster(session.pk, name="名册.xlsx", data=roster, actor=clerk)
    Notification.objects.all().delete()  # how it all began is no news to anybody
    return County(programme, institution, county_staff, institution_staff, instructors, session)


@pytest.fixture
def make_county(db: None, clock: Clock, settings: Any, tmp_path: Path) -> Callable[..., County]:
    """`build_county`, as often as a test wants."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return build_county


def a_county(_nothing: None, _clock: Clock) -> County:
    """石城县 with a draft session of twelve trainees."""
    return build_county()


def approve(county: County, _clock: Clock) -> County:
    """The same county, its session submitted and approved; then the second instructor's proof did not hold."""
    submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))
    county.session = approve_session(county.session.pk, actor=county.actor(Role.BUREAU_REVIEWER))
    refuse_second_proof(county.instructors)
    return county


county = stage("county", a_county)
approved = stage("approved", approve, after=county)


@pytest.fixture
def other_county(make_county: Callable[..., County]) -> County:
    """永丰县, a stranger."""
    return make_county("YF-2020", "永丰县", "91360825MA36DEMN7K")


@pytest.fixture
def pdf_text() -> Callable[[Path], str]:
    """What a reader copies out of a PDF, by poppler's own tool."""
    if not POPPLER.here():
        pytest.skip(POPPLER.message)

    def read(path: Path) -> str:
        return subprocess.run(
            ["pdftotext", str(path), "-"], capture_output=True, text=True, check=True
        ).stdout

    return read
