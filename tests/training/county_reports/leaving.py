"""A row of everything the county reports, for tests that look at all there is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from training.accounts.choices import Role
from training.core import clock
from training.demo.scenery import TOWNSHIP, paper
from training.reports.choices import Stratum
from training.reports.models import (
    Dispatch,
    MinistryReport,
    PhoneCall,
    PhoneCheck,
    PhoneCheckLine,
    RollUp,
    TownReport,
    TownSupplement,
)
from training.reports.services.evaluations import begin_evaluation, score_line
from training.reports.services.meetings import record_meeting

MONTH = date(2021, 5, 1)


def leave_reports(county: Any) -> None:
    """Once a programme; most of it as it would stand after a month's work."""
    programme, now = county.programme, clock.now()
    if TownReport.objects.filter(programme=programme).exists():
        return
    office, reviewer = county.user(Role.LEADING_GROUP), county.user(Role.BUREAU_REVIEWER)
    report = TownReport.objects.create(
        programme=programme,
        township=TOWNSHIP,
        month=MONTH,
        starts_on=date(2021, 4, 21),
        due_on=date(2021, 5, 20),
    )
    TownSupplement.objects.create(report=report, reason="x", text="x", made_by=office, made_at=now)
    roll_up = RollUp.objects.create(
        programme=programme,
        month=MONTH,
        summary="x",
        towns=[{"report": report.pk, "town": TOWNSHIP, "state": "missing", "figures": {}}],
        missing=[TOWNSHIP],
        county={"period": {}, "total": {}},
        drawn_up_by=office,
        drawn_up_at=now,
    )
    Dispatch.objects.create(
        roll_up=roll_up,
        recipient="县政府",
        sent_on=MONTH,
        method="paper",
        document_number="1",
        recorded_by=office,
        recorded_at=now,
    )
    MinistryReport.objects.create(
        programme=programme, month=MONTH, system="x", mapping="x", locked_by=office, locked_at=now
    )
    evaluation = begin_evaluation(
        title="自评", library="suggestion-1", as_of=MONTH, actor=county.actor(Role.BUREAU_REVIEWER)
    )
    score_line(evaluation.pk, "A1", score=Decimal(1), note="x", actor=county.actor(Role.BUREAU_REVIEWER))
    record_meeting(
        held_on=MONTH,
        title="会议",
        place="x",
        attendees="x",
        agenda="x",
        decisions="x",
        minutes=paper("会议纪要"),
        actor=county.actor(Role.LEADING_GROUP),
    )
    person = county.session.enrolments.get(number=1)
    check = PhoneCheck.objects.create(
        programme=programme,
        title="抽查",
        stratum=Stratum.SESSION,
        size=1,
        seed="x",
        frame=[[person.pk, "x"]],
        frame_hash="x",
        drawn_by=reviewer,
        drawn_at=now,
    )
    line = PhoneCheckLine.objects.create(
        phone_check=check, enrolment=person, stratum="x", rank=1, called_up_at=now
    )
    PhoneCall.objects.create(line=line, result="no_answer", made_by=reviewer, made_at=now)
