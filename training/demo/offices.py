"""What the county's offices do besides the classes: numbers, titles, firms, sales, reports, calls and complaints.

How many of each follows from the description and the order of places and sessions, so that it can be counted again.
What somebody does at a desk goes through the services, as of the clock; what has days of its own is written in bulk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.timezone import make_aware
from stdnum.cn.uscc import calc_check_digit

from training.accounts.choices import Role
from training.complaints.choices import ComplaintKind, Verdict
from training.complaints.services import answer, assign, examine, lodge
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.models import StoredFile
from training.demo.description import Description
from training.demo.scenery import Staff
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.outcomes.choices import DesignationKind
from training.outcomes.models import EnterpriseOutcome, HouseholdSales, Outcome, SalesMonth
from training.outcomes.rules import months_later, months_of
from training.outcomes.services import designate
from training.programmes.choices import RegionLevel
from training.programmes.models import Programme, Region
from training.programmes.preset import Preset
from training.publications.queries import held_sessions
from training.publications.services import draft_sessions, publish
from training.reporting import stated
from training.reporting.months import report_month, unreported
from training.reports.choices import CallResult, DispatchMethod, Stratum
from training.reports.files import libraries
from training.reports.models import TownReport
from training.reports.queries import figures_of, towns_of
from training.reports.rules import OFFICE_MONTHLY, month_of, report_called
from training.reports.services.evaluations import begin_evaluation, finish_evaluation, score_line
from training.reports.services.meetings import record_meeting
from training.reports.services.ministry import lock_month, mark_reported
from training.reports.services.phone_checks import close_check, draw_sample, log_call
from training.reports.services.roll_ups import dispatch, draw_up
from training.reports.services.town_reports import open_month

SOURCE: Final = "演示用合成数据"
LABOUR, POOR_ABLE, POOR_AWAY, PRACTITIONERS = 400, 60, 10, 2_000
"""Of every poverty village, and the last of the county."""
BASE, NOW = Decimal(200), Decimal(216)
"""Of what has a base year."""
NOBODY_YET: Final = 4
"""Every so many places have nobody with a title."""
FIRM_DAYS: Final = 30
"""From one firm that goes online to the next; every fourth is not confirmed yet."""
SALES_MONTHS: Final = 3
TOWN_MONTHS: Final = 3
"""So many months have town reports. Of eight towns one does not report in a month, and one three days late."""
REPORTED_MONTHS: Final = 2
SAMPLE: Final = 40
COMPLAINT_SESSIONS: Final = 12
"""Of so many sessions held one is written about."""
HALF_YEAR: Final = timedelta(days=182)


@dataclass(frozen=True)
class County:
    programme: Programme
    staff: Staff
    description: Description
    paper: StoredFile
    """Stands in for what was handed in."""

    @property
    def rules(self) -> Preset:
        return self.description.preset

    @property
    def as_of(self) -> date:
        return self.description.as_of

    @property
    def last_day(self) -> date:
        """Of the programme so far."""
        return min(self.as_of, self.rules.window.ends_on)

    def actor(self, role: Role) -> Actor:
        return self.staff.actor(role)

    def user(self, role: Role) -> Any:
        return self.staff.members[role].user


def run_offices(county: County) -> None:
    """After the classes have been written and counted."""
    _state_numbers(county)
    _give_titles(county)
    _list_firms(county)
    _note_sales(county)
    _report_from_towns(county)
    _report_months(county)
    _evaluate(county)
    _ring_up(county)
    _meet(county)
    _hear_complaints(county)
    _publish(county)


# Numbers, titles, firms and sales


def _state_numbers(county: County) -> None:
    """Of every poverty village, and whatever the rules have a use for."""
    head, since = county.actor(Role.BUREAU_HEAD), county.rules.window.starts_on
    villages = _places(county).filter(poor_from__isnull=False)
    numbers = ((stated.LABOUR, LABOUR), (stated.POOR_ABLE, POOR_ABLE), (stated.POOR_AWAY, POOR_AWAY))
    rows = [(code, village, Decimal(number)) for village in villages for code, number in numbers]
    stated.state_values(county.programme.pk, rows, source=SOURCE, as_of=since, actor=head)
    for code, value in _county_numbers(county.rules):
        stated.state_value(
            county.programme.pk, code=code, region=None, value=value, source=SOURCE, as_of=since, actor=head
        )


def _county_numbers(rules: Preset) -> Iterator[tuple[str, Decimal]]:
    yield stated.PRACTITIONERS, Decimal(PRACTITIONERS)
    for target in rules.targets:
        if target.counted_by == "stated":
            yield stated.OF_TARGET + target.code, NOW if target.growth else Decimal(target.value)
        if target.growth:
            yield stated.OF_BASE + target.code, BASE if target.counted_by == "stated" else Decimal(3)


def _places(county: County) -> Any:
    return Region.objects.filter(programme=county.programme).select_related("parent").order_by("code")


def _give_titles(county: County) -> None:
    """To the first who completed in a place, but for every fourth place."""
    first = _first_who_completed(county)
    for kind, places in (
        (DesignationKind.BACKBONE, _places(county).filter(level=RegionLevel.TOWNSHIP)),
        (DesignationKind.TALENT, _places(county).filter(poor_from__isnull=False)),
    ):
        for number, region in enumerate(places, 1):
            trainee = first.get(
                (region.name, "") if kind == DesignationKind.BACKBONE else (region.parent.name, region.name)
            )
            if trainee and number % NOBODY_YET:
                designate(
                    trainee,
                    kind=kind,
                    region_id=region.pk,
                    from_on=county.as_of,
                    basis=SOURCE,
                    actor=county.actor(Role.BUREAU_HEAD),
                )


def _first_who_completed(county: County) -> dict[tuple[str, str], int]:
    """Trainees by township and village; under "" of the township as a whole."""
    rows = Enrolment.objects.filter(
        training_session__institution__programme=county.programme, status=EnrolmentStatus.COMPLETED
    ).order_by("training_session__number", "number")
    found: dict[tuple[str, str], int] = {}
    for township, village, trainee in rows.values_list("trainee__township", "trainee__village", "trainee"):
        for place in ((township, ""), (township, village)):
            found.setdefault(place, trainee)
    return found


def _list_firms(county: County) -> None:
    """One every month since the programme began."""
    since = county.rules.window.starts_on
    days = range(FIRM_DAYS, (county.as_of - since).days, FIRM_DAYS)
    EnterpriseOutcome.objects.bulk_create(
        _firm(county, number, since + timedelta(days=ago)) for number, ago in enumerate(days, 1)
    )


def _firm(county: County, number: int, online_on: date) -> EnterpriseOutcome:
    body = f"91{county.programme.region_code}MA36F{number:04d}"
    decided_at = make_aware(datetime.combine(online_on + timedelta(days=10), time(10)))
    decided = {
        "status": "confirmed",
        "decided_by": county.user(Role.BUREAU_REVIEWER),
        "decided_at": decided_at,
    }
    return EnterpriseOutcome(
        programme=county.programme,
        name=f"{county.programme.county}合成农产品加工厂{number}号",
        uscc=body + calc_check_digit(body),
        before="只在线下批发。",
        after="在网上开店，接零售订单。",
        platform="pinduoduo",
        online_on=online_on,
        file=county.paper,
        claimed_by=county.user(Role.FOLLOW_UP),
        claimed_at=decided_at - timedelta(days=5),
        **(decided if number % NOBODY_YET else {}),
    )


def _note_sales(county: County) -> None:
    """Of every household with a confirmed shop the first months, if they are over."""
    rows = Outcome.objects.filter(
        enrolment__training_session__institution__programme=county.programme,
        kind="started_up",
        status="confirmed",
    ).select_related("enrolment__training_session")
    shops: dict[int, Outcome] = {}
    for shop in rows.order_by("started_on", "pk"):
        shops.setdefault(shop.enrolment.trainee_id, shop)
    sales = [_sales(county, shop) for shop in shops.values()]
    kept = HouseholdSales.objects.bulk_create(
        row for row in sales if months_later(row.starts_on, SALES_MONTHS) <= county.as_of
    )
    SalesMonth.objects.bulk_create(
        SalesMonth(sales=row, trainee_id=row.trainee_id, platform=row.platform, month=month)
        for row in kept
        for month in months_of(row.starts_on, row.months)
    )


def _sales(county: County, shop: Outcome) -> HouseholdSales:
    """The more, the later the session was."""
    amount = 100_000 + 1_000 * shop.enrolment.training_session.number
    return HouseholdSales(
        trainee_id=shop.enrolment.trainee_id,
        platform="pinduoduo",
        starts_on=months_later(shop.started_on.replace(day=1), 1),
        months=SALES_MONTHS,
        amount_fen=amount,
        product="白莲",
        quantity=Decimal(30),
        unit="公斤",
        gain_fen=amount // 2,
        source=SOURCE,
        recorded_by=county.user(Role.FOLLOW_UP),
        recorded_at=clock.now(),
    )


# Reports


def _report_from_towns(county: County) -> None:
    """Of the last months, where the rules ask the towns; the office rolls up what is over and sends it on."""
    last = month_of(county.last_day)
    for ago in range(TOWN_MONTHS - 1, -1, -1):
        month = months_later(last, -ago)
        if month >= month_of(county.rules.window.starts_on) and open_month(
            county.programme, month, actor=SYSTEM
        ):
            _hand_in(county, month)
            _roll_up(county, month)


def _hand_in(county: County, month: date) -> None:
    """Two days before it is due; of eight towns one three days late, and one not at all."""
    order = {town: number for number, town in enumerate(towns_of(county.programme))}
    for report in TownReport.objects.filter(programme=county.programme, month=month):
        turn = (order[report.township] + month.month) % 8
        on = report.due_on + timedelta(days=3 if turn == 6 else -2)
        if turn == 7 or on > county.as_of:
            continue
        figures = figures_of(report)
        said = {
            "stations": "服务站点正常运行，没有新建。",
            "training": f"本期培训 {figures['period']['renci']} 人次。",
            "upstream": "农产品上行情况见县级汇总。",
            "quarter": "本季度按计划推进。" if report.quarterly else "",
            "figures": figures,
            "status": "submitted",
            "submitted_by": county.user(Role.TOWNSHIP),
            "submitted_at": make_aware(datetime.combine(on, time(16))),
        }
        TownReport.objects.filter(pk=report.pk).update(**said)


def _roll_up(county: County, month: date) -> None:
    due_on = TownReport.objects.filter(programme=county.programme, month=month).earliest("pk").due_on
    sent_on = due_on + timedelta(days=5)
    if sent_on > county.as_of:
        return
    office, monthly = county.actor(Role.LEADING_GROUP), report_called(county.rules, OFFICE_MONTHLY)
    roll_up = draw_up(month, summary="各镇按月报送，培训按计划推进。", missing_named=True, actor=office)
    for recipient in monthly.recipients if monthly else ():
        dispatch(
            roll_up.pk,
            recipient=recipient,
            sent_on=sent_on,
            method=DispatchMethod.PAPER,
            document_number=f"演示电商办〔{month.year}〕{month.month}号",
            actor=office,
        )


def _report_months(county: County) -> None:
    """The last that are over are locked; the first of them somebody has told the ministry's system."""
    head, office = county.actor(Role.BUREAU_HEAD), county.actor(Role.LEADING_GROUP)
    over = [month for month in unreported(county.programme, head) if month < f"{county.as_of:%Y-%m}"][
        -REPORTED_MONTHS:
    ]
    for number, month in enumerate(over):
        report_month(county.programme.pk, month, actor=head)
        if county.rules.ministry_system:
            locked = lock_month(date.fromisoformat(f"{month}-01"), actor=office)
            if not number:
                mark_reported(locked.pk, on=county.as_of, receipt=f"演示-{month}", actor=office)


