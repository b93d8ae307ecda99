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

from training.accounts.choices import Role
from training.accounts.permissions import may
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.people.choices import OPEN_REQUESTS, ConsentPurpose, GroupStatus
from training.people.hashes import phone_tail_hash, tail_hash
from training.people.models import Consent, ConsentText, NameWord, RightsRequest, Trainee, TraineeGroup
from training.people.pinyin import is_called, is_chinese, typed, word_range
from training.programmes.models import RuleSet
from training.programmes.preset import RightsRule, is_marked_sensitive
from training.programmes.queries import rule_set_on, the_programme


def found(rows: QuerySet[Any], q: str, *, phones: bool = False) -> QuerySet[Any]:
    """Those of these trainees whom `q` names: a name or part of it, its pinyin or first letters, the last four
    of the identity number, or with `phones` (for whoever may call them) of the telephone. Every way goes
    through an index.
    """
    said = unicodedata.normalize("NFKC", q).strip()
    if re.fullmatch(r"\d{3}[\dXx]", said):
        ends = Q(tail_hash=tail_hash(said))
        if phones and said.isdecimal():
            ends |= Q(phone_tail_hash=phone_tail_hash(said), do_not_contact=False)
        return rows.filter(ends)
    span = word_range(said)
    if span is None:
        return rows.none()
    rows = rows.filter(pk__in=NameWord.objects.filter(word__range=span).values("trainee"))
    return rows.filter(name__contains="".join(said.split())) if is_chinese(said) else rows


def whose(q: str, *, phones: bool = False) -> QuerySet[Any]:
    """Keys of everybody whom `q` names, for rows of other rooms that lead to a trainee and are scoped themselves."""
    return found(Trainee.objects.all(), q, phones=phones).values("pk")


def called(rows: QuerySet[Any], q: str, *, name: str = "name") -> Q:
    """Of rows that are no trainees and few enough to be read through: `name` has `q` in it, or sounds like it."""
    said = Q(**{f"{name}__icontains": q})
    if is_chinese(q) or not typed(q):
        return said
    names = rows.order_by().values_list("pk", name)
    return said | Q(pk__in=[pk for pk, known in names if is_called(known, q)])


# Groups


@dataclass(frozen=True)
class GroupWord:
    """A group of the programme's rules; `current`: of those in force now.

    `department` is the one that verifies it (`accounts.choices.Department`), blank for any.
    """

    code: str
    name: str
    sensitive: bool
    current: bool = True
    department: str = ""


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
    return GroupWord(
        group["code"],
        group["name"],
        is_marked_sensitive(group),
        current=current,
        department=group.get("verified_by") or "",
    )


def sensitive_codes(book: Mapping[str, GroupWord]) -> frozenset[str]:
    return frozenset(code for code, word in book.items() if word.sensitive)


def is_concerned(actor: Actor, department: str) -> bool:
    """Of a group that this department verifies, "" any: a data department has to do with its own and with
    those that name none, everybody else with all.
    """
    return actor.role != Role.DATA_DEPARTMENT or department in ("", actor.department)


def may_see(actor: Actor, word: GroupWord) -> bool:
    """Who belongs to it, by name: sensitive groups only for whoever needs them."""
    return not word.sensitive or (
        may(actor, "trainee.view_sensitive") and is_concerned(actor, word.department)
    )


def hidden_codes(actor: Actor, book: Mapping[str, GroupWord]) -> frozenset[str]:
    """Groups that this actor is not told of: neither who belongs to them, nor by a list of those who do."""
    return frozenset(code for code, word in book.items() if not may_see(actor, word))


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
    """Claims that this actor could decide: in sight, not their own, of groups that are theirs to verify;
    the longest waiting first.
    """
    rows = TraineeGroup.objects.visible_to(actor).filter(status=GroupStatus.CLAIMED)
    if actor.role == Role.DATA_DEPARTMENT:
        book = group_book(the_programme(actor).pk)
        rows = rows.exclude(
            code__in=[code for code, word in book.items() if not is_concerned(actor, word.department)]
        )
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
    """Same name, same village, another number: perhaps one person written down twice."""
    rows: QuerySet[Any] = Trainee.objects.visible_to(actor).filter(has_namesake=True)
    return rows.order_by("township", "village", "name", "pk")


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
