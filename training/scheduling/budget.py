"""经费预算: what a session is to cost and who pays for it; part of the plan that the bureau approves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from django.db import transaction
from django.utils.translation import gettext as _

from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.programmes.preset import Preset
from training.scheduling.lessons import editable
from training.scheduling.models import BudgetLine, TrainingSession


@dataclass(frozen=True)
class BudgetItem:
    """`source` is the name of a fund line, "" where the institution pays itself."""

    name: str
    unit_price_fen: int
    quantity: int
    unit: str
    source: str = ""


class Costed(Protocol):
    name: str
    source: str


@transaction.atomic
def write_budget(session_id: int, *, lines: Sequence[BudgetItem], actor: Actor) -> TrainingSession:
    """These lines, and only these. Raises InvalidInputError for a source that is no fund line of the programme."""
    session = editable(session_id, actor)
    sources = {"", *sources_of(session.rule_set.rules)}
    for line in lines:
        if line.source not in sources:
            raise InvalidInputError(_("本项目没有“%(source)s”这个资金条线。") % {"source": line.source})
    session.budget_lines.all().delete()
    BudgetLine.objects.bulk_create(BudgetLine(training_session=session, **asdict(line)) for line in lines)
    record(actor, "session.budget_written", session, lines=len(lines), total_fen=total_fen(session))
    return session


def sources_of(rules: Preset) -> list[str]:
    return [line.name for line in rules.fund_lines]


def total_fen(session: TrainingSession) -> int:
    return sum(line.amount_fen for line in session.budget_lines.all())


def barred(lines: Iterable[Costed], rules: Preset) -> Iterator[str]:
    """Lines that read like what the programme's money may not pay, in words; hiring may well be paid, so only a remark."""
    for line in lines:
        for cost in rules.ineligible_costs:
            payers = {rules.fund_line(cost.fund_line).name} if cost.fund_line else set(sources_of(rules))
            if line.source in payers and (cost.name in line.name or line.name in cost.name):
                said = {"line": line.name, "source": line.source, "cost": cost.name, "clause": cost.clause}
                yield _("“%(line)s”由“%(source)s”支付，而“%(cost)s”不予支出（%(clause)s）。") % said
