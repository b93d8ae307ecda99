"""What somebody is asked to decide on, in one line above the form."""

from __future__ import annotations

from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from training.attendance.models import AttendanceEvent, Correction, LostRange


def of_event(event: AttendanceEvent) -> str:
    said = {
        "name": event.enrolment.trainee.name if event.enrolment else _("不在名册的人"),
        "kind": event.get_kind_display(),
        "at": _at(event.captured_at),
        "event": event,
    }
    return _("%(name)s %(at)s %(kind)s（%(event)s）") % said


def of_correction(correction: Correction) -> str:
    said = {
        "name": correction.enrolment.trainee.name if correction.enrolment else _("不在名册的人"),
        "kind": correction.get_kind_display(),
        "lesson": correction.lesson.sequence,
        "what": correction.voids or (_at(correction.happened_at) if correction.happened_at else ""),
        "who": correction.proposed_by,
        "reason": correction.reason,
    }
    return _("%(name)s，第%(lesson)s课次，%(kind)s（%(what)s）。%(who)s 提出：%(reason)s") % said


def of_lost_range(lost: LostRange) -> str:
    said = {"range": lost, "who": lost.proposed_by, "reason": lost.reason}
    return _("%(range)s。%(who)s 提出：%(reason)s") % said


def _at(at: datetime) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M:%S}"
