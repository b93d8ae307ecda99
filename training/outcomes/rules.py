"""What an outcome must say, when it falls into a window, what a rate is called: plain data in, answers out."""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from training.outcomes.choices import (
    COUNTED_GRADES,
    GRADE_NEEDS,
    EvidenceGrade,
    EvidenceKind,
    OutcomeKind,
)

RECHECK_DAYS: Final = 90
"""After 认定 it is looked at again: 复核."""

# Months


def months_later(day: date, months: int) -> date:
    """The same day of a later month (an earlier one for a negative number), its last if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def last_elapsed(as_of: date, months: int) -> date:
    """The latest day from which `months` months have passed by `as_of`."""
    earlier = months_later(as_of, -months)
    at_end = as_of.day == calendar.monthrange(as_of.year, as_of.month)[1]
    return earlier.replace(day=calendar.monthrange(earlier.year, earlier.month)[1]) if at_end else earlier


def months_of(starts_on: date, months: int) -> list[date]:
    """The first days of so many months from that of `starts_on`."""
    return [months_later(starts_on.replace(day=1), number) for number in range(months)]


# What it says


def shop_key(url: str) -> str:
    """One shop has one key, however its link was copied: without scheme, www, fragment and tracking words."""
    parts = urlsplit(url.strip() if "//" in url else f"//{url.strip()}")
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    names = {"id", "shop_id", "shopid", "mall_id", "sec_uid", "user_id", "userid", "item_id"}
    asked = sorted(pair for pair in parts.query.split("&") if pair.partition("=")[0].lower() in names)
    return f"{host}{parts.path.rstrip('/')}{'?' if asked else ''}{'&'.join(asked)}".lower()


def faults(kind: str, said: Mapping[str, Any]) -> Iterator[str]:
    """What is missing or can't be, with what to do; `said` as the fields of an outcome."""
    if said.get("shop_url") and not said.get("shop_seen_on"):
        yield _("请填写查看店铺链接的日期。")
    if said.get("shop_url") and not said.get("platform"):
        yield _("请选择店铺所在的平台。")
    if kind == OutcomeKind.EMPLOYED and not (said.get("organisation") and said.get("post")):
        yield _("就业要写明用人单位和岗位。")
    if kind == OutcomeKind.STARTED_UP and not (said.get("shop_url") or said.get("uscc")):
        yield _("创业要有店铺链接，或营业执照上的统一社会信用代码。")
    if kind == OutcomeKind.FARM_SALES and not (said.get("product") and said.get("platform")):
        yield _("务农并网销要写明卖什么、在哪个平台卖。")
    if kind == OutcomeKind.STUDYING and not said.get("organisation"):
        yield _("继续学习要写明学校或培训单位。")


def grade_fault(grade: str, evidence: Collection[str]) -> str:
    """Why the papers do not carry this grade; "" if they do."""
    better = [needed for other, needed in GRADE_NEEDS.items() if other <= grade]
    enough = frozenset[EvidenceKind]().union(*better)
    if not GRADE_NEEDS[EvidenceGrade(grade)] or enough & set(evidence):
        return ""
    names = _("、").join(str(kind.label) for kind in EvidenceKind if kind in enough)
    return _("“%(grade)s”要有下列材料之一：%(names)s。请先补充材料，或改定等级。") % {
        "grade": EvidenceGrade(grade).label,
        "names": names,
    }


# What a rate means

RATE_KINDS: Final = (
    ("创业", OutcomeKind.STARTED_UP),
    ("开店", OutcomeKind.STARTED_UP),
    ("就业", OutcomeKind.EMPLOYED),
)


def kind_of_rate(rate: str) -> OutcomeKind | None:
    """What a rate of an agreement counts by its name; None for one that is no matter of outcomes (满意度)."""
    return next((kind for word, kind in RATE_KINDS if word in rate), None)


def months_in(window: str) -> int | None:
    """“结业后 6 个月内” is 6, “一年内” 12; None where it names none."""
    if found := re.search(r"(\d+)\s*个月", window):
        return int(found[1]) or None
    if found := re.search(r"(?<!\d)(\d)\s*年", window):
        return int(found[1]) * 12 or None
    words = {"三个月": 3, "六个月": 6, "半年": 6, "九个月": 9, "一年": 12, "十二个月": 12}
    return next((months for word, months in words.items() if word in window), None)


def grades_in(formula: str) -> frozenset[EvidenceGrade]:
    """A and B, and C where the agreement's own formula takes it in so many words (“C 级”)."""
    declared = re.search(r"C\s*级", formula) and not re.search(r"不\S{0,3}\s*C\s*级", formula)
    return COUNTED_GRADES | ({EvidenceGrade.DECLARED} if declared else frozenset())
