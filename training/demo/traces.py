"""What classes that were held leave behind, written in bulk: completions, contacts, outcomes, archives, claims."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.utils.timezone import localdate

from training.attendance.models import Completion
from training.attendance.queries import lesson_time
from training.attendance.rules import CompletionResult, completion, hours
from training.certificates.models import Certificate
from training.certificates.rules import certificate_number
from training.claims.models import Claim
from training.dossiers.models import Dossier, Evidence, ReviewRound
from training.enrolment.choices import EnrolmentStatus
from training.followup.models import Contact, FollowUp
from training.followup.services import open_follow_ups
from training.outcomes.models import Outcome, OutcomeEvidence

Lessons = Sequence[Any]


def results(session: Any, lessons: Lessons, missed: Sequence[Collection[int]]) -> list[CompletionResult]:
    """What the session's rule makes of each who came to all lessons but these, by position; lessons are saved."""
    times = [lesson_time(lesson) for lesson in lessons]
    rule = session.rule_set.rules.attendance

    def of(those: Collection[int]) -> CompletionResult:
        minutes = {lesson.id: lesson.minutes for place, lesson in enumerate(times) if place not in those}
        return completion(minutes, times, rule)

    known = {frozenset(those): of(those) for those in set(map(frozenset, missed))}
    return [known[frozenset(those)] for those in missed]


def status_of(result: CompletionResult) -> EnrolmentStatus:
    return EnrolmentStatus.COMPLETED if result.completed else EnrolmentStatus.INCOMPLETE


def completions(
    session: Any, places: Sequence[Any], found: Sequence[CompletionResult]
) -> Iterator[Completion]:
    """Of places in the same order; not saved."""
    for place, result in zip(places, found, strict=True):
        yield Completion(
            enrolment=place,
            rule_set=session.rule_set,
            attended_minutes=result.attended_minutes,
            required_minutes=result.required_minutes,
            completed=result.completed,
            explanation=result.explanation,
            computed_at=session.closed_at,
        )


def follow(places: Sequence[Any], session: Any, *, as_of: date, officer: Any, reviewer: Any) -> None:
    """The contacts of those who completed that were due by then, and an outcome of one in ten.

    `officer` and `reviewer` are the accounts of who called and who verified.
    """
    owed = open_follow_ups(places, days=session.rule_set.rules.follow_up.days, at=session.closed_at)
    made = [row for row in owed if row.due_on <= as_of]
    for day, rows in groupby(sorted(made, key=attrgetter("day")), key=attrgetter("day")):
        at = session.closed_at + timedelta(days=day)
        _answer(list(rows), at)
    Contact.objects.bulk_create(
        Contact(
            follow_up=row,
            made_at=session.closed_at + timedelta(days=row.day),
            made_by=officer,
            method="phone",
            result="reached",
        )
        for row in made
    )
    first = min((row.day for row in made), default=0)
    remember_outcomes([row for row in made if row.day == first][::10], session, officer, reviewer)


def _answer(follow_ups: Sequence[Any], at: datetime) -> None:
    """They were all reached that day: nothing is owed any more."""
    said = {
        "done_at": at,
        "contacted_at": at,
        "next_on": None,
        "status": "contacted",
        "last_result": "reached",
    }
    FollowUp.objects.filter(pk__in=[row.pk for row in follow_ups]).update(**said)
    for row in follow_ups:
        row.done_at = at


def remember_outcomes(follow_ups: Sequence[Any], session: Any, officer: Any, reviewer: Any) -> None:
    """Shops opened by some and jobs found by others; each third is verified and confirmed."""
    outcomes = [
        Outcome(
            enrolment=row.enrolment,
            kind=("started_up", "employed")[place % 2],
            started_on=row.due_on,
            grade="B",
            description="网店" if place % 2 == 0 else "县内企业",
            claimed_by=officer,
            claimed_at=row.done_at,
            **(judged(row, reviewer) if place % 3 else {"status": "evidenced"}),
        )
        for place, row in enumerate(follow_ups)
    ]
    Outcome.objects.bulk_create(outcomes)
    OutcomeEvidence.objects.bulk_create(
        OutcomeEvidence(
            outcome=row,
            kind="shop" if row.kind == "started_up" else "contract",
            file=session.agreement.file,
            added_by=officer,
            added_at=row.claimed_at,
        )
        for row in outcomes
    )


def judged(follow_up: Any, reviewer: Any) -> dict[str, Any]:
    return {
        "status": "confirmed",
        "verified_by": reviewer,
        "verified_as": "bureau_reviewer",
        "verified_at": follow_up.done_at,
        "confirmed_by": reviewer,
        "confirmed_as": "bureau_reviewer",
        "confirmed_on": localdate(follow_up.done_at),
        "recheck_on": localdate(follow_up.done_at) + timedelta(days=90),
    }


def certificates(session: Any, lessons: Lessons, places: Sequence[Any]) -> Iterator[Certificate]:
    """Of a sealed session, to those who completed; not saved. Places have their trainee."""
    minutes, rule = sum(lesson.minutes for lesson in lessons), session.rule_set.rules.attendance
    for place in places:
        if place.status == EnrolmentStatus.COMPLETED:
            yield Certificate(
                enrolment=place,
                number=certificate_number(session.code, place.number, 1),
                name=place.trainee.name,
                title=session.title,
                institution=session.institution.name,
                hours=hours(minutes, rule),
                first_on=lessons[0].on,
                last_on=lessons[-1].on,
                issued_at=session.closed_at + timedelta(days=5),
            )


def archive(session: Any, lessons: Lessons, *, archived: bool, renci: int) -> None:
    """A dossier with the papers of the plan and of each lesson: sealed with its claim, or handed in."""
    paper, at = session.agreement.file, session.closed_at
    sealed = {
        "status": "sealed",
        "sealed_at": at + timedelta(days=5),
        "pdf": paper,
        "package": paper,
        "pages": 22,
    }
    dossier = Dossier.objects.create(
        training_session=session,
        submitted_by=session.submitted_by,
        submitted_at=at + timedelta(days=2),
        **(sealed if archived else {"status": "submitted"}),
    )
    Evidence.objects.bulk_create(
        [Evidence(training_session=session, item="A4", kind="plan", caption="培训方案", file=paper)]
        + [
            Evidence(
                training_session=session,
                item="A9",
                kind="photo",
                lesson=lesson,
                caption=lesson.topic,
                taken_at=lesson.starts_at,
                file=paper,
            )
            for lesson in lessons
        ]
    )
    if archived:
        claim(dossier, session, renci)
    else:
        ReviewRound.objects.create(
            dossier=dossier,
            number=1,
            submitted_by=dossier.submitted_by,
            submitted_at=at + timedelta(days=2),
        )


def claim(dossier: Any, session: Any, renci: int) -> None:
    price, at = session.agreement.unit_price_fen, session.closed_at + timedelta(days=6)
    Claim.objects.create(
        dossier=dossier,
        fund_line=session.agreement.fund_line,
        status="submitted",
        renci=renci,
        unit_price_fen=price,
        amount_fen=price * renci,
        created_by=session.submitted_by,
        created_at=at,
        submitted_by=session.submitted_by,
        submitted_at=at,
    )
