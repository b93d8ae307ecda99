"""What archives wait for whom, read from how they stood when they were last checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.accounts.permissions import may
from training.core import clock
from training.core.actor import Actor
from training.dossiers.queries import CLOSED
from training.dossiers.rules import Finding, ItemResult
from training.dossiers.snapshots import catch_up, kept_items, owed_items
from training.institutions.models import Institution
from training.programmes.queries import rule_set_on, the_programme
from training.scheduling.models import TrainingSession
from training.web.archives.forms import Due, Party
from training.web.archives.places import place_of
from training.web.templatetags.yidang import suppliers

SOON = timedelta(days=7)
EXPORT_CHUNK = 200
ON_HOME = 5
PAPERS = ("A1", "A2", "A3")
"""Items that a class manager can do nothing about: papers are the office's."""
OWED_BY = {
    Party.INSTITUTION: Q(institution_owes=True),
    Party.BUREAU: Q(bureau_owes=True),
    Party.ANYBODY: Q(),
}
COLUMNS = (
    _("期号"),
    _("培训名称"),
    _("培训机构"),
    _("交齐期限"),
    _("档案项"),
    _("缺什么"),
    _("缺自"),
    _("由谁补"),
    _("依据"),
    _("规则版本"),
)


@dataclass(frozen=True)
class Owed:
    """One thing somebody can do something about, and where."""

    finding: Finding
    href: str


@dataclass(frozen=True)
class TodoRow:
    """An open archive with what is missing of it."""

    session: Any
    items: tuple[ItemResult, ...]
    actor: Actor

    @cached_property
    def owed(self) -> list[Owed]:
        """What is due by now, everybody's; what a class to come will bring is not in it."""
        today, closed = clock.today(), self.session.status in CLOSED
        return [
            Owed(finding, place_of(self.session, item.code, self.actor))
            for item in self.items
            for finding in item.findings
            if finding.is_due(today, closed=closed)
        ]

    @property
    def days_left(self) -> int | None:
        due_on: date | None = self.session.due_on
        return (due_on - clock.today()).days if due_on else None

    @property
    def days_late(self) -> int:
        return -(self.days_left or 0)

    @property
    def page(self) -> str:
        return place_of(self.session, "", self.actor)


def own_party(actor: Actor) -> Party:
    return Party.INSTITUTION if actor.role in INSTITUTION_ROLES else Party.BUREAU


def todo(
    actor: Actor, *, q: str = "", item: str = "", due: str = "", who: str = "", institution: str = ""
) -> QuerySet[Any]:
    """Sessions whose archive waits for somebody, nearest deadline first; an empty `who` is the actor's own side."""
    owed = _due(owed_items(actor), due).filter(OWED_BY[Party(who) if who else own_party(actor)])
    if item:
        owed = owed.filter(item=item)
    if actor.role == Role.CLASS_MANAGER:
        owed = owed.exclude(item__in=PAPERS)
    rows = TrainingSession.objects.visible_to(actor).filter(
        Exists(owed.filter(training_session=OuterRef("pk")))
    )
    if q:
        rows = rows.filter(Q(code__icontains=q) | Q(title__icontains=q) | Q(institution__name__icontains=q))
    if institution:
        rows = rows.filter(institution=institution)
    listed: QuerySet[Any] = rows.annotate(due_on=Min("item_states__due_on"))
    return listed.order_by(F("due_on").asc(nulls_last=True), "pk")


def _due(rows: QuerySet[Any], due: str) -> QuerySet[Any]:
    today = clock.today()
    if due == Due.OVERDUE:
        return rows.filter(due_on__lt=today)
    if due == Due.WEEK:
        return rows.filter(due_on__range=(today, today + SOON))
    return rows.filter(due_on__gt=today + SOON) if due == Due.LATER else rows


def up_to_date(actor: Actor) -> None:
    """Called before anything here is shown."""
    catch_up(actor)


def todo_rows(sessions: QuerySet[Any], actor: Actor) -> list[TodoRow]:
    """One page of them; three queries besides its own."""
    read = sessions.select_related("institution", "dossier").prefetch_related("rule_set", "item_states")
    return [TodoRow(session, kept_items(session), actor) for session in read]


def lines(sessions: QuerySet[Any], actor: Actor) -> Iterator[tuple[Any, ...]]:
    """For a file, in the order of COLUMNS: one line for each thing that is missing."""
    for start in range(0, sessions.count(), EXPORT_CHUNK):
        for row in todo_rows(sessions[start : start + EXPORT_CHUNK], actor):
            for owed in row.owed:
                yield _line(row.session, owed.finding)


def _line(session: Any, finding: Finding) -> tuple[Any, ...]:
    return (
        session.code,
        session.title,
        session.institution.name,
        session.due_on or "",
        finding.item,
        finding.message,
        finding.since or "",
        suppliers(finding.supplied_by),
        finding.clause,
        finding.version,
    )


def item_choices(actor: Actor) -> list[tuple[str, str]]:
    """As the rules in force have them."""
    rules = rule_set_on(the_programme(actor), clock.today(), actor=actor).rules
    return [(item.code, f"{item.code} {item.title}") for item in rules.items]


def institution_choices(actor: Actor) -> Iterable[Any]:
    """None for who works at one of them."""
    if actor.role in INSTITUTION_ROLES:
        return []
    return Institution.objects.visible_to(actor).order_by("name")


def overdue(actor: Actor) -> int:
    return todo(actor, due=Due.OVERDUE).count()


def nearest(actor: Actor) -> list[TodoRow]:
    """The few whose deadline is nearest; none for who has nothing to do with archives."""
    if not may(actor, "archive.todo"):
        return []
    up_to_date(actor)
    return todo_rows(todo(actor)[:ON_HOME], actor)
