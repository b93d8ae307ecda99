"""What nobody does and somebody should hear of: papers that run out, stations, archives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.utils.timezone import localtime

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.core import clock
from training.core.actor import SYSTEM
from training.dossiers.models import ItemState
from training.dossiers.snapshots import owed_items
from training.institutions.models import InstructorProof
from training.notifications.choices import Kind
from training.notifications.services import notify_once
from training.scheduling.models import TrainingSession
from training.stations.choices import StationStatus
from training.web.stations.queries import fleet

RUNS_OUT_SOON: Final = timedelta(days=30)
BEFORE_CLASS: Final = timedelta(hours=24)
FAR_AHEAD: Final = timedelta(days=120)
"""No programme's reminders begin earlier than that."""
JUST_PASSED: Final = timedelta(days=7)
"""So long a deadline that has passed is still noticed, should nothing have run on the day."""


def warn_of_expiring_proofs() -> int:
    """Each institution once for each of its instructors' proofs; how many people were told."""
    today = clock.today()
    ends = InstructorProof.objects.filter(
        verified_at__isnull=False, valid_until__range=(today, today + RUNS_OUT_SOON)
    )
    return sum(
        len(
            notify_once(
                Kind.PROOF_EXPIRING,
                proof.instructor,
                roles=INSTITUTION_ROLES,
                actor=SYSTEM,
                name=proof.instructor.name,
                day=f"{proof.valid_until}",
            )
        )
        for proof in ends.select_related("instructor__institution")
    )


def warn_of_stations() -> int:
    """Both sides, once a class, of a station that stands in its way; how many people were told."""
    now = clock.now()
    return sum(
        len(
            notify_once(
                Kind.STATION_ALARM,
                row.station,
                roles=INSTITUTION_ROLES | BUREAU_ROLES,
                actor=SYSTEM,
                station=row.station.name,
                at=f"{localtime(row.next_lesson_at):%m-%d %H:%M}",
            )
        )
        for row in fleet(SYSTEM, status=StationStatus.ACTIVE)
        if row.urgent and row.next_lesson_at and now < row.next_lesson_at <= now + BEFORE_CLASS
    )


def warn_of_due_archives() -> int:
    """Whoever owes an archive something, at each step before its deadline and once when that has passed."""
    today, owing = clock.today(), defaultdict(list)
    near = (today - JUST_PASSED, today + FAR_AHEAD)
    for state in (
        owed_items(SYSTEM)
        .filter(due_on__range=near)
        .select_related("training_session__institution")
        .prefetch_related("training_session__rule_set")
    ):
        owing[state.training_session].append(state)
    return sum(_remind(session, states, today) for session, states in owing.items())


def _remind(session: TrainingSession, states: Sequence[ItemState], today: date) -> int:
    """How many people were told; each step is told once."""
    due_on = states[0].due_on
    assert due_on is not None  # noqa: S101  they were found by it
    left = (due_on - today).days
    steps = [days for days in session.rule_set.rules.archive.remind_days if days >= left]
    said: dict[str, Any] = {"session": str(session), "day": f"{due_on}"}
    if left < 0:
        return len(notify_once(Kind.ARCHIVE_OVERDUE, session, roles=_owing(states), actor=SYSTEM, **said))
    if not steps:
        return 0
    said["days"] = min(steps)
    return len(notify_once(Kind.ARCHIVE_DUE, session, roles=_owing(states), actor=SYSTEM, **said))


def _owing(states: Sequence[ItemState]) -> frozenset[Role]:
    institution = any(state.institution_owes for state in states)
    bureau = any(state.bureau_owes for state in states)
    return (INSTITUTION_ROLES if institution else frozenset()) | (BUREAU_ROLES if bureau else frozenset())
