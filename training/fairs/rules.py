"""What must be true of a fair before it moves on. Plain data in, sentences out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext as _

CHECK_DAYS: Final = (30, 90)
"""After so many days somebody asks whether who was hired still works there."""


@dataclass(frozen=True)
class FairFacts:
    """`came` trainees, `present` of the employers; `open_checks` are those after 90 days."""

    on: date
    employers: int = 0
    posts: int = 0
    came: int = 0
    present: int = 0
    open_checks: int = 0


def lacking_to_report(facts: FairFacts, today: date) -> list[str]:
    """报备: before the day, with somebody who offers work."""
    return list(_report(facts, today))


def _report(facts: FairFacts, today: date) -> Iterator[str]:
    if facts.on < today:
        yield _("日期已经过去，对接会要在举办前报备，请改日期。")
    if not facts.employers:
        yield _("还没有用人单位，请先登记参会的用人单位。")
    elif not facts.posts:
        yield _("用人单位还没有岗位，请至少登记一个岗位。")


def lacking_to_hold(facts: FairFacts, today: date) -> list[str]:
    """举办: on its day or after."""
    return [_("还没到举办的日期。")] if today < facts.on else []


def lacking_to_register(facts: FairFacts) -> list[str]:
    """登记结果: somebody came, from both sides."""
    found = (
        (not facts.present, _("没有一家用人单位登记到场，请先登记到场的单位。")),
        (not facts.came, _("没有学员签到，也没有按纸质名单登记：不能登记结果。")),
    )
    return [text for missing, text in found if missing]


def lacking_to_count(facts: FairFacts) -> list[str]:
    """计入: after the 90 days."""
    if not facts.open_checks:
        return []
    text = _("录用的人里还有 %(count)s 人没有 90 天复核，复核完才能计入。")
    return [text % {"count": facts.open_checks}]


def checks_due(hired_on: date) -> list[tuple[int, date]]:
    """(days, date) of each check of somebody who began to work then."""
    return [(day, hired_on + timedelta(days=day)) for day in CHECK_DAYS]
