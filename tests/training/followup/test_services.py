"""What became of the trainees: contacts that are owed, outcomes that somebody else verifies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.core import clock as product_clock
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.files import read
from training.core.models import AuditEvent, StoredFile
from training.demo.scenery import paper
from training.followup.choices import ContactMethod, ContactResult, EvidenceGrade, OutcomeKind
from training.followup.models import Contact, FollowUp, Outcome
from training.followup.queries import open_follow_ups
from training.followup.services import claim_outcome, log_contact, verify_outcome
from training.reporting.queries import follow_up_figures

OFFICER, REVIEWER = Role.FOLLOW_UP, Role.BUREAU_REVIEWER


@pytest.fixture
def closed(approved: Any, clock: Any) -> Any:
    """Ten of twelve completed."""
    hold_and_close(approved, clock, absent={11, 12})
    return approved


def state() -> list[Any]:
    models = (FollowUp, Contact, Outcome, StoredFile, AuditEvent)
    return [list(model.objects.order_by("pk").values()) for model in models]


def call(county: Any, result: ContactResult, role: Role = OFFICER) -> Contact:
    follow_up = FollowUp.objects.order_by("due_on", "pk").first()
    return log_contact(follow_up.pk, method=ContactMethod.PHONE, result=result, actor=county.actor(role))


def outcome(county: Any, **changes: Any) -> Outcome:
    details = {
        "kind": OutcomeKind.STARTED_UP,
        "started_on": product_clock.today(),
        "grade": EvidenceGrade.OFFICIAL,
        "description": "开了网店，卖脐橙",
        "file": paper("营业执照"),
        "actor": county.actor(OFFICER),
    }
    enrolment = changes.pop("enrolment", None) or county.session.enrolments.first()
    return claim_outcome(enrolment.pk, **details | changes)


@pytest.mark.parametrize(
    ("result", "settles"),
    [
        (ContactResult.REACHED, True),
        (ContactResult.FAMILY, True),
        (ContactResult.DENIED, True),
        (ContactResult.NO_ANSWER, False),
        (ContactResult.WRONG_NUMBER, False),
    ],
)
def test_a_contact_settles_what_was_owed_only_if_somebody_answered(
    closed: Any, result: ContactResult, settles: bool
) -> None:
    owed = open_follow_ups(closed.actor(OFFICER)).count()

    contact = call(closed, result)

    assert (contact.follow_up.done_at is not None) is settles
    assert open_follow_ups(closed.actor(OFFICER)).count() == owed - settles
    assert contact.made_by == closed.user(OFFICER)


def test_the_longest_overdue_comes_first(closed: Any) -> None:
    days = [follow_up.day for follow_up in open_follow_ups(closed.actor(OFFICER))]

    assert days == [30] * 10 + [90] * 10 + [180] * 10


def test_an_outcome_is_claimed_with_its_evidence_which_lies_encrypted(closed: Any) -> None:
    made = outcome(closed)

    assert (made.status, made.claimed_by, made.verified_by) == ("claimed", closed.user(OFFICER), None)
    assert made.file.sensitive
    assert read(made.file) == paper("营业执照")[1]


@pytest.mark.parametrize(
    "change",
    [
        lambda county: {"enrolment": county.session.enrolments.last()},
        lambda county: {"started_on": product_clock.today() + timedelta(days=1)},
        lambda county: {"file": ("执照.pdf", b"no PDF")},
    ],
    ids=["somebody who did not complete", "a day to come", "a file that is none"],
)
def test_an_outcome_that_can_not_be_is_refused_and_nothing_kept(
    closed: Any, change: Callable[[Any], Any]
) -> None:
    before = state()

    with pytest.raises(InvalidInputError):
        outcome(closed, **change(closed))
    assert state() == before


def test_somebody_else_verifies_and_it_counts(closed: Any) -> None:
    made = outcome(closed)
    declared = outcome(closed, grade=EvidenceGrade.DECLARED, enrolment=closed.session.enrolments.all()[1])

    for row in (made, declared):
        verified = verify_outcome(row.pk, accept=True, actor=closed.actor(REVIEWER))
        assert (verified.status, verified.verified_by) == ("verified", closed.user(REVIEWER))

    assert follow_up_figures(closed.programme, closed.actor(OFFICER)) == {
        "follow_ups": 30,
        "follow_ups_done": 0,
        "outcomes": 2,
        "outcomes_verified": 1,  # 本人申报 does not count towards the indicator
    }


def test_a_rejected_outcome_counts_for_nothing(closed: Any) -> None:
    rejected = verify_outcome(outcome(closed).pk, accept=False, actor=closed.actor(REVIEWER))

    assert rejected.status == "rejected"
    assert follow_up_figures(closed.programme, closed.actor(OFFICER))["outcomes_verified"] == 0


def test_ac33_nobody_verifies_what_they_claimed_themselves(closed: Any) -> None:
    made = outcome(closed)
    before = state()

    for actor in (closed.actor(OFFICER), replace(closed.actor(REVIEWER), user_id=closed.user(OFFICER).pk)):
        with pytest.raises(ForbiddenError):
            verify_outcome(made.pk, accept=True, actor=actor)
    with pytest.raises(IntegrityError), transaction.atomic():
        Outcome.objects.update(verified_by=closed.user(OFFICER))
    assert state() == before


@pytest.mark.parametrize("role", [Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.AUDITOR])
def test_ac33_an_institution_whose_rate_depends_on_it_does_nothing_here(closed: Any, role: Role) -> None:
    made = outcome(closed)
    before = state()

    with pytest.raises(ForbiddenError):
        verify_outcome(made.pk, accept=True, actor=closed.actor(role))
    with pytest.raises(ForbiddenError):
        outcome(closed, actor=closed.actor(role))
    with pytest.raises(ForbiddenError):
        call(closed, ContactResult.REACHED, role)
    assert state() == before


def test_another_countys_officer_finds_nothing(closed: Any, other_county: Any) -> None:
    made = outcome(closed)
    before, stranger = state(), other_county.actor(OFFICER)

    with pytest.raises(NotFoundError):
        verify_outcome(made.pk, accept=True, actor=other_county.actor(REVIEWER))
    with pytest.raises(NotFoundError):
        outcome(closed, actor=stranger)
    with pytest.raises(NotFoundError):
        log_contact(
            FollowUp.objects.first().pk,
            method=ContactMethod.PHONE,
            result=ContactResult.REACHED,
            actor=stranger,
        )
    assert open_follow_ups(stranger).count() == 0
    assert state() == before


def test_an_outcome_is_decided_once(closed: Any) -> None:
    made = verify_outcome(outcome(closed).pk, accept=True, actor=closed.actor(REVIEWER))
    before = state()

    with pytest.raises(InvalidTransitionError):
        verify_outcome(made.pk, accept=False, actor=closed.actor(Role.BUREAU_HEAD))
    assert state() == before
