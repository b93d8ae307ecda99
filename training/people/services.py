from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields

from django.db import transaction

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.crypto import keyed_hash
from training.people.choices import ConsentPurpose
from training.people.models import Consent, Trainee
from training.people.rules import Person
from training.programmes.models import Programme

FACE_NOTICE_VERSION = "2025-06"
"""The notice text shown before a trainee answers; 《人脸识别技术应用安全管理办法》 arts. 5 and 6."""


def id_hash(number: str) -> str:
    """What finds a person again without the number being stored in clear."""
    return keyed_hash(number, purpose="id-number")


CONTACT = ("phone", "township", "village")


@dataclass(frozen=True)
class Known:
    """`agrees`: the name is the one that the person was first written down with."""

    trainee: Trainee
    agrees: bool


@transaction.atomic
def know_trainees(programme: Programme, people: Sequence[Person]) -> list[Known]:
    """The one row of each person in the programme's pool, in the order given and in a few queries.

    What a newer roster says of contact is taken over. The name stays as it was first written: another
    institution's roster can't rename a person, and nothing changes of whoever has another name here.
    """
    hashes = [id_hash(person.id_number) for person in people]
    said = dict(zip(hashes, people, strict=True))
    met = _by_hash(programme, said, without=("id_number",))
    newcomers = [_newcomer(programme, at, person) for at, person in said.items() if at not in met]
    # Somebody else's roster may have written the same person this very moment.
    Trainee.objects.bulk_create(newcomers, ignore_conflicts=True)
    fresh = _by_hash(programme, said.keys() - met.keys(), without=("id_number", "phone"))
    _take_over_contact((trainee, said[at]) for at, trainee in met.items() if trainee.name == said[at].name)
    found = met | fresh
    return [
        Known(found[at], found[at].name == person.name) for at, person in zip(hashes, people, strict=True)
    ]


def _by_hash(
    programme: Programme, hashes: Collection[str], *, without: tuple[str, ...]
) -> dict[str, Trainee]:
    """`without`: columns that nobody asks for here; opening what is encrypted costs most of the time."""
    if not hashes:
        return {}
    rows = Trainee.objects.filter(programme=programme, id_hash__in=list(hashes)).defer(*without)
    return {trainee.id_hash: trainee for trainee in rows}


def _newcomer(programme: Programme, at: str, person: Person) -> Trainee:
    facts = {field.name: getattr(person, field.name) for field in fields(Person)}
    return Trainee(programme=programme, id_hash=at, **facts)


def _take_over_contact(pairs: Iterable[tuple[Trainee, Person]]) -> None:
    changed = [(trainee, person) for trainee, person in pairs if _has_news(trainee, person)]
    for trainee, person in changed:
        for field in CONTACT:
            setattr(trainee, field, getattr(person, field) or getattr(trainee, field))
    Trainee.objects.bulk_update([trainee for trainee, _person in changed], CONTACT)


def _has_news(trainee: Trainee, person: Person) -> bool:
    return any(getattr(person, field) not in ("", getattr(trainee, field)) for field in CONTACT)


@transaction.atomic
def record_consent(
    trainee: Trainee, *, given: bool, actor: Actor, purpose: ConsentPurpose = ConsentPurpose.FACE
) -> Consent:
    """Write down a separate answer; a new answer withdraws the one before. A no costs nobody anything.

    The caller found the trainee through a roster that the actor may see.
    """
    demand(actor, "consent.record")
    standing = Consent.objects.filter(trainee=trainee, purpose=purpose, withdrawn_at__isnull=True)
    standing.update(withdrawn_at=clock.now())
    consent: Consent = Consent.objects.create(
        trainee=trainee,
        purpose=purpose,
        given=given,
        text_version=FACE_NOTICE_VERSION,
        recorded_at=clock.now(),
        recorded_by=actor.name,
    )
    record(actor, "consent.recorded", consent, given=given, purpose=purpose)
    return consent
