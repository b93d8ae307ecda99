"""全县汇总: drawn up from what the towns handed in, with those that did not named, and sent by a person."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError, NotFoundError
from training.programmes.models import Programme
from training.programmes.queries import the_programme
from training.reports.choices import DispatchMethod, RollUpStatus
from training.reports.figures import in_period_and_total
from training.reports.models import Dispatch, RollUp, TownReport


@transaction.atomic
def draw_up(month: date, *, summary: str, missing_named: bool, actor: Actor) -> RollUp:
    """The county's month as it stands now; what towns hand in afterwards does not change it.

    Towns that have not reported stand in it as 未报: raises InvalidInputError that names them unless
    `missing_named` says that the office sends it all the same. Raises NotFoundError for a month without
    reports.
    """
    demand(actor, "roll_up.draw_up")
    programme = the_programme(actor)
    Programme.objects.lock(actor, pk=programme.pk)
    reports = list(TownReport.objects.visible_to(actor).filter(programme=programme, month=month))
    if not reports:
        raise NotFoundError("reports.TownReport")
    if RollUp.objects.filter(programme=programme, month=month).exists():
        raise InvalidTransitionError(_("这个月已经汇总过了。"))
    if not summary.strip():
        raise InvalidInputError(_("请写全县的工作情况。"))
    missing = sorted(report.township for report in reports if not report.is_submitted)
    if missing and not missing_named:
        raise InvalidInputError(
            _("%(count)s 个乡镇未报：%(towns)s。要照样汇总，请勾选“未报的乡镇照实列明”。")
            % {"count": len(missing), "towns": "、".join(missing)}
        )
    roll_up = RollUp.objects.create(
        programme=programme,
        month=month,
        summary=summary.strip(),
        towns=[_town(report) for report in reports],
        missing=missing,
        county=in_period_and_total(programme, reports[0].starts_on, reports[0].due_on),
        drawn_up_by_id=actor.person_id,
        drawn_up_at=clock.now(),
    )
    record(actor, "roll_up.drawn_up", roll_up, missing=missing)
    return roll_up


def _town(report: TownReport) -> dict[str, Any]:
    return {
        "report": report.pk,
        "town": report.township,
        "state": "late" if report.came_late else "submitted" if report.is_submitted else "missing",
        "figures": report.figures,
    }


@transaction.atomic
def dispatch(
    roll_up_id: int,
    *,
    recipient: str,
    sent_on: date,
    method: str,
    document_number: str,
    actor: Actor,
) -> Dispatch:
    """Write down that it went to one recipient: when, how and under which number. Raises InvalidInputError."""
    roll_up: RollUp = RollUp.objects.lock(actor, pk=roll_up_id)
    demand(actor, "roll_up.draw_up")
    if method not in DispatchMethod.values or not recipient.strip() or not document_number.strip():
        raise InvalidInputError(_("请写明报给谁、怎样报的、文号。"))
    if sent_on > clock.today():
        raise InvalidInputError(_("上报日期还没有到。"))
    if roll_up.dispatches.filter(
        recipient=recipient.strip(), document_number=document_number.strip()
    ).exists():
        raise InvalidInputError(_("这一份已经登记过了。"))
    row = Dispatch.objects.create(
        roll_up=roll_up,
        recipient=recipient.strip(),
        sent_on=sent_on,
        method=method,
        document_number=document_number.strip(),
        recorded_by_id=actor.person_id,
        recorded_at=clock.now(),
    )
    if roll_up.may_enter(RollUpStatus.SENT):
        roll_up.enter(RollUpStatus.SENT)
    record(actor, "roll_up.dispatched", roll_up, recipient=row.recipient, number=row.document_number)
    return row
