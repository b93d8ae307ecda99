"""How far a place on a roster has come: 计划 参训 结业 已归档."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db.models import Exists, OuterRef, Q

from training.attendance.choices import CorrectionKind, CorrectionStatus, EventKind
from training.attendance.models import AttendanceEvent, Correction
from training.attendance.queries import VOIDED
from training.enrolment.choices import EnrolmentStatus
from training.scheduling.choices import WAS_APPROVED, SessionStatus

SEALED: Final = (SessionStatus.ARCHIVED, SessionStatus.CLAIMED)
_SIGNED_IN = Exists(
    AttendanceEvent.objects.filter(~VOIDED, enrolment=OuterRef("pk"), kind=EventKind.SIGN_IN, held_reason="")
)
_MADE_UP = Exists(
    Correction.objects.filter(
        enrolment=OuterRef("pk"), kind=CorrectionKind.SIGN_IN, status=CorrectionStatus.APPROVED
    )
)
_COMPLETED = Q(status=EnrolmentStatus.COMPLETED, training_session__status__in=WAS_APPROVED)
DEPTHS: Final[Mapping[str, Q]] = {
    "planned": Q(),
    # Whoever completed took part; the ledger is asked of the others only, and they are few.
    "attended": Q(status=EnrolmentStatus.COMPLETED) | Q(_SIGNED_IN) | Q(_MADE_UP),
    "completed": _COMPLETED,
    "archived": _COMPLETED & Q(training_session__status__in=SEALED),
}
"""Of an enrolment that is on a roster. Each lies within the one before it."""
