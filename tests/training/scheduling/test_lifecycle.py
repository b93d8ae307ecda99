"""Whatever people do in whatever order, a session's life follows lifecycle C and nothing is changed too late.

The machine keeps its own idea of the session, far simpler than the program's, and compares after each step.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from training.accounts.choices import Role
from training.core.errors import TrainingError
from training.core.models import AuditEvent
from training.demo.people import synthetic_people
from training.dossiers.services import close_session
from training.enrolment.choices import ON_ROSTER
from training.enrolment.columns import ID_NUMBER, NAME, PHONE
from training.enrolment.roster_changes import (
    add_person,
    approve_roster_change,
    changes_in_force,
    frozen_size,
    remove_person,
)
from training.scheduling.changes import (
    approve_lesson_change,
    decline_change,
    request_lesson_change,
    withdraw_change,
)
from training.scheduling.choices import ChangeKind, ChangeStatus
from training.scheduling.models import ChangeRequest, Lesson
from training.scheduling.running import begin_due_sessions, cancel_session, stop_session
from training.scheduling.services import approve_session, return_session, submit_session

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
START = datetime(
    2021, 5, 17, 22, 0, tzinfo=UTC
)  # 06:00 of the class day, three hours before the first lesson
PEOPLE = synthetic_people(30, seed=7)[12:]

ALLOWED = {
    ("draft", "submitted"),
    ("draft", "cancelled"),
    ("submitted", "returned"),
    ("submitted", "approved"),
    ("submitted", "cancelled"),
    ("returned", "submitted"),
    ("returned", "cancelled"),
    ("approved", "running"),
    ("approved", "cancelled"),
    ("running", "stopped"),
    ("running", "closed"),
    ("approved", "stopped"),  # by way of running: the stop notices that it has begun
    ("approved", "closed"),  # the same at the close
}
FROZEN = {"approved", "running", "closed", "stopped", "cancelled"}


class SessionLife(RuleBasedStateMachine):
    """`county` and `clock` are given by the test below."""

    county: Any
    clock: Any

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.clock.set(START)
        self.newcomer = 0
        self.status = "draft"
        self.people: int | None = None  # on the roster when it was frozen
        self.rows: dict[int, tuple[Any, ...]] = {}

    # What happens

    @initialize(stage=st.sampled_from([0, 1, 2, 2, 2]))
    def it_stands_somewhere(self, stage: int) -> None:
        """Most of what can go wrong goes wrong after approval: not every run begins with a draft."""
        for act in ("submit", "approve")[:stage]:
            self.act(act)
            self.only_allowed_moves_happen()

    @rule(minutes=st.sampled_from([30, 90, 3 * 60, 6 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.clock.set(self.now)

    @rule()
    def the_minute_s_work(self) -> None:
        self.attempt(lambda: begin_due_sessions(actor=self.actor(CHIEF)))

    @rule(
        act=st.sampled_from(["submit", "submit", "approve", "approve", "return", "cancel", "stop", "close"])
    )
    def somebody_acts(self, act: str) -> None:
        self.act(act)

    def act(self, act: str) -> None:
        pk = self.county.session.pk
        acts: dict[str, Callable[[], Any]] = {
            "submit": lambda: submit_session(pk, actor=self.actor(HEAD)),
            "return": lambda: return_session(pk, reason="补正", actor=self.actor(REVIEWER)),
            "approve": lambda: approve_session(pk, actor=self.actor(REVIEWER)),
            "cancel": lambda: cancel_session(pk, reason="取消", actor=self.actor(HEAD)),
            "stop": lambda: stop_session(pk, reason="中止", actor=self.actor(CHIEF)),
            "close": lambda: close_session(pk, actor=self.actor(CLERK)),
        }
        self.attempt(acts[act])

    @precondition(lambda self: self.status in ("approved", "running"))
    @rule(
        number=st.integers(1, 2),
        day=st.integers(2, 5),
        hour=st.sampled_from([8, 11, 14, 17]),
        teacher=st.integers(0, 1),
    )
    def a_lesson_is_asked_to_move(self, number: int, day: int, hour: int, teacher: int) -> None:
        lesson = self.county.session.lessons.get(sequence=number)
        begun = lesson.starts_at <= self.now
        change = self.attempt(
            lambda: request_lesson_change(
                lesson.pk,
                on=date(2021, 5, 16) + timedelta(days=day),
                start=time(hour),
                end=time(hour + 2),
                instructor_id=self.county.instructors[teacher].pk,
                venue_id=lesson.venue_id,
                reason="调整",
                actor=self.actor(CLERK),
            )
        )
        assert not (change and begun), "a lesson that has begun was asked to move"

    @precondition(lambda self: self.status in ("approved", "running"))
    @rule(leaves=st.booleans())
    def somebody_comes_or_leaves(self, leaves: bool) -> None:
        begun = self.first_lesson().starts_at <= self.now
        change = self.attempt(self.remove if leaves else self.add)
        assert not (change and begun), "the roster changed after the class had begun"

    def remove(self) -> Any:
        place = self.county.session.enrolments.filter(ON_ROSTER).last()
        return remove_person(place.pk, reason="退出", actor=self.actor(CLERK))

    def add(self) -> Any:
        self.newcomer = (self.newcomer + 1) % len(PEOPLE)
        person = PEOPLE[self.newcomer]
        cells = {NAME: person.name, ID_NUMBER: person.id_number, PHONE: person.phone}
        return add_person(self.county.session.pk, cells=cells, reason="加入", actor=self.actor(CLERK))

    @rule(decision=st.sampled_from(["approve", "decline", "withdraw"]))
    def a_change_is_decided(self, decision: str) -> None:
        change = ChangeRequest.objects.filter(status=ChangeStatus.REQUESTED).order_by("pk").first()
        if change is None:
            return
        approve = approve_roster_change if change.kind == ChangeKind.ROSTER else approve_lesson_change
        begun = change.lesson and change.lesson.starts_at <= self.now
        decide: dict[str, Callable[[], Any]] = {
            "approve": lambda: approve(change.pk, actor=self.actor(REVIEWER)),
            "decline": lambda: decline_change(change.pk, reason="不行", actor=self.actor(REVIEWER)),
            "withdraw": lambda: withdraw_change(change.pk, actor=self.actor(HEAD)),
        }
        done = self.attempt(decide[decision])
        assert not (done and begun and decision == "approve"), "a lesson moved after it had begun"

    # What must hold

    @invariant()
    def only_allowed_moves_happen(self) -> None:
        self.county.session.refresh_from_db()
        status = self.county.session.status
        assert status == self.status or (self.status, status) in ALLOWED, f"{self.status} → {status}"
        if self.status != status == "approved":
            self.people = self.county.session.enrolments.filter(ON_ROSTER).count()
        self.status = status

    @invariant()
    def every_change_of_the_roster_is_on_its_list(self) -> None:
        if self.people is not None:
            assert frozen_size(self.county.session) == self.people

    @invariant()
    def an_approved_timetable_moves_by_approved_changes_only(self) -> None:
        rows = {
            row.pk: (row.starts_at, row.ends_at, row.instructor_id, row.venue_id)
            for row in self.county.session.lessons.all()
        }
        if self.status in FROZEN and self.rows:
            for pk, stands in rows.items():
                last = (
                    ChangeRequest.objects.filter(lesson=pk, status="approved")
                    .order_by("decided_at", "pk")
                    .last()
                )
                wanted = (last.starts_at, last.ends_at, last.instructor_id, last.venue_id) if last else None
                assert stands == (wanted or self.rows[pk])
        elif self.status not in FROZEN:
            self.rows = rows

    @invariant()
    def lessons_of_a_session_never_overlap(self) -> None:
        spans = sorted(self.county.session.lessons.values_list("starts_at", "ends_at"))
        assert all(one[1] <= other[0] for one, other in pairwise(spans))

    @invariant()
    def nothing_waits_for_a_session_that_is_off(self) -> None:
        if self.status in ("cancelled", "stopped"):
            assert not self.county.session.change_requests.filter(status=ChangeStatus.REQUESTED).exists()

    @invariant()
    def every_step_is_in_the_trail(self) -> None:
        verbs = AuditEvent.objects.filter(subject_type="scheduling.TrainingSession").values_list(
            "verb", flat=True
        )
        for status in ("submitted", "returned", "approved", "cancelled", "stopped", "closed"):
            assert status != self.status or f"session.{status}" in set(verbs)

    # How

    def actor(self, role: Role) -> Any:
        return self.county.actor(role)

    def first_lesson(self) -> Lesson:
        return self.county.session.lessons.order_by("starts_at").first()

    def attempt(self, act: Callable[[], Any]) -> Any:
        """What it gave, or None: a refusal leaves nothing behind."""
        before = (AuditEvent.objects.count(), changes_in_force(self.county.session).count())
        try:
            with transaction.atomic():
                return act()
        except TrainingError:
            assert before == (AuditEvent.objects.count(), changes_in_force(self.county.session).count())
            return None


@pytest.mark.django_db
def test_a_session_s_life_with_its_changes(county: Any, clock: Any) -> None:
    """Every run of the machine starts from the same draft: what it did is undone by a savepoint."""

    class Run(SessionLife):
        def __init__(self) -> None:
            self.county, self.clock = county, clock
            self.savepoint = transaction.savepoint()
            county.session.refresh_from_db()
            super().__init__()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.savepoint)
            county.session.refresh_from_db()

    run_state_machine_as_test(
        Run,
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
