"""What a timetable asks of the fairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from training.fairs.clashes import fairs_beside
from training.scheduling.models import Lesson
from training.scheduling.rules import Finding
from training.scheduling.signals import lessons_weighed


@receiver(lessons_weighed)
def weigh(lessons: Sequence[Lesson], **_said: Any) -> list[Finding]:
    return fairs_beside(lessons)
