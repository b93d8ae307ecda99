"""How many 人次 are owed by when: of the county, of an institution, of a fund line, of a township."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from training.institutions.choices import AgreementStatus
from training.institutions.models import Agreement
from training.programmes.models import Programme
from training.programmes.preset import Preset
from training.programmes.target import Target
from training.reporting.choices import SliceKind

TOWNSHIP = "乡镇"
"""What a target is `per` that each township owes."""


class Owed(NamedTuple):
    """So many 人次 between two days; without any `why` says what would set them."""

    renci: int = 0
    starts_on: date | None = None
    due_on: date | None = None
    why: str = ""


def owed(programme: Programme, rules: Preset, kind: str, key: str) -> Owed:
    """What a slice of the county's figures is to reach: by the document, an institution by its agreements."""
    if kind == SliceKind.INSTITUTION:
        return _by_agreements(programme, int(key))
    targets = [row for row in rules.targets if row.counts == "renci" and row.starts_on is None]
    if kind == SliceKind.FUND_LINE:
        paid = {row.code for row in rules.class_types if row.fund_line == key}
        own = [row for row in targets if row.class_type in paid]
        return _by_targets(own, rules) or Owed(why=_("文件没有给这条资金付费的班型定培训人次。"))
    if kind == SliceKind.TOWNSHIP:
        own = [row for row in targets if row.per == TOWNSHIP]
        return _by_targets(own, rules) or Owed(why=_("文件没有给每个乡镇定培训人次。"))
    whole = [row for row in targets if not row.parent and not row.per][:1]
    return _by_targets(whole, rules) or Owed(why=_("文件没有定全县的培训人次。"))


def _by_targets(targets: Sequence[Target], rules: Preset) -> Owed | None:
    if not targets:
        return None
    due_on = max(row.due_on for row in targets)
    return Owed(sum(row.value for row in targets), rules.window.starts_on, due_on)


def _by_agreements(programme: Programme, institution: int) -> Owed:
    """The tasks of all that are in force or fulfilled, from the first day of them to the last."""
    agreements = Agreement.objects.filter(
        institution=institution,
        institution__programme=programme,
        status__in=(AgreementStatus.IN_FORCE, AgreementStatus.FULFILLED),
    )
    tasked = [row for row in agreements.prefetch_related("tasks") if row.renci]
    if not tasked:
        return Owed(why=_("生效的协议里没有写任务人次。"))
    return Owed(
        sum(row.renci for row in tasked),
        min(row.valid_from for row in tasked),
        max(row.valid_until for row in tasked),
    )
