"""乡镇月报: opened by the calendar, written and handed in by the township, reminded of by the program."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import Role
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.notifications.choices import Kind
from training.notifications.services import notify_once
from training.programmes.models import Programme
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on
from training.reports.choices import TownReportStatus
from training.reports.models import TownReport, TownSupplement
from training.reports.queries import figures_of, towns_of
from training.reports.rules import TOWN_MONTHLY, TOWN_QUARTERLY, is_owed, month_of, period, report_called

REMIND_DAYS: Final = (5, 1)
"""So many days before it is due a town that has not reported is reminded, and once when that has passed."""
SECTIONS: Final = ("stations", "training", "upstream")


def open_due_reports(*, actor: Actor) -> int:
    """This month's reports of every programme whose rules ask towns for them; how many are new."""
    today = clock.today()
    return sum(
        open_month(programme, month_of(today), actor=actor)
        for programme in Programme.objects.visible_to(actor)
        if _runs(rule_set_on(programme, today, actor=SYSTEM).rules, today)
    )


def _runs(rules: Preset, today: date) -> bool:
    return rules.window.starts_on <= today <= rules.window.ends_on


@transaction.atomic
def open_month(programme: Programme, month: date, *, actor: Actor) -> int:
    """A report for each town for `month` (its first day); nothing where the rules ask for none.

    Doing it twice opens nothing twice; a town that was added since gets its own.
    """
    rules = rule_set_on(programme, month, actor=SYSTEM).rules
    monthly = report_called(rules, TOWN_MONTHLY)
    if monthly is None or not is_owed(monthly, month):
        return 0
    due = period(month, monthly.due_day)
    have = set(TownReport.objects.filter(programme=programme, month=month).values_list("township", flat=True))
    rows = [
        TownReport(
            programme=programme,
            township=town,
            month=month,
            starts_on=due.starts_on,
            due_on=due.due_on,
            quarterly=is_owed(report_called(rules, TOWN_QUARTERLY), month),
        )
        for town in towns_of(programme)
        if town not in have
    ]
    return len(TownReport.objects.bulk_create(rows))


@transaction.atomic
def save_report(report_id: int, *, actor: Actor, **texts: str) -> TownReport:
    """Keep what was written so far; `texts` by the names of the sections."""
    report = _open_report(report_id, actor)
    _write(report, texts)
    return report


@transaction.atomic
def submit_report(report_id: int, *, actor: Actor, **texts: str) -> TownReport:
    """Hand it in with what was written: from here its figures stand as they are now, late or not.

    Raises InvalidInputError that names the sections left empty.
    """
    report = _open_report(report_id, actor)
    _write(report, texts)
    sections = (*SECTIONS, *(("quarter",) if report.quarterly else ()))
    empty = [name for name in sections if not getattr(report, name).strip()]
    if empty:
        raise InvalidInputError(_("还没有写：%(sections)s。") % {"sections": "、".join(map(_heading, empty))})
    report.figures = figures_of(report)
    report.submitted_by_id = actor.person_id
    report.submitted_at = clock.now()
    report.save(update_fields=["figures", "submitted_by", "submitted_at"])
    report.enter(TownReportStatus.SUBMITTED)
    record(actor, "town_report.submitted", report, late=report.came_late)
    return report


def _heading(section: str) -> str:
    field: Any = TownReport._meta.get_field(section)
    return str(field.verbose_name)


def _open_report(report_id: int, actor: Actor) -> TownReport:
    report: TownReport = TownReport.objects.lock(actor, pk=report_id)
    demand(actor, "town_report.write")
    if report.is_submitted:
        raise InvalidTransitionError(_("已经报送，数据和文字都不再改；有错的，写补充说明。"))
    return report


def _write(report: TownReport, texts: dict[str, str]) -> None:
    allowed = (*SECTIONS, *(("quarter",) if report.quarterly else ()))
    for name in allowed:
        setattr(report, name, texts.get(name, getattr(report, name)).strip())
    report.save(update_fields=list(allowed))


@transaction.atomic
def add_supplement(report_id: int, *, reason: str, text: str, actor: Actor) -> TownSupplement:
    """Say what a report should have said; the report itself stays, the figures of now stand beside it."""
    report: TownReport = TownReport.objects.lock(actor, pk=report_id)
    demand(actor, "town_report.write")
    if not report.is_submitted:
        raise InvalidTransitionError(_("还没有报送，直接修改就可以。"))
    if not reason.strip() or not text.strip():
        raise InvalidInputError(_("请写明更正的原因和内容。"))
    supplement = TownSupplement.objects.create(
        report=report,
        reason=reason.strip(),
        text=text.strip(),
        figures=figures_of(report),
        made_by_id=actor.person_id,
        made_at=clock.now(),
    )
    record(actor, "town_report.supplemented", report, supplement=supplement.pk)
    return supplement


def remind_towns(*, actor: Actor) -> int:
    """Tell the officers of each town that has not reported, at each step once; how many people were told."""
    today = clock.today()
    rows = TownReport.objects.visible_to(actor).filter(
        status=TownReportStatus.OPEN, due_on__lte=today + timedelta(days=max(REMIND_DAYS))
    )
    near = rows.filter(due_on__gt=today - timedelta(days=31)).select_related("programme")
    return sum(_remind(report, today) for report in near)


def _remind(report: TownReport, today: date) -> int:
    left = (report.due_on - today).days
    said: dict[str, str | int] = {
        "town": report.township,
        "month": f"{report.month:%Y-%m}",
        "day": f"{report.due_on}",
    }
    if left < 0:
        return _tell(Kind.TOWN_REPORT_OVERDUE, report, said)
    step = min(days for days in REMIND_DAYS if days >= left)
    return _tell(Kind.TOWN_REPORT_DUE, report, said | {"days": step})


def _tell(kind: Kind, report: TownReport, said: dict[str, Any]) -> int:
    told: Iterable[Any] = notify_once(
        kind, report, roles={Role.TOWNSHIP}, actor=SYSTEM, of_township=report.township, **said
    )
    return len(list(told))
