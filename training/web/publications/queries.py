from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy

from training.core.actor import Actor
from training.programmes.queries import the_programme
from training.publications import queries
from training.publications.models import Publication, Table
from training.publications.rules import Refused

SHOWN_ROWS = 200
HIDDEN = "▇▇"


def listed(actor: Actor, *, q: str = "", status: str = "") -> QuerySet[Any]:
    rows = queries.publications(actor)
    if q:
        rows = rows.filter(title__icontains=q)
    if status:
        rows = rows.filter(status=status)
    return rows


COLUMNS = (
    gettext_lazy("标题"),
    gettext_lazy("拟稿日期"),
    gettext_lazy("拟稿人"),
    gettext_lazy("发布日期"),
    gettext_lazy("发布人"),
    gettext_lazy("状态"),
)


def lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS; blank where it is not published."""
    for row in rows:
        yield (
            row.title,
            localdate(row.drafted_at),
            row.drafted_by or "",
            localdate(row.published_at) if row.published_at else "",
            row.published_by or "",
            row.get_status_display(),
        )


def find(pk: int, actor: Actor) -> Publication:
    return queries.publication_of(pk, actor)


def not_told(actor: Actor) -> int:
    """Sessions held that the public list does not name."""
    programme = the_programme(actor)
    return queries.closed_since(programme, queries.newest_list(programme))


@dataclass(frozen=True)
class Page:
    """`table` is what is shown of it; `columns` are those with something wrong."""

    it: Publication
    table: Table
    hidden: int
    findings: Sequence[Refused]
    columns: Sequence[str]


def page_of(publication: Publication) -> Page:
    table, findings = publication.table, publication.findings
    columns = list(dict.fromkeys(one.column for one in findings if one.column))
    shown = Table(table.columns, tuple(_seen(table, findings))[:SHOWN_ROWS])
    return Page(publication, shown, len(table.rows) - len(shown.rows), findings, columns)


def _seen(table: Table, findings: Sequence[Refused]) -> Iterator[tuple[str, ...]]:
    """What names people is not shown inside the house either: more read this page than may see numbers."""
    refused = {(one.column, one.row) for one in findings}
    for number, row in enumerate(table.rows, 1):
        yield tuple(
            HIDDEN if {(name, 0), (name, number)} & refused else cell
            for name, cell in zip(table.columns, row, strict=True)
        )
