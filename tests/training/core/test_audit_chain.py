"""The trail is a chain: whatever is done to it behind the program's back, the check names it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from training.accounts.choices import Role
from training.accounts.models import User
from training.core.actor import SYSTEM
from training.core.audit import record
from training.core.audit_check import Fault, check_trail, check_trails
from training.core.models import AuditChain, AuditEvent

EVENT, CHAIN = AuditEvent._meta.db_table, AuditChain._meta.db_table


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def trail(county: Any) -> list[AuditEvent]:
    """The county's rows, oldest first."""
    return list(AuditEvent.objects.filter(programme_id=county.programme.pk).order_by("pk"))


def found(county: Any) -> list[tuple[Fault, int | None]]:
    mismatches = check_trail(county.programme.pk).mismatches
    return [(mismatch.fault, mismatch.event.pk if mismatch.event else None) for mismatch in mismatches]


def test_every_row_carries_the_hash_of_the_one_before_it(trail: list[AuditEvent]) -> None:
    assert trail[0].previous_hash == ""
    assert [later.previous_hash for later in trail[1:]] == [earlier.row_hash for earlier in trail[:-1]]


def test_a_trail_that_nobody_touched_is_whole(county: Any, other_county: Any, capsys: Any) -> None:
    record(SYSTEM, "account.added", county.user(Role.AUDITOR), odd=(1, 2.5, "字", None, {"b": 1, "a": []}))

    assert [row.mismatches for row in check_trails()] == [[], [], []]
    call_command("check_audit")
    assert "操作记录完整" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor_name", "别人"),
        ("verb", "session.returned"),
        ("subject", "另一期"),
        ("role", "auditor"),
        ("details", '{"reason": "x"}'),
        ("at", "2021-01-01 00:00:00+00:00"),
        ("institution_id", 999),
        ("previous_hash", "0" * 64),
        ("row_hash", "0" * 64),
    ],
)
@pytest.mark.parametrize("place", [0, 5, -1])
def test_a_changed_row_is_named(
    county: Any, trail: list[AuditEvent], column: str, value: Any, place: int
) -> None:
    changed = trail[place].pk
    sql(f"UPDATE {EVENT} SET {column} = %s WHERE id = %s", value, changed)

    assert found(county) == [(Fault.CHANGED, changed)]


@pytest.mark.parametrize("count", [1, 3])
def test_after_removed_rows_the_one_behind_the_gap_is_named(
    county: Any, trail: list[AuditEvent], count: int
) -> None:
    for gone in trail[4 : 4 + count]:
        sql(f"DELETE FROM {EVENT} WHERE id = %s", gone.pk)

    assert found(county) == [(Fault.REMOVED, trail[4 + count].pk)]


def test_a_trail_that_lost_its_first_row_does_not_start_anew(county: Any, trail: list[AuditEvent]) -> None:
    sql(f"DELETE FROM {EVENT} WHERE id = %s", trail[0].pk)

    assert found(county) == [(Fault.REMOVED, trail[1].pk)]


def test_a_trail_cut_short_is_noticed_also_if_its_end_was_set_back(
    county: Any, trail: list[AuditEvent]
) -> None:
    sql(f"DELETE FROM {EVENT} WHERE id >= %s", trail[-2].pk)
    assert found(county) == [(Fault.CUT, None)]

    here = "WHERE programme = %s"
    sql(f"UPDATE {CHAIN} SET last_hash = %s {here}", trail[-3].row_hash, county.programme.pk)
    assert found(county) == [(Fault.CHAIN, None)]

    sql(f"DELETE FROM {CHAIN} {here}", county.programme.pk)
    assert found(county) == [(Fault.CHAIN, None)]


def insert(like: AuditEvent, pk: int, **other: Any) -> None:
    """A row written by hand, under a number of its own."""
    names = [field.column for field in AuditEvent._meta.concrete_fields]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM {EVENT} WHERE id = %s", [like.pk])
        row = dict(zip(names, cursor.fetchone(), strict=True)) | {"id": pk} | other
        holes = ", ".join(["%s"] * len(names))
        cursor.execute(f"INSERT INTO {EVENT} ({', '.join(names)}) VALUES ({holes})", [row[n] for n in names])


