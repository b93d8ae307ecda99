"""What keeps a session from being handed in (提交), all of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from training.core import clock
from training.institutions.queries import agreement_fault, standing_fault, teaching_fault
from training.programmes.preset import PlanningRule
from training.scheduling.models import Lesson, TrainingSession
from training.scheduling.rules import lead


def gaps(session: TrainingSession, lessons: Sequence[Lesson]) -> list[str]:
    """In sentences, none when it may be handed in; clashes aside, which `refuse_what_can_not_be` tells."""
    rules, people = session.rule_set.rules, session.enrolments.filter(status="enrolled").count()
    found = [
        *_absent(session, lessons, people),
        *_people(rules.planning, people),
        standing_fault(session.institution, {lesson.on for lesson in lessons}),
        agreement_fault(session.agreement, session.class_type, rules),
        *(teaching_fault(lesson.instructor, lesson.on) for lesson in lessons),
    ]
    if lessons and rules.planning.lead_is_limit:
        early_enough, said = lead(
            rules.planning, min(lesson.on for lesson in lessons), localdate(clock.now())
        )
        found += [] if early_enough else [said]
    return list(dict.fromkeys(filter(None, found)))


def _absent(session: TrainingSession, lessons: Sequence[Lesson], people: int) -> Iterator[str]:
    planning = session.rule_set.rules.planning
    there = {
        _("经批准的培训大纲"): session.outline_id or not planning.outline_required,
        _("课程安排"): lessons,
        _("培训人员名册"): people,
        _("见证人"): session.witnesses.exists(),
        _("经费预算"): not planning.budget_required or session.budget_lines.exists(),
    }
    if missing := [name for name, found in there.items() if not found]:
        yield _("还不能提交，缺：%(missing)s。") % {"missing": _("、").join(missing)}


def _people(planning: PlanningRule, people: int) -> Iterator[str]:
    """An empty roster is said to be missing, not too small."""
    if planning.min_trainees and 0 < people < planning.min_trainees:
        said = {"people": people, "least": planning.min_trainees}
        yield _("名册只有 %(people)s 人，每期不少于 %(least)s 人。") % said
    if planning.max_trainees and people > planning.max_trainees:
        said = {"people": people, "most": planning.max_trainees}
        yield _("名册有 %(people)s 人，每期不超过 %(most)s 人。") % said
