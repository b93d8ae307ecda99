"""Nobody is in two places at once: not a trainee, not an instructor, not a station; and no room holds more."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import time, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F

from tests.conftest import CLASS_DAY
from training.accounts.choices import Role
from training.core.errors import InvalidInputError, TrainingError
from training.demo.people import synthetic_people
from training.demo.scenery import (
    add_institution,
    add_instructors,
    add_training_agreement,
    paper,
    plan_farmers_session,
    roster_workbook,
)
from training.enrolment.roster_changes import add_person
from training.enrolment.services import import_roster
from training.institutions.choices import ProofKind
from training.institutions.services import add_proof, refuse_proof
from training.scheduling.choices import SessionStatus
from training.scheduling.errors import ClashError
from training.scheduling.lessons import add_lesson, change_lesson, move_day
from training.scheduling.models import Lesson, Venue
from training.scheduling.services import approve_session, submit_session
from training.stations.models import Station

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER
PEOPLE = synthetic_people(12, seed=7)
"""Those on the county's roster."""


def beside(county: Any, *, days: int = 0) -> Any:
    """Another institution of the county with a session so many days later."""
    institution, staff = add_institution(
        county.programme,
        name="石城县惠民职业培训学校",
        uscc="91360825MA36DEMN7K",
        prefix="beside-",
        bureau=county.actor(Role.BUREAU_HEAD),
    )
    clerk = staff.actor(CLERK)
    instructors = add_instructors(institution, actor=clerk)
    session, _venue = plan_farmers_session(
        institution,
        add_training_agreement(institution, actor=clerk),
        instructors,
        on=CLASS_DAY + timedelta(days=days),
        actor=clerk,
    )
    return replace(
        county, institution=institution, institution_staff=staff, instructors=instructors, session=session
    )


def hand_in(county: Any, people: list[Any]) -> Any:
    data = roster_workbook(people)
    return import_roster(county.session.pk, name="x.xlsx", data=data, actor=county.actor(CLERK))


def submit(county: Any) -> Any:
    return submit_session(county.session.pk, actor=county.actor(HEAD))


def attempt(act: Callable[[], Any]) -> str:
    """What came of it, in a thread of its own."""
    try:
        act()
    except TrainingError as refused:
        return str(refused)
    finally:
        connections.close_all()
    return "done"


# Trainees


def test_who_is_on_a_roster_that_was_handed_in_gets_no_place_at_the_same_time(county: Any) -> None:
    submit(county)

    theirs = hand_in(beside(county), [PEOPLE[0]])

    assert (theirs.accepted, [one["code"] for one in theirs.problems]) == (0, ["taken"])
    assert "另一家机构的一期培训" in theirs.problems[0]["message"]
    assert county.session.code not in theirs.problems[0]["message"]


def test_a_draft_keeps_nobody_but_who_hands_in_second_is_refused_by_name(county: Any) -> None:
    theirs = beside(county)
    assert hand_in(theirs, [PEOPLE[0]]).accepted == 1
    submit(theirs)

    with pytest.raises(ClashError, match=PEOPLE[0].name) as refused:
        submit(county)

    assert refused.value.details["codes"] == ["trainee_taken"]
    assert "其他机构的课次" in str(refused.value)
    county.session.refresh_from_db()
    assert county.session.status == SessionStatus.DRAFT


def test_a_lesson_is_not_moved_onto_the_class_of_somebody_on_the_roster(county: Any) -> None:
    submit(county)
    later = beside(county, days=1)
    assert hand_in(later, [PEOPLE[0]]).accepted == 1

    with pytest.raises(ClashError, match=PEOPLE[0].name):
        move_day(later.session.pk, day=CLASS_DAY + timedelta(days=1), to=CLASS_DAY, actor=later.actor(CLERK))


def test_approval_looks_again(county: Any) -> None:
    theirs = beside(county, days=1)
    hand_in(theirs, [PEOPLE[0]])
    submit(county)
    submit(theirs)
    for lesson in theirs.session.lessons.all():
        earlier = timedelta(days=1)
        theirs.session.lessons.filter(pk=lesson.pk).update(
            on=lesson.on - earlier,
            starts_at=lesson.starts_at - earlier,
            ends_at=lesson.ends_at - earlier,
        )

    with pytest.raises(ClashError, match=PEOPLE[0].name):
        approve_session(county.session.pk, actor=county.actor(REVIEWER))


def test_nobody_joins_a_frozen_roster_who_is_in_another_class_then(approved: Any) -> None:
    theirs = beside(approved)
    stranger = synthetic_people(13, seed=7)[12]
    hand_in(theirs, [stranger])
    submit(theirs)

    cells = {
        "姓名": stranger.name,
        "身份证号": stranger.id_number,
        "手机号": stranger.phone,
        "乡镇": stranger.township,
    }
    with pytest.raises(InvalidInputError, match="不能同时上两个班"):
        add_person(approved.session.pk, cells=cells, reason="补录", actor=approved.actor(CLERK))


# Instructors


@pytest.fixture
def same_person(county: Any) -> Any:
    """The neighbour presents the county's first instructor too: same name, same certificate."""
    theirs = beside(county, days=1)
    known = county.instructors[0].proofs.get()
    add_proof(
        theirs.instructors[0].pk,
        kind=ProofKind.QUALIFICATION,
        number=known.number,
        issuer=known.issuer,
        valid_until=None,
        file=paper("电子商务师资格证书"),
        actor=theirs.actor(CLERK),
    )
    return theirs


