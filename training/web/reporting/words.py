"""What depths, slices and keys are called on pages and in files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.programmes.preset import Preset
from training.reporting.choices import Dimension, SliceKind, village_of

DEPTH_NAMES: Final[Mapping[str, str | Promise]] = {
    "planned": gettext_lazy("计划"),
    "attended": gettext_lazy("参训"),
    "completed": gettext_lazy("结业"),
    "archived": gettext_lazy("已归档"),
}
DEPTH_FORMULAS: Final[Mapping[str, str | Promise]] = {
    "planned": gettext_lazy("名册上的人次（退班的不算）"),
    "attended": gettext_lazy("其中至少有一次有效签到的人次"),
    "completed": gettext_lazy("已批准的期中，按考勤规则判为“结业”的人次"),
    "archived": gettext_lazy("其中档案已经封存的人次"),
}


@dataclass(frozen=True)
class Names:
    """What keys are called in one programme; `institutions` by id."""

    rules: Preset
    institutions: Mapping[str, str]

    def of(self, dimension: str, key: str) -> str:
        """A key nobody knows stands for itself."""
        if dimension in (Dimension.TOTAL, Dimension.UNTIL, Dimension.MONTH):
            return key or (_("没有排课的期") if dimension == Dimension.MONTH else _("合计"))
        if not key:
            return _("没有填写")
        if dimension == Dimension.VILLAGE:
            township, village = village_of(key)
            return village or _("%(township)s（没有填村）") % {"township": township}
        return self._listed(dimension).get(key, key)

    def slice(self, kind: str, key: str) -> str:
        if kind == SliceKind.PROGRAMME:
            return _("全县")
        return self.of(kind, key)  # the other kinds go by the names of their dimension

    def _listed(self, dimension: str) -> Mapping[str, str]:
        rules = self.rules
        listed = {
            Dimension.CLASS_TYPE.value: rules.class_types,
            Dimension.CATEGORY.value: rules.categories,
            Dimension.GROUP.value: rules.groups,
            Dimension.FUND_LINE.value: rules.fund_lines,
        }.get(dimension)
        return self.institutions if listed is None else {row.code: row.name for row in listed}