def test_an_inserted_row_is_named(county: Any, trail: list[AuditEvent]) -> None:
    place = trail[7].pk
    sql(f"UPDATE {EVENT} SET id = id + 1000 WHERE id >= %s", place)
    insert(trail[2], place, previous_hash=trail[6].row_hash, row_hash="ab" * 32)

    assert found(county) == [(Fault.INSERTED, place)]


def test_a_row_added_at_the_end_by_hand_is_named(county: Any, trail: list[AuditEvent]) -> None:
    end = trail[-1].pk + 1
    insert(trail[2], end, previous_hash=trail[-1].row_hash, row_hash="cd" * 32)

    assert found(county) == [(Fault.INSERTED, end)]


def test_a_genuine_row_told_twice_is_named(county: Any, trail: list[AuditEvent]) -> None:
    end = trail[-1].pk + 1
    insert(trail[3], end)

    assert found(county) == [(Fault.INSERTED, end)]


def test_a_row_moved_to_another_county_is_missed_in_one_and_named_in_the_other(
    county: Any, other_county: Any, trail: list[AuditEvent]
) -> None:
    sql(f"UPDATE {EVENT} SET programme_id = %s WHERE id = %s", other_county.programme.pk, trail[3].pk)

    assert found(county) == [(Fault.REMOVED, trail[4].pk)]
    assert [fault for fault, _event in found(other_county)] == [Fault.INSERTED]


def test_what_is_done_to_one_county_s_trail_does_not_touch_another_s(
    county: Any, other_county: Any, trail: list[AuditEvent]
) -> None:
    sql(f"DELETE FROM {EVENT} WHERE id = %s", trail[3].pk)

    assert found(other_county) == []


def test_the_command_says_which_row_and_fails(county: Any, trail: list[AuditEvent]) -> None:
    sql(f"UPDATE {EVENT} SET actor_name = '别人' WHERE id = %s", trail[5].pk)
    said = StringIO()

    with pytest.raises(CommandError, match="1 处对不上"):
        call_command("check_audit", stdout=said)

    assert f"#{trail[5].pk} " in said.getvalue()
    assert "改过" in said.getvalue()


def test_rows_of_before_the_chain_get_theirs_in_the_order_they_were_written(
    county: Any, other_county: Any
) -> None:
    migration: Any = importlib.import_module("training.core.migrations.0002_audit_chain")
    kept = list(AuditEvent.objects.order_by("pk").values_list("pk", "previous_hash", "row_hash"))
    sql(f"UPDATE {EVENT} SET previous_hash = '', row_hash = ''")
    sql(f"DELETE FROM {CHAIN}")

    migration.chain_existing(apps, None)

    assert list(AuditEvent.objects.order_by("pk").values_list("pk", "previous_hash", "row_hash")) == kept
    assert [row.mismatches for row in check_trails()] == [[], []]
    record(SYSTEM, "programme.loaded", county.programme)
    assert check_trail(county.programme.pk).mismatches == []


def test_a_deed_that_was_undone_leaves_no_gap(county: Any) -> None:
    with transaction.atomic():
        record(SYSTEM, "programme.loaded", county.programme)
        transaction.set_rollback(True)
    record(SYSTEM, "programme.loaded", county.programme)

    assert found(county) == []


def test_one_more_row_costs_three_statements(county: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):  # the chain read and locked, the row, the chain's new end
        record(SYSTEM, "programme.loaded", county.programme)


def everybody_at_once(county: Any, act: Callable[[int], None], count: int = 4) -> None:
    def one(number: int) -> None:
        try:
            act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_rows_written_at_the_same_time_follow_one_another(
    make_county: Callable[..., Any],
) -> None:
    county = make_county(people=0)
    before = AuditEvent.objects.count()

    def write(_number: int) -> None:
        for _row in range(5):
            with transaction.atomic():
                record(SYSTEM, "programme.loaded", county.programme)

    everybody_at_once(county, write)

    assert AuditEvent.objects.count() == before + 20
    assert [row.mismatches for row in check_trails()] == [[]]


@pytest.mark.postgres
@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="row locks: TEST_POSTGRES_URL is not set")
@pytest.mark.django_db(transaction=True)
def test_the_first_row_of_a_trail_may_be_written_twice_at_once() -> None:
    user = User.objects.create(username="new")
    everybody_at_once(None, lambda _number: record(SYSTEM, "account.added", user) and None)

    trail = check_trail(0)
    assert (trail.rows, trail.mismatches) == (4, [])
