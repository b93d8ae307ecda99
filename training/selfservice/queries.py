from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from training.assessment.choices import QUESTIONS, Question, Source
from training.core import clock
from training.core.actor import ALL, Actor, Reach
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.institutions.models import Instructor
from training.people.models import Consent
from training.scheduling.models import Lesson, TrainingSession
from training.selfservice.choices import CourseQuestion
from training.selfservice.models import Rating, SelfLink
from training.selfservice.rules import token_hash, visit_is_open

QUESTIONS_OF_INSTRUCTORS: Final = tuple(question.value for question in QUESTIONS[Source.TRAINEES])
ROLE: Final = "trainee_self"
FEWEST_ANSWERS: Final = 3
"""With fewer an average says what one person thought."""


def is_open(token: str) -> bool:
    """Whether the page asks for the digits; the same answer for a token nobody was given and one that is over."""
    link = SelfLink.objects.filter(token_hash=token_hash(token)).first()
    return link is not None and link.state == "open"


def visit_of(pk: int) -> SelfLink | None:
    """The link that a visit goes on with; None once it is over."""
    link: SelfLink | None = (
        SelfLink.objects.select_related(
            "enrolment__trainee__programme", "enrolment__training_session__institution__programme"
        )
        .filter(pk=pk)
        .first()
    )
    return link if link is not None and visit_is_open(link, clock.now()) else None


def own_actor(link: SelfLink) -> Actor:
    """The person of this link: reaches their own row in the pool, and no role may do anything through it."""
    place = link.enrolment
    programme = place.training_session.institution.programme_id
    reach: Reach = {
        "programme": frozenset({programme}),
        "institution": frozenset({place.training_session.institution_id}),
        "trainee": frozenset({place.trainee_id}),
        "township": ALL,
    }
    return Actor(_("本人（一次性链接）"), ROLE, None, reach)


def taught_by(session: TrainingSession) -> list[Instructor]:
    """Who taught lessons that are over, each once, in the order of the timetable."""
    lessons = Lesson.objects.filter(training_session=session, ends_at__lte=clock.now())
    people = lessons.select_related("instructor").order_by("starts_at")
    return list({lesson.instructor_id: lesson.instructor for lesson in people}.values())


def standing_consents(link: SelfLink) -> list[Consent]:
    """What this person has agreed to and may take back."""
    rows = Consent.objects.filter(trainee=link.enrolment.trainee_id, given=True, withdrawn_at=None)
    return list(rows.order_by("pk"))


@dataclass(frozen=True)
class Average:
    question: str
    mean: Decimal


@dataclass(frozen=True)
class Rated:
    """`averages` are empty where fewer than `FEWEST_ANSWERS` answered."""

    about: Instructor | None
    answers: int
    averages: list[Average]


def ratings_of(session: TrainingSession, actor: Actor) -> list[Rated]:
    """What trainees said on their own pages: of the class first, then of each who taught it."""
    rows = Rating.objects.visible_to(actor).filter(training_session=session).select_related("instructor")
    by_subject: dict[int | None, list[Any]] = {}
    for row in rows:
        by_subject.setdefault(row.instructor_id, []).append(row)
    order = sorted(by_subject, key=lambda pk: (pk is not None, pk or 0))
    return [_rated(by_subject[pk]) for pk in order]


def _rated(rows: Sequence[Any]) -> Rated:
    about = rows[0].instructor
    labels = Question if about else CourseQuestion
    codes = QUESTIONS_OF_INSTRUCTORS if about else CourseQuestion.values
    averages = [
        Average(str(labels(code).label), _mean(row.scores[code] for row in rows if code in row.scores))
        for code in codes
        if len(rows) >= FEWEST_ANSWERS and any(code in row.scores for row in rows)
    ]
    return Rated(about, len(rows), averages)


def _mean(values: Iterable[int]) -> Decimal:
    given = [Decimal(value) for value in values]
    return (sum(given, Decimal(0)) / len(given)).quantize(Decimal("0.01"))


def sessions_for_slips(actor: Actor) -> QuerySet[Any]:
    """Closed sessions with how many completed, and how many of them opened their page; newest first."""
    opened = Q(enrolments__self_links__used_at__isnull=False)
    completed = Count("enrolments", filter=Q(enrolments__status=EnrolmentStatus.COMPLETED), distinct=True)
    some = Enrolment.objects.filter(training_session=OuterRef("pk"), status=EnrolmentStatus.COMPLETED)
    rows: QuerySet[Any] = (
        TrainingSession.objects.visible_to(actor)
        .filter(Exists(some))
        .select_related("institution")
        .annotate(
            completed=completed,
            used=Count("enrolments", filter=opened, distinct=True),
            handed_out=Count("enrolments__self_links", distinct=True),
        )
    )
    return rows.order_by("-closed_at", "-pk")
