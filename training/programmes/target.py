"""A number that a county owes, and how it is to be taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Literal, Self

from django.utils.translation import gettext as _
from pydantic import Field, model_validator

from training.programmes.rule import Code, Rule, ShortText, Text, refuse_strangers, wrong

Unit = Literal["人次", "人", "场", "家", "村", "个", "%"]
Measure = Literal["renci", "people"]
CountedBy = Literal[
    "start_up_rate",
    "employment_rate",
    "shop_growth",
    "village_reach",
    "poor_training",
    "companies_online",
    "village_talent",
    "township_backbone",
    "job_fairs",
    "fair_trainees",
    "stated",
]
"""The measures of `training.reporting.metrics`; `stated`: a number that somebody outside supplies."""


class Target(Rule):
    """`new_only`: only sessions of this programme, inside its window, count.

    A quota of `parent` counts one class type, a stage of it the sessions that end from `starts_on`
    to `due_on`. `readings` are the ways to take a measure that the document leaves open; each is computed,
    and the strictest is held against the target. A growth is over `base_value`, the figure of `base_year`.
    """

    code: Code
    metric: ShortText
    value: Annotated[int, Field(gt=0)]
    up_to: int | None = None
    unit: Unit
    per: str = ""
    """Owed by each one of these, such as 乡镇."""
    measure: Measure | None = None
    counted_by: CountedBy | None = None
    """What takes the figure where it is no count of trainees; None: nothing does yet."""
    new_only: bool = False
    parent: Code | None = None
    class_type: Code | None = None
    groups: tuple[Code, ...] = ()
    """Only trainees enrolled as one of these, all when there are none."""
    starts_on: date | None = None
    due_on: date
    denominator: str = ""
    readings: tuple[Text, ...] = ()
    growth: bool = False
    base_year: Annotated[int, Field(ge=2000, le=2100)] | None = None
    base_value: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def limits_are_in_order(self) -> Self:
        if self.up_to is not None and self.up_to <= self.value:
            raise wrong(_("up_to 应当大于 value"))
        if self.starts_on is not None and self.due_on < self.starts_on:
            raise wrong(_("完成期限早于开始日期"))
        return self

    @model_validator(mode="after")
    def base_belongs_to_a_growth(self) -> Self:
        if not self.growth and (self.base_year or self.base_value):
            raise wrong(_("只有增长指标（growth: true）才有基年"))
        return self

    @model_validator(mode="after")
    def measure_fits_the_unit(self) -> Self:
        if self.measure and {"renci": "人次", "people": "人"}[self.measure] != self.unit:
            raise wrong(_("measure 与单位不符：renci 的单位是人次，people 的单位是人"))
        return self

    @property
    def counts(self) -> Measure | None:
        """How trainees are counted for it; None where it is not trainees that are counted."""
        if self.counted_by:
            return None
        return self.measure or ("renci" if self.unit == "人次" else None)


def check_quotas(targets: Sequence[Target], class_types: Iterable[str]) -> None:
    """Parents exist, are in the same unit and are not asked for more by their parts than in whole."""
    known = {target.code: target for target in targets}
    refuse_strangers(
        _("指标的班型"), (target.class_type for target in targets if target.class_type), class_types
    )
    refuse_strangers(_("上级指标"), (target.parent for target in targets if target.parent), known)
    for target in targets:
        if target.parent:
            _check_part(target, known[target.parent])
    for whole in targets:
        _check_sum(whole, [target for target in targets if target.parent == whole.code])


def _check_part(part: Target, whole: Target) -> None:
    if whole.parent:
        raise wrong(
            _("指标“%(part)s”的上级指标“%(whole)s”本身是分项") % {"part": part.code, "whole": whole.code},
            at=part.code,
        )
    if part.unit != whole.unit:
        raise wrong(_("指标“%(part)s”与上级指标的单位不同") % {"part": part.code}, at=part.code)


def _check_sum(whole: Target, parts: Sequence[Target]) -> None:
    """Class types and stages each divide the whole for themselves."""
    quotas = sum(part.value for part in parts if part.class_type)
    stages = sum(part.value for part in parts if part.starts_on)
    if max(quotas, stages) > whole.value:
        message = _("指标“%(whole)s”的分项合计 %(sum)s，超过总数 %(value)s") % {
            "whole": whole.code,
            "sum": max(quotas, stages),
            "value": whole.value,
        }
        raise wrong(message, at=parts[-1].code)