def _evaluate(county: County) -> None:
    office, library = county.actor(Role.LEADING_GROUP), [*libraries().values()][-1]
    evaluation = begin_evaluation(
        title=f"{county.programme.county}培训绩效自评",
        library=library.version,
        as_of=county.as_of,
        actor=office,
    )
    for line in library.lines:
        if line.weight:
            score = (line.weight * 9 / 10).quantize(Decimal("0.1"))
            score_line(
                evaluation.pk, line.code, score=score, note=SOURCE, evidence=line.evidence, actor=office
            )
    finish_evaluation(evaluation.pk, actor=office)


def _ring_up(county: County) -> None:
    """A sample: of ten in a row one says they were not there, and one number does not exist."""
    reviewer = county.actor(Role.BUREAU_REVIEWER)
    if not _first_who_completed(county):
        return
    check = draw_sample(
        title="抽查电话核实",
        stratum=Stratum.INSTITUTION,
        margin_percent=None,
        size=SAMPLE,
        seed=SOURCE,
        actor=reviewer,
    )
    while waiting := list(check.lines.filter(called_up_at__isnull=False, result="").order_by("pk")):
        for line in waiting:
            log_call(line.pk, result=_said(line.rank), note=SOURCE, actor=reviewer)
    close_check(check.pk, actor=reviewer)


