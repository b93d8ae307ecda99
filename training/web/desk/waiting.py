"""The dossiers that lie at the bureau: how long, until when, and what the software noticed about each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.actor import Actor
from training.core.working_days import end_of_term
from training.dossiers.choices import DossierStatus
from training.dossiers.missing import ItemResult
from training.dossiers.risks import Risk, risks_of, score
from training.dossiers.snapshots import kept
from training.programmes.models import RuleSet
from training.scheduling.models import TrainingSession
from training.scheduling.turns import working_days_between

AT_THE_BUREAU = (DossierStatus.SUBMITTED, DossierStatus.SEALING)
EXPORT_CHUNK = 50
COLUMNS = (
    _("期号"),
    _("培训名称"),
    _("培训机构"),
    _("提交时间"),
    _("已过工作日"),
    _("核验期限"),
    _("超期"),
    _("系统看到的"),
)


@dataclass(frozen=True)
class Lying:
    """One dossier of the queue, before its session is read."""

    session: int
    since: date
    due_on: date

    @property
    def overdue(self) -> bool:
        return clock.today() > self.due_on

    @property
    def working_days(self) -> int:
        return working_days_between(self.since, clock.today())


@dataclass(frozen=True)
class Waiting:
    """The same with its session, its items as last checked, and what was noticed."""

    lying: Lying
    session: Any
    items: tuple[ItemResult, ...]
    risks: tuple[Risk, ...]


def lying(
    actor: Actor, *, q: str = "", institution: str = "", due: str = "", risk: str = "", order: str = ""
) -> list[Lying]:
    """What the filters leave, the longest waiting first or, where `order` says so, the riskiest.

    All of the queue is weighed where the risk filters or orders; otherwise `read` weighs what is shown.
    """
    rows = TrainingSession.objects.visible_to(actor).filter(dossier__status__in=AT_THE_BUREAU)
    if q:
        rows = rows.filter(Q(code__icontains=q) | Q(title__icontains=q) | Q(institution__name__icontains=q))
    if institution:
        rows = rows.filter(institution=institution)
    said = list(
        rows.order_by("dossier__submitted_at", "pk").values_list("pk", "dossier__submitted_at", "rule_set")
    )
    terms = _terms({rule_set for _pk, _at, rule_set in said})
    found = [_since(pk, at, terms[rule_set]) for pk, at, rule_set in said]
    if due:
        found = [row for row in found if row.overdue]
    if not risk and order != "risk":
        return found
    scores = {pk: score(risks) for pk, risks in risks_of([row.session for row in found]).items()}
    flagged = [row for row in found if scores[row.session] or not risk]
    return sorted(flagged, key=lambda row: -scores[row.session]) if order == "risk" else flagged


def lying_here(dossier: Any) -> Lying:
    """Of one that lies at the bureau."""
    session = dossier.training_session
    return _since(session.pk, dossier.submitted_at, session.rule_set.rules.review.working_days)


def _since(session: int, at: datetime, working_days: int) -> Lying:
    return Lying(session, localdate(at), end_of_term(localdate(at), working_days))


def _terms(rule_sets: set[int]) -> dict[int, int]:
    """Rule set -> working days; there are as many as the programme has versions."""
    return {row.pk: row.rules.review.working_days for row in RuleSet.objects.filter(pk__in=rule_sets)}


def read(rows: Sequence[Lying], actor: Actor) -> list[Waiting]:
    """One page of them, in a number of queries that does not grow with it."""
    shown = [row.session for row in rows]
    sessions = TrainingSession.objects.visible_to(actor).filter(pk__in=shown)
    by_pk, risks = {session.pk: (session, items) for session, items in kept(sessions, actor)}, risks_of(shown)
    return [Waiting(row, *by_pk[row.session], risks[row.session]) for row in rows if row.session in by_pk]


def lines(rows: Sequence[Lying], actor: Actor) -> Iterator[tuple[Any, ...]]:
    """For a file, in the order of COLUMNS."""
    for start in range(0, len(rows), EXPORT_CHUNK):
        for row in read(rows[start : start + EXPORT_CHUNK], actor):
            yield (
                row.session.code,
                row.session.title,
                row.session.institution.name,
                row.lying.since,
                row.lying.working_days,
                row.lying.due_on,
                _("超期") if row.lying.overdue else "",
                "；".join(risk.message for risk in row.risks),
            )
