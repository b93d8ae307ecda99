"""Places on rosters: which there are, and each as plain data for the figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When

from training.core.actor import Actor
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.people.models import Trainee
from training.programmes.models import Programme
from training.reporting.depths import DEPTHS
from training.reporting.tallying import Place
from training.scheduling.models import Lesson

COLUMNS: Final = {
    "enrolment": "pk",
    "training_session": "training_session_id",
    "trainee": "trainee_id",
    "institution": "training_session__institution_id",
    "fund_line": "training_session__agreement__fund_line__code",
    "class_type": "training_session__class_type",
    "category": "training_session__category",
    "township": "trainee__township",
    "village": "trainee__village",
    "group": "group",
}
"""Where the first fields of a `Place` stand."""


def on_rosters() -> QuerySet[Any]:
    """Everybody's, unsorted: for counting, not for a page."""
    return Enrolment.objects.filter(ON_ROSTER).order_by()


def places(programme: Programme, actor: Actor) -> QuerySet[Any]:
    """Those of one programme that this actor sees: a township officer, who reaches no institution, the own people's."""
    here = Q(training_session__institution__programme=programme)
    if "institution" not in actor.reach and isinstance(actor.reach.get("township"), frozenset):
        return on_rosters().filter(here, trainee__in=Trainee.objects.visible_to(actor))
    return Enrolment.objects.visible_to(actor).filter(ON_ROSTER, here).order_by()


def as_places(rows: QuerySet[Any]) -> Iterator[Place]:
    """Enrolments on a roster as they are to be counted, person by person.

    At the deepest level they reached, with the month of the session's last lesson, blank where there is none.
    """
    lessons = Lesson.objects.filter(training_session=OuterRef("training_session")).order_by("-on")
    deepest_first = [*enumerate(DEPTHS.values())][:0:-1]
    counted = rows.annotate(
        last_on=Subquery(lessons.values("on")[:1]),
        level=Case(*(When(rule, then=Value(level)) for level, rule in deepest_first), default=Value(0)),
    ).order_by("trainee")
    columns = counted.values_list("last_on", "level", *COLUMNS.values())
    for last_on, level, *said in columns.iterator(chunk_size=10_000):
        yield Place._make([*said, f"{last_on:%Y-%m}" if last_on else "", level])
