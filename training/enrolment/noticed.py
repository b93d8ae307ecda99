"""What the software notices about a plan before a person reads it. Plain data in, sentences out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from training.core.working_days import holiday, is_published, is_worked_instead
from training.courses.rules import Notice, Part, topic_share
from training.programmes.preset import Preset
from training.scheduling.rules import Finding, lead


@dataclass(frozen=True)
class PlannedLesson:
    topic: str
    minutes: int
    seats: int
    on: date
    practical: bool = False


def notices(
    rules: Preset,
    category: str,
    lessons: Sequence[PlannedLesson],
    groups: Sequence[str],
    submitted_on: date,
) -> list[Notice]:
    """Topics against the category, people against seats and category, days against the calendar.

    `groups` has one code per person; `submitted_on` is today while nobody has submitted.
    """
    found = [
        _topics(rules, category, lessons),
        _seats(lessons, len(groups)),
        _groups(rules, category, groups),
        _lead(rules, lessons, submitted_on),
        *_days(lessons),
    ]
    return [notice for notice in found if notice]


def _topics(rules: Preset, category: str, lessons: Sequence[PlannedLesson]) -> Notice | None:
    spent = [Part(lesson.topic, lesson.minutes, lesson.practical) for lesson in lessons]
    return topic_share(rules.category(category), rules.topic_match, spent, rules.attendance.unit_minutes)


def _seats(lessons: Sequence[PlannedLesson], people: int) -> Notice | None:
    if not lessons:
        return None
    seats = min(lesson.seats for lesson in lessons)
    text = _("名册 %(people)s 人，最小的场地 %(seats)s 座。") % {"people": people, "seats": seats}
    return Notice(people <= seats, text)


def _groups(rules: Preset, category: str, groups: Sequence[str]) -> Notice:
    suited = {group.code for group in rules.groups if not group.categories or category in group.categories}
    strangers = [code for code in groups if code and code not in suited]
    names = dict.fromkeys(rules.group(code).name for code in strangers)
    if not strangers:
        return Notice(True, _("学员类别都适合本课程类别。"))
    text = _("%(count)s 人的学员类别不是这一课程类别的主要对象：%(groups)s。")
    return Notice(False, text % {"count": len(strangers), "groups": _("、").join(names)})


def verification(people: int, unverified: int) -> Notice:
    """How many groups nobody has verified yet. No doubt about the plan: it is frozen with the approval as it is."""
    if not unverified:
        return Notice(True, _("学员类别都由乡镇或部门核实过。"))
    text = _("名册 %(people)s 人中，%(unverified)s 人的学员类别还没有乡镇或部门核实；批准时按现状冻结。")
    return Notice(False, text % {"people": people, "unverified": unverified}, soft=True)


def timetable_notices(found: Iterable[Finding]) -> list[Notice]:
    """What the timetable's own rules found. Only what they refuse stands in the way of approving."""
    return [Notice(False, finding.message, finding.clause, soft=not finding.refuses) for finding in found]


def _lead(rules: Preset, lessons: Sequence[PlannedLesson], submitted_on: date) -> Notice | None:
    if not lessons:
        return None
    return Notice(*lead(rules.planning, min(lesson.on for lesson in lessons), submitted_on))


def _days(lessons: Sequence[PlannedLesson]) -> list[Notice]:
    """A class on a holiday is unusual and not forbidden: villagers have time then."""
    found = []
    for day in sorted({lesson.on for lesson in lessons}):
        said = {"day": f"{day:%Y-%m-%d}", "name": holiday(day)}
        if said["name"]:
            found.append(Notice(False, _("%(day)s 是法定假日（%(name)s）。") % said))
        elif is_worked_instead(day):
            found.append(Notice(True, _("%(day)s 是调休上班日。") % said))
        elif not is_published(day):
            found.append(
                Notice(True, _("%(day)s 那一年的节假日安排还没有公布，按周一至周五算工作日。") % said)
            )
    return found
