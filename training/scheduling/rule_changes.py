"""Rules change under sessions that are being planned: who goes by which version.

A session goes by the rules in force on the day it is submitted, and keeps them. Until then it follows a new
version as soon as it is next worked on, unless it uses something that the new version no longer has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from training.core import clock
from training.core.actor import Actor
from training.core.errors import InvalidInputError
from training.programmes.models import Programme
from training.programmes.preset import Item, Preset
from training.programmes.queries import rule_set_on
from training.programmes.rule import HasCode
from training.scheduling.choices import EDITABLE, SessionStatus
from training.scheduling.models import Lesson, TrainingSession


@dataclass(frozen=True)
class Effect:
    """What other rules mean for a session that is not submitted.

    `gone`: what it uses and they do not have, in words; while there is any, it can't follow them. `outside`:
    days of its lessons that they leave out of the programme's time.
    """

    session: TrainingSession
    gone: tuple[str, ...] = ()
    new_items: tuple[Item, ...] = ()
    dropped_items: tuple[Item, ...] = ()
    outside: tuple[date, ...] = ()

    @property
    def moves(self) -> bool:
        return not self.gone


def effects_of(rules: Preset, programme: Programme, actor: Actor) -> list[Effect]:
    """Of these rules on every session that is not submitted; a constant number of queries."""
    sessions = (
        TrainingSession.objects.visible_to(actor)
        .filter(institution__programme=programme, status__in=EDITABLE)
        .select_related("institution", "agreement__fund_line", "rule_set")
        .order_by("pk")
    )
    return _effects(list(sessions), rules)


def effect_of(session: TrainingSession, rules: Preset) -> Effect:
    return _effects([session], rules)[0]


def keeping(programme: Programme, actor: Actor) -> dict[tuple[int, str], int]:
    """(version, status) to how many sessions were submitted by it: they keep it whatever comes."""
    rows = TrainingSession.objects.visible_to(actor).filter(institution__programme=programme)
    rows = rows.exclude(status__in=[*EDITABLE, SessionStatus.CANCELLED])
    counted = rows.order_by().values_list("rule_set__version", "status").annotate(count=Count("pk"))
    return {(version, status): count for version, status, count in counted}


def follow_rules(session: TrainingSession, actor: Actor) -> None:
    """Put a session that is not submitted under the rules in force, if it can go by them; the caller locked it."""
    current = rule_set_on(session.institution.programme, clock.today(), actor=actor)
    if current.pk != session.rule_set_id and effect_of(session, current.rules).moves:
        session.rule_set = current
        session.save(update_fields=["rule_set"])


def demand_current_rules(session: TrainingSession, actor: Actor) -> None:
    """Raises InvalidInputError naming what the session uses and the rules in force no longer have."""
    follow_rules(session, actor)
    current = rule_set_on(session.institution.programme, clock.today(), actor=actor)
    if current.pk != session.rule_set_id:
        told = {
            "version": current.version,
            "on": current.effective_on,
            "gone": _("、").join(effect_of(session, current.rules).gone),
        }
        raise InvalidInputError(
            _("第 %(version)s 版规则 %(on)s 起生效，其中没有：%(gone)s。请先修改计划或名册，再提交。") % told
        )


def _effects(sessions: Collection[TrainingSession], rules: Preset) -> list[Effect]:
    days, groups = _by_session(sessions)
    return [_effect(session, rules, days[session.pk], groups[session.pk]) for session in sessions]


def _by_session(
    sessions: Collection[TrainingSession],
) -> tuple[Mapping[int, set[date]], Mapping[int, set[str]]]:
    """Days of lessons and groups of the roster."""
    keys = [session.pk for session in sessions]
    days: dict[int, set[date]] = defaultdict(set)
    for pk, on in Lesson.objects.filter(training_session__in=keys).values_list("training_session", "on"):
        days[pk].add(on)
    groups: dict[int, set[str]] = defaultdict(set)
    rostered = TrainingSession.objects.filter(pk__in=keys, enrolments__status="enrolled").order_by()
    for pk, group in rostered.values_list("pk", "enrolments__group").distinct():
        groups[pk] |= {group} - {""}
    return days, groups


def _effect(
    session: TrainingSession, rules: Preset, days: Collection[date], groups: Collection[str]
) -> Effect:
    gone = tuple(_gone(session, rules, groups))
    if gone:
        return Effect(session, gone)
    before = session.rule_set.rules.items_for(session.class_type)
    after = rules.items_for(session.class_type)
    return Effect(
        session,
        new_items=_without(after, before),
        dropped_items=_without(before, after),
        outside=tuple(sorted(on for on in days if on not in rules.window)),
    )


def _without(items: Iterable[Item], others: Iterable[Item]) -> tuple[Item, ...]:
    codes = {item.code for item in others}
    return tuple(item for item in items if item.code not in codes)


def _gone(session: TrainingSession, rules: Preset, groups: Collection[str]) -> Iterable[str]:
    old = session.rule_set.rules
    used: tuple[tuple[Any, str, Collection[HasCode], Collection[HasCode]], ...] = (
        (_("课程类别“%(name)s”"), session.category, old.categories, rules.categories),
        (_("班型“%(name)s”"), session.class_type, old.class_types, rules.class_types),
        (_("培训形式“%(name)s”"), session.form, old.forms, rules.forms),
        *((_("培训对象“%(name)s”"), group, old.groups, rules.groups) for group in sorted(groups)),
    )
    for words, code, before, after in used:
        if code not in {entry.code for entry in after}:
            yield words % {"name": _name(before, code)}
    kinds = {kind.code: kind.fund_line for kind in rules.class_types}
    if kinds.get(session.class_type, session.agreement.fund_line.code) != session.agreement.fund_line.code:
        yield _("由资金条线“%(line)s”支付的这个班型") % {"line": session.agreement.fund_line.name}


def _name(entries: Collection[HasCode], code: str) -> str:
    return next((str(getattr(entry, "name", code)) for entry in entries if entry.code == code), code)
