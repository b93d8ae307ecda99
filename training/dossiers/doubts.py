"""What is odd about the people of a session and only a person can settle."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.attendance.queries import clashes
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError, NotFoundError
from training.dossiers.choices import DoubtKind
from training.dossiers.models import Dossier, SettledDoubt
from training.dossiers.signals import denials_told
from training.enrolment.choices import EnrolmentStatus
from training.followup.choices import ContactResult
from training.followup.models import Contact
from training.scheduling.models import TrainingSession
from training.scheduling.signals import answers

ITEM_OF = {DoubtKind.DENIED: "A8", DoubtKind.CLASH: "A8", DoubtKind.TWIN: "A7"}


@dataclass(frozen=True)
class Doubt:
    """About places on the roster. `key` is of the evidence: more of it makes another doubt. `clash` is the evidence."""

    kind: DoubtKind
    people: tuple[Any, ...]
    key: str
    clash: Any = None

    @property
    def item(self) -> str:
        return ITEM_OF[self.kind]


def doubts_of(sessions: Sequence[Any]) -> dict[int, list[Doubt]]:
    """Session id -> everything noticed, settled or not, in six queries at most; they are read `with_archive`."""
    found: dict[int, list[Doubt]] = defaultdict(list)
    places = {place.pk: place for session in sessions for place in session.on_roster}
    for session in sessions:
        found[session.pk] += _twins(session)
    for session, doubt in (*_denials(places, sessions), *_clashes(places, sessions)):
        found[session].append(doubt)
    return found


def open_doubts(sessions: Sequence[Any]) -> dict[int, list[Doubt]]:
    """Those that nobody has settled."""
    settled = {(row.training_session_id, row.kind, row.key) for row in settled_of(sessions)}
    return {
        session: [doubt for doubt in noticed if (session, doubt.kind, doubt.key) not in settled]
        for session, noticed in doubts_of(sessions).items()
    }


def settled_of(sessions: Iterable[Any]) -> Iterable[SettledDoubt]:
    rows: Iterable[SettledDoubt] = SettledDoubt.objects.filter(
        training_session__in=[session.pk for session in sessions]
    )
    return rows


def _twins(session: Any) -> Iterator[Doubt]:
    """One person is on a roster once, by the keyed hash of the number; another document gives another hash."""
    alike: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for place in session.on_roster:
        if place.trainee.phone:
            alike[place.trainee.name, place.trainee.phone].append(place)
    for people in alike.values():
        if len(people) > 1:
            yield Doubt(DoubtKind.TWIN, tuple(people), _key(str(place.trainee_id) for place in people))


def _denials(places: dict[int, Any], sessions: Sequence[Any]) -> Iterator[tuple[int, Doubt]]:
    """Of those who count; whose sign-ins were voided since count no more."""
    said: dict[int, list[str]] = defaultdict(list)
    for _session, enrolment, call in answers(denials_told, sessions=[session.pk for session in sessions]):
        said[enrolment].append(f"call {call}")
    contacts = Contact.objects.filter(
        follow_up__enrolment__training_session__in=sessions, result=ContactResult.DENIED
    ).order_by()
    for contact, enrolment in contacts.values_list("pk", "follow_up__enrolment"):
        said[enrolment].append(f"contact {contact}")
    for enrolment, calls in said.items():
        place = places.get(enrolment)
        if place and place.status == EnrolmentStatus.COMPLETED:
            yield place.training_session_id, Doubt(DoubtKind.DENIED, (place,), _key(calls))


def _clashes(places: dict[int, Any], sessions: Sequence[Any]) -> Iterator[tuple[int, Doubt]]:
    """Of two sessions, told of both: each review sees it. Two stations at the doors of one class are no doubt."""
    for clash in clashes(sessions, SYSTEM):
        if len(clash.sessions) < 2:
            continue
        key = _key(
            f"{row._meta.label} {row.pk}"
            for piece in clash.evidence
            if (row := piece.event or piece.correction)
        )
        for pk in {piece.enrolment.pk for piece in clash.evidence} & places.keys():
            yield places[pk].training_session_id, Doubt(DoubtKind.CLASH, (places[pk],), key, clash)


def _key(parts: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(sorted(parts)).encode()).hexdigest()


@transaction.atomic
def settle_doubt(session: Any, *, kind: str, key: str, reason: str, actor: Actor) -> SettledDoubt:
    """The bureau has looked into it and lets it stand; whatever is noticed later is a new doubt.

    What is not to stand is put right instead: a voided sign-in, a place taken off the roster. The session is
    read `with_archive`. Raises NotFoundError for a doubt that is there no more: something changed meanwhile.
    """
    demand(actor, "doubt.settle")
    doubt = _doubt_of(session, kind, key)
    session = TrainingSession.objects.lock(actor, pk=session.pk)
    dossier = Dossier.objects.filter(training_session=session).first()
    if dossier and dossier.is_frozen:
        raise InvalidTransitionError(_("档案已封存，要先解封。"))
    if not reason.strip():
        raise InvalidInputError(_("请写明核对的结果和理由。"))
    settled, fresh = SettledDoubt.objects.get_or_create(
        training_session=session,
        kind=doubt.kind,
        key=doubt.key,
        defaults={
            "reason": reason.strip()[:200], "settled_by_id": actor.person_id, "settled_at": clock.now()
        },
    )  # fmt: skip
    if fresh:
        record(actor, "doubt.settled", settled, kind=str(doubt.kind), reason=settled.reason)
    return settled


def _doubt_of(session: Any, kind: str, key: str) -> Doubt:
    for doubt in doubts_of([session]).get(session.pk, []):
        if (doubt.kind, doubt.key) == (kind, key):
            return doubt
    raise NotFoundError("dossiers.SettledDoubt", key=key)
