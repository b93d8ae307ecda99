"""缺号说明: numbers of a station's chain that will never come.

Locks: the station's row, as the ledger does, so that none of them can arrive meanwhile.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.attendance.choices import CorrectionStatus
from training.attendance.models import LostRange
from training.attendance.services import two_people
from training.attendance.services.two_people import UploadedFile, keep_evidence
from training.core.actor import Actor
from training.core.errors import InvalidInputError
from training.stations.models import Station

STANDING: Final = (CorrectionStatus.PROPOSED, CorrectionStatus.APPROVED)


@transaction.atomic
def propose_lost_range(
    station_id: Any,
    *,
    first_seq: int,
    last_seq: int,
    reason: str,
    evidence: UploadedFile | None = None,
    actor: Actor,
) -> LostRange:
    """Say that these numbers of a station's chain are lost for good, both ends included.

    Raises InvalidInputError unless all of them are missing now between events that came, and while
    something stands that says the same of one of them.
    """
    demand(actor, "lost_range.propose")
    station: Station = Station.objects.lock(actor, pk=station_id)
    lost = LostRange(station=station, first_seq=first_seq, last_seq=last_seq)
    _refuse_unless_missing(lost)
    said = station.lost_ranges.filter(status__in=STANDING, first_seq__lte=last_seq, last_seq__gte=first_seq)
    if said.exists():
        raise InvalidInputError(_("这些序号里有的已经说明过，或正在等待核准。"))
    lost.evidence = keep_evidence(evidence, actor=actor)
    return two_people.propose(lost, reason, actor=actor)


@transaction.atomic
def approve_lost_range(lost_range_id: int, *, actor: Actor) -> LostRange:
    """核准: the hole no longer keeps an archive open; the register names its numbers for ever.

    Raises InvalidInputError when one of them has come since.
    """
    demand(actor, "lost_range.decide")
    lost = _locked(lost_range_id, actor)
    _refuse_unless_missing(lost)
    return two_people.approve(lost, actor=actor)


@transaction.atomic
def decline_lost_range(lost_range_id: int, *, reason: str, actor: Actor) -> LostRange:
    """不予核准, with the reason."""
    demand(actor, "lost_range.decide")
    return two_people.decline(_locked(lost_range_id, actor), reason, actor=actor)


@transaction.atomic
def withdraw_lost_range(lost_range_id: int, *, actor: Actor) -> LostRange:
    """撤回, by the person who proposed it, before it is decided."""
    demand(actor, "lost_range.propose")
    return two_people.withdraw(_locked(lost_range_id, actor), actor=actor)


def _locked(lost_range_id: int, actor: Actor) -> LostRange:
    Station.objects.lock(actor, lost_ranges=lost_range_id)
    lost: LostRange = LostRange.objects.lock(actor, pk=lost_range_id)
    return lost


def _refuse_unless_missing(lost: LostRange) -> None:
    events = lost.station.events
    last = events.aggregate(last=Max("seq"))["last"] or 0
    between = 1 <= lost.first_seq <= lost.last_seq < last
    if not between or events.filter(seq__range=(lost.first_seq, lost.last_seq)).exists():
        raise InvalidInputError(_("这些序号并不都缺：只能说明现在缺着、后面又有记录的序号。"))
