"""What archives wait for whom, read from how they stood when they were last checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.accounts.permissions import may
from training.core import clock
from training.core.actor import ALL, Actor
from training.dossiers.choices import DoubtKind, Owes
from training.dossiers.missing import Finding, ItemResult, named
from training.dossiers.queries import CLOSED
from training.dossiers.snapshots import catch_up, kept_items, owed_items, owes, with_kept_items
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.institutions.models import Institution
from training.people.models import Trainee
from training.programmes.queries import rule_set_on, the_programme
from training.scheduling.models import TrainingSession
from training.web.archives.forms import ANYBODY, Due
from training.web.archives.places import BY_TELEPHONE, place_of
from training.web.institution.queries import in_charge
from training.web.templatetags.yidang import suppliers

SOON = timedelta(days=7)
EXPORT_CHUNK = 200
ON_HOME = 5
PAPERS = ("A1", "A2", "A3")
"""Items that a class manager can do nothing about: papers are the office's."""
OUTSIDE: Mapping[str, Owes] = {Role.TOWNSHIP: Owes.TOWNSHIP, Role.FOLLOW_UP: Owes.FOLLOW_UP}
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
    _("核对时间"),
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
    people: Sequence[str] = ()  # a township's own whose telephone nobody verified

    @cached_property
    def owed(self) -> list[Owed]:
        """What is due by now, everybody's; of who reaches people only theirs. What a class to come brings is not in it."""
        today, closed = clock.today(), self.session.status in CLOSED
        return [
            Owed(self._own(finding), _place(self.session, finding, self.actor))
            for item in self.items
            for finding in item.findings
            if finding.is_due(today, closed=closed)
            and (not owes_alone(self.actor) or own_party(self.actor) in owes(finding))
        ]

    def _own(self, finding: Finding) -> Finding:
        """To a township its own people are named and nobody else."""
        if self.actor.role != Role.TOWNSHIP:
            return finding
        return replace(finding, params={**finding.params, **named(self.people)})

    @property
    def whole(self) -> bool:
        """Whether this person may see how the whole archive stands."""
        return may(self.actor, "dossier.view")

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


def _place(session: Any, finding: Finding, actor: Actor) -> str:
    """Where it is done something about; doubts have a page of their own."""
    if finding.code in DoubtKind.values and may(actor, "doubt.settle"):
        return reverse("session-doubts", args=[session.pk])
    return place_of(session, finding.item, actor)


def own_party(actor: Actor) -> Owes:
    return Owes.INSTITUTION if actor.role in INSTITUTION_ROLES else OUTSIDE.get(actor.role, Owes.BUREAU)


def owes_alone(actor: Actor) -> bool:
    """Has nothing to do with what others owe."""
    return actor.role in BY_TELEPHONE


def todo(
    actor: Actor, *, q: str = "", item: str = "", due: str = "", who: str = "", institution: str = ""
) -> QuerySet[Any]:
    """Sessions whose archive waits for somebody, nearest deadline first; an empty `who` is the actor's own side.

    A class manager's are those they are in charge of, and those that nobody in particular is.
    """
    owed = _due(owed_items(actor), due)
    if who != ANYBODY[0]:
        owed = owed.filter(owed_by__contains=who or own_party(actor))
    if item:
        owed = owed.filter(item=item)
    if actor.role == Role.CLASS_MANAGER:
        owed = owed.exclude(item__in=PAPERS)
    rows = TrainingSession.objects.filter(Exists(owed.filter(training_session=OuterRef("pk"))))
    if actor.role == Role.CLASS_MANAGER:
        rows = rows.filter(in_charge(actor))
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
    """Called before anything here is shown. A township owes something in sessions that it sees nothing else of."""
    catch_up(replace(actor, reach={"institution": ALL, **actor.reach}))


def todo_rows(sessions: QuerySet[Any], actor: Actor) -> list[TodoRow]:
    """One page of them; three queries besides its own, for a township one more."""
    read = list(with_kept_items(sessions))
    people = _unreached(read, actor) if actor.role == Role.TOWNSHIP else {}
    return [TodoRow(session, kept_items(session), actor, people.get(session.pk, ())) for session in read]


def _unreached(sessions: Sequence[Any], actor: Actor) -> dict[int, list[str]]:
    """Session id -> names of the township's own people there whose telephone nobody verified."""
    places = Enrolment.objects.filter(
        ON_ROSTER,
        training_session__in=sessions,
        trainee__in=Trainee.objects.visible_to(actor).filter(phone_verified_at=None),
    )
    found: dict[int, list[str]] = defaultdict(list)
    for session, name in places.order_by("number").values_list("training_session", "trainee__name"):
        found[session].append(name)
    return found


def lines(sessions: QuerySet[Any], actor: Actor) -> Iterator[tuple[Any, ...]]:
    """For a file, in the order of COLUMNS: one line for each thing that is missing."""
    for start in range(0, sessions.count(), EXPORT_CHUNK):
        for row in todo_rows(sessions[start : start + EXPORT_CHUNK], actor):
            for owed in row.owed:
                yield _line(row.session, owed.finding, row.items[0])


def _line(session: Any, finding: Finding, result: ItemResult) -> tuple[Any, ...]:
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
        f"{localtime(result.checked_at):%Y-%m-%d %H:%M}" if result.checked_at else "",
    )


def item_choices(actor: Actor) -> list[tuple[str, str]]:
    """As the rules in force have them."""
    rules = rule_set_on(the_programme(actor), clock.today(), actor=actor).rules
    return [(item.code, f"{item.code} {item.title}") for item in rules.items]


def institution_choices(actor: Actor) -> Iterable[Any]:
    """None for who works at one of them, or has nothing to do with them."""
    if actor.role in INSTITUTION_ROLES or owes_alone(actor):
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
