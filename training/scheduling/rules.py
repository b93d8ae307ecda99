"""Timetable rules: who and what can't be in two places (domain.md F10, F11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class LessonSlot:
    label: str
    session: int
    starts_at: datetime
    ends_at: datetime
    instructor: tuple[int, str]
    venue: tuple[int, str]

    def overlaps(self, other: LessonSlot) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def clashes(slot: LessonSlot, others: Iterable[LessonSlot]) -> list[str]:
    """In words, everything this lesson would collide with; touching ends do not collide."""
    found = []
    for other in others:
        if not slot.overlaps(other):
            continue
        if slot.instructor[0] == other.instructor[0]:
            found.append(
                _("授课人%(name)s这段时间在%(where)s") % {"name": slot.instructor[1], "where": other.label}
            )
        if slot.venue[0] == other.venue[0]:
            found.append(_("%(name)s这段时间被%(where)s占用") % {"name": slot.venue[1], "where": other.label})
        if slot.session == other.session and slot.instructor[0] != other.instructor[0]:
            found.append(_("本期%(where)s已占用这段时间") % {"where": other.label})
    return found
