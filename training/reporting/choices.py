"""By what figures are kept: slices (whose), dimensions (divided by what) and how their keys are written."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class SliceKind(models.TextChoices):
    """Whose figures. `slice_key`: blank; the institution's id; the township's name; the fund line's code.

    A township goes by its name, as it does in a trainee's address and in an officer's reach.
    """

    PROGRAMME = "programme", _("全县")
    INSTITUTION = "institution", _("机构")
    TOWNSHIP = "township", _("乡镇")
    FUND_LINE = "fund_line", _("资金条线")


class Dimension(models.TextChoices):
    """Divided by what. `key`: blank for the total, else the code, the id (institution) or the name (township).

    A village's key is "township/village", for its name alone may stand in two townships (`village_key`). A
    month is "YYYY-MM", of the session's last lesson. `UNTIL` is cumulative to the end of that month;
    `FIRST_MONTH` is how it is kept: people in the first month they are counted in.
    """

    TOTAL = "total", _("合计")
    CLASS_TYPE = "class_type", _("班型")
    CATEGORY = "category", _("课程类别")
    FUND_LINE = "fund_line", _("资金条线")
    INSTITUTION = "institution", _("机构")
    TOWNSHIP = "township", _("乡镇")
    VILLAGE = "village", _("村（社区）")
    GROUP = "group", _("学员类别")
    MONTH = "month", _("月份")
    FIRST_MONTH = "first_month", _("首次计入的月份")
    UNTIL = "until", _("截至月末累计")


VILLAGE_MARK: Final = "/"


def village_key(township: str, village: str) -> str:
    return f"{township}{VILLAGE_MARK}{village}"


def village_of(key: str) -> tuple[str, str]:
    """(township, village)."""
    township, _mark, village = key.partition(VILLAGE_MARK)
    return township, village
