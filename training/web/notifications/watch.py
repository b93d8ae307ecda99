"""What nobody does and somebody should hear of: papers that run out, stations that are not ready for class."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils.timezone import localtime

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES
from training.core import clock
from training.core.actor import SYSTEM
from training.institutions.models import InstructorProof
from training.notifications.choices import Kind
from training.notifications.services import notify_once
from training.stations.choices import StationStatus
from training.web.stations.queries import fleet

RUNS_OUT_SOON: Final = timedelta(days=30)
BEFORE_CLASS: Final = timedelta(hours=24)


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
