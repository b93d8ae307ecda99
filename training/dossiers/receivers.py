"""What the rooms below tell, and what it means in a room that does not know them."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from training.attendance.models import Completion
from training.attendance.signals import completion_changed
from training.core import clock
from training.core.models import AuditEvent
from training.dossiers.approved_papers import keep_papers
from training.dossiers.models import ApprovedTimetable
from training.dossiers.snapshots import mark
from training.followup.services import follow_changed_completion
from training.scheduling.models import Lesson, TrainingSession
from training.scheduling.signals import change_approved, session_approved


@receiver(completion_changed)
def keep_follow_ups(completion: Completion, **_said: Any) -> None:
    """Whoever completed by a correction is followed up like everybody else, counted from the same day."""
    session: Any = completion.enrolment.training_session  # closed: only then is there a completion
    follow_changed_completion(
        completion.enrolment, days=session.rule_set.rules.follow_up.days, at=session.closed_at
    )


@receiver(session_approved)
def keep_timetable(session: TrainingSession, **_said: Any) -> None:
    """What archive item A5 is held against for ever: later changes have their own approval."""
    lessons = session.lessons.select_related("instructor", "venue")
    ApprovedTimetable.objects.get_or_create(
        training_session=session,
        defaults={"kept_at": clock.now(), "lessons": [as_approved(lesson) for lesson in lessons]},
    )


@receiver([session_approved, change_approved])
def keep_what_was_shown(session: TrainingSession, **_said: Any) -> None:
    """The licences and proofs that the bureau had before it, also those of an instructor who came by a change."""
    keep_papers(session)


def as_approved(lesson: Lesson) -> dict[str, Any]:
    """A row of `ApprovedTimetable.lessons`."""
    return {
        "sequence": lesson.sequence,
        "starts_at": lesson.starts_at.isoformat(),
        "ends_at": lesson.ends_at.isoformat(),
        "topic": lesson.topic,
        "instructor": lesson.instructor_id,
        "instructor_name": lesson.instructor.name,
        "venue": lesson.venue_id,
        "venue_name": lesson.venue.name,
    }


@receiver(post_save, sender=AuditEvent)
def look_again(instance: AuditEvent, *, created: bool, **_said: Any) -> None:
    """Every act is recorded: whatever archive it touches is checked before it is listed again."""
    if created:
        mark(instance.subject_type, instance.subject_id)
