"""The door of a fair, as the ledger of attendance sees it: what a station may bring, and who came.

The ledger keeps every signed event as it came; from those that count a fair's attendances are made here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from kiosk.envelope import EnvelopeError, WalkIn, unseal_card
from training.core import clock
from training.core.actor import SYSTEM
from training.core.audit import record
from training.core.crypto import sealing_key
from training.core.files import keep_upload
from training.enrolment.models import Enrolment
from training.fairs.choices import TAKES_SIGN_IN, PaperKind
from training.fairs.models import FairAttendance, FairInvitation, FairPaper, JobFair
from training.fairs.people import completed_by_hash
from training.people.hashes import id_hash


@dataclass(frozen=True)
class Door:
    """One fair at which this station takes signatures; `expected` are places of its list."""

    fair: int
    programme: int
    on: str  # ISO 8601
    is_open: bool
    expected: frozenset[int]

    @property
    def lesson(self) -> int:
        """A fair travels as one lesson. Its number is negative: no lesson of a session has it."""
        return -self.fair


@dataclass(frozen=True)
class Arrival:
    """A signed sign-in that counts: somebody of the list, or the sealed card of somebody who is not."""

    door: Door
    station: UUID
    digest: str
    at: datetime
    person: int | WalkIn


def doors(station: UUID, codes: Collection[str], enrolments: Collection[int]) -> dict[str, Door]:
    """By code, the fairs that this station was given; locked, so that none is closed meanwhile.

    Of their lists only these enrolments are looked at.
    """
    fairs = list(
        JobFair.objects.filter(stations=station, code__in=list(codes))
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    if not fairs:
        return {}
    rows = FairInvitation.objects.filter(fair__in=fairs, enrolment__in=list(enrolments))
    listed = set(rows.values_list("fair", "enrolment"))
    return {
        fair.code: Door(
            fair.pk,
            fair.programme_id,
            fair.on.isoformat(),
            fair.status in TAKES_SIGN_IN,
            frozenset(enrolment for at, enrolment in listed if at == fair.pk),
        )
        for fair in fairs
    }


def welcome(arrivals: Iterable[Arrival], *, at: datetime) -> None:
    """Make attendances of sign-ins; whoever is there already stays there once, by the earliest signature.

    What was signed before the person's attendance was voided is the mistake itself and makes no new one. A card that is on no list is opened to be matched by keyed hash with who completed a session; nothing of
    it is kept, and of somebody unknown nothing but the signed event remains.
    """
    for arrival in arrivals:
        place = _place(arrival)
        if place is not None:
            _note(arrival, place, at)


def _place(arrival: Arrival) -> Any:
    if isinstance(arrival.person, int):
        return Enrolment.objects.get(pk=arrival.person)
    try:
        number = str(unseal_card(arrival.person, sealing_key()).get("number", ""))
    except EnvelopeError:  # sealed for another server: a visitor as any other
        return None
    return next(iter(completed_by_hash(arrival.door.programme, [id_hash(number)]).values()), None)


def _note(arrival: Arrival, place: Any, at: datetime) -> None:
    signed: Mapping[str, Any] = {
        "station_id": arrival.station,
        "digest": arrival.digest,
        "signed_in_at": arrival.at,
    }
    who = {"fair_id": arrival.door.fair, "trainee_id": place.trainee_id}
    if FairAttendance.objects.filter(**who, voided_at__gte=arrival.at).exists():
        return
    there, new = FairAttendance.objects.get_or_create(
        **who, voided_at=None, defaults={**signed, "enrolment": place, "registered_at": at}
    )
    if not new and (there.signed_in_at is None or arrival.at < there.signed_in_at):
        FairAttendance.objects.filter(pk=there.pk).update(**signed)


def keep_photo(
    fair_id: int, *, station: Any, digest: str, taken_at: datetime, data: bytes
) -> tuple[FairPaper, bool]:
    """The picture that a signed event (`digest`) of the ledger names, and whether it is new.

    It is taken whenever it comes: the event was, while the door was open.
    """
    known: FairPaper | None = FairPaper.objects.filter(digest=digest).first()
    if known:
        return known, False
    fair = JobFair.objects.get(pk=fair_id)
    name = f"{fair.code}-{digest[:12]}.jpg"
    stored = keep_upload(
        name, data, allow=frozenset({"image/jpeg"}), actor=replace(SYSTEM, name=station.name)
    )
    paper: FairPaper = FairPaper.objects.create(
        fair=fair,
        kind=PaperKind.PHOTO,
        caption=_("对接会现场"),
        file=stored,
        added_by=station.name[:64],
        added_at=clock.now(),
        taken_at=taken_at,
        digest=digest,
    )
    record(SYSTEM, "fair.photo_received", paper, sha256=stored.sha256)
    return paper, True
