"""The nightly run over everything that is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain

from django.db import models, transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, Role
from training.attendance.models import Completion
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.models import AuditEvent
from training.dossiers.models import Evidence
from training.enrolment.models import Enrolment, RosterChange
from training.integrity.checks import (
    BATCH,
    Found,
    Looked,
    check_audit,
    check_completion,
    check_events,
    check_files,
    check_orphans,
    check_packages,
    check_what_came,
    gather,
)
from training.integrity.deeds import check_deeds
from training.integrity.models import IntegrityFinding, IntegrityRun
from training.integrity.rosters import check_roster
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.people.models import Trainee
from training.programmes.models import Programme

Tell = Callable[[str, int], None]
"""Hears of the progress: the part, and how many of it have been looked at."""


def check_integrity(tell: Tell = lambda _part, _done: None, *, actor: Actor) -> list[IntegrityRun]:
    """Check everything once; a run is kept for each programme, and its bureau told if anything was found.

    What belongs to no programme (orphaned files, the system's own audit trail) is in everybody's run: it
    names no person. Reads without a lock, so what is written meanwhile may wait for the next night.
    """
    started_at = clock.now()
    by_programme: dict[int | None, list[Looked]] = defaultdict(list)
    for programme_id, looked in check_files():
        by_programme[programme_id].append(looked)
        tell(looked.part, len(by_programme[programme_id]))
    shared = [*by_programme[None], *_told(check_orphans(), tell), *check_audit(0)]
    return [
        _finish(
            programme, started_at, [*by_programme[programme.pk], *shared, *_told(_of(programme), tell)], actor
        )
        for programme in Programme.objects.order_by("pk")
    ]


def _of(programme: Programme) -> Iterator[Looked]:
    return chain(
        check_events(programme),
        check_what_came(programme),
        check_roster(programme),
        check_completion(programme),
        check_packages(programme),
        check_deeds(programme),
        check_audit(programme.pk),
    )


def _told(looked: Iterator[Looked], tell: Tell) -> Iterator[Looked]:
    for done, one in enumerate(looked, 1):
        tell(one.part, done)
        yield one


@transaction.atomic
def _finish(programme: Programme, started_at: datetime, looked: list[Looked], actor: Actor) -> IntegrityRun:
    counted, found = gather(looked)
    run = IntegrityRun.objects.create(
        programme=programme,
        started_at=started_at,
        finished_at=clock.now(),
        counted=counted,
        found=len(found),
    )
    IntegrityFinding.objects.bulk_create([_row(run, one) for one in found], batch_size=BATCH)
    if found:
        roles = BUREAU_ROLES | {Role.AUDITOR}
        notify(Kind.INTEGRITY_FAULT, run, roles=roles, actor=actor, count=len(found))
    record(actor, "integrity.checked", run, found=len(found))
    return run


def _row(run: IntegrityRun, found: Found) -> IntegrityFinding:
    row = found.subject if isinstance(found.subject, models.Model) else None
    return IntegrityFinding(
        run=run,
        part=found.part,
        about_type=row._meta.label if row else "",
        about_id=str(row.pk) if row else "",
        about=_label(found.subject)[:200],
        problem=found.problem[:300],
    )


def _label(subject: models.Model | str) -> str:
    """Without a person's name: the roster's number tells whom it is about."""
    if isinstance(subject, Completion):
        subject = subject.enrolment
    if isinstance(subject, Enrolment):
        return f"{subject.training_session.code} #{subject.number}"
    if isinstance(subject, Trainee):
        return _("学员 %(pk)s") % {"pk": subject.pk}
    if isinstance(subject, RosterChange):
        return f"{subject.training_session.code} {subject.get_kind_display()}"
    if isinstance(subject, Evidence):
        return f"{subject.training_session} {subject.item} {subject}"
    if isinstance(subject, AuditEvent):
        return f"{localtime(subject.at):%Y-%m-%d %H:%M} {subject.verb} {subject.subject}"
    return str(subject)
