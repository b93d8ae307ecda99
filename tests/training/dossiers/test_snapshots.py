"""How archives stood when they were last checked: never otherwise than a check made now would say."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from tests.conftest import approve
from tests.training.signing import enrol, hold_and_close, hold_class
from training.accounts.choices import Role
from training.attendance.models import Correction
from training.attendance.queries import counted_scans, signed_in
from training.core import clock as product_clock
from training.core.actor import SYSTEM
from training.demo.scenery import paper
from training.dossiers import snapshots
from training.dossiers.choices import EvidenceKind
from training.dossiers.collecting import add_evidence, withdraw_evidence
from training.dossiers.models import ApprovedTimetable, ItemState
from training.dossiers.queries import check_sessions
from training.dossiers.snapshots import (
    AFFECTED_BY,
    BATCH,
    catch_up,
    catch_up_with_today,
    check_again,
    kept_items,
    mark_news,
    owed_items,
    states,
)
from training.enrolment.services import correct_phone
from training.institutions.choices import ProofKind
from training.institutions.models import Instructor
from training.institutions.services import add_proof, refuse_proof, verify_proof
from training.scheduling.models import Lesson, TrainingSession

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER


@pytest.fixture
def closed(approved: Any, clock: Any) -> Any:
    hold_and_close(approved, clock, absent={11, 12})
    return approved


def kept(county: Any) -> list[tuple[Any, ...]]:
    rows = ItemState.objects.filter(training_session=county.session).order_by("item")
    return [(row.item, row.complete, row.findings, row.owed_by) for row in rows]


def counted_again(county: Any) -> list[tuple[Any, ...]]:
    """What a check says now, past everything that is kept."""
    [(session, items)] = check_sessions(TrainingSession.objects.filter(pk=county.session.pk))
    now = states(session, items, product_clock.today(), {})
    return [(row.item, row.complete, row.findings, row.owed_by) for row in now]


def lacking(county: Any) -> list[str]:
    session = (
        TrainingSession.objects.select_related("institution")
        .prefetch_related("rule_set", "item_states")
        .get(pk=county.session.pk)
    )
    return [finding.message for item in kept_items(session) for finding in item.findings]


def give_proof(county: Any) -> Any:
    return add_proof(
        county.instructors[1].pk,
        kind=ProofKind.QUALIFICATION,
        number="电商师 2020-3607-0999",
        issuer="江西省职业技能鉴定指导中心",
        valid_until=None,
        file=paper("电子商务师资格证书", "姓名：王思敏"),
        actor=county.actor(CLERK),
    )


def give_file(county: Any) -> Any:
    return add_evidence(
        county.session.pk,
        item="A4",
        kind=EvidenceKind.PLAN,
        caption="盖章方案",
        file=paper("培训方案"),
        actor=county.actor(CLERK),
    )


def verified(county: Any) -> None:
    verify_proof(give_proof(county).pk, actor=county.actor(REVIEWER))


def refused(county: Any) -> None:
    proof = county.instructors[0].proofs.get()
    refuse_proof(proof.pk, reason="看不清", actor=county.actor(REVIEWER))


def phone_gone(county: Any) -> None:
    place = county.session.enrolments.first()
    place.trainee.phone = ""
    place.trainee.save(update_fields=["phone"])
    other = county.session.enrolments.last()
    correct_phone(other.pk, phone="13900001111", actor=county.actor(CLERK))


def withdrawn(county: Any) -> None:
    photo = give_file(county)
    withdraw_evidence(photo.pk, reason="传错了", actor=county.actor(CLERK))


ACTS: dict[str, Callable[[Any], Any]] = {
    "a proof is handed in": give_proof,
    "a proof is verified": verified,
    "a proof is refused": refused,
    "a file is handed in": give_file,
    "a file is withdrawn": withdrawn,
    "somebody's phone is corrected": phone_gone,
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_whatever_is_done_what_is_kept_is_what_a_check_says(closed: Any, act: Callable[[Any], Any]) -> None:
    catch_up(SYSTEM)
    assert kept(closed) == counted_again(closed)

    act(closed)
    catch_up(SYSTEM)

    assert kept(closed) == counted_again(closed)


def test_from_approval_to_the_closed_class_it_keeps_up(approved: Any, clock: Any) -> None:
    catch_up(SYSTEM)
    assert kept(approved) == counted_again(approved)

    hold_and_close(approved, clock, absent={11, 12})
    catch_up(SYSTEM)

    assert kept(approved) == counted_again(approved)
    assert lacking(approved) == ["缺 A3：授课人王思敏（第2课次）无资质证明"]


def test_what_stations_send_is_looked_at_with_the_minute_s_work(approved: Any, clock: Any) -> None:
    """No act is recorded when a station hands in its events."""
    catch_up(SYSTEM)
    hold_class(approved, clock)

    mark_news()
    assert catch_up(SYSTEM) == 1
    mark_news()
    assert catch_up(SYSTEM) == 0
    assert kept(approved) == counted_again(approved)


def test_another_day_makes_things_due(approved: Any, clock: Any) -> None:
    catch_up(SYSTEM)
    owed = owed_items(approved.actor(CLERK)).values_list("item", flat=True)
    assert list(owed) == ["A3"]

    clock.advance(days=2)
    assert catch_up_with_today() == 1
    assert catch_up_with_today() == 0

    assert list(owed.all()) == ["A3", "A8", "A9"]
    assert kept(approved) == counted_again(approved)


# Since when, by when, by whom


def test_since_when_something_is_missing_does_not_move_while_it_is(approved: Any, clock: Any) -> None:
    catch_up(SYSTEM)
    first = product_clock.today()
    clock.advance(days=40)
    catch_up_with_today()

    by_item = dict(owed_items(SYSTEM).values_list("item", "since"))
    assert by_item == {"A3": first, "A8": first, "A9": first}  # the class was on that day


def test_what_was_whole_and_is_not_any_more_is_missing_since_then(closed: Any, clock: Any) -> None:
    catch_up(SYSTEM)
    clock.advance(days=3)
    closed.session.evidence.update(caption="")
    check_again([closed.session.pk])

    assert ItemState.objects.get(item="A9").since == product_clock.today()


def test_the_deadline_is_so_many_days_after_the_last_class(closed: Any) -> None:
    catch_up(SYSTEM)

    assert set(ItemState.objects.values_list("due_on", flat=True)) == {date(2021, 5, 18) + timedelta(days=30)}


def test_a_proof_that_is_in_waits_for_the_bureau_and_no_longer_for_the_institution(closed: Any) -> None:
    catch_up(SYSTEM)
    a3 = ItemState.objects.get(item="A3")
    assert a3.owed_by == "institution"

    give_proof(closed)
    catch_up(SYSTEM)

    a3.refresh_from_db()
    assert a3.owed_by == "bureau"


def test_another_county_s_archives_are_nobody_s_here(closed: Any, other_county: Any) -> None:
    catch_up(SYSTEM)

    assert owed_items(other_county.actor(CLERK)).count() == 0
    assert owed_items(closed.actor(CLERK)).count() == 1


def test_a_draft_owes_nothing_yet(county: Any) -> None:
    assert catch_up(SYSTEM) == 0
    assert ItemState.objects.count() == 0


def test_a_complete_item_that_lacks_something_is_refused_by_the_database(closed: Any) -> None:
    catch_up(SYSTEM)

    with pytest.raises(IntegrityError), transaction.atomic():
        ItemState.objects.filter(item="A3").update(complete=True)


# What leads where


def test_every_path_by_which_an_act_reaches_a_session_exists() -> None:
    for label, path in AFFECTED_BY.items():
        model = apps.get_model(label)
        keys = TrainingSession.objects.filter(**{path: model._default_manager.none().values("pk")[:1]})
        assert list(keys.order_by().values("pk")) == [], label


def test_an_act_costs_two_queries_more_and_one_that_touches_no_archive_none(
    closed: Any, django_assert_num_queries: Any
) -> None:
    catch_up(SYSTEM)
    with django_assert_num_queries(2):
        snapshots.mark("institutions.Instructor", str(closed.instructors[0].pk))
    with django_assert_num_queries(0):
        snapshots.mark("accounts.User", "1")


@pytest.mark.postgres
@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="row locks: TEST_POSTGRES_URL is not set")
@pytest.mark.django_db(transaction=True)
def test_what_is_done_while_a_marked_archive_is_checked_is_checked_afterwards(
    county: Any, clock: Any
) -> None:
    closed = approve(county, clock)
    hold_and_close(closed, clock, absent={11, 12})
    catch_up(SYSTEM)
    snapshots.mark("scheduling.TrainingSession", str(closed.session.pk))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            check_again([closed.session.pk])
            act = pool.submit(in_a_connection_of_its_own, lambda: refused(closed))
            done, _waiting = wait([act], timeout=0.5)
            assert not done
        act.result()

    assert ItemState.objects.filter(training_session=closed.session, stale=True).exists()
    catch_up(SYSTEM)
    assert kept(closed) == counted_again(closed)


def in_a_connection_of_its_own(act: Callable[[], None]) -> None:
    try:
        act()
    finally:
        connection.close()


def test_who_signed_in_is_the_same_asked_for_many_as_asked_for_the_register(closed: Any) -> None:
    """Also where a record was taken back, by hand or by the station."""
    event = closed.session.events.filter(kind="sign_in").first()
    Correction.objects.create(
        training_session=closed.session, lesson=event.lesson, kind="void", source="error", voids=event,
        reason="误签", status="approved", proposed_by=closed.user(CLERK), proposed_at=event.captured_at,
        decided_by=closed.user(HEAD), decided_at=event.captured_at,
    )  # fmt: skip
    Correction.objects.create(
        training_session=closed.session, lesson=event.lesson, kind="sign_in", source="make_up",
        enrolment=closed.session.enrolments.last(), happened_at=event.captured_at, reason="没带卡",
        status="approved", proposed_by=closed.user(CLERK), proposed_at=event.captured_at,
        decided_by=closed.user(HEAD), decided_at=event.captured_at,
    )  # fmt: skip
    scans = counted_scans([closed.session])

    assert signed_in([closed.session]) == {
        enrolment: {scan.lesson for scan in rows if scan.kind == "sign_in"}
        for enrolment, rows in scans.items()
        if any(scan.kind == "sign_in" for scan in rows)
    }


# The approved timetable


def test_approval_keeps_the_timetable_and_what_is_moved_past_the_bureau_is_named(closed: Any) -> None:
    lessons = ApprovedTimetable.objects.get().lessons
    assert [(row["sequence"], row["instructor_name"]) for row in lessons] == [(1, "罗明远"), (2, "王思敏")]

    first = closed.session.lessons.first()
    Lesson.objects.filter(pk=first.pk).update(instructor=Instructor.objects.get(name="王思敏"))
    check_again([closed.session.pk])

    assert "A5：第1课次实际授课人与批准不一致且无变更批复" in lacking(closed)


# Many


def test_checking_twice_writes_nothing_the_second_time(
    closed: Any, django_assert_max_num_queries: Any
) -> None:
    check_again([closed.session.pk])
    before = list(ItemState.objects.order_by("pk").values("pk", "findings", "since"))

    with django_assert_max_num_queries(36):
        check_again([closed.session.pk])

    assert list(ItemState.objects.order_by("pk").values("pk", "findings", "since")) == before


def test_the_command_checks_all_in_batches_and_goes_on_where_it_broke_off(
    closed: Any, make_county: Any, clock: Any
) -> None:
    said = StringIO()
    call_command("check_archives", batch=1, stdout=said)
    assert "done: 1" in said.getvalue()

    again = StringIO()
    call_command("check_archives", resume=True, stdout=again)
    assert "done: 0" in again.getvalue()
    clock.advance(days=1)
    call_command("check_archives", resume=True, stdout=again)
    assert "done: 1" in again.getvalue()
    assert BATCH == 200


def test_a_closed_class_with_an_enrolled_station_is_checked_without_its_station(closed: Any) -> None:
    enrol(closed, "备用终端")
    catch_up(SYSTEM)

    assert kept(closed) == counted_again(closed)
