"""Finding people, and what stands of what was said of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.people.choices import OPEN_REQUESTS, ConsentPurpose, GroupStatus
from training.people.hashes import tail_hash
from training.people.models import Consent, ConsentText, NameWord, RightsRequest, Trainee, TraineeGroup
from training.people.pinyin import is_chinese, word_range
from training.people.rules import is_sensitive_group
from training.programmes.models import RuleSet
from training.programmes.preset import RightsRule
from training.programmes.queries import rule_set_on


def found(rows: QuerySet[Any], q: str) -> QuerySet[Any]:
    """Those of these trainees whom `q` names: a name or part of it, its pinyin or first letters, or the last
    four of the identity number. Every way goes through an index.
    """
    said = unicodedata.normalize("NFKC", q).strip()
    if re.fullmatch(r"\d{3}[\dXx]", said):
        return rows.filter(tail_hash=tail_hash(said))
    span = word_range(said)
    if span is None:
        return rows.none()
    rows = rows.filter(pk__in=NameWord.objects.filter(word__range=span).values("trainee"))
    return rows.filter(name__contains="".join(said.split())) if is_chinese(said) else rows


# Groups


@dataclass(frozen=True)
class GroupWord:
    """A group of the programme's rules; `current`: of those in force now."""

    code: str
    name: str
    sensitive: bool
    current: bool = True


def group_book(programme_id: int) -> dict[str, GroupWord]:
    """By code, the programme's groups of today and of every version before."""
    versions = RuleSet.objects.filter(programme=programme_id, effective_on__lte=clock.today())
    bodies = list(versions.order_by("version").values_list("body__groups", flat=True))
    if not bodies:
        first = RuleSet.objects.filter(programme=programme_id).order_by("version")
        bodies = list(first.values_list("body__groups", flat=True)[:1])
    book: dict[str, GroupWord] = {}
    for number, groups in enumerate(bodies, 1):
        for group in groups:
            book[group["code"]] = _group_word(group, current=number == len(bodies))
    return book


def _group_word(group: Mapping[str, Any], *, current: bool) -> GroupWord:
    aliases = [alias["word"] for alias in group.get("aliases", ())]
    return GroupWord(
        group["code"], group["name"], is_sensitive_group(group["name"], *aliases), current=current
    )


def sensitive_codes(book: Mapping[str, GroupWord]) -> frozenset[str]:
    return frozenset(code for code, word in book.items() if word.sensitive)


def verified_on(day: date) -> Q:
    """Of a `TraineeGroup`: somebody who may has verified it, and it is valid that day."""
    return (
        Q(status=GroupStatus.VERIFIED)
        & (Q(valid_from__isnull=True) | Q(valid_from__lte=day))
        & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
    )


def standing_groups(trainees: Collection[int]) -> set[tuple[int, str]]:
    """(trainee, code) of what these people are said to belong to today, verified or waiting for it."""
    stands = Q(status=GroupStatus.CLAIMED) | verified_on(clock.today())
    rows = TraineeGroup.objects.filter(stands, trainee__in=trainees)
    return set(rows.values_list("trainee_id", "code"))


def verified_groups(trainees: Collection[int], day: date) -> set[tuple[int, str]]:
    """(trainee, code) of what is verified and valid on that day."""
    rows = TraineeGroup.objects.filter(verified_on(day), trainee__in=trainees)
    return set(rows.values_list("trainee_id", "code"))


def barred_groups(trainees: Collection[Trainee]) -> set[tuple[int, str]]:
    """(trainee, code) of what may not be noted of these people of one programme: sensitive groups of whoever
    was asked and does not agree, and everything of whoever's particulars are only kept.
    """
    first = next(iter(trainees), None)
    if first is None:
        return set()
    book = group_book(first.programme_id)
    asked = Consent.objects.filter(
        purpose=ConsentPurpose.SENSITIVE, trainee__in=[trainee.pk for trainee in trainees]
    )
    agrees = Count("pk", filter=Q(given=True, withdrawn_at__isnull=True))
    no = set(asked.values("trainee").annotate(yes=agrees).filter(yes=0).values_list("trainee", flat=True))
    return {
        (trainee.pk, code)
        for trainee in trainees
        for code, word in book.items()
        if trainee.restricted_at or (word.sensitive and trainee.pk in no)
    }