def _said(rank: int) -> CallResult:
    return {5: CallResult.NO_SUCH_NUMBER, 9: CallResult.DENIED}.get(rank % 10, CallResult.CONFIRMED)


def _meet(county: County) -> None:
    """Every half year."""
    held_on = county.rules.window.starts_on + timedelta(days=30)
    while held_on <= county.last_day:
        record_meeting(
            held_on=held_on,
            title="电商工作领导小组会议",
            place="县政府会议室",
            attendees="领导小组各成员单位",
            agenda="听取培训进展，研究存在的问题。",
            decisions="各乡镇按时报送，机构按规定归档。",
            actor=county.actor(Role.LEADING_GROUP),
        )
        held_on += HALF_YEAR


# What the public says, and is told


def _hear_complaints(county: County) -> None:
    """By turns answered, being examined, and just received; every second is a complaint, the others opinions."""
    head, reviewer = county.actor(Role.BUREAU_HEAD), county.actor(Role.BUREAU_REVIEWER)
    sessions = held_sessions(county.programme).values_list("code", flat=True)
    for number, code in enumerate(sessions[::COMPLAINT_SESSIONS]):
        grave = number % 2 == 1
        complaint = lodge(
            county.programme,
            kind=ComplaintKind.COMPLAINT if grave else ComplaintKind.OPINION,
            said="（演示）上课的地方有点远，希望下次就近安排。",
            session_code=code,
        ).complaint
        if number % 3 == 2:
            continue
        assign(complaint.pk, user_id=county.user(Role.BUREAU_REVIEWER).pk, actor=head)
        examine(complaint.pk, actor=reviewer)
        if number % 3 == 0:
            answer(
                complaint.pk,
                found="（演示）已向机构了解。",
                verdict=Verdict.NOT_UPHELD if grave else Verdict.NOT_APPLICABLE,
                reply="（演示）感谢提出，已请机构下一期就近安排。",
                actor=reviewer,
            )


def _publish(county: County) -> None:
    made = draft_sessions(actor=county.actor(Role.BUREAU_REVIEWER))
    publish(made.pk, actor=county.actor(Role.BUREAU_HEAD))
