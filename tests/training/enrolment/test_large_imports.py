"""Rosters that nobody waits for: in the background, with progress, stopped, broken off and gone on with."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from tests.training.enrolment.rosters import changed, line, workbook
from training.accounts.choices import Role
from training.core.actor import SYSTEM
from training.core.errors import ForbiddenError, InvalidTransitionError, NotFoundError
from training.demo.people import synthetic_people
from training.demo.scenery import roster_workbook
from training.enrolment.choices import ImportStatus
from training.enrolment.handed_in import marked_roster
from training.enrolment.models import Enrolment, RosterImport
from training.enrolment.queries import is_stalled
from training.enrolment.services import (
    AT_ONCE,
    CHUNK,
    cancel_import,
    import_roster,
    mark_ahead,
    resume_import,
    take_rows,
)
from training.people.models import Trainee
from training.scheduling.models import Venue
from training.scheduling.services import submit_session

CLERK = Role.INSTITUTION_CLERK
PEOPLE = synthetic_people(2 * CHUNK + 30, seed=5)
MOST_QUERIES_A_CHUNK = 55  # SQLite takes a hundred people a statement; PostgreSQL needs a third of this


class KilledError(BaseException):
    """The worker is gone: no handler runs any more."""


@pytest.fixture
def unrostered(make_county: Callable[..., Any]) -> Any:
    return make_county(people=0)


def hand_in(county: Any, data: bytes) -> RosterImport:
    """The request of a person; no worker runs."""
    return import_roster(county.session.pk, name="名册.xlsx", data=data, actor=county.actor(CLERK))


def take(imported: RosterImport) -> RosterImport:
    """What a worker does."""
    take_rows(imported.pk, actor=SYSTEM)
    imported.refresh_from_db()
    return imported


def die_after(queries: int, imported: RosterImport) -> None:
    """A worker that is killed in the middle of its work, if it takes that long."""
    left = queries

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= 1
        if left == -1:
            raise KilledError
        return execute(sql, params, many, context)

    with suppress(KilledError), connection.execute_wrapper(wrapper):
        take_rows(imported.pk, actor=SYSTEM)
    imported.refresh_from_db()


def take_one_chunk(imported: RosterImport) -> None:
    """A worker that is killed when it has kept its first chunk."""
    kept = False

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal kept
        if kept and "SAVEPOINT" not in sql:
            raise KilledError
        kept = kept or sql.startswith('UPDATE "enrolment_rosterimport"')
        return execute(sql, params, many, context)

    with pytest.raises(KilledError), connection.execute_wrapper(wrapper):
        take_rows(imported.pk, actor=SYSTEM)
    imported.refresh_from_db()
    assert imported.done == CHUNK


def roster(county: Any) -> list[tuple[int, str]]:
    places = county.session.enrolments.order_by("number").select_related("trainee")
    return [(place.number, place.trainee.id_number) for place in places]


def everybody() -> list[tuple[int, str]]:
    return [(number, person.id_number) for number, person in enumerate(PEOPLE, 1)]


def test_a_small_file_is_done_at_once_and_a_larger_one_in_the_background(
    unrostered: Any, django_capture_on_commit_callbacks: Any
) -> None:
    small = hand_in(unrostered, roster_workbook(PEOPLE[:AT_ONCE]))
    assert (small.status, small.accepted) == (ImportStatus.DONE, AT_ONCE)

    with django_capture_on_commit_callbacks() as later:
        large = hand_in(unrostered, roster_workbook(PEOPLE[: AT_ONCE + 1]))
    assert (large.status, large.done, large.total) == (ImportStatus.RUNNING, 0, AT_ONCE + 1)

    for task in later:
        task()
    large.refresh_from_db()
    assert (large.status, large.accepted, large.unchanged) == (ImportStatus.DONE, 1, AT_ONCE)


def ten_thousand() -> bytes:
    """Among them two hundred wrong numbers; written without styles, as other programs do."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    sheet.append(["序号", "姓名", "性别", "身份证号", "手机号", "乡镇", "村", "类别"])
    for number, person in enumerate(synthetic_people(10_000, seed=3), 1):
        sheet.append(changed(person, "身份证号", "123") if number % 50 == 0 else line(person, number))
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_ten_thousand_rows_cost_a_fixed_number_of_queries_a_chunk(unrostered: Any) -> None:
    imported = hand_in(unrostered, ten_thousand())
    with CaptureQueriesContext(connection) as asked:
        take(imported)

    assert (imported.status, imported.accepted, len(imported.problems)) == (ImportStatus.DONE, 9_800, 200)
    assert len(asked) <= 10_000 // CHUNK * MOST_QUERIES_A_CHUNK + 10
    assert Trainee.objects.count() == Enrolment.objects.count() == 9_800


@pytest.mark.parametrize("seed", range(6))
def test_a_worker_that_dies_anywhere_leaves_an_import_that_goes_on_and_adds_nobody_twice(
    unrostered: Any, seed: int
) -> None:
    chance = random.Random(seed)
    imported = hand_in(unrostered, roster_workbook(PEOPLE))
    for _death in range(3):
        die_after(chance.randrange(3, 40), imported)
        assert imported.done == unrostered.session.enrolments.count()

    take(imported)
    assert (imported.status, imported.accepted, imported.done) == (
        ImportStatus.DONE,
        len(PEOPLE),
        len(PEOPLE),
    )
    assert roster(unrostered) == everybody()
    assert (imported.problems, imported.unchanged) == ([], 0)
    take(imported)  # a second worker had the same task
    assert roster(unrostered) == everybody()


