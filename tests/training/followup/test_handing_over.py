"""Who looks after whom: given in one act, with a note, and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from training.accounts.choices import Role
from training.accounts.models import Membership, User
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.followup.handing_over import hand_over, undo_handover
from training.followup.models import FollowUp, Handover
from training.followup.queries import officers
from training.followup.services import log_contact
from training.notifications.models import Notification

OFFICER = Role.FOLLOW_UP


@pytest.fixture
def colleague(closed: Any) -> User:
    """A second officer of the county."""
    user = User.objects.create_user("second", display_name="白跟踪")
    Membership.objects.create(
        user=user, role=OFFICER, programme_id=closed.programme.pk, workplace="电商服务中心"
    )
    return user


def of(*numbers: int) -> Any:
    return FollowUp.objects.filter(enrolment__number__in=numbers)


def holders(*numbers: int) -> list[Any]:
    return list(of(*numbers).values_list("enrolment__number", "day", "assignee__display_name"))


def test_all_that_is_owed_to_the_people_who_were_chosen_goes_over(closed: Any, colleague: User) -> None:
    log_contact(of(1).get(day=30).pk, method="phone", result="reached", actor=closed.actor(OFFICER))

    made = hand_over(of(1, 2).filter(day=90), to=colleague.pk, note="产假", actor=closed.actor(OFFICER))

    assert (made.lines.count(), made.note, made.to) == (5, "产假", colleague)
    assert {(number, day): name for number, day, name in holders(1, 2)} == {
        (1, 30): None,
        **dict.fromkeys([(1, 90), (1, 180), (2, 30), (2, 90), (2, 180)], "白跟踪"),
    }


def test_taking_it_back_leaves_what_was_handed_on_since(closed: Any, colleague: User) -> None:
    first, actor = closed.user(OFFICER), closed.actor(OFFICER)
    hand_over(of(1), to=first.pk, actor=actor)
    made = hand_over(of(1, 2, 3), to=colleague.pk, actor=actor)
    hand_over(of(3), to=first.pk, actor=actor)

    undo_handover(made.pk, actor=actor)

    assert {row.assignee for row in of(1)} == {first}
    assert {row.assignee for row in of(2)} == {None}
    assert {row.assignee for row in of(3)} == {first}
    made.refresh_from_db()
    assert made.undone_by == first
    with pytest.raises(InvalidTransitionError):
        undo_handover(made.pk, actor=actor)


def test_whoever_gets_work_is_told_and_nobody_else(closed: Any, colleague: User) -> None:
    hand_over(of(1), to=colleague.pk, actor=closed.actor(Role.BUREAU_HEAD))

    (told,) = Notification.objects.filter(kind="followups.handed_over")
    assert told.membership.user == colleague
    assert told.params["count"] == 3


def test_who_has_them_already_is_not_given_them_again(closed: Any, colleague: User) -> None:
    hand_over(of(1), to=colleague.pk, actor=closed.actor(OFFICER))

    with pytest.raises(InvalidInputError):
        hand_over(of(1), to=colleague.pk, actor=closed.actor(OFFICER))
    hand_over(of(1), to=None, actor=closed.actor(Role.BUREAU_HEAD))

    assert {row.assignee for row in of(1)} == {None}


def test_only_an_officer_of_this_county_is_given_work(closed: Any, other_county: Any) -> None:
    for stranger in (other_county.user(OFFICER), closed.user(Role.BUREAU_HEAD)):
        with pytest.raises(InvalidInputError):
            hand_over(of(1), to=stranger.pk, actor=closed.actor(OFFICER))
    assert list(officers(closed.programme.pk)) == [closed.user(OFFICER)]
    assert Handover.objects.count() == 0


def test_strangers_and_other_roles_hand_nothing_over(closed: Any, colleague: User, other_county: Any) -> None:
    made = hand_over(of(1), to=colleague.pk, actor=closed.actor(OFFICER))

    with pytest.raises(InvalidInputError):  # nothing of this is there for them
        hand_over(of(2), to=None, actor=other_county.actor(OFFICER))
    with pytest.raises(NotFoundError):
        undo_handover(made.pk, actor=other_county.actor(OFFICER))
    for role in (Role.INSTITUTION_HEAD, Role.AUDITOR):
        with pytest.raises(ForbiddenError):
            hand_over(of(1), to=None, actor=closed.actor(role))
    assert Handover.objects.count() == 1
