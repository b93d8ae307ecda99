"""Who is in the pool, each person once, and whether they may be reached."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.people.hashes import id_hash, phone_tail_hash, tail_hash
from training.people.models import PHONE_FIELDS, Consent, NameWord, Trainee, TraineeGroup
from training.people.pinyin import name_words
from training.people.queries import unplaced
from training.people.rules import Person
from training.people.services.groups import drop_groups
from training.programmes.models import Programme

LATEST = ("phone", "township", "village", "education", "employer", "employer_uscc")
"""What the newest roster knows best; where it is silent, what was known stays."""


@dataclass(frozen=True)
class Known:
    """`agrees`: the name is the one that the person was first written down with."""

    trainee: Trainee
    agrees: bool


@transaction.atomic
def know_trainees(programme: Programme, people: Sequence[Person]) -> list[Known]:
    """The one row of each person in the programme's pool, in the order given and in a few queries.

    What a newer roster says of `LATEST` is taken over. The name stays as it was first written: another
    institution's roster can't rename a person, and nothing changes of whoever has another name here.
    """
    hashes = [id_hash(person.id_number) for person in people]
    said = dict(zip(hashes, people, strict=True))
    met = _by_hash(programme, said, without=("id_number",))
    newcomers = [_newcomer(programme, at, person) for at, person in said.items() if at not in met]
    # Somebody else's roster may have written the same person this very moment.
    Trainee.objects.bulk_create(newcomers, ignore_conflicts=True)
    fresh = _by_hash(programme, said.keys() - met.keys(), without=("id_number", "phone"))
    write_name_words(fresh.values())
    moved = _take_over((trainee, said[at]) for at, trainee in met.items() if trainee.name == said[at].name)
    found = met | fresh
    mark_namesakes(programme, {trainee.name for trainee in (*fresh.values(), *moved)})
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
    hashes = {"tail_hash": tail_hash(person.id_number), "phone_tail_hash": phone_tail_hash(person.phone)}
    return Trainee(programme=programme, id_hash=at, **hashes, **facts)


def write_name_words(trainees: Collection[Trainee]) -> None:
    """Make anew what their names are found by."""
    if not trainees:
        return
    NameWord.objects.filter(trainee__in=[trainee.pk for trainee in trainees]).delete()
    NameWord.objects.bulk_create(
        NameWord(trainee=trainee, word=word)
        for trainee in trainees
        for word in sorted(name_words(trainee.name))
    )


def mark_namesakes(programme: Programme, names: Collection[str]) -> None:
    """Find anew who of these names shares a village, after somebody came, moved, went or was renamed: the list
    of namesakes is looked at more often than the pool changes, and comparing everybody takes a second.
    """
    people = Trainee.objects.filter(programme=programme, name__in=names) if names else Trainee.objects.none()
    homes: dict[tuple[str, ...], list[int]] = defaultdict(list)
    rows = people.filter(erased_at=None).exclude(village="")
    for pk, *home in rows.values_list("pk", "name", "township", "village"):
        homes[tuple(home)].append(pk)
    shared = {pk for there in homes.values() if len(there) > 1 for pk in there}
    marked = set(people.filter(has_namesake=True).values_list("pk", flat=True))
    Trainee.objects.filter(pk__in=shared - marked).update(has_namesake=True)
    Trainee.objects.filter(pk__in=marked - shared).update(has_namesake=False)


def _take_over(pairs: Iterable[tuple[Trainee, Person]]) -> list[Trainee]:
    """Who is somewhere else, or is reached otherwise, than was known."""
    changed = [(trainee, person) for trainee, person in pairs if _has_news(trainee, person)]
    for trainee, person in changed:
        trainee.set_phone(person.phone or trainee.phone)
        for field in LATEST[1:]:
            setattr(trainee, field, getattr(person, field) or getattr(trainee, field))
    people = [trainee for trainee, _person in changed]
    Trainee.objects.bulk_update(people, {*LATEST, *PHONE_FIELDS})
    return people


def _has_news(trainee: Trainee, person: Person) -> bool:
    """Of somebody whose particulars are only kept, nothing new is taken in."""
    used = trainee.restricted_at is None
    return used and any(getattr(person, field) not in ("", getattr(trainee, field)) for field in LATEST)


@transaction.atomic
def confirm_phone(trainee_id: int, *, actor: Actor) -> Trainee:
    """Somebody was reached under this number and is who they should be."""
    trainee = _reachable(trainee_id, actor)
    if not trainee.phone:
        raise InvalidInputError(_("没有登记电话，请先补上。"))
    trainee.phone_verified_at = clock.now()
    trainee.save(update_fields=["phone_verified_at"])
    record(actor, "trainee.phone_confirmed", trainee)
    return trainee


@transaction.atomic
def stop_contact(trainee_id: int, *, reason: str, actor: Actor) -> Trainee:
    """The person does not want to be called: from now on nobody is shown the number, nothing is owed."""
    trainee = _reachable(trainee_id, actor)
    if not reason.strip():
        raise InvalidInputError(_("请写明本人是怎么说的。"))
    trainee.do_not_contact = True
    trainee.save(update_fields=["do_not_contact"])
    record(actor, "trainee.contact_stopped", trainee, reason=reason.strip())
    return trainee


@transaction.atomic
def allow_contact(trainee_id: int, *, reason: str, actor: Actor) -> Trainee:
    """The person may be called again, by their own word."""
    trainee = _reachable(trainee_id, actor)
    if not reason.strip():
        raise InvalidInputError(_("请写明本人是怎么说的。"))
    trainee.do_not_contact = False
    trainee.save(update_fields=["do_not_contact"])
    record(actor, "trainee.contact_allowed", trainee, reason=reason.strip())
    return trainee


def _reachable(trainee_id: int, actor: Actor) -> Trainee:
    demand(actor, "trainee.contact")
    trainee: Trainee = Trainee.objects.lock(actor, pk=trainee_id)
    return trainee


@transaction.atomic
def forget_trainees(*, known_before: datetime, actor: Actor) -> int:
    """Delete everybody whom no other room names and who has been here since before; how many they were.

    For the program itself (PIPL art. 47: deleted when the purpose is gone); nobody clicks this.
    """
    rows = unplaced(actor, known_before=known_before)
    people = list(rows.values_list("pk", flat=True))
    counts = Counter(rows.values_list("programme", flat=True))
    Consent.objects.filter(trainee__in=people).delete()
    drop_groups(TraineeGroup.objects.filter(trainee__in=people))
    names = set(rows.values_list("name", flat=True))
    Trainee.objects.filter(pk__in=people).delete()
    for programme in Programme.objects.filter(pk__in=counts):
        mark_namesakes(programme, names)
        record(actor, "trainees.forgotten", programme, people=counts[programme.pk])
    return len(people)
