"""结业/未达标: decided at the close, and again when a correction changes what counts."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.attendance.choices import CorrectionKind, CorrectionStatus, EventKind
from training.attendance.models import Completion
from training.attendance.queries import lesson_time, minutes_by_lesson, register
from training.attendance.rules import CompletionResult, completion
from training.attendance.signals import completion_changed
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidTransitionError
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.enrolment.models import Enrolment
from training.scheduling.models import TrainingSession


def demand_attended(session: TrainingSession) -> None:
    """Raises InvalidTransitionError when not one sign-in counts: such a class was not held."""
    attended = (
        session.events.filter(held_reason="", kind=EventKind.SIGN_IN).exists()
        or session.corrections.filter(status=CorrectionStatus.APPROVED, kind=CorrectionKind.SIGN_IN).exists()
    )
    if not attended:
        raise InvalidTransitionError(
            _(
                "本期没有一个人签到，不能结课。签到记录还在终端上的，先联网补传；没有办成的，由商务局负责人中止。"
            )
        )


def complete_enrolments(session: TrainingSession) -> list[Completion]:
    """Decide 结业/未达标 for everyone on the roster by the session's rule; the caller closes the session.

    Raises InvalidTransitionError before the last lesson has ended.
    """
    last = session.lessons.aggregate(last=Max("ends_at"))["last"]
    if last is None or last > clock.now():
        raise InvalidTransitionError(_("最后一次课还没有结束，不能结课。"))
    rows = [
        _written(Completion(enrolment=enrolment, rule_set=session.rule_set), result)
        for enrolment, result in completion_results(session)
    ]
    for row in rows:
        row.enrolment.enter(_outcome(row))
    return Completion.objects.bulk_create(rows)


def complete_anew(session: TrainingSession, *, actor: Actor) -> list[Completion]:
    """Let completion follow what counts now; gives the rows that changed.

    For a closed session whose lock the caller holds. What each row said before stays in the audit trail;
    `completion_changed` is sent where 结业 turned into 未达标 or back.
    """
    rows = {
        row.enrolment_id: row
        for row in Completion.objects.filter(enrolment__training_session=session).select_related("enrolment")
    }
    return [
        _replace(rows[enrolment.pk], result, actor)
        for enrolment, result in completion_results(session)
        if _differs(rows[enrolment.pk], result)
    ]


def _replace(row: Completion, result: CompletionResult, actor: Actor) -> Completion:
    before = row.explanation
    _written(row, result).save()
    record(actor, "completion.changed", row, before=before, after=row.explanation)
    if row.enrolment.status != _outcome(row):
        row.enrolment.enter(_outcome(row))
        completion_changed.send(Completion, completion=row)
    return row


def completion_results(session: TrainingSession) -> list[tuple[Enrolment, CompletionResult]]:
    """What the rule makes of everyone on the roster, now."""
    lessons = [lesson_time(lesson) for lesson in session.lessons.all()]
    minutes = minutes_by_lesson(register(session))
    rule = session.rule_set.rules.attendance
    with override(settings.LANGUAGE_CODE):  # the archive speaks the county's language, whoever closes
        return [
            (enrolment, _unless_excluded(enrolment, completion(minutes.get(enrolment.pk, {}), lessons, rule)))
            for enrolment in session.enrolments.filter(ON_ROSTER)
        ]


def _unless_excluded(enrolment: Enrolment, result: CompletionResult) -> CompletionResult:
    """Whoever was excluded came as the register says, and does not count."""
    if enrolment.status != EnrolmentStatus.EXCLUDED:
        return result
    said = _("%(explanation)s；经核查剔除，不计入结业") % {"explanation": result.explanation}
    return replace(result, completed=False, explanation=said)


def _written(row: Completion, result: CompletionResult) -> Completion:
    row.attended_minutes = result.attended_minutes
    row.required_minutes = result.required_minutes
    row.completed = result.completed
    row.explanation = result.explanation
    row.computed_at = clock.now()
    return row


def _differs(row: Completion, result: CompletionResult) -> bool:
    return (row.attended_minutes, row.completed) != (result.attended_minutes, result.completed)


def _outcome(row: Completion) -> EnrolmentStatus:
    if row.enrolment.status == EnrolmentStatus.EXCLUDED:
        return EnrolmentStatus.EXCLUDED
    return EnrolmentStatus.COMPLETED if row.completed else EnrolmentStatus.INCOMPLETE
