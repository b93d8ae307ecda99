"""The pages of numbers from outside."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from io import StringIO
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.core import clock
from training.core.actor import Actor
from training.core.errors import InvalidInputError
from training.programmes.choices import RegionLevel
from training.programmes.models import Programme, Region
from training.programmes.queries import regions, rule_set_on
from training.reporting import stated
from training.reporting.models import StatedValue
from training.web.lists import FilterForm

COLUMNS: Final = (
    gettext_lazy("项目"),
    gettext_lazy("村代码"),
    gettext_lazy("村"),
    gettext_lazy("数值"),
    gettext_lazy("来源"),
    gettext_lazy("数据截至"),
    gettext_lazy("填写人"),
    gettext_lazy("填写时间"),
)
CODE_COLUMN: Final = "村代码"


class StatedFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("村或来源"), required=False, max_length=64, widget=forms.SearchInput
    )
    code = forms.ChoiceField(label=gettext_lazy("项目"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("哪些"),
        required=False,
        choices=(("", gettext_lazy("填过的全部")), ("standing", gettext_lazy("现在用的"))),
    )

    def __init__(self, request: HttpRequest, kinds: Iterable[stated.Kind]) -> None:
        super().__init__(request)
        self.offer(code=((kind.code, kind.name) for kind in kinds))


@dataclass(frozen=True)
class Shown:
    row: StatedValue
    name: str


@dataclass(frozen=True)
class Gap:
    """Something nobody has stated: of the county, or of so many poverty villages."""

    kind: stated.Kind
    villages: int


def kinds(programme: Programme, actor: Actor) -> list[stated.Kind]:
    return list(stated.kinds(rule_set_on(programme, clock.today(), actor=actor).rules))


def villages(programme: Programme, actor: Actor) -> QuerySet[Region]:
    return regions(programme, actor).filter(level=RegionLevel.VILLAGE)


def listed(
    programme: Programme, actor: Actor, *, q: str = "", code: str = "", state: str = ""
) -> QuerySet[StatedValue]:
    """`state` "standing": of each thing only what figures are computed with today."""
    rows = stated.values(programme, actor)
    if state == "standing":
        today = stated.standing(programme, actor, on=clock.today())
        rows = rows.filter(pk__in=[row.pk for row in today.values()])
    if q:
        rows = rows.filter(region__name__icontains=q) | rows.filter(source__icontains=q)
    return rows.filter(code=code) if code else rows


def shown(programme: Programme, actor: Actor, rows: Iterable[StatedValue]) -> list[Shown]:
    names = {kind.code: kind.name for kind in kinds(programme, actor)}
    return [Shown(row, names.get(row.code, row.code)) for row in rows]


def lines(programme: Programme, actor: Actor, rows: Iterable[StatedValue]) -> Iterator[list[Any]]:
    for said in shown(programme, actor, rows):
        row = said.row
        place = row.region
        yield [
            said.name,
            place.code if place else "",
            place.name if place else "",
            f"{row.value.normalize():f}",
            row.source,
            row.as_of,
            row.stated_by,
            f"{row.stated_at:%Y-%m-%d}",
        ]


def gaps(programme: Programme, actor: Actor) -> list[Gap]:
    """What the county has not stated yet."""
    today = clock.today()
    known = stated.standing(programme, actor, on=today)
    poor = [village for village in villages(programme, actor) if village.was_poor_on(today)]
    found = []
    for kind in kinds(programme, actor):
        if kind.per_village:
            missing = sum((kind.code, village.pk) not in known for village in poor)
            if missing:
                found.append(Gap(kind, missing))
        elif (kind.code, None) not in known:
            found.append(Gap(kind, 0))
    return found


def file_columns() -> list[str]:
    return [CODE_COLUMN, *(str(name) for name in stated.VILLAGE_CODES.values())]


def load(programme_id: int, *, file: tuple[str, bytes], source: str, as_of: date, actor: Actor) -> int:
    """Take a file of village numbers; how many numbers. Raises InvalidInputError with every mistake, by line."""
    rows, problems = [], []
    reader = csv.DictReader(StringIO(_decoded(file[1])))
    if CODE_COLUMN not in (reader.fieldnames or ()):
        raise InvalidInputError(_("第一行要有“%(column)s”这一列。") % {"column": CODE_COLUMN})
    known = {
        region.code: region
        for region in Region.objects.visible_to(actor).filter(
            programme=programme_id, level=RegionLevel.VILLAGE
        )
    }
    for number, cells in enumerate(reader, start=2):
        village = known.get((cells.get(CODE_COLUMN) or "").strip())
        if village is None:
            problems.append(_("第 %(line)s 行：没有这个村代码。") % {"line": number})
            continue
        for code, name in stated.VILLAGE_CODES.items():
            cell = (cells.get(str(name)) or "").strip()
            if not cell:
                continue
            try:
                rows.append((code, village, Decimal(cell)))
            except InvalidOperation:
                problems.append(_("第 %(line)s 行：“%(cell)s”不是数。") % {"line": number, "cell": cell})
    if problems:
        raise InvalidInputError(" ".join(problems[:20]))
    if not rows:
        raise InvalidInputError(_("文件里没有一个数。"))
    return stated.state_values(programme_id, rows, source=source, as_of=as_of, actor=actor)


def _decoded(data: bytes) -> str:
    """Excel on a Chinese computer writes GB 18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInputError(_("文件的编码认不出，请另存为“CSV UTF-8”再上传。"))
