"""What other rules would mean for the archives that are open: nothing is changed, everything is checked twice.

A session goes by the rules it was submitted under, so only those still being planned would follow; the rest show
how much stricter, or milder, the rules become.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet

from training.core.actor import Actor
from training.dossiers.missing import Finding, findings
from training.dossiers.queries import archive_contents, check_under, under, with_archive
from training.dossiers.snapshots import BATCH, OPEN
from training.programmes.models import Programme, RuleSet
from training.programmes.preset import Preset
from training.scheduling.choices import EDITABLE
from training.scheduling.models import TrainingSession

READ: Final = ("items", "photos", "archive", "planning", "class_types")
"""The sections of the rules that a check reads."""


@dataclass(frozen=True)
class ArchiveEffect:
    """`more`: what would be missing besides; `less`: what is missing now and would not be asked any more."""

    session: TrainingSession
    more: tuple[Finding, ...]
    less: tuple[Finding, ...]
    complete_now: bool
    complete_then: bool

    @property
    def follows(self) -> bool:
        """Not submitted yet: it would go by the new rules."""
        return self.session.status in EDITABLE


@dataclass(frozen=True)
class WhatIf:
    """`looked_at`: archives whose own rules say otherwise than the new ones about what is checked."""

    looked_at: int
    effects: tuple[ArchiveEffect, ...]

    @property
    def incomplete(self) -> int:
        return sum(effect.complete_now and not effect.complete_then for effect in self.effects)

    @property
    def complete(self) -> int:
        return sum(effect.complete_then and not effect.complete_now for effect in self.effects)


def what_if(rules: Preset, programme: Programme, actor: Actor) -> WhatIf:
    """Under these rules instead of each archive's own; so many at a time, whatever their number."""
    rows = _concerned(rules, programme, actor)
    keys = list(rows.values_list("pk", flat=True))
    effects = (
        effect
        for start in range(0, len(keys), BATCH)
        for effect in _effects(TrainingSession.objects.filter(pk__in=keys[start : start + BATCH]), rules)
    )
    return WhatIf(len(keys), tuple(effect for effect in effects if effect.more or effect.less))


def _concerned(rules: Preset, programme: Programme, actor: Actor) -> QuerySet[Any]:
    others = [
        version.pk
        for version in RuleSet.objects.visible_to(actor).filter(programme=programme)
        if any(getattr(version.rules, name) != getattr(rules, name) for name in READ)
    ]
    rows = TrainingSession.objects.visible_to(actor).filter(
        OPEN | Q(status__in=EDITABLE), institution__programme=programme, rule_set__in=others
    )
    found: QuerySet[Any] = rows.order_by("pk")
    return found


def _effects(sessions: QuerySet[Any], rules: Preset) -> Iterator[ArchiveEffect]:
    rows = list(with_archive(sessions.order_by("pk"), id_numbers=False))
    contents = archive_contents(rows)
    for session in rows:
        now = findings(check_under(contents[session.pk], session.rule_set.rules, session))
        other = under(contents[session.pk], rules, session.class_type)
        then = findings(check_under(other, rules, session))
        yield ArchiveEffect(
            session, _without(then, now), _without(now, then), complete_now=not now, complete_then=not then
        )


def _without(some: list[Finding], others: list[Finding]) -> tuple[Finding, ...]:
    known = {finding.message for finding in others}
    return tuple(finding for finding in some if finding.message not in known)