def test_one_person_of_two_institutions_teaches_in_one_place_and_nothing_else_is_told(
    county: Any, same_person: Any
) -> None:
    with pytest.raises(ClashError) as refused:
        move_day(
            same_person.session.pk,
            day=CLASS_DAY + timedelta(days=1),
            to=CLASS_DAY,
            actor=same_person.actor(CLERK),
        )

    assert str(refused.value) == f"授课人{county.instructors[0].name}该时段已有其他课程"
    assert refused.value.details["codes"] == ["instructor_elsewhere"]


def test_the_same_certificate_under_another_name_is_another_person(county: Any, same_person: Any) -> None:
    same_person.instructors[0].name = "罗远明"
    same_person.instructors[0].save(update_fields=["name"])

    moved = move_day(
        same_person.session.pk,
        day=CLASS_DAY + timedelta(days=1),
        to=CLASS_DAY,
        actor=same_person.actor(CLERK),
    )
    assert {lesson.on for lesson in moved} == {CLASS_DAY}


def free_evening(county: Any, **changes: Any) -> dict[str, Any]:
    """A plan for an hour in which neither institution teaches."""
    first = county.session.lessons.first()
    plan = {
        "on": CLASS_DAY + timedelta(days=5),
        "start": time(9),
        "end": time(11),
        "topic": first.topic,
        "instructor_id": county.instructors[0].pk,
        "venue_id": first.venue_id,
    }
    return plan | changes


def test_the_database_itself_knows_one_person_of_two_institutions(county: Any, same_person: Any) -> None:
    ours = add_lesson(county.session.pk, **free_evening(county), actor=county.actor(CLERK))
    later = free_evening(same_person, start=time(14), end=time(16))
    theirs = add_lesson(same_person.session.pk, **later, actor=same_person.actor(CLERK))
    assert ours.person == theirs.person == county.instructors[0].pk
    assert {lesson.person for lesson in Lesson.objects.filter(instructor=county.instructors[1])} == {None}

    with pytest.raises(IntegrityError, match="lesson_person_free"), transaction.atomic():
        Lesson.objects.filter(pk=theirs.pk).update(starts_at=ours.starts_at)
    Lesson.objects.filter(pk=theirs.pk).update(starts_at=ours.ends_at)


def test_a_certificate_that_was_refused_makes_nobody_the_same_person_any_more(
    county: Any, same_person: Any
) -> None:
    add_lesson(county.session.pk, **free_evening(county), actor=county.actor(CLERK))
    later = free_evening(same_person, start=time(14), end=time(16))
    theirs = add_lesson(same_person.session.pk, **later, actor=same_person.actor(CLERK))
    shown = same_person.instructors[0].proofs.latest("pk")
    refuse_proof(shown.pk, reason="看不清", actor=county.actor(REVIEWER))

    change_lesson(
        same_person.session.pk, theirs.pk, **free_evening(same_person), actor=same_person.actor(CLERK)
    )

    theirs.refresh_from_db()
    assert theirs.person is None


def test_lessons_that_lay_over_one_another_before_stay_and_only_the_first_is_that_person_s(
    county: Any, same_person: Any
) -> None:
    """As a database of an earlier version may hold them."""
    Lesson.objects.filter(training_session=same_person.session, instructor=same_person.instructors[0]).update(
        on=CLASS_DAY, starts_at=F("starts_at") - timedelta(days=1), ends_at=F("ends_at") - timedelta(days=1)
    )

    import_module("training.scheduling.migrations.0012_one_person").fill(apps, connection.schema_editor())

    both = Lesson.objects.filter(instructor__in=(county.instructors[0], same_person.instructors[0]))
    first, second = both.order_by("starts_at", "pk")
    assert first.starts_at == second.starts_at
    assert (first.person, second.person) == (county.instructors[0].pk, None)


@pytest.mark.postgres
@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="row locks: TEST_POSTGRES_URL is not set")
@pytest.mark.django_db(transaction=True)
def test_of_two_institutions_that_plan_one_person_at_once_the_second_waits_and_is_refused(
    county: Any, same_person: Any
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            add_lesson(county.session.pk, **free_evening(county), actor=county.actor(CLERK))
            rival = pool.submit(
                attempt,
                lambda: add_lesson(
                    same_person.session.pk, **free_evening(same_person), actor=same_person.actor(CLERK)
                ),
            )
            done, _waiting = wait([rival], timeout=0.5)
            assert not done
        assert rival.result() == f"授课人{county.instructors[0].name}该时段已有其他课程"


# Stations and seats


def test_more_places_at_once_than_the_institution_has_stations_are_refused(county: Any) -> None:
    clerk = county.actor(CLERK)
    second, _venue = plan_farmers_session(
        county.institution,
        county.session.agreement,
        add_instructors(county.institution, actor=clerk),
        on=CLASS_DAY,
        actor=clerk,
    )
    other = replace(county, session=second)
    hand_in(other, synthetic_people(3, seed=8))
    Station.objects.create(
        institution=county.institution,
        name="一号机",
        public_key="k" * 44,
        token_hash="t",
        enrolled_at="2021-05-01T00:00Z",
    )
    submit(county)

    with pytest.raises(ClashError, match="在用的签到终端只有 1 台"):
        submit(other)


@pytest.fixture
def small_room(county: Any) -> Any:
    Venue.objects.filter(institution=county.institution).update(seats=11)
    return county


def test_a_roster_larger_than_the_room_is_not_handed_in(small_room: Any) -> None:
    with pytest.raises(ClashError, match=r"名册 12 人.*只容 11 人"):
        submit(small_room)


def test_where_the_programme_only_remarks_on_it_it_is(small_room: Any) -> None:
    rules = small_room.session.rule_set
    rules.body = rules.body | {"planning": rules.body["planning"] | {"seats_are_limit": False}}
    rules.save(update_fields=["body"])

    assert submit(small_room).status == SessionStatus.SUBMITTED
