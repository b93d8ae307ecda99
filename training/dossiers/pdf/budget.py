"""The budget (经费预算) of a session, in the application and in the plan of its dossier."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.platypus import Flowable

from training.dossiers.facts import CostLine
from training.dossiers.pdf.style import Column, table


def budget_table(lines: Sequence[CostLine]) -> list[Flowable]:
    """With its sum."""
    columns = [
        Column("项目", 0.55),
        Column("单价（元）", 72, "r"),
        Column("数量", 62, "r"),
        Column("金额（元）", 78, "r"),
        Column("谁支付", 0.45),
    ]
    rows = [
        (line.name, _yuan(line.price_fen), line.quantity, _yuan(line.amount_fen), line.source)
        for line in lines
    ]
    total = ("合计", "", "", _yuan(sum(line.amount_fen for line in lines)), "")
    return list(table(columns, rows, total=total))


def _yuan(fen: int) -> str:
    return f"{fen / 100:,.2f}"