def test_duplicates_are_told_apart_also_behind_the_place_where_it_broke_off(unrostered: Any) -> None:
    imported = hand_in(unrostered, roster_workbook([*PEOPLE[:CHUNK], PEOPLE[0], PEOPLE[CHUNK]]))
    take_one_chunk(imported)
    take(imported)
    assert [(problem["row"], problem["code"]) for problem in imported.problems] == [(CHUNK + 3, "duplicate")]


def test_what_is_stopped_stays_stopped_until_somebody_goes_on(unrostered: Any) -> None:
    imported = hand_in(unrostered, roster_workbook(PEOPLE))
    take_one_chunk(imported)
    clerk = unrostered.actor(CLERK)

    cancel_import(imported.pk, actor=clerk)
    assert (take(imported).status, imported.done) == (ImportStatus.CANCELLED, CHUNK)
    assert len(roster(unrostered)) == CHUNK

    resume_import(imported.pk, actor=clerk)
    assert take(imported).status == ImportStatus.DONE
    assert roster(unrostered) == everybody()


def test_an_import_whose_worker_is_gone_is_seen_to_stand_still(unrostered: Any, clock: Any) -> None:
    imported = hand_in(unrostered, roster_workbook(PEOPLE))
    assert not is_stalled(imported)
    clock.advance(minutes=3)
    assert is_stalled(imported)
    assert not is_stalled(resume_import(imported.pk, actor=unrostered.actor(CLERK)))


def test_a_roster_that_is_frozen_meanwhile_takes_nobody_more_and_says_why(unrostered: Any) -> None:
    Venue.objects.update(seats=CHUNK)
    imported = hand_in(unrostered, roster_workbook(PEOPLE))
    take_one_chunk(imported)
    submit_session(unrostered.session.pk, actor=unrostered.actor(Role.INSTITUTION_HEAD))

    take(imported)
    assert (imported.status, imported.accepted) == (ImportStatus.FAILED, CHUNK)
    assert "冻结" in imported.failure
    assert len(roster(unrostered)) == CHUNK


def test_a_file_that_the_disk_lost_ends_the_import_where_a_person_sees_it(
    unrostered: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as later:
        imported = hand_in(unrostered, roster_workbook(PEOPLE))
    imported.file.file.storage.delete(imported.file.file.name)
    for task in later:
        task()
    imported.refresh_from_db()
    assert (imported.status, imported.failure) == (ImportStatus.FAILED, "FileNotFoundError")


def test_the_marked_copy_of_a_large_file_is_ready_before_somebody_asks(unrostered: Any) -> None:
    rows = [line(person, number) for number, person in enumerate(PEOPLE[:AT_ONCE], 1)]
    imported = hand_in(unrostered, workbook(*rows, changed(PEOPLE[AT_ONCE], "身份证号", "1")))
    take(imported)
    made = marked_roster(imported)
    mark_ahead(imported.pk, actor=SYSTEM)
    imported.refresh_from_db()
    assert imported.marked.sensitive
    assert len(marked_roster(imported)) == pytest.approx(len(made), abs=200)


@pytest.mark.parametrize("act", [cancel_import, resume_import])
def test_only_the_institution_stops_and_goes_on(unrostered: Any, make_county: Any, act: Any) -> None:
    imported = hand_in(unrostered, roster_workbook(PEOPLE))
    stranger = make_county("YF-2020", "永丰县", "91360825MA36DEMN7K", people=0)

    with pytest.raises(ForbiddenError):
        act(imported.pk, actor=unrostered.actor(Role.BUREAU_REVIEWER))
    with pytest.raises(NotFoundError):
        act(imported.pk, actor=stranger.actor(CLERK))
    imported.refresh_from_db()
    assert imported.status == ImportStatus.RUNNING


def test_a_finished_import_can_be_neither_stopped_nor_gone_on_with(unrostered: Any) -> None:
    imported = hand_in(unrostered, roster_workbook(PEOPLE[:3]))
    for act in (cancel_import, resume_import):
        with pytest.raises(InvalidTransitionError):
            act(imported.pk, actor=unrostered.actor(CLERK))


@pytest.mark.postgres
@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="row locks: TEST_POSTGRES_URL is not set")
@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_file_and_one_with_another_give_everybody_one_place(
    unrostered: Any,
) -> None:
    first = hand_in(unrostered, roster_workbook(PEOPLE))
    second = hand_in(unrostered, roster_workbook(PEOPLE[::-1]))

    def work(pk: int) -> None:
        try:
            take_rows(pk, actor=SYSTEM)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, [first.pk, first.pk, second.pk]))
    first.refresh_from_db()
    second.refresh_from_db()

    assert first.accepted + second.accepted == len(PEOPLE)
    assert first.unchanged + second.unchanged == len(PEOPLE)
    assert [number for number, _id in roster(unrostered)] == list(range(1, len(PEOPLE) + 1))
    assert sorted(one for _number, one in roster(unrostered)) == sorted(person.id_number for person in PEOPLE)
