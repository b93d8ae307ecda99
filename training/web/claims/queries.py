"""The claims that this actor may see: an institution its own, the county all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from training.attendance.models import Completion
from training.claims.models import Claim
from training.core.actor import Actor
from training.enrolment.models import Enrolment
from training.institutions.models import Institution
from training.programmes.models import FundLine
from training.reporting.money import HANDED_IN, PAID

RELATED = (
    "dossier__training_session__institution__programme",
    "dossier__training_session__rule_set",
    "dossier__training_session__agreement",
    "fund_line",
    "created_by",
    "submitted_by",
)
GROUPED: Final[Mapping[str, Collection[str]]] = {"handed_in": HANDED_IN, "paid_out": PAID}
"""Several states under one word: those that the money on the dashboard is summed over."""
COLUMNS = (
    _("期号"),
    _("培训名称"),
    _("培训机构"),
    _("资金条线"),
    _("人次"),
    _("单价（元）"),
    _("金额（元）"),
    _("状态"),
    _("提交日期"),
)


def claim_of(pk: int, actor: Actor) -> Claim:
    claim: Claim = Claim.objects.select_related(*RELATED, "dossier__sealed_by").fetch(actor, pk=pk)
    return claim


def claims(
    actor: Actor, *, q: str = "", status: str = "", institution: str = "", line: str = ""
) -> QuerySet[Any]:
    """The latest first; an empty argument does not filter."""
    rows: QuerySet[Any] = Claim.objects.visible_to(actor).select_related(*RELATED)
    if q:
        session = "dossier__training_session"
        rows = rows.filter(
            Q(**{f"{session}__code__icontains": q})
            | Q(**{f"{session}__title__icontains": q})
            | Q(**{f"{session}__institution__name__icontains": q})
        )
    if status in GROUPED:
        rows, status = rows.filter(status__in=GROUPED[status]), ""
    chosen = {"status": status, "dossier__training_session__institution": institution, "fund_line": line}
    return rows.filter(**{field: value for field, value in chosen.items() if value}).order_by(
        "-created_at", "-pk"
    )


def totals(rows: QuerySet[Any]) -> dict[str, int]:
    """人次 and 分 of all of them together."""
    return rows.order_by().aggregate(
        renci=Coalesce(Sum("renci"), 0), amount_fen=Coalesce(Sum("amount_fen"), 0)
    )


def choices(actor: Actor) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer: (id, name)."""
    return {
        "institution": [
            (str(row.pk), row.name) for row in Institution.objects.visible_to(actor).order_by("name")
        ],
        "line": [(str(row.pk), row.name) for row in FundLine.objects.visible_to(actor).order_by("pk")],
    }


def lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """For a file, in the order of COLUMNS."""
    for claim in rows.iterator(chunk_size=500):
        session = claim.dossier.training_session
        yield (
            session.code,
            session.title,
            session.institution.name,
            claim.fund_line.name,
            claim.renci,
            f"{claim.unit_price_fen / 100:.2f}",
            f"{claim.amount_fen / 100:.2f}",
            claim.get_status_display(),
            localdate(claim.submitted_at) if claim.submitted_at else "",
        )


def counted(claim: Claim) -> list[Enrolment]:
    """Whose completions the 人次 are, in the order of the roster."""
    rows = Completion.objects.filter(
        enrolment__training_session=claim.dossier.training_session_id, completed=True
    ).select_related("enrolment__trainee")
    return [row.enrolment for row in rows.order_by("enrolment__number")]
