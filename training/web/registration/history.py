"""One person's way through a session: who did what, when and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent, Completion
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.enrolment.choices import ApplicationStatus, RosterChangeKind
from training.enrolment.models import Application, Enrolment
from training.people.models import Trainee


@dataclass(frozen=True)
class Step:
    at: datetime
    what: str
    who: str
    why: str = ""


def find_enrolment(pk: int, actor: Actor) -> Enrolment:
    """A township, which reaches no institution, finds it through its own people."""
    rows = Enrolment.objects.select_related(
        "trainee", "training_session__rule_set", "training_session__institution", "roster_import__file"
    )
    if actor.role != Role.TOWNSHIP:
        found: Enrolment = rows.fetch(actor, pk=pk)
        return found
    own: Enrolment | None = rows.filter(pk=pk, trainee__in=Trainee.objects.visible_to(actor)).first()
    if own is None:
        raise NotFoundError("enrolment.Enrolment", pk=pk)
    return own


def of_application(application: Application) -> list[Step]:
    return sorted(_application_steps(application), key=lambda step: step.at)


def of_enrolment(enrolment: Enrolment) -> list[Step]:
    """Oldest first."""
    steps = [
        step
        for application in enrolment.applications.select_related("reviewed_by", "call")
        for step in _application_steps(application)
    ]
    steps += [*_placing(enrolment), *_changes(enrolment), *_attendance(enrolment), *_completion(enrolment)]
    steps += _withdrawal(enrolment)
    return sorted(dict.fromkeys(steps), key=lambda step: step.at)


def _application_steps(it: Application) -> Iterator[Step]:
    yield Step(it.applied_at, it.get_source_display(), it.applied_by)
    if it.reviewed_at:
        refused = it.status == ApplicationStatus.REFUSED
        what = _("资格审核不通过") if refused else _("资格审核通过")
        yield Step(it.reviewed_at, what, str(it.reviewed_by or ""), it.reason if refused else "")
    if it.decided_at and it.enrolment_id is not None:
        yield Step(it.decided_at, _("录取，入册"), it.decided_by)
        yield from _withdrawal(it.enrolment)
    elif it.decided_at:
        yield Step(it.decided_at, it.get_status_display(), it.decided_by, it.reason)


def _withdrawal(enrolment: Enrolment | None) -> Iterator[Step]:
    if enrolment is not None and enrolment.withdrawn_at:
        yield Step(enrolment.withdrawn_at, _("退出名册"), enrolment.withdrawn_by, enrolment.withdraw_reason)


def _placing(enrolment: Enrolment) -> Iterator[Step]:
    if enrolment.roster_import is not None:
        source = enrolment.roster_import
        yield Step(source.imported_at, _("入册"), source.imported_by, source.file.name)
    session = enrolment.training_session
    if session.approved_at and session.approved_by:
        yield Step(
            session.approved_at, _("开班获批，名册冻结"), str(session.approved_by), session.approval_number
        )


def _changes(enrolment: Enrolment) -> Iterator[Step]:
    for change in enrolment.roster_changes.select_related("made_by"):
        added = change.kind == RosterChangeKind.ADDED
        what = _("名册变更：增加") if added else _("名册变更：退出")
        if change.effective_at:
            yield Step(change.effective_at, what, str(change.made_by), change.reason)


def _attendance(enrolment: Enrolment) -> Iterator[Step]:
    events = AttendanceEvent.objects.filter(enrolment=enrolment, held_reason="")
    seen: Any = events.aggregate(first=Min("captured_at"), count=Count("pk"))
    if seen["first"]:
        told = _("签到记录 %(count)d 条") % {"count": seen["count"]}
        yield Step(seen["first"], _("参训"), _("签到终端"), told)


def _completion(enrolment: Enrolment) -> Iterator[Step]:
    for found in Completion.objects.filter(enrolment=enrolment):
        what = _("结业") if found.completed else _("未达标")
        yield Step(found.computed_at, what, _("系统按考勤规则计算"), found.explanation)
