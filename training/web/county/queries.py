"""Figures with what they count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from training.accounts.permissions import may
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.enrolment.models import Enrolment
from training.institutions.queries import active_institutions
from training.programmes.models import Programme
from training.programmes.preset import InstitutionRule
from training.programmes.queries import rule_set_on
from training.reporting.queries import (
    DEPTHS,
    Indicator,
    depths,
    enrolments_at,
    enrolments_for,
    follow_up_figures,
    indicator,
    indicators,
)


@dataclass(frozen=True)
class Depth:
    """人次 and 人数 at one depth; `rows` are the very rows counted."""

    code: str
    name: str
    formula: str
    rows: QuerySet[Any]
    renci: int
    people: int


@dataclass(frozen=True)
class Figure:
    """`href` lists exactly what `count` counts."""

    name: str
    count: int
    formula: str
    href: str


@dataclass(frozen=True)
class Scoreboard:
    programme: Programme
    as_of: datetime
    indicators: list[Indicator]
    depths: list[Depth]
    follow_up: list[Figure]
    institutions: int  # that may work today and hold an agreement
    institutions_rule: InstitutionRule

    @property
    def enough_institutions(self) -> bool:
        return self.institutions >= self.institutions_rule.min_count


def _words(code: str) -> tuple[str, str]:
    """Name and formula of a depth."""
    return {
        "planned": (_("计划"), _("名册上的人次（退班的不算）")),
        "attended": (_("参训"), _("其中至少有一次有效签到的人次")),
        "completed": (_("结业"), _("已批准的期中，按考勤规则判为“结业”的人次")),
        "archived": (_("已归档"), _("其中档案已经封存的人次")),
    }[code]


def depth_of(code: str, programme: Programme, actor: Actor) -> Depth:
    """Raises NotFoundError for a depth there is not."""
    if code not in DEPTHS:
        raise NotFoundError(code)
    return _depths(programme, actor)[list(DEPTHS).index(code)]


def counted_for(target: str, programme: Programme, actor: Actor) -> Depth:
    """The rows that the figure of a target counts; raises NotFoundError where it counts no trainees."""
    found = indicator(target, programme, actor)
    if found.actual is None:
        raise NotFoundError(target)
    rows = enrolments_for(found.rule, programme, actor)
    return Depth(found.code, found.name, found.formula, rows, found.renci, found.people)


def _depths(programme: Programme, actor: Actor) -> list[Depth]:
    figures = depths(programme, actor)
    return [
        Depth(
            code,
            *_words(code),
            enrolments_at(code, programme, actor),
            figures[code],
            figures[f"{code}_people"],
        )
        for code in DEPTHS
    ]


def scoreboard(programme: Programme, actor: Actor, *, as_of: datetime) -> Scoreboard:
    return Scoreboard(
        programme=programme,
        as_of=as_of,
        indicators=indicators(programme, actor),
        depths=_depths(programme, actor),
        follow_up=_follow_up(programme, actor),
        institutions=active_institutions(programme, actor, as_of.date()).count(),
        institutions_rule=rule_set_on(programme, as_of.date(), actor=actor).rules.institutions,
    )


def _follow_up(programme: Programme, actor: Actor) -> list[Figure]:
    counts = follow_up_figures(programme, actor)
    owed, claimed = reverse("followups"), reverse("outcomes")
    return [
        Figure(
            _("应跟踪"),
            counts["follow_ups"],
            _("结业人次 × 规定的跟踪次数"),
            f"{owed}?due=all",
        ),
        Figure(_("已跟踪"), counts["follow_ups_done"], _("其中已联系到本人或家人的"), f"{owed}?due=done"),
        Figure(_("申报的成果"), counts["outcomes"], _("登记了就业、创业等成果并附证据的"), claimed),
        Figure(
            _("已核实的成果"),
            counts["outcomes_verified"],
            _("其中证据为 A、B 级并由另一人核实的"),
            f"{claimed}?status=verified&grade=AB",
        ),
    ]


def places(depth: Depth, *, q: str = "") -> QuerySet[Any]:
    """The counted places of the sessions that `q` finds."""
    rows = depth.rows
    if q:
        session = "training_session"
        rows = rows.filter(
            Q(**{f"{session}__code__icontains": q})
            | Q(**{f"{session}__title__icontains": q})
            | Q(**{f"{session}__institution__name__icontains": q})
        )
    related = ("trainee", "training_session__institution", "training_session__dossier")
    return rows.select_related(*related).order_by("-training_session", "number")


@dataclass(frozen=True)
class Place:
    """A counted 人次; `name` is masked for those who need only the figure."""

    enrolment: Enrolment
    name: str


def named(rows: Iterable[Enrolment], actor: Actor) -> list[Place]:
    """Names in full only for those who phone people or verify what became of them."""
    full = may(actor, "outcome.verify")
    return [Place(row, row.trainee.name if full else mask_name(row.trainee.name)) for row in rows]


def mask_name(name: str) -> str:
    return name[:1] + "＊" * (len(name) - 1)
