"""Contacts that are owed, made and settled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.core.errors import ForbiddenError, NotFoundError
from training.core.models import AuditEvent
from training.followup.choices import ContactMethod, ContactResult
from training.followup.models import Contact, FollowUp
from training.followup.queries import open_follow_ups
from training.followup.services import log_contact

OFFICER = Role.FOLLOW_UP


@pytest.fixture
def closed(approved: Any, clock: Any) -> Any:
    """Ten of twelve completed."""
    hold_and_close(approved, clock, absent={11, 12})
    return approved


def state() -> list[Any]:
    models = (FollowUp, Contact, AuditEvent)
    return [list(model.objects.order_by("pk").values()) for model in models]


def call(county: Any, result: ContactResult, role: Role = OFFICER) -> Contact:
    follow_up = FollowUp.objects.order_by("due_on", "pk").first()
    return log_contact(follow_up.pk, method=ContactMethod.PHONE, result=result, actor=county.actor(role))


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


@pytest.mark.parametrize("role", [Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.AUDITOR])
def test_ac33_an_institution_whose_rate_depends_on_it_does_nothing_here(closed: Any, role: Role) -> None:
    before = state()

    with pytest.raises(ForbiddenError):
        call(closed, ContactResult.REACHED, role)
    assert state() == before


def test_another_countys_officer_finds_nothing(closed: Any, other_county: Any) -> None:
    before, stranger = state(), other_county.actor(OFFICER)

    with pytest.raises(NotFoundError):
        log_contact(
            FollowUp.objects.first().pk,
            method=ContactMethod.PHONE,
            result=ContactResult.REACHED,
            actor=stranger,
        )
    assert open_follow_ups(stranger).count() == 0
    assert state() == before
