"""What was planned from which source, what was claimed, and what a place costs. Amounts in 分."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Sum

from training.attendance.models import Completion
from training.claims.choices import ClaimStatus
from training.claims.models import Claim
from training.core.actor import Actor
from training.programmes.models import Programme
from training.programmes.money import SOURCES, FundLine
from training.programmes.preset import Preset

HANDED_IN = frozenset(ClaimStatus) - {
    ClaimStatus.DRAFT,
    ClaimStatus.WITHDRAWN,
    ClaimStatus.RETURNED,
    ClaimStatus.REJECTED,
    ClaimStatus.RECOVERED,
}
DAY_HOURS: Final = 8
"""学时 of a person-day, to be confirmed (待确认): no document says so. A lecture fee counts at most four 学时 for half a
day (财行〔2016〕540号 第十条), so a whole day is taken for eight; 第九条 itself counts 人天 by the calendar."""
PAID = frozenset({ClaimStatus.PAID, ClaimStatus.SETTLED})


@dataclass(frozen=True)
class Spending:
    """A fund line: what is planned by source, what was asked for, and what was paid: None while nothing was.

    No source is on record of what is paid, so execution is told of the line as a whole.
    """

    line: FundLine
    planned: dict[str, int]
    claimed_fen: int
    claimed_renci: int
    paid_fen: int | None
    person_days: Decimal
    """That those who are claimed for were there."""

    @property
    def execution(self) -> Decimal | None:
        """资金执行率 in percent."""
        if self.paid_fen is None or not self.line.total_fen:
            return None
        return _percent(self.paid_fen, self.line.total_fen)

    @property
    def cost_fen(self) -> int | None:
        """人均成本: claimed over the 人次 it is claimed for."""
        return self.claimed_fen // self.claimed_renci if self.claimed_renci else None

    @property
    def day_cost_fen(self) -> int | None:
        """人均成本 by person-day."""
        return int(self.claimed_fen / self.person_days) if self.person_days else None

    def share(self, source: str) -> Decimal | None:
        """Of the line's total that this source is to bear, in percent."""
        return _percent(self.planned[source], self.line.total_fen) if self.line.total_fen else None


def _percent(part: int, whole: int) -> Decimal:
    return (Decimal(part) * 100 / whole).quantize(Decimal("0.1"))


def sources(rules: Preset) -> list[str]:
    """Those that pay anything here, in their order."""
    return [code for code in SOURCES if any(line.by_source_fen[code] for line in rules.fund_lines)]


def claimed_minutes(programme: Programme) -> dict[str, int]:
    """By fund line how long those were there, in minutes, who are claimed for."""
    claimed = "enrolment__training_session__dossier__claims"
    rows = Completion.objects.filter(
        completed=True,
        **{f"{claimed}__fund_line__programme": programme, f"{claimed}__status__in": HANDED_IN},
    )
    summed = rows.order_by().values_list(f"{claimed}__fund_line__code").annotate(Sum("attended_minutes"))
    return {code: minutes for code, minutes in summed if minutes}


def spending(
    programme: Programme, rules: Preset, actor: Actor, minutes: Mapping[str, Decimal]
) -> list[Spending]:
    """Every fund line of the rules, as far as this actor sees its claims: one query.

    `minutes` are the `claimed_minutes` of the lines.
    """
    rows = Claim.objects.visible_to(actor).filter(fund_line__programme=programme, status__in=HANDED_IN)
    by_line: dict[str, list[tuple[str, int, int]]] = {}
    summed = (
        rows.order_by().values_list("fund_line__code", "status").annotate(Sum("amount_fen"), Sum("renci"))
    )
    for code, status, fen, renci in summed:
        by_line.setdefault(code, []).append((status, fen, renci))
    day = DAY_HOURS * rules.attendance.unit_minutes
    return [
        _line(line, by_line.get(line.code, []), minutes.get(line.code, Decimal(0)) / day)
        for line in rules.fund_lines
    ]


def _line(line: FundLine, claims: list[tuple[str, int, int]], person_days: Decimal) -> Spending:
    paid = [fen for status, fen, _renci in claims if status in PAID]
    return Spending(
        line=line,
        planned=line.by_source_fen,
        claimed_fen=sum(fen for _status, fen, _renci in claims),
        claimed_renci=sum(renci for _status, _fen, renci in claims),
        paid_fen=sum(paid) if paid else None,
        person_days=person_days,
    )
