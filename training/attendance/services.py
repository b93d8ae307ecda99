from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.attendance.choices import EventKind
from training.attendance.models import Completion
from training.attendance.queries import lesson_time, minutes_by_lesson, register
from training.attendance.rules import completion
from training.core import clock
from training.core.errors import InvalidTransitionError
from training.enrolment.choices import EnrolmentStatus
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession


def start_session_if_attended(session: TrainingSession) -> None:
    """已批准 → 培训中, once the first counted event has come; the caller holds the row lock."""
    if (
        session.status == SessionStatus.APPROVED
        and session.events.filter(held_reason="", kind=EventKind.SIGN_IN).exists()
    ):
        session.enter(SessionStatus.RUNNING)


def complete_enrolments(session: TrainingSession) -> list[Completion]:
    """Decide 结业/未达标 for everyone on the roster by the session's rule; the caller closes the session.

    Raises InvalidTransitionError before the last lesson has ended.
    """
    lessons = [lesson_time(lesson) for lesson in session.lessons.all()]
    now = clock.now()
    if not lessons or max(lesson.ends_at for lesson in lessons) > now:
        raise InvalidTransitionError(_("最后一次课还没有结束，不能结课。"))
    minutes = minutes_by_lesson(register(session))
    rule = session.rule_set.rules.attendance
    completions = []
    for enrolment in session.enrolments.filter(status=EnrolmentStatus.ENROLLED):
        with override(settings.LANGUAGE_CODE):  # the archive speaks the county's language, whoever closes
            result = completion(minutes.get(enrolment.pk, {}), lessons, rule)
        enrolment.enter(EnrolmentStatus.COMPLETED if result.completed else EnrolmentStatus.INCOMPLETE)
        completions.append(
            Completion(
                enrolment=enrolment,
                rule_set=session.rule_set,
                attended_minutes=result.attended_minutes,
                required_minutes=result.required_minutes,
                completed=result.completed,
                explanation=result.explanation,
                computed_at=now,
            )
        )
    return Completion.objects.bulk_create(completions)
