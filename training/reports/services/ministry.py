"""系统报送: a month's figures locked by the mapping file; a person reports them over there and says so here."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.programmes.models import Programme
from training.programmes.queries import rule_set_on, the_programme
from training.reporting.months import reports_of
from training.reports.choices import MinistryStatus
from training.reports.files import mapping
from training.reports.models import MinistryReport
from training.reports.queries import reported_lines
from training.reports.rules import last_day, month_of


@transaction.atomic
def lock_month(month: date, *, actor: Actor) -> MinistryReport:
    """Take the month's figures by the mapping file as the county reported them, a supplement's where there is one.

    Raises InvalidInputError for a month that has not ended or a programme without such a system, and
    InvalidTransitionError for one that the county has not reported: there is one lock for all that is told.
    """
    demand(actor, "ministry.report")
    programme, month = the_programme(actor), month_of(month)
    Programme.objects.lock(actor, pk=programme.pk)
    rules = rule_set_on(programme, clock.today(), actor=actor).rules
    if rules.ministry_system is None:
        raise InvalidInputError(_("本县方案没有写要报送的信息系统。"))
    if last_day(month) >= clock.today():
        raise InvalidInputError(_("这个月还没有结束，月底以后再锁定。"))
    if MinistryReport.objects.filter(programme=programme, month=month).exists():
        raise InvalidTransitionError(_("这个月已经锁定过了。"))
    reported = reports_of(programme, f"{month:%Y-%m}", actor)
    if not reported:
        raise InvalidTransitionError(
            _("这个月还没有报送锁定。请商务局负责人先在“已报月份”报送，系统报送用报送时的数。")
        )
    if not reported[0].measures.exists():
        raise InvalidTransitionError(_("这个月报送时还没有锁定各项指标。请先补报，再锁定报送数据。"))
    report = MinistryReport.objects.create(
        programme=programme,
        month=month,
        system=rules.ministry_system.name,
        mapping=mapping().version,
        lines=reported_lines(reported[0]),
        locked_by_id=actor.person_id,
        locked_at=clock.now(),
    )
    record(actor, "ministry_report.locked", report, mapping=report.mapping)
    return report


@transaction.atomic
def mark_reported(report_id: int, *, on: date, receipt: str, actor: Actor) -> MinistryReport:
    """Somebody has entered it in the ministry's system and has the number to show for it."""
    report: MinistryReport = MinistryReport.objects.lock(actor, pk=report_id)
    demand(actor, "ministry.report")
    if not receipt.strip():
        raise InvalidInputError(_("请写对方系统给的回执号，没有的写截图或经办凭据的编号。"))
    if not report.month <= on <= clock.today():
        raise InvalidInputError(_("报送日期不对：在报送的月份以前，或还没有到。"))
    report.reported_by_id, report.reported_on, report.receipt = actor.person_id, on, receipt.strip()
    report.save(update_fields=["reported_by", "reported_on", "receipt"])
    report.enter(MinistryStatus.REPORTED)
    record(actor, "ministry_report.reported", report, receipt=report.receipt)
    return report
