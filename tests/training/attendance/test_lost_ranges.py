"""缺号、分叉、时钟跳动: what is wrong with a chain is shown, and what is lost for good is said by two people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.training.signing import Signer, attend, enrol, scan, send, statuses
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent, HeldEnvelope, LostRange
from training.attendance.queries import chain_gaps, gaps_and_forks, lost_ranges
from training.attendance.services import (
    approve_lost_range,
    decline_lost_range,
    propose_lost_range,
    withdraw_lost_range,
)
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.demo.scenery import paper
from training.scheduling.models import Lesson

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, BUREAU_HEAD = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD


@pytest.fixture
def holed(signer: Signer, lesson: Lesson, people: list[Any]) -> Signer:
    """Ten events, of which numbers 3 to 5 and 8 never came."""
    attend(signer, lesson, people[:5])
    send(signer, [signer.chain[number - 1] for number in (1, 2, 6, 7, 9, 10)])
    return signer


def say_lost(county: Any, signer: Signer, first: int, last: int, **changes: Any) -> LostRange:
    about = {"first_seq": first, "last_seq": last, "reason": "硬盘损坏", "actor": county.actor(CLERK)}
    return propose_lost_range(signer.station.pk, **about | changes)


def missing(county: Any, role: Role = REVIEWER) -> list[tuple[int, int, bool]]:
    found = gaps_and_forks(county.actor(role)).missing
    return [(one.first, one.last, one.confirmed) for one in found]


def blocked(county: Any) -> bool:
    return bool(chain_gaps([county.session]))


def test_every_hole_is_named_with_since_when(approved: Any, holed: Signer) -> None:
    assert missing(approved) == [(3, 5, False), (8, 8, False)]
    first = gaps_and_forks(approved.actor(REVIEWER)).missing[0]
    assert (first.station, first.after.seq, first.lost) == (holed.station, 6, None)
    assert first.since == AttendanceEvent.objects.get(seq=6).received_at


def test_a_hole_blocks_until_all_of_it_is_confirmed_lost_by_two_people(approved: Any, holed: Signer) -> None:
    first = say_lost(approved, holed, 3, 4, evidence=paper("维修单"))
    rest = say_lost(approved, holed, 5, 5, actor=approved.actor(REVIEWER))
    last = say_lost(approved, holed, 8, 8)
    assert missing(approved) == [(3, 4, False), (5, 5, False), (8, 8, False)]
    for lost in (first, rest, last):
        assert blocked(approved)
        approve_lost_range(lost.pk, actor=approved.actor(BUREAU_HEAD))

    assert not blocked(approved)
    assert missing(approved) == [(3, 4, True), (5, 5, True), (8, 8, True)]
    verbs = AuditEvent.objects.filter(verb__startswith="lost_range").values_list("verb", flat=True)
    assert sorted(verbs) == ["lost_range.approved"] * 3 + ["lost_range.proposed"] * 3


@pytest.mark.parametrize("numbers", [(2, 3), (5, 6), (3, 8), (8, 9), (11, 11), (0, 1), (5, 3), (10, 12)])
def test_only_what_is_missing_now_can_be_lost(approved: Any, holed: Signer, numbers: tuple[int, int]) -> None:
    with pytest.raises(InvalidInputError):
        say_lost(approved, holed, *numbers)
    assert not LostRange.objects.exists()


def test_a_number_is_said_to_be_lost_once(approved: Any, holed: Signer) -> None:
    lost = say_lost(approved, holed, 3, 4)
    with pytest.raises(InvalidInputError):
        say_lost(approved, holed, 4, 5)
    decline_lost_range(lost.pk, reason="请先恢复硬盘", actor=approved.actor(BUREAU_HEAD))
    say_lost(approved, holed, 3, 5)


def test_what_came_after_all_enters_as_usual_and_can_no_longer_be_confirmed_lost(
    approved: Any, holed: Signer
) -> None:
    waiting, confirmed = say_lost(approved, holed, 3, 5), say_lost(approved, holed, 8, 8)
    approve_lost_range(confirmed.pk, actor=approved.actor(BUREAU_HEAD))

    assert statuses(send(holed, [holed.chain[3], holed.chain[7]])) == [("accepted", "")] * 2

    with pytest.raises(InvalidInputError):
        approve_lost_range(waiting.pk, actor=approved.actor(BUREAU_HEAD))
    assert missing(approved) == [(3, 3, False), (5, 5, False)]
    send(holed)
    assert missing(approved) == []
    assert not blocked(approved)


def test_another_event_under_a_lost_number_still_has_to_fit_its_neighbours(
    approved: Any, holed: Signer, lesson: Lesson, people: list[Any]
) -> None:
    lost = say_lost(approved, holed, 8, 8)
    approve_lost_range(lost.pk, actor=approved.actor(BUREAU_HEAD))
    forged = scan(holed, "sign_in", lesson, people[7], lesson.starts_at, seq=8, prev=holed.chain[6].digest)

    assert statuses(send(holed, [forged])) == [("held", "chain_broken")]


def test_who_may_say_and_who_may_confirm(approved: Any, holed: Signer, other_county: Any) -> None:
    own = say_lost(approved, holed, 3, 5, actor=approved.actor(BUREAU_HEAD))
    with pytest.raises(ForbiddenError):
        approve_lost_range(own.pk, actor=approved.actor(BUREAU_HEAD))
    for role in (CLERK, HEAD, REVIEWER, Role.AUDITOR):
        with pytest.raises(ForbiddenError):
            approve_lost_range(own.pk, actor=approved.actor(role))
    with pytest.raises(ForbiddenError):
        withdraw_lost_range(own.pk, actor=approved.actor(CLERK))
    with pytest.raises(ForbiddenError):
        say_lost(approved, holed, 8, 8, actor=approved.actor(Role.AUDITOR))
    for stranger in (BUREAU_HEAD, REVIEWER):
        with pytest.raises((NotFoundError, ForbiddenError)):
            approve_lost_range(own.pk, actor=other_county.actor(stranger))
    with pytest.raises(NotFoundError):
        say_lost(approved, holed, 8, 8, actor=other_county.actor(CLERK))

    withdraw_lost_range(own.pk, actor=approved.actor(BUREAU_HEAD))
    with pytest.raises(InvalidTransitionError):
        approve_lost_range(own.pk, actor=other_head(approved))
    assert list(lost_ranges(approved.actor(CLERK))) == [own]
    assert list(lost_ranges(other_county.actor(CLERK))) == []


def other_head(county: Any) -> Any:
    """Another person who is head of the bureau."""
    return replace(county.actor(BUREAU_HEAD), user_id=county.user(REVIEWER).pk)


# Forks and jumps


def test_a_fork_is_shown_with_both_envelopes(
    approved: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    first = scan(signer, "sign_in", lesson, people[0], lesson.starts_at)
    signer.chain.clear()
    second = scan(signer, "sign_in", lesson, people[1], lesson.starts_at)
    send(signer, [first])
    send(signer, [second])

    (fork,) = gaps_and_forks(approved.actor(REVIEWER)).forks

    assert (fork.stands.digest, fork.held.digest) == (first.digest, second.digest)


def test_a_number_that_follows_nothing_and_an_id_used_twice_are_shown_beside_what_they_contradict(
    approved: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    one = scan(signer, "sign_in", lesson, people[0], lesson.starts_at)
    torn = scan(signer, "sign_in", lesson, people[1], lesson.starts_at, prev="ab" * 32)
    signer.chain.pop()
    send(signer, [one, torn])
    used = AttendanceEvent.objects.get().event_id
    twice = scan(signer, "sign_in", lesson, people[1], lesson.starts_at, event=used)
    send(signer, [twice])

    forks = gaps_and_forks(approved.actor(REVIEWER)).forks

    assert {fork.held.reason: fork.stands and fork.stands.seq for fork in forks} == {
        "chain_broken": None,
        "event_reused": 1,
    }


def test_a_moved_clock_is_noted_on_the_event_that_shows_it(
    approved: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    at = lesson.starts_at
    scan(signer, "sign_in", lesson, people[0], at, monotonic_ms=1_000)
    scan(signer, "sign_in", lesson, people[1], at + timedelta(seconds=60), monotonic_ms=61_000)
    scan(signer, "sign_in", lesson, people[2], at - timedelta(seconds=600), monotonic_ms=71_000)
    scan(signer, "sign_in", lesson, people[3], at - timedelta(seconds=590), monotonic_ms=81_000)
    send(signer, at=at)

    assert [event.notes for event in AttendanceEvent.objects.order_by("seq")] == [[], [], ["clock_jump"], []]
    assert [event.seq for event in gaps_and_forks(approved.actor(REVIEWER)).jumps] == [3]


@pytest.mark.parametrize("order", [[1, 0], [0, 1]])
def test_it_is_noted_in_whichever_order_the_two_arrive(
    signer: Signer, lesson: Lesson, people: list[Any], order: list[int]
) -> None:
    at = lesson.starts_at
    scan(signer, "sign_in", lesson, people[0], at, monotonic_ms=1_000)
    scan(signer, "sign_in", lesson, people[1], at + timedelta(seconds=63), monotonic_ms=61_000)
    for number in order:
        send(signer, [signer.chain[number]], at=at)

    noted = [event.seq for event in AttendanceEvent.objects.all() if "clock_jump" in event.notes]
    assert noted == [order[1] + 1]


def test_one_station_is_looked_at_alone(approved: Any, holed: Signer) -> None:
    other = enrol(approved, "二号终端")
    assert gaps_and_forks(approved.actor(REVIEWER), other.station).missing == ()
    assert len(gaps_and_forks(approved.actor(REVIEWER), holed.station).missing) == 2


def test_another_county_sees_nothing_of_it(approved: Any, holed: Signer, other_county: Any) -> None:
    troubles = gaps_and_forks(other_county.actor(REVIEWER))
    assert (troubles.missing, troubles.forks, troubles.jumps) == ((), (), ())
    assert gaps_and_forks(other_county.actor(REVIEWER), holed.station).missing == ()


@pytest.mark.parametrize("more", [0, 4])
def test_troubles_take_a_constant_number_of_queries(
    approved: Any,
    holed: Signer,
    lesson: Lesson,
    people: list[Any],
    more: int,
    django_assert_num_queries: Any,
) -> None:
    say_lost(approved, holed, 3, 4)
    for number in range(more + 1):
        forged = scan(holed, "sign_in", lesson, people[number], lesson.starts_at, seq=1, prev="0" * 64)
        send(holed, [forged])
    assert HeldEnvelope.objects.count() == more + 1
    actor = approved.actor(REVIEWER)

    with django_assert_num_queries(7):
        troubles = gaps_and_forks(actor)
        assert (len(troubles.missing), len(troubles.forks)) == (3, more + 1)
        assert all(one.station.institution.name for one in troubles.missing)
