"""What many tests start from: built once a worker, left standing in an open transaction, put back after each.

A stage is a fixture whose product other tests want too (a county, its approved session, the class held).
Stages build on one another. Those a test asks for are in the database before its own transaction begins
(`before_the_test`), which is rolled back to them; the test gets a copy of the Python objects and of the
stored files. A test that commits (`transactional_db`, `live_server`) has them built for itself alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings


@dataclass
class Clock:
    """The product's own clock file, set by the test."""

    path: Path

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self.path.read_text(encoding="ascii")))

    def set(self, moment: datetime) -> None:
        offset = (moment - datetime.now(UTC)).total_seconds()
        self.path.write_text(str(offset), encoding="ascii")

    def advance(self, **step: float) -> None:
        offset = float(self.path.read_text(encoding="ascii"))
        self.path.write_text(str(offset + timedelta(**step).total_seconds()), encoding="ascii")


@dataclass(frozen=True, eq=False)
class Stage:
    """`build` makes it out of the stage it comes `after` (None: out of nothing) and the clock."""

    name: str
    build: Callable[[Any, Clock], Any]
    after: Stage | None

    @property
    def chain(self) -> list[Stage]:
        return [*(self.after.chain if self.after else []), self]


_STAGES: dict[Callable[..., Any], Stage] = {}
"""By the function of its fixture, so that a fixture of the same name in one file is not taken for it."""


def stage(name: str, build: Callable[[Any, Clock], Any], after: Any = None) -> Any:
    """A fixture, for a conftest or a test file; `after` is another one."""

    def product(standing_for_this_test: Things) -> Any:
        return standing_for_this_test.of(made)

    made = Stage(name, build, after and _STAGES[after._get_wrapped_function()])
    product.__doc__ = build.__doc__
    fixture = pytest.fixture(name=name)(product)
    _STAGES[product] = made
    return fixture


@dataclass
class Level:
    """A stage that stands: its transaction, what was built up to here, its files and what time it was."""

    stage: Stage
    atomic: Any
    things: dict[str, Any]
    media: Path
    at: datetime


@dataclass
class Standing:
    """The levels of this worker, lowest first."""

    directory: Path
    levels: list[Level] = field(default_factory=list)

    def reach(self, wanted: list[Stage], start: datetime) -> None:
        """Let exactly `wanted` stand: what is not in it goes, what is missing is built."""
        while self.levels and [level.stage for level in self.levels] != wanted[: len(self.levels)]:
            self._drop()
        for stage_ in wanted[len(self.levels) :]:
            self._build(stage_, start)

    def _build(self, stage_: Stage, start: datetime) -> None:
        below = self.levels[-1] if self.levels else None
        media = self.directory / str(len(self.levels))
        shutil.rmtree(media, ignore_errors=True)
        if below:
            shutil.copytree(below.media, media)
        media.mkdir(exist_ok=True)
        clock = Clock(self.directory / "clock")
        clock.set(below.at if below else start)
        things = deepcopy(below.things) if below else {}
        atomic = transaction.atomic()
        atomic._from_testcase = True  # as Django's TestCase marks its own: on_commit and durable know
        atomic.__enter__()
        try:
            with override_settings(MEDIA_ROOT=media, CLOCK_FILE=str(clock.path)):
                made_from = stage_.after and things[stage_.after.name]
                things[stage_.name] = stage_.build(made_from, clock)
        except BaseException:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)
            raise
        self.levels.append(Level(stage_, atomic, things, media, clock.now()))

    def _drop(self) -> None:
        level = self.levels.pop()
        transaction.set_rollback(True)
        level.atomic.__exit__(None, None, None)


@dataclass
class Things:
    """What stands, as this test's own copy; built on the spot for a test that commits."""

    copies: dict[str, Any]
    clock: Clock

    def of(self, wanted: Stage) -> Any:
        if wanted.name not in self.copies:
            self.copies[wanted.name] = wanted.build(wanted.after and self.of(wanted.after), self.clock)
        return self.copies[wanted.name]


def _asked_for(test: Any) -> list[Stage]:
    """The stages of a test, in the order they build; none for a test that commits."""
    marker = test.get_closest_marker("django_db")
    if {"transactional_db", "live_server"} & set(test.fixturenames) or (
        marker and marker.kwargs.get("transaction")
    ):
        return []
    fixtures = test._fixtureinfo.name2fixturedefs
    found = [_STAGES.get(fixtures[name][-1].func) for name in test.fixturenames if name in fixtures]
    # A branch beside the longest chain is built by the test that wants both.
    return max((made.chain for made in found if made), key=len, default=[])


def _how_far(test: pytest.Item) -> int:
    """How many stages a test starts after."""
    return len(_asked_for(test)) if isinstance(test, pytest.Function) else 0


@pytest.fixture(scope="session")
def standing(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Standing]:
    held = Standing(tmp_path_factory.mktemp("standing"))
    yield held
    with django_db_blocker.unblock():
        held.reach([], datetime.now(UTC))


@pytest.fixture
def before_the_test(request: pytest.FixtureRequest, standing: Standing, django_db_blocker: Any) -> None:
    """Runs before the test's own transaction begins."""
    with django_db_blocker.unblock():
        standing.reach(_asked_for(request.node), request.getfixturevalue("first_moment"))


@pytest.fixture
def _django_db_helper(before_the_test: None, _django_db_helper: None) -> None:
    """pytest-django begins a test's transaction here: after what the test starts from stands."""


@pytest.fixture
def standing_for_this_test(
    db: None, standing: Standing, clock: Clock, settings: Any, tmp_path: Path
) -> Things:
    settings.MEDIA_ROOT = tmp_path / "media"
    if not standing.levels:
        return Things({}, clock)
    level = standing.levels[-1]
    shutil.copytree(level.media, settings.MEDIA_ROOT)
    clock.set(level.at)
    return Things(deepcopy(level.things), clock)


def in_order(tests: list[pytest.Item]) -> list[pytest.Item]:
    """Within a file, tests that start from the same stage follow one another; files that take long come first."""
    files = [list(found) for _path, found in groupby(tests, key=lambda test: test.path)]
    files.sort(key=lambda found: found[0].get_closest_marker("long") is None)
    return [test for found in files for test in sorted(found, key=_how_far)]
