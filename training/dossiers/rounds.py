"""Where the bureau's check of a dossier stands: item by item, and what changed since it last looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from training.dossiers.choices import Decision
from training.dossiers.item_changes import Change, changes, digest
from training.dossiers.item_facts import item_facts
from training.dossiers.models import Dossier, ItemReview, ReviewRound
from training.dossiers.risks import Risk, flagged

NEVER: Final = "never"
ALWAYS: Final = "always"


@dataclass(frozen=True)
class ItemStanding:
    """One item of the running round. `review` is None while nobody judged it.

    `stale`: it was accepted, and what it says has changed since, so that it must be looked at again.
    """

    code: str
    title: str
    review: ItemReview | None
    stale: bool
    changed: tuple[Change, ...]  # since the round before; none in the first
    before: ItemReview | None  # what was said of it in the round before

    @property
    def accepted(self) -> bool:
        return bool(self.review and self.review.decision == Decision.ACCEPTED) and not self.stale

    @property
    def returned(self) -> bool:
        return bool(self.review and self.review.decision == Decision.RETURNED)


@dataclass(frozen=True)
class Standing:
    """The whole check. `round` is None before the first submission."""

    round: ReviewRound | None
    items: tuple[ItemStanding, ...]
    second_person: str  # of the rules
    risks: tuple[Risk, ...]

    @property
    def open_items(self) -> tuple[ItemStanding, ...]:
        return tuple(item for item in self.items if not item.accepted)

    @property
    def returned_items(self) -> tuple[ItemStanding, ...]:
        return tuple(item for item in self.items if item.returned)

    @property
    def wants_second_person(self) -> bool:
        return self.second_person == ALWAYS or (self.second_person != NEVER and bool(self.risks))

    @property
    def waits_for_second_person(self) -> bool:
        return self.wants_second_person and not (self.round and self.round.confirmed_at)

    @property
    def reviewers(self) -> frozenset[int]:
        """Everybody whose acceptance the seal would stand on."""
        return frozenset(item.review.by_id for item in self.items if item.review)

    def of(self, code: str) -> ItemStanding | None:
        return next((item for item in self.items if item.code == code), None)


def running_round(dossier: Dossier) -> ReviewRound | None:
    """The last one; it is closed when it has `returned_at`."""
    return dossier.rounds.order_by("-number").first()


def standing(dossier: Dossier) -> Standing:
    """Read now, facts and all; a number of queries that doesn't depend on who is on the roster."""
    session: Any = dossier.training_session
    rules = session.rule_set.rules
    rounds = list(dossier.rounds.order_by("-number")[:2])
    current, before = (*rounds, None, None)[:2]
    facts = item_facts(session)
    said, said_before = _reviews(current), _reviews(before)
    return Standing(
        round=current,
        items=tuple(
            _item(item, facts[item.code], said.get(item.code), said_before.get(item.code), before)
            for item in rules.items_for(session.class_type)
        ),
        second_person=rules.review.second_person,
        risks=flagged(session),
    )


def _reviews(round: ReviewRound | None) -> dict[str, ItemReview]:
    return {review.item: review for review in round.reviews.select_related("by")} if round else {}


def _item(
    item: Any,
    facts: Mapping[str, str],
    review: ItemReview | None,
    said_before: ItemReview | None,
    before: ReviewRound | None,
) -> ItemStanding:
    return ItemStanding(
        code=item.code,
        title=item.title,
        review=review,
        stale=bool(review and review.facts_sha256 != digest(facts)),
        changed=changes(before.facts.get(item.code, {}), facts) if before and before.facts else (),
        before=said_before,
    )


def history(dossier: Dossier) -> Sequence[Any]:
    """Every round, the last first, each with what was said of its items."""
    related = ("submitted_by", "reviewed_by", "confirmed_by", "returned_by")
    rows = dossier.rounds.select_related(*related).prefetch_related("reviews__by")
    return list(rows.order_by("-number"))
