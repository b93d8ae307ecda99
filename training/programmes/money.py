"""What a programme pays with, what it may not pay, and what a part is of the whole."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final, Self

from django.utils.translation import gettext as _
from pydantic import BeforeValidator, Field, model_validator

from training.programmes.rule import Code, Named, Rule, Share, ShortCode, Text, wrong

SOURCES: Final = ("central", "province", "upper", "county", "social")
"""中央、省、上级（文件没有分中央和省）、县、社会（含承办单位自筹）."""


def _fen(amount: object) -> object:
    """'180 万元' and '2500 元' become integer fen; an integer is fen already."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(万?)元", amount) if isinstance(amount, str) else None
    if match:
        return int(Decimal(match[1]) * (1_000_000 if match[2] else 100))
    if type(amount) is int:
        return amount
    raise wrong(_("金额要写明单位，例如“180 万元”或“2500 元”"))


Fen = Annotated[int, BeforeValidator(_fen), Field(ge=0)]


class FundLine(Named):
    """Amounts are integer fen; the sources add up to the total.

    `claimable`: whether a subsidy can be asked for; a session on another line counts in the statistics only.
    """

    code: ShortCode
    total_fen: Fen
    central_fen: Fen = 0
    province_fen: Fen = 0
    upper_fen: Fen = 0
    county_fen: Fen = 0
    social_fen: Fen = 0
    claimable: bool = True

    @model_validator(mode="after")
    def sources_add_up(self) -> Self:
        parts = sum(self.by_source_fen.values())
        if parts != self.total_fen:
            raise wrong(
                _("各来源合计 %(parts)s 万元，与总额 %(total)s 万元不符")
                % {"parts": wan(parts), "total": wan(self.total_fen)}
            )
        return self

    @property
    def by_source_fen(self) -> dict[str, int]:
        return {source: getattr(self, f"{source}_fen") for source in SOURCES}


def wan(fen: int) -> str:
    """In 万元, with as many places as it takes: 1800000 → 1.8."""
    return f"{(Decimal(fen) / 1_000_000).normalize():f}"


class FundShare(Named):
    """A part of the money, held against what the document demands or prints of it."""

    part_fen: Fen
    whole_fen: Annotated[Fen, Field(gt=0)]
    at_least: Share | None = None
    at_most: Share | None = None
    printed: Share | None = None

    @model_validator(mode="after")
    def part_is_of_the_whole(self) -> Self:
        if self.part_fen > self.whole_fen:
            raise wrong(_("部分大于总额"))
        return self

    @property
    def share(self) -> float:
        return self.part_fen / self.whole_fen

    @property
    def holds(self) -> bool:
        """Within the limits, and as printed to one decimal of a percent."""
        return (
            (self.at_least is None or self.share >= self.at_least)
            and (self.at_most is None or self.share <= self.at_most)
            and (self.printed is None or abs(self.share - self.printed) <= PRINTED_ROUNDING)
        )


PRINTED_ROUNDING: Final = 0.0005 + 1e-9


class IneligibleCost(Named):
    fund_line: Code | None = "training"
    """None: no line of the programme may pay it."""


class FeeStandard(Rule):
    name: Text
    number: Text
    alternative: str = ""