def waiting_groups(actor: Actor) -> QuerySet[Any]:
    """Claims that this actor could decide: in sight and not their own; the longest waiting first."""
    rows = TraineeGroup.objects.visible_to(actor).filter(status=GroupStatus.CLAIMED)
    if actor.user_id is not None:
        rows = rows.exclude(claimed_by=actor.user_id)
    return rows.select_related("trainee", "claimed_by", "file").order_by("claimed_at", "pk")


# Consents


def text_in_force(programme_id: int, purpose: str) -> ConsentText | None:
    """The text to be shown today; before the first takes effect, the first."""
    rows = ConsentText.objects.filter(programme=programme_id, purpose=purpose)
    today = rows.filter(valid_from__lte=clock.today()).order_by("-valid_from", "-pk").first()
    return today or rows.order_by("valid_from", "pk").first()


def texts_in_force(programme_id: int) -> dict[str, ConsentText]:
    """By purpose, in one query."""
    rows = list(ConsentText.objects.filter(programme=programme_id).order_by("-valid_from", "-pk"))
    today = clock.today()
    ahead = {text.purpose: text for text in rows}
    return ahead | {text.purpose: text for text in reversed(rows) if text.valid_from <= today}


def standing_answers(trainee: Trainee) -> dict[str, Consent]:
    """By purpose, what this person answered and has not taken back."""
    rows = trainee.consents.filter(withdrawn_at__isnull=True).select_related("text")
    return {consent.purpose: consent for consent in rows}


# Rights


def open_requests(actor: Actor) -> QuerySet[Any]:
    """What somebody asked for and nobody has answered, the soonest due first."""
    rows = RightsRequest.objects.visible_to(actor).filter(status__in=OPEN_REQUESTS)
    return rows.select_related("trainee", "handler").order_by("due_on", "pk")


def overdue_requests(actor: Actor) -> QuerySet[Any]:
    return open_requests(actor).filter(due_on__lt=clock.today())


# The pool as a whole


def namesakes(actor: Actor) -> QuerySet[Any]:
    """Same name, same village, another number (domain.md §4.3): perhaps one person written down twice."""
    pool: QuerySet[Any] = Trainee.objects.visible_to(actor).filter(erased_at__isnull=True).exclude(village="")
    others = Trainee.objects.filter(
        programme=OuterRef("programme"),
        township=OuterRef("township"),
        village=OuterRef("village"),
        name=OuterRef("name"),
        erased_at__isnull=True,
    ).exclude(pk=OuterRef("pk"))
    return pool.filter(Exists(others)).order_by("township", "village", "name", "pk")


def named_elsewhere() -> Q:
    """Of a `Trainee`: a row of another room names this person, whichever room that is."""
    relations: Any = Trainee._meta.related_objects
    named = (
        Q(Exists(relation.related_model.objects.filter(**{relation.field.name: OuterRef("pk")})))
        for relation in relations
        if relation.related_model._meta.app_label != Trainee._meta.app_label
    )
    return reduce(or_, named)


def is_named_elsewhere(trainee: Trainee) -> bool:
    return Trainee.objects.filter(named_elsewhere(), pk=trainee.pk).exists()


def unplaced(actor: Actor, *, known_before: datetime) -> QuerySet[Any]:
    """People here since before, on no roster and nowhere else, with nothing of theirs left to answer."""
    rows = Trainee.objects.visible_to(actor).filter(known_at__lt=known_before)
    return rows.exclude(named_elsewhere()).filter(rights_requests__isnull=True).order_by("pk")


def answer_rule(trainee: Trainee, received_on: date) -> RightsRule:
    """How soon the programme answers what people ask for, as it stood that day."""
    rules = rule_set_on(trainee.programme, received_on, actor=SYSTEM).rules
    return rules.rights
