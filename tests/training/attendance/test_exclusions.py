"""剔除 and 申诉: one proposes, another decides, a third hears the appeal; and what counts follows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import approved
from tests.standing import stage
from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.accounts.models import Membership, User
from training.accounts.queries import actor_for
from training.attendance.choices import ExclusionStatus
from training.attendance.models import Exclusion
from training.attendance.queries.exclusions import exclusions_for
from training.attendance.services.closing import complete_anew
from training.attendance.services.exclusions import (
    appeal,
    decline_exclusion,
    exclude,
    propose_exclusion,
    reinstate,
    uphold,
)
from training.certificates.models import Certificate
from training.certificates.services import issue_when_sealed
from training.core.actor import SYSTEM, Actor
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.dossiers.services import completed_count
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.followup.models import FollowUp
from training.notifications.models import Notification

REVIEWER, HEAD = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
SCHOOL, OFFICE, TOWNSHIP = Role.INSTITUTION_HEAD, Role.LEADING_GROUP, Role.TOWNSHIP


def close(county: Any, clock: Any) -> Any:
    hold_and_close(county, clock, absent=[11])
    return county


closed = stage("closed", close, after=approved)


def somebody(county: Any) -> Enrolment:
    return Enrolment.objects.get(training_session=county.session, number=1)


def proposed(county: Any) -> Exclusion:
    return propose_exclusion(
        somebody(county).pk, reason="核查属实：当天在外地住院", actor=county.actor(REVIEWER)
    )


def excluded(county: Any) -> Exclusion:
    return exclude(proposed(county).pk, reason="同意", actor=county.actor(HEAD))


def appealed(county: Any) -> Exclusion:
    return appeal(excluded(county).pk, reason="住院的是同名的人", actor=county.actor(SCHOOL))


def counts(county: Any) -> tuple[Any, ...]:
    """What is said of the person, wherever it is said."""
    place = somebody(county)
    owed = FollowUp.objects.filter(enrolment=place, next_on__isnull=False).count()
    valid = Certificate.objects.filter(enrolment=place, status="valid").count()
    return place.status, place.completion.completed, completed_count(county.session), owed, valid


def second_head(county: Any) -> Actor:
    held = county.county_staff.members[HEAD]
    user = User.objects.create(username="second-head", display_name="副局长")
    return actor_for(Membership.objects.create(user=user, role=HEAD, programme_id=held.programme_id))


def test_whoever_is_excluded_counts_nowhere_and_an_appeal_brings_everything_back(closed: Any) -> None:
    issue_when_sealed(closed.session, actor=SYSTEM)  # as if it had been sealed once and opened again
    before = counts(closed)
    assert before == (EnrolmentStatus.COMPLETED, True, 11, 3, 1)

    proposal = proposed(closed)
    assert counts(closed) == before
    exclude(proposal.pk, reason="同意", actor=closed.actor(HEAD))
    assert counts(closed) == (EnrolmentStatus.EXCLUDED, False, 10, 0, 0)
    assert somebody(closed).completion.explanation.endswith("；经核查剔除，不计入结业")
    assert Certificate.objects.get(enrolment=somebody(closed)).end_reason == "经核查剔除，不计入结业"

    appeal(proposal.pk, reason="住院的是同名的人", actor=closed.actor(SCHOOL))
    assert counts(closed) == (EnrolmentStatus.EXCLUDED, False, 10, 0, 0)
    reinstate(proposal.pk, reason="查明是同名的人", actor=closed.actor(OFFICE))
    assert counts(closed) == (EnrolmentStatus.COMPLETED, True, 11, 3, 0)
    issue_when_sealed(closed.session, actor=SYSTEM)
    assert counts(closed) == before
    assert "剔除" not in somebody(closed).completion.explanation


def test_an_appeal_that_is_not_upheld_leaves_it_as_decided_for_good(closed: Any) -> None:
    exclusion = appealed(closed)

    uphold(exclusion.pk, reason="住院记录的证件号与名册一致", actor=closed.actor(OFFICE))

    assert counts(closed)[:3] == (EnrolmentStatus.EXCLUDED, False, 10)
    with pytest.raises(InvalidTransitionError):
        appeal(exclusion.pk, reason="再说一次", actor=closed.actor(SCHOOL))
    with pytest.raises(InvalidInputError, match="只有结业的人才能剔除"):
        proposed(closed)


def test_counting_anew_keeps_who_was_excluded_out(closed: Any) -> None:
    excluded(closed)

    assert complete_anew(closed.session, actor=closed.actor(REVIEWER)) == []
    assert counts(closed)[:3] == (EnrolmentStatus.EXCLUDED, False, 10)


def test_what_was_declined_changes_nothing_and_may_be_proposed_again(closed: Any) -> None:
    before = counts(closed)
    first = proposed(closed)
    with pytest.raises(InvalidInputError, match="已经提出过剔除，正在办理"):
        proposed(closed)

    decline_exclusion(first.pk, reason="依据不足", actor=closed.actor(HEAD))

    assert counts(closed) == before
    assert proposed(closed).pk != first.pk


# Who


def test_nobody_takes_two_of_the_steps(closed: Any) -> None:
    deputy = second_head(closed)
    exclusion = proposed(closed)
    with pytest.raises(ForbiddenError):
        exclude(exclusion.pk, reason="x", actor=closed.actor(REVIEWER))
    exclude(exclusion.pk, reason="同意", actor=closed.actor(HEAD))
    appeal(exclusion.pk, reason="不是他", actor=closed.actor(SCHOOL))

    for involved in (closed.actor(REVIEWER), closed.actor(HEAD)):
        with pytest.raises(ForbiddenError, match="请另一人办理"):
            reinstate(exclusion.pk, reason="x", actor=involved)
    assert Exclusion.objects.get().status == ExclusionStatus.APPEALED
    uphold(exclusion.pk, reason="查过了", actor=deputy)


def test_the_township_appeals_for_its_own_people_and_knows_of_no_others(closed: Any) -> None:
    officer = closed.actor(TOWNSHIP)
    (own,) = officer.reach["township"]
    place = somebody(closed)
    place.trainee.township = "别的镇"
    place.trainee.save(update_fields=["township"])
    exclusion = excluded(closed)

    with pytest.raises(NotFoundError):
        appeal(exclusion.pk, reason="x", actor=officer)
    place.trainee.township = own
    place.trainee.save(update_fields=["township"])

    assert appeal(exclusion.pk, reason="x", actor=officer).status == ExclusionStatus.APPEALED


def test_another_county_and_another_institution_see_nothing_of_it(closed: Any, other_county: Any) -> None:
    exclusion = excluded(closed)

    for role in (HEAD, SCHOOL, TOWNSHIP):
        assert not exclusions_for(other_county.actor(role)).exists()
    with pytest.raises(NotFoundError):
        appeal(exclusion.pk, reason="x", actor=other_county.actor(SCHOOL))


# When


def test_an_appeal_comes_within_the_programmes_days(closed: Any, clock: Any) -> None:
    exclusion = excluded(closed)
    clock.advance(days=15)
    assert appeal(exclusion.pk, reason="x", actor=closed.actor(SCHOOL)).status == ExclusionStatus.APPEALED


def test_a_late_appeal_is_refused(closed: Any, clock: Any) -> None:
    exclusion = excluded(closed)
    clock.advance(days=16)

    with pytest.raises(InvalidTransitionError, match="已经过了"):
        appeal(exclusion.pk, reason="x", actor=closed.actor(SCHOOL))


@pytest.mark.parametrize("status", ["archived", "claimed"])
def test_a_sealed_archive_is_opened_first(closed: Any, status: str) -> None:
    exclusion = proposed(closed)
    type(closed.session).objects.filter(pk=closed.session.pk).update(status=status)
    other = Enrolment.objects.get(training_session=closed.session, number=2)

    for act in (
        lambda: exclude(exclusion.pk, reason="x", actor=closed.actor(HEAD)),
        lambda: propose_exclusion(other.pk, reason="x", actor=closed.actor(REVIEWER)),
    ):
        with pytest.raises(InvalidTransitionError, match="先由商务局负责人解封档案"):
            act()
    assert somebody(closed).status == EnrolmentStatus.COMPLETED


def test_before_the_close_there_is_nothing_to_exclude(approved: Any) -> None:
    with pytest.raises(InvalidTransitionError, match="还没有结课"):
        propose_exclusion(somebody(approved).pk, reason="x", actor=approved.actor(REVIEWER))


# What is told and shown


def test_each_step_is_on_record_and_told_to_whom_it_concerns(closed: Any) -> None:
    exclusion = appealed(closed)
    reinstate(exclusion.pk, reason="查明了", actor=closed.actor(OFFICE))

    verbs = AuditEvent.objects.filter(verb__startswith="exclusion.").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "exclusion.proposed",
        "exclusion.decided",
        "exclusion.appealed",
        "exclusion.reinstated",
    ]
    told = Notification.objects.filter(about_type="attendance.Exclusion")
    roles = {(row.kind, row.membership.role) for row in told.select_related("membership")}
    assert {
        ("exclusion.proposed", HEAD),
        ("exclusion.decided", SCHOOL),
        ("exclusion.appealed", OFFICE),
        ("exclusion.appeal_decided", SCHOOL),
    } <= roles
