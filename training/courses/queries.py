"""Reading courses with their outlines, and what may be taught with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from training.core.actor import Actor
from training.courses.choices import OutlineStatus
from training.courses.models import Courseware, Outline
from training.courses.rules import OutlineLine, Part, in_minutes


def approved_outlines(actor: Actor) -> QuerySet[Any]:
    """The newest approved version of every course that is not retired: what a session may be planned by."""
    newer = Outline.objects.filter(
        course=OuterRef("course"), status=OutlineStatus.APPROVED, version__gt=OuterRef("version")
    )
    rows: QuerySet[Any] = Outline.objects.visible_to(actor).filter(
        status=OutlineStatus.APPROVED, course__retired_at=None
    )
    return rows.exclude(Exists(newer)).select_related("course").order_by("course__title", "pk")


def with_superseded(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Courseware with `superseded`: whether there is a later version of it."""
    newer = Courseware.objects.filter(
        institution=OuterRef("institution"),
        topic=OuterRef("topic"),
        title=OuterRef("title"),
        version__gt=OuterRef("version"),
    )
    found: QuerySet[Any] = rows.annotate(superseded=Exists(newer))
    return found


def lines(outline: Outline) -> list[OutlineLine]:
    return [
        OutlineLine(row.topic, row.hours, row.practical, row.method, row.aims) for row in outline.rows.all()
    ]


def parts(outline: Outline, unit_minutes: int) -> list[Part]:
    """The outline as minutes, in units of the rule set that asks."""
    return [Part(row.topic, in_minutes(row.hours, unit_minutes), row.practical) for row in outline.rows.all()]


def lesson_parts(lessons: Iterable[Any]) -> list[Part]:
    """A timetable, or the part of it that was held."""
    return [Part(lesson.topic, lesson.minutes, lesson.practical) for lesson in lessons]
