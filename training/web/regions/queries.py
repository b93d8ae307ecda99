from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, Q, QuerySet

from training.core import clock
from training.core.actor import Actor
from training.programmes.choices import RegionLevel
from training.programmes.models import Programme, Region
from training.programmes.queries import regions
from training.programmes.region_file import CODE, NAME, POOR_FROM, POOR_SOURCE, POOR_UNTIL
from training.web.regions.forms import NEVER, POOR_NOW, POOR_ONCE

SOURCE = "来源"
COLUMNS = (CODE, NAME, POOR_FROM, POOR_UNTIL, POOR_SOURCE, SOURCE)
"""The file that is exported can be handed in again; what it has more is not read."""


def townships(programme: Programme, actor: Actor) -> QuerySet[Region]:
    return regions(programme, actor).filter(level=RegionLevel.TOWNSHIP)


def listed(
    programme: Programme, actor: Actor, *, q: str = "", township: str = "", level: str = "", poor: str = ""
) -> QuerySet[Region]:
    """A township with its villages; places by a piece of their name or the start of their code."""
    rows = regions(programme, actor)
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(code__startswith=q))
    if township:
        rows = rows.filter(code__startswith=township)
    if level:
        rows = rows.filter(level=level)
    return rows.filter(_poor(poor)) if poor else rows


def _poor(state: str) -> Q:
    today = clock.today()
    over = Q(poor_until__lt=today)
    still = Q(poor_until__isnull=True) | Q(poor_until__gte=today)
    return {
        POOR_NOW: Q(poor_from__lte=today) & still,
        POOR_ONCE: over,
        NEVER: Q(poor_from__isnull=True, level=RegionLevel.VILLAGE),
    }[state]


def lines(rows: Iterable[Region]) -> Iterator[list[Any]]:
    for row in rows:
        yield [row.code, row.name, row.poor_from or "", row.poor_until or "", row.poor_source, row.source]


def counts(programme: Programme, actor: Actor) -> dict[str, int]:
    """How many townships and villages there are, and how many villages are poor today."""
    rows = regions(programme, actor).order_by()
    return rows.aggregate(
        townships=Count("pk", filter=Q(level=RegionLevel.TOWNSHIP)),
        villages=Count("pk", filter=Q(level=RegionLevel.VILLAGE)),
        poor=Count("pk", filter=_poor(POOR_NOW)),
    )
