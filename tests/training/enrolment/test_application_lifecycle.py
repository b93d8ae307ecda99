"""Whatever people do in whatever order, applications and roster agree."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.training.enrolment.applicants import CLERK, OFFICER, PEOPLE, REVIEWER, apply, open_call, row_of
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.enrolment.choices import ON_ROSTER, ApplicationStatus
from training.enrolment.models import Application
from training.enrolment.registration import (
    accept,
    nominate,
    review,
    withdraw_application,
    withdraw_own,
)
from training.enrolment.services import withdraw_enrolment

R, Q, W, A, X, GONE = (
    ApplicationStatus.RECEIVED,
    ApplicationStatus.QUALIFIED,
    ApplicationStatus.WAITING,
    ApplicationStatus.ACCEPTED,
    ApplicationStatus.REFUSED,
    ApplicationStatus.WITHDRAWN,
)
ALLOWED = {
    (R, Q), (R, X), (R, GONE),
    (Q, A), (Q, W), (Q, X), (Q, GONE),
    (W, A), (W, X), (W, GONE),
    (A, GONE),
}  # fmt: skip
PLACES = 2
SOME = PEOPLE[:4]
chosen = st.sets(st.integers(0, 11))


@pytest.mark.parametrize("start", ApplicationStatus)
@pytest.mark.parametrize("target", ApplicationStatus)
def test_only_these_moves_are_allowed(start: str, target: str) -> None:
    assert Application(status=start).may_enter(target) == ((start, target) in ALLOWED)


@pytest.mark.django_db
def test_applications_and_roster_agree_whatever_happens(make_county: Callable[..., Any]) -> None:
    county = make_county(people=0)
    call = open_call(county, places=PLACES)

    class Registration(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = transaction.atomic()
            self.world.__enter__()
            self.receipts: dict[int, tuple[str, str]] = {}
            self.before: dict[int, str] = {}

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self.world.__exit__(None, None, None)

        def some(self, numbers: set[int]) -> list[int]:
            pks = list(call.applications.order_by("pk").values_list("pk", flat=True))
            return [pk for number, pk in enumerate(pks) if number in numbers]

        @rule(person=st.sampled_from(SOME))
        def apply(self, person: Any) -> None:
            application, receipt = apply(call, person)
            self.receipts[application.pk] = receipt, person.phone[-4:]

        @rule(person=st.sampled_from(SOME))
        def nominate(self, person: Any) -> None:
            with suppress(InvalidInputError), transaction.atomic():
                nominate(call.pk, person=row_of(person, call), actor=county.actor(OFFICER))

        @rule(numbers=chosen, qualified=st.booleans())
        def review(self, numbers: set[int], qualified: bool) -> None:
            review(
                call.pk, self.some(numbers), qualified=qualified, reason="不符", actor=county.actor(REVIEWER)
            )

        @rule(numbers=chosen)
        def accept(self, numbers: set[int]) -> None:
            accept(call.pk, self.some(numbers), actor=county.actor(CLERK))

        @rule(numbers=chosen)
        def withdraw(self, numbers: set[int]) -> None:
            for pk in self.some(numbers)[:2]:
                with suppress(InvalidTransitionError), transaction.atomic():
                    withdraw_application(pk, reason="不来了", actor=county.actor(CLERK))

        @rule(numbers=chosen)
        def withdraw_oneself(self, numbers: set[int]) -> None:
            for pk in self.some(numbers)[:2]:
                if pk in self.receipts:
                    with suppress(InvalidTransitionError), transaction.atomic():
                        withdraw_own(*self.receipts[pk])

        @rule()
        def leave_the_roster(self) -> None:
            place = county.session.enrolments.filter(ON_ROSTER).first()
            if place:
                withdraw_enrolment(place.pk, reason="外出", actor=county.actor(CLERK))

        @invariant()
        def every_move_was_allowed(self) -> None:
            now = dict(call.applications.values_list("pk", "status"))
            moves = {(self.before[pk], status) for pk, status in now.items() if pk in self.before}
            closure = ALLOWED | {(a, c) for a, b in ALLOWED for d, c in ALLOWED if b == d}
            assert {move for move in moves if move[0] != move[1]} <= closure
            self.before = now

        @invariant()
        def places_and_acceptances_are_the_same_people(self) -> None:
            standing = county.session.enrolments.filter(ON_ROSTER)
            accepted = call.applications.filter(status=A)
            assert set(standing.values_list("pk", flat=True)) == set(
                accepted.values_list("enrolment", flat=True)
            )
            assert accepted.count() == standing.count() <= PLACES
            hashes = list(standing.values_list("trainee__id_hash", flat=True))
            assert len(hashes) == len(set(hashes))

        @invariant()
        def whoever_left_has_a_day_and_a_reason(self) -> None:
            gone = county.session.enrolments.exclude(ON_ROSTER)
            assert not gone.filter(withdrawn_at=None).exists()
            assert not gone.filter(withdraw_reason="").exists()

    run_state_machine_as_test(
        Registration,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
