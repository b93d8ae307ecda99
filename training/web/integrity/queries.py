"""The nightly runs as their pages show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.core.actor import Actor
from training.integrity.choices import Part
from training.integrity.models import IntegrityFinding, IntegrityRun

RUN_COLUMNS = (gettext_lazy("时间"), gettext_lazy("核对了多少"), gettext_lazy("对不上的"))
FINDING_COLUMNS = (gettext_lazy("种类"), gettext_lazy("对象"), gettext_lazy("问题"))
_PAGES: Final[Mapping[str, Callable[[str], str]]] = {
    "attendance.AttendanceEvent": lambda pk: reverse("bureau-event", args=[pk]),
    "dossiers.Dossier": lambda pk: reverse("bureau-dossier", args=[pk]),
}


@dataclass(frozen=True)
class Line:
    """One finding; `href` is empty where the row has no page of its own."""

    finding: IntegrityFinding
    href: str


def runs(actor: Actor, *, found: str = "") -> QuerySet[IntegrityRun]:
    """Newest first."""
    rows = IntegrityRun.objects.visible_to(actor)
    return rows.filter(found__gt=0) if found else rows


def find_run(pk: int, actor: Actor) -> IntegrityRun:
    run: IntegrityRun = IntegrityRun.objects.fetch(actor, pk=pk)
    return run


def counted(run: IntegrityRun) -> str:
    """“文件 120，签到事件 3400”, in the order of the run."""
    parts = [(part, run.counted[part.value]) for part in Part if part.value in run.counted]
    words = (_("%(part)s %(count)s") % {"part": part.label, "count": count} for part, count in parts)
    return _("，").join(words) or _("没有可核对的")


def run_lines(rows: Iterable[IntegrityRun]) -> Iterator[tuple[Any, ...]]:
    for run in rows:
        yield f"{localtime(run.started_at):%Y-%m-%d %H:%M}", counted(run), run.found


def findings(run: IntegrityRun, *, q: str = "", part: str = "") -> QuerySet[IntegrityFinding]:
    rows = IntegrityFinding.objects.filter(run=run)
    if q:
        rows = rows.filter(Q(about__icontains=q) | Q(problem__icontains=q))
    return rows.filter(part=part) if part else rows


def lines(rows: Iterable[IntegrityFinding]) -> list[Line]:
    return [Line(row, _page(row)) for row in rows]


def finding_lines(rows: Iterable[IntegrityFinding]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield row.get_part_display(), row.about, row.problem


def _page(row: IntegrityFinding) -> str:
    page = _PAGES.get(row.about_type)
    return page(row.about_id) if page and row.about_id else ""
