"""The roster is frozen at approval; who comes or goes afterwards stays on record, a few without the bureau."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.accounts.choices import Role
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.demo.people import SyntheticPerson, synthetic_people
from training.enrolment.call_list import people_to_call
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.columns import GROUP, ID_NUMBER, NAME, PHONE, TOWNSHIP, VILLAGE
from training.enrolment.models import RosterChange
from training.enrolment.roster_changes import (
    add_person,
    allowance,
    approve_roster_change,
    changes_left,
    frozen_size,
    remove_person,
)
from training.scheduling.changes import decline_change, withdraw_change
from training.scheduling.models import ChangeRequest
from training.scheduling.running import cancel_session

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER
NEWCOMERS = synthetic_people(20, seed=7)[12:]  # the first twelve are on the roster


def cells(person: SyntheticPerson, **changes: str) -> dict[str, str]:
    return {
        NAME: person.name, ID_NUMBER: person.id_number, PHONE: person.phone, TOWNSHIP: person.township,
        VILLAGE: person.village, GROUP: "农民",
    } | changes  # fmt: skip


def add(county: Any, number: int = 0, *, role: Role = CLERK, **changes: str) -> RosterChange:
    said = cells(NEWCOMERS[number], **changes)
    return add_person(county.session.pk, cells=said, reason="顶替", actor=county.actor(role))


def remove(county: Any, number: int) -> RosterChange:
    place = county.session.enrolments.get(number=number)
    return remove_person(place.pk, reason="住院", actor=county.actor(CLERK))


def on_roster(county: Any) -> list[int]:
    places = county.session.enrolments.exclude(status=EnrolmentStatus.WITHDRAWN)
    return list(places.values_list("number", flat=True))


def test_a_tenth_of_the_roster_changes_at_once_and_stays_on_record(approved: Any) -> None:
    change = remove(approved, 3)

    assert 3 not in on_roster(approved)
    assert (change.kind, change.reason, change.request) == ("removed", "住院", None)
    assert change.effective_at is not None
    assert change.made_by == approved.user(CLERK)
    assert change.enrolment.withdraw_reason == "住院"
    assert frozen_size(approved.session) == 12
    assert changes_left(approved.session) == 0


def test_whoever_is_added_comes_behind_the_last_and_no_number_is_given_twice(approved: Any) -> None:
    change = add(approved)

    assert (change.enrolment.number, change.enrolment.group) == (13, "farmer")
    assert on_roster(approved) == [*range(1, 14)]


def test_beyond_the_share_the_bureau_decides_on_all_of_them_at_once(approved: Any) -> None:
    remove(approved, 3)
    waits = [remove(approved, 4), add(approved)]

    assert len({change.request_id for change in waits}) == 1
    assert (4 in on_roster(approved), 13 in on_roster(approved)) == (True, False)
    request = waits[0].request

    approve_roster_change(request.pk, actor=approved.actor(REVIEWER))

    assert on_roster(approved) == [1, 2, *range(5, 14)]
    assert {RosterChange.objects.get(pk=change.pk).effective_at is None for change in waits} == {False}
    assert frozen_size(approved.session) == 12


@pytest.mark.parametrize("ends", ["declined", "withdrawn"])
def test_without_the_bureaus_consent_nobody_comes_or_goes(approved: Any, ends: str) -> None:
    remove(approved, 3)
    request = add(approved).request
    before = on_roster(approved)

    if ends == "declined":
        decline_change(request.pk, reason="人数够了", actor=approved.actor(REVIEWER))
    else:
        withdraw_change(request.pk, actor=approved.actor(HEAD))

    assert on_roster(approved) == before
    assert ChangeRequest.objects.get(pk=request.pk).status == ends
    assert add(approved).request_id != request.pk  # may be proposed anew


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({ID_NUMBER: "110105194912310021"}, "校验位不对"),
        ({PHONE: "12"}, "手机"),
        ({NAME: ""}, "姓名"),
        ({ID_NUMBER: synthetic_people(1, seed=7)[0].id_number}, "另一个姓名"),
    ],
)
def test_a_person_is_added_by_the_rules_of_a_roster_file(
    approved: Any, changes: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        add(approved, **changes)
    assert len(on_roster(approved)) == 12
    assert not RosterChange.objects.exists()


def test_nobody_is_added_twice_or_asked_for_twice(approved: Any) -> None:
    add(approved)
    with pytest.raises(InvalidInputError, match="已经在名册上"):
        add(approved)
    add(approved, 1)  # waits for the bureau
    with pytest.raises(InvalidInputError, match="在等商务局决定"):
        add(approved, 1)


def test_once_the_class_has_begun_nobody_comes_or_goes(approved: Any, clock: Any) -> None:
    remove(approved, 3)
    request = add(approved).request
    clock.set(datetime(2021, 5, 18, 1, 0, tzinfo=UTC))

    for act in (
        lambda: add(approved, 1),
        lambda: remove(approved, 5),
        lambda: approve_roster_change(request.pk, actor=approved.actor(REVIEWER)),
    ):
        with pytest.raises(InvalidTransitionError, match="已经开课，名册不能再增减"):
            act()


def test_before_approval_the_roster_is_not_frozen_yet(county: Any) -> None:
    with pytest.raises(InvalidTransitionError, match="草稿"):
        add(county)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN, CLERK, HEAD, Role.CLASS_MANAGER}))
def test_only_the_institution_changes_its_roster(approved: Any, role: Role) -> None:
    with pytest.raises((ForbiddenError, NotFoundError)):
        add(approved, role=role)
    place = approved.session.enrolments.get(number=3)
    with pytest.raises((ForbiddenError, NotFoundError)):
        remove_person(place.pk, reason="x", actor=approved.actor(role))


def test_another_institution_does_not_find_the_roster(approved: Any, other_county: Any) -> None:
    place = approved.session.enrolments.get(number=3)
    with pytest.raises(NotFoundError):
        remove_person(place.pk, reason="x", actor=other_county.actor(CLERK))


def test_everybody_concerned_is_called_and_the_look_is_on_record(approved: Any) -> None:
    with pytest.raises(InvalidTransitionError, match="没有要通知的"):
        people_to_call(approved.session.pk, actor=approved.actor(CLERK))
    remove(approved, 3)
    cancel_session(approved.session.pk, reason="洪水", actor=approved.actor(HEAD))

    people = people_to_call(approved.session.pk, actor=approved.actor(CLERK))

    assert [place.number for place in people] == [*range(1, 13)]
    assert all(place.trainee.phone for place in people)
    event = AuditEvent.objects.first()
    assert (event.verb, event.details) == ("call_list.viewed", {"people": 12})


@given(st.integers(0, 10_000), st.integers(0, 100))
def test_the_allowance_is_the_whole_people_within_the_share(frozen: int, percent: int) -> None:
    assert allowance(frozen, percent / 100) == frozen * percent // 100
