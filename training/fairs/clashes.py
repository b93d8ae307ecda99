"""Fairs beside classes: neither a room nor a station can be at both.

Where a fair is held is written in words, so a room is known by its name; and of stations only the number is
looked at. Both are remarks: a person knows whether the hall is large enough for the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from training.core.actor import Actor
from training.fairs.choices import CHANGEABLE, FairStatus
from training.fairs.models import JobFair
from training.scheduling.models import Lesson
from training.scheduling.queries import label_of
from training.scheduling.rules import Finding
from training.stations.choices import StationStatus
from training.stations.models import Station


def fairs_beside(lessons: Sequence[Lesson]) -> list[Finding]:
    """Where these lessons of one session want what a fair has; no fair is named, it may be another's."""
    if not lessons:
        return []
    institution = lessons[0].training_session.institution
    days = {lesson.on for lesson in lessons}
    fairs = list(_standing(programme=institution.programme_id, on__in=days).prefetch_related("stations"))
    if not fairs:
        return []
    in_use = _in_use(institution.pk)
    return [
        finding
        for lesson in lessons
        for fair in fairs
        if fair.starts_at < lesson.ends_at and lesson.starts_at < fair.ends_at
        for finding in _said(lesson, fair, in_use)
    ]


def _standing(**which: Any) -> QuerySet[Any]:
    return JobFair.objects.filter(**which).exclude(status=FairStatus.CANCELLED)


def _in_use(institution: int) -> set[Any]:
    active = Station.objects.filter(institution=institution, status=StationStatus.ACTIVE)
    return set(active.values_list("pk", flat=True))


def _said(lesson: Lesson, fair: Any, in_use: set[Any]) -> Iterator[Finding]:
    when = {
        "on": f"{fair.on}",
        "start": f"{localtime(fair.starts_at):%H:%M}",
        "end": f"{localtime(fair.ends_at):%H:%M}",
    }
    if fair.place == lesson.venue.name:
        yield Finding("fair_at_venue", False, when | {"name": lesson.venue.name})
    if in_use and in_use <= {station.pk for station in fair.stations.all()}:
        yield Finding("fair_has_stations", False, when | {"count": f"{len(in_use)}"})


def lessons_beside(fair: JobFair, actor: Actor) -> list[str]:
    """The same seen from a fair that may still be moved: the classes at its place or without a station."""
    if fair.status not in CHANGEABLE:
        return []
    lessons = Lesson.objects.filter(
        live=True,
        training_session__institution__programme=fair.programme_id,
        starts_at__lt=fair.ends_at,
        ends_at__gt=fair.starts_at,
    ).select_related("training_session", "venue")
    taken = {station.pk: station.institution_id for station in fair.stations.all()}
    alone = {pk for pk in set(taken.values()) if _in_use(pk) <= taken.keys()}
    return list(_classes(fair, lessons, alone, actor))


def _classes(fair: JobFair, lessons: QuerySet[Any], alone: set[Any], actor: Actor) -> Iterator[str]:
    for lesson in lessons:
        said = {"where": label_of(lesson, actor), "place": lesson.venue.name}
        if lesson.venue.name == fair.place:
            yield _("%(where)s这段时间在%(place)s上课。") % said
        if lesson.training_session.institution_id in alone:
            yield _("%(where)s这段时间在%(place)s上课，而机构在用的签到终端都选给了对接会。") % said
