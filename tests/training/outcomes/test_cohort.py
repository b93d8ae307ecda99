"""Rates by cohort, against a recount in plain Python."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training.accounts.choices import Role
from training.core.errors import NotFoundError
from training.enrolment.models import Enrolment
from training.institutions.models import AgreementIndicator
from training.outcomes.choices import OutcomeKind
from training.outcomes.models import Outcome
from training.outcomes.queries import cohort, promises, rate_of
from training.outcomes.rules import months_later
from training.people.models import Trainee
from training.scheduling.models import TrainingSession

FIRST = date(2021, 1, 1)
BASE, OTHER = "entrepreneurship_employment", "general"  # 石城: only of the first has a rate to be promised
PEOPLE = range(4)


def copy(row: Any, **news: Any) -> Any:
    fields = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    return type(row).objects.create(**(fields | news))


def hold(county: Any, number: int, *, on: date, days: int = 1, kind: str = BASE) -> TrainingSession:
    """A session that was approved and closed, of so many class days."""
    like = county.session
    session: TrainingSession = copy(
        like,
        code=f"X-{number}",
        number=900 + number,
        class_type=kind,
        status="closed",
        approval_number=f"X{number}",
    )
    lesson = like.lessons.first()
    for day in range(days):
        copy(
            lesson, training_session_id=session.pk, sequence=day + 1, on=on + timedelta(days=day), live=False
        )
    return session


def enrol(session: TrainingSession, trainee: Trainee, number: int, *, status: str = "completed") -> Enrolment:
    enrolment: Enrolment = Enrolment.objects.create(
        training_session=session, trainee=trainee, number=number, group="farmer", status=status
    )
    return enrolment


def became(enrolment: Enrolment, officer: Any, **said: Any) -> Outcome:
    words = {"kind": "started_up", "grade": "B", "claimed_by": officer, "status": "confirmed"} | said
    at = timezone.make_aware(datetime.combine(words["started_on"], datetime.min.time()))
    outcome: Outcome = Outcome.objects.create(enrolment=enrolment, claimed_at=at, **words)
    return outcome


day = st.integers(0, 400).map(lambda number: FIRST + timedelta(days=number))
sessions = st.lists(st.tuples(day, st.integers(1, 3), st.sampled_from([BASE, OTHER])), min_size=1, max_size=3)
places = st.sets(st.tuples(st.integers(0, 2), st.sampled_from(PEOPLE), st.booleans()), max_size=8)
found = st.lists(
    st.fixed_dictionaries(
        {
            "place": st.integers(0, 7),
            "kind": st.sampled_from(["started_up", "employed"]),
            "started_on": day,
            "confirmed_on": st.none() | day,
            "lapses": st.none() | st.integers(0, 200),
            "grade": st.sampled_from("ABC"),
        }
    ),
    max_size=6,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=sessions, taken=places, outcomes=found, months=st.integers(1, 9), as_of=day)
def test_the_cohort_is_what_a_recount_by_hand_finds(
    approved: Any, held: Any, taken: Any, outcomes: Any, months: int, as_of: date
) -> None:
    with transaction.atomic():
        trainees = list(Trainee.objects.order_by("pk")[: len(PEOPLE)])
        rows = [hold(approved, n, on=on, days=days, kind=kind) for n, (on, days, kind) in enumerate(held)]
        placed: dict[tuple[int, int], bool] = {
            (number, person): done for number, person, done in sorted(taken) if number < len(rows)
        }
        enrolments = [
            enrol(rows[number], trainees[person], person + 1, status="completed" if done else "incomplete")
            for (number, person), done in placed.items()
        ]
        facts = []
        for said in outcomes:
            if said["place"] >= len(enrolments):
                continue
            lapsed = (
                said["confirmed_on"] + timedelta(days=said["lapses"])
                if said["confirmed_on"] and said["lapses"] is not None
                else None
            )
            words = {key: said[key] for key in ("kind", "started_on", "confirmed_on", "grade")}
            enrolment = enrolments[said["place"]]
            became(enrolment, approved.user(Role.FOLLOW_UP), lapsed_on=lapsed, **words)
            facts.append((enrolment.trainee_id, words, lapsed))

        denominator, numerator, not_yet = set(), set(), set()
        for (number, person), done in placed.items():
            on, days, kind = held[number]
            last = on + timedelta(days=days - 1)
            if not done or kind != BASE or last > as_of:
                continue
            who = trainees[person].pk
            if months_later(last, months) > as_of:
                not_yet.add(who)
                continue
            denominator.add(who)
            if any(
                trainee == who
                and words["kind"] == "started_up"
                and words["grade"] in "AB"
                and words["confirmed_on"] is not None
                and words["confirmed_on"] <= as_of
                and (lapsed is None or lapsed > as_of)
                and on <= words["started_on"] <= months_later(last, months)
                for trainee, words, lapsed in facts
            ):
                numerator.add(who)

        counted = cohort(
            approved.programme,
            approved.actor(Role.BUREAU_REVIEWER),
            kind="started_up",
            months=months,
            as_of=as_of,
        )
        sides = [counted.numerator, counted.denominator, counted.not_yet]
        people = [list(side.values_list("trainee", flat=True)) for side in sides]
        assert [set(side) for side in people] == [numerator, denominator, not_yet - denominator]
        assert [len(side) for side in people] == [len(set(side)) for side in people]  # nobody twice
        transaction.set_rollback(True)


@pytest.fixture
def two_due(approved: Any) -> Any:
    """Two people whose half year has passed on 2021-12-31, one of them with a shop; a third is not due."""
    officer, people = approved.user(Role.FOLLOW_UP), list(Trainee.objects.order_by("pk")[:3])
    early, late = hold(approved, 1, on=date(2021, 6, 1)), hold(approved, 2, on=date(2021, 9, 1))
    became(enrol(early, people[0], 1), officer, started_on=date(2021, 7, 1), confirmed_on=date(2021, 8, 1))
    became(
        enrol(early, people[1], 2),
        officer,
        started_on=date(2021, 7, 1),
        confirmed_on=date(2021, 8, 1),
        grade="C",
    )
    enrol(late, people[2], 1)
    return approved


END = date(2021, 12, 31)


def test_whoever_is_not_due_is_shown_apart_and_in_no_number(two_due: Any) -> None:
    actor = two_due.actor(Role.BUREAU_REVIEWER)
    rate = rate_of(cohort(two_due.programme, actor, kind=OutcomeKind.STARTED_UP, as_of=END))

    assert (rate.achieved, rate.due, rate.waiting, rate.percent) == (1, 2, 1, 50)
    nobody = rate_of(cohort(two_due.programme, actor, kind="started_up", as_of=date(2021, 9, 2)))
    assert (nobody.due, nobody.percent) == (0, None)


def test_what_lapsed_counted_until_that_day(two_due: Any) -> None:
    Outcome.objects.filter(grade="B").update(lapsed_on=date(2021, 12, 15))
    actor = two_due.actor(Role.BUREAU_REVIEWER)

    def achieved(on: date) -> int:
        return rate_of(cohort(two_due.programme, actor, kind="started_up", as_of=on)).achieved

    assert (achieved(date(2021, 12, 14)), achieved(date(2021, 12, 15))) == (1, 0)


def test_who_is_overdue_for_a_second_look_counts_and_is_told_apart(two_due: Any) -> None:
    actor = two_due.actor(Role.BUREAU_REVIEWER)

    def overdue(on: date) -> tuple[int, int]:
        found = cohort(two_due.programme, actor, kind="started_up", as_of=on)
        return found.numerator.count(), found.overdue.count()

    Outcome.objects.filter(grade="B").update(recheck_on=END)
    assert (overdue(END), overdue(END + timedelta(days=1))) == ((1, 0), (1, 1))
    shop = Outcome.objects.get(grade="B")
    copy(shop, recheck_on=END + timedelta(days=90))  # of two that count, one is fresh
    assert overdue(END + timedelta(days=1)) == (1, 0)
    Outcome.objects.exclude(pk=shop.pk).delete()
    Outcome.objects.update(status="valid")
    assert overdue(END + timedelta(days=1)) == (1, 0)


def test_an_agreement_s_rate_is_held_against_its_own_people_and_says_when_it_is_below(two_due: Any) -> None:
    agreement = two_due.institution.agreements.get()
    said = {"agreement": agreement, "class_type": BASE, "window": "结业后 6 个月内"}
    for rate, percent, formula in (
        ("创业率", 60, "创业 ÷ 结业"),
        ("创业率（含申报）", 60, "创业 ÷ 结业，C 级也计入"),
        ("满意度", 90, "问卷"),
    ):
        AgreementIndicator.objects.create(rate=rate, percent=percent, formula=formula, **said)

    found = promises(two_due.programme, two_due.actor(Role.INSTITUTION_CLERK), as_of=END)

    assert [(row.indicator.rate, row.rate.achieved, row.rate.due, row.below) for row in found] == [
        ("创业率", 1, 2, True),
        ("创业率（含申报）", 2, 2, False),
    ]


def test_another_county_has_no_cohort_to_ask_for(two_due: Any, other_county: Any) -> None:
    with pytest.raises(NotFoundError):
        cohort(two_due.programme, other_county.actor(Role.BUREAU_REVIEWER), kind="started_up", as_of=END)


def test_a_rate_asks_three_questions_however_many_people_there_are(two_due: Any) -> None:
    actor = two_due.actor(Role.BUREAU_REVIEWER)
    theirs = cohort(two_due.programme, actor, kind="started_up", as_of=END)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        rate_of(theirs)

    assert len(asked) == 3
