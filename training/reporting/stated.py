"""Numbers from outside: denominators, base years and counts that others keep, each with its source and date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.programmes.choices import RegionLevel
from training.programmes.models import Programme, Region
from training.programmes.preset import Preset
from training.reporting.models import Measurement, StatedValue

LABOUR, POOR_ABLE, POOR_AWAY, PRACTITIONERS = "labour_force", "poor_able", "poor_away", "practitioners"
VILLAGE_CODES: Final[Mapping[str, str | Promise]] = {
    LABOUR: gettext_lazy("劳动力人数"),
    POOR_ABLE: gettext_lazy("有劳动能力的建档立卡贫困人口"),
    POOR_AWAY: gettext_lazy("其中外出务工的"),
}
"""Owed of each poverty village."""
CODES: Final[Mapping[str, str | Promise]] = {
    **VILLAGE_CODES,
    PRACTITIONERS: gettext_lazy("农村电商从业人员底数"),
}
OF_TARGET, OF_BASE = "target:", "base:"


@dataclass(frozen=True)
class Kind:
    """Something the county may state: `per_village` once for each poverty village."""

    code: str
    name: str
    per_village: bool = False


def kinds(rules: Preset) -> Iterator[Kind]:
    """All that these rules have a use for."""
    for code, name in CODES.items():
        yield Kind(code, str(name), per_village=code in VILLAGE_CODES)
    for target in rules.targets:
        if target.counted_by == "stated":
            yield Kind(OF_TARGET + target.code, _("%(target)s：现有数") % {"target": target.metric})
        if target.growth:
            yield Kind(OF_BASE + target.code, _("%(target)s：基年数") % {"target": target.metric})


def values(programme: Programme, actor: Actor) -> QuerySet[StatedValue]:
    """All that was ever stated, the newest first."""
    rows: QuerySet[StatedValue] = StatedValue.objects.visible_to(actor).filter(programme=programme)
    return rows.select_related("region__parent", "stated_by")


def standing(programme: Programme, actor: Actor, *, on: date) -> dict[tuple[str, int | None], StatedValue]:
    """What holds on that day, by code and village's id (None: the county's): the last that was stated of it."""
    rows = values(programme, actor).filter(as_of__lte=on).order_by("as_of", "pk")
    return {(row.code, row.region_id): row for row in rows}


@transaction.atomic
def state_value(
    programme_id: int,
    *,
    code: str,
    region: Region | None,
    value: Decimal,
    source: str,
    as_of: date,
    actor: Actor,
) -> StatedValue:
    """Put a number on record. Raises InvalidInputError for one that belongs nowhere."""
    demand(actor, "stated.enter")
    programme: Programme = Programme.objects.fetch(actor, pk=programme_id)
    _check(code, region, value, as_of)
    stated: StatedValue = StatedValue.objects.create(
        programme=programme,
        code=code,
        region=region,
        value=value,
        source=source.strip(),
        as_of=as_of,
        stated_by_id=actor.person_id,
        stated_at=clock.now(),
    )
    _measure_anew(programme)
    record(actor, "value.stated", stated, code=code, value=str(value))
    return stated


@transaction.atomic
def state_values(
    programme_id: int,
    rows: Sequence[tuple[str, Region, Decimal]],
    *,
    source: str,
    as_of: date,
    actor: Actor,
) -> int:
    """Put many villages' numbers on record at once, as (code, village, value); how many."""
    demand(actor, "stated.enter")
    programme: Programme = Programme.objects.fetch(actor, pk=programme_id)
    for code, region, value in rows:
        _check(code, region, value, as_of)
    at = clock.now()
    StatedValue.objects.bulk_create(
        StatedValue(
            programme=programme,
            code=code,
            region=region,
            value=value,
            source=source.strip(),
            as_of=as_of,
            stated_by_id=actor.person_id,
            stated_at=at,
        )
        for code, region, value in rows
    )
    _measure_anew(programme)
    record(actor, "values.stated", programme, count=len(rows), source=source.strip())
    return len(rows)


def _measure_anew(programme: Programme) -> None:
    """Whoever stated a number looks at what it makes of the figures next."""
    Measurement.objects.filter(programme=programme).delete()


def _check(code: str, region: Region | None, value: Decimal, as_of: date) -> None:
    if code in VILLAGE_CODES and (region is None or region.level != RegionLevel.VILLAGE):
        raise InvalidInputError(_("这一项按村填写，请选一个村。"))
    if code not in VILLAGE_CODES and region is not None:
        raise InvalidInputError(_("这一项是全县的数，不要选村。"))
    if value < 0:
        raise InvalidInputError(_("数值不能是负数。"))
    if as_of > clock.today():
        raise InvalidInputError(_("数据截至的日期不能晚于今天。"))
