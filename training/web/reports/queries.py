"""Reports as their pages and files show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from training.accounts.permissions import may
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.errors import NotFoundError
from training.people.rules import mask_name, mask_phone
from training.programmes.queries import rule_set_on, the_programme
from training.reporting.months import reports
from training.reports import queries as reads
from training.reports.choices import CallResult
from training.reports.figures import COUNTY_BY_CODE, METRICS, Metric
from training.reports.files import Library, LibraryLine, libraries, mapping
from training.reports.models import (
    Meeting,
    MinistryReport,
    PhoneCheck,
    PhoneCheckLine,
    RollUp,
    SelfEvaluation,
    SelfScore,
    TownReport,
)
from training.reports.queries import draw_again, figures_of, lines_of, sums
from training.reports.rules import (
    MEETINGS,
    OFFICE_MONTHLY,
    RESERVES,
    Confirmation,
    Drawn,
    StratumResult,
    confirmation,
    frame_hash,
    report_called,
    weighted_percent,
)
from training.web.reports.standing import TownState, having, state_of

# Town reports

TOWN_COLUMNS: Final = (_("月份"), _("乡镇"), _("状态"), _("报送期限"), _("报送时间"), _("报送人"))


def listed_towns(actor: Actor, *, q: str = "", month: str = "", state: str = "") -> QuerySet[Any]:
    rows = reads.town_reports(actor).filter(having(state, clock.today()))
    if month:
        rows = rows.filter(month=month)
    return rows.filter(township__icontains=q) if q else rows


def months_reported(actor: Actor) -> list[date]:
    """Months that have town reports, the newest first."""
    rows = TownReport.objects.visible_to(actor).order_by("-month")
    return list(rows.values_list("month", flat=True).distinct())


@dataclass(frozen=True)
class TownRow:
    report: Any
    state: TownState


def town_rows(reports: Iterable[Any]) -> list[TownRow]:
    today = clock.today()
    return [TownRow(report, state_of(report, today)) for report in reports]


def town_lines(reports: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    for row in town_rows(reports):
        yield (
            f"{row.report.month:%Y-%m}",
            row.report.township,
            row.state.label,
            row.report.due_on,
            _stamp(row.report.submitted_at),
            row.report.submitted_by or "",
        )


def _stamp(at: Any) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else ""


def find_town_report(pk: int, actor: Actor) -> Any:
    rows = TownReport.objects.select_related("programme", "submitted_by")
    return rows.prefetch_related("supplements__made_by").fetch(actor, pk=pk)


@dataclass(frozen=True)
class FigureLine:
    """`now` differs from `period` where something was recorded after the report had been handed in."""

    metric: Metric
    period: int
    total: int
    now: int | None = None


def figure_lines(
    figures: dict[str, dict[str, int]], now: dict[str, dict[str, int]] | None = None
) -> list[FigureLine]:
    return [
        FigureLine(
            metric,
            figures["period"].get(metric.code, 0),
            figures["total"].get(metric.code, 0),
            now["period"][metric.code] if now else None,
        )
        for metric in METRICS
        if metric.code in figures["period"]  # a report that was frozen before it was counted lacks it
    ]


@dataclass(frozen=True)
class TownPage:
    report: Any
    state: TownState
    lines: list[FigureLine]
    changed: bool
    texts: list[tuple[Any, str]]


def town_page(report: Any) -> TownPage:
    """An open report shows the figures of now, a frozen one those it was handed in with, and what differs now."""
    now = figures_of(report)
    said = report.figures or now
    lines = figure_lines(said, now if report.figures else None)
    names = ("stations", "training", "upstream", *(("quarter",) if report.quarterly else ()))
    texts = [(TownReport._meta.get_field(name).verbose_name, getattr(report, name)) for name in names]  # type: ignore[union-attr]
    changed = any(line.now is not None and line.now != line.period for line in lines)
    return TownPage(report, state_of(report, clock.today()), lines, changed, texts)


# Roll-ups

ROLL_UP_COLUMNS: Final = (_("月份"), _("状态"), _("未报的乡镇"), _("汇总时间"), _("上报"))


def listed_roll_ups(actor: Actor, *, q: str = "") -> QuerySet[Any]:
    rows = reads.roll_ups(actor)
    return rows.filter(month__in=_months_like(rows, q)) if q else rows


def _months_like(rows: QuerySet[Any], words: str) -> list[date]:
    months = rows.order_by().values_list("month", flat=True).distinct()
    return [month for month in months if words.strip() in f"{month:%Y-%m}"]


def roll_up_lines(rows: Iterable[RollUp]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        sent = "；".join(f"{it.recipient} {it.sent_on} {it.document_number}" for it in row.dispatches.all())
        yield (
            f"{row.month:%Y-%m}",
            row.get_status_display(),
            "、".join(row.missing),
            _stamp(row.drawn_up_at),
            sent,
        )


def find_roll_up(pk: int, actor: Actor) -> Any:
    rows = RollUp.objects.select_related("programme", "drawn_up_by")
    return rows.prefetch_related("dispatches__recorded_by").fetch(actor, pk=pk)


def months_to_roll_up(actor: Actor) -> list[date]:
    done = set(RollUp.objects.visible_to(actor).values_list("month", flat=True))
    return [month for month in months_reported(actor) if month not in done]


def missing_in(actor: Actor, months: Sequence[date]) -> dict[date, list[str]]:
    """By month, the towns that have not reported."""
    rows = TownReport.objects.visible_to(actor).filter(month__in=months, submitted_at=None)
    found: dict[date, list[str]] = {month: [] for month in months}
    for month, town in rows.order_by("township").values_list("month", "township"):
        found[month].append(town)
    return found


@dataclass(frozen=True)
class TownCells:
    """A row of the roll-up: `cells` by code in the order of METRICS, None for a town that had not reported."""

    town: str
    state: TownState
    pk: int
    cells: list[tuple[str, int | str]] | None
    came_since: bool


@dataclass(frozen=True)
class RollUpPage:
    """`total` is of the towns that reported; `county` what the system counts for all of the county."""

    roll_up: Any
    metrics: tuple[Metric, ...]
    towns: list[TownCells]
    total: list[int]
    county: list[tuple[str, int | str]]
    to_send: list[str]


def roll_up_page(roll_up: Any) -> RollUpPage:
    later = set(
        TownReport.objects.filter(
            programme=roll_up.programme_id, month=roll_up.month, submitted_at__gt=roll_up.drawn_up_at
        ).values_list("pk", flat=True)
    )
    total = sums(roll_up)["period"]
    sent = {row.recipient for row in roll_up.dispatches.all()}
    return RollUpPage(
        roll_up=roll_up,
        metrics=METRICS,
        towns=[_cells(town, later) for town in roll_up.towns],
        total=[total[metric.code] for metric in METRICS],
        county=_by_code(roll_up.county["period"]),
        to_send=[name for name in recipients(roll_up.programme, roll_up.month) if name not in sent],
    )


def _cells(town: dict[str, Any], later: set[int]) -> TownCells:
    figures = town["figures"].get("period") if town["figures"] else None
    cells = _by_code(figures) if figures else None
    return TownCells(town["town"], TownState(town["state"]), town["report"], cells, town["report"] in later)


def _by_code(figures: Mapping[str, int]) -> list[tuple[str, int | str]]:
    """A dash for what was not counted yet when it was frozen."""
    return [(metric.code, figures.get(metric.code, "—")) for metric in METRICS]


def recipients(programme: Any, on: date) -> tuple[str, ...]:
    """Whom the county's document names for the office's monthly report; none where it names nobody."""
    report = report_called(rule_set_on(programme, on, actor=SYSTEM).rules, OFFICE_MONTHLY)
    return report.recipients if report else ()


# The ministry's system

MINISTRY_COLUMNS: Final = (_("月份"), _("系统"), _("状态"), _("锁定时间"), _("报送日期"), _("回执号"))
LINE_COLUMNS: Final = (_("代码"), _("名称"), _("对方字段"), _("数值"), _("单位"), _("怎样算出"))


def listed_ministry(actor: Actor, *, q: str = "", status: str = "") -> QuerySet[Any]:
    rows = reads.ministry_reports(actor)
    if status:
        rows = rows.filter(status=status)
    if q:
        rows = rows.filter(Q(receipt__icontains=q) | Q(month__in=_months_like(rows, q)))
    return rows


def ministry_lines(rows: Iterable[MinistryReport]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            f"{row.month:%Y-%m}",
            row.system,
            row.get_status_display(),
            _stamp(row.locked_at),
            row.reported_on or "",
            row.receipt,
        )


def find_ministry_report(pk: int, actor: Actor) -> Any:
    rows = MinistryReport.objects.select_related("programme", "locked_by", "reported_by")
    return rows.fetch(actor, pk=pk)


def months_to_lock(actor: Actor) -> list[date]:
    """Those that the county has reported and that are not locked, the newest first."""
    done = set(MinistryReport.objects.visible_to(actor).values_list("month", flat=True))
    reported = reports(the_programme(actor), actor).filter(number=0).values_list("month", flat=True)
    months = (date.fromisoformat(f"{month}-01") for month in reported)
    return [month for month in months if month not in done]


@dataclass(frozen=True)
class LockedLine:
    """A line as it was locked; `now` is what it would be now where that differs, `href` lists what it counts."""

    said: dict[str, Any]
    now: int | None
    href: str


def locked_lines(report: MinistryReport) -> list[LockedLine]:
    now = {line["code"]: line["value"] for line in lines_of(report.programme, report.month)}
    listed = {line.code for line in mapping().lines if line.figure and COUNTY_BY_CODE[line.figure].rows}
    return [
        LockedLine(
            line,
            now[line["code"]] if now.get(line["code"], line["value"]) != line["value"] else None,
            reverse("ministry-figure", args=[report.pk, line["code"]]) if line["code"] in listed else "",
        )
        for line in report.lines
    ]


def export_rows(report: MinistryReport) -> Iterator[tuple[Any, ...]]:
    for line in report.lines:
        value = "" if line["value"] is None else line["value"]
        yield line["code"], line["name"], line["field"], value, line["unit"], line["formula"]


# Self-evaluation

EVALUATION_COLUMNS: Final = (_("名称"), _("状态"), _("指标库"), _("数据截至"), _("自评分"))


def listed_evaluations(actor: Actor, *, q: str = "", status: str = "") -> QuerySet[Any]:
    rows = reads.evaluations(actor)
    if status:
        rows = rows.filter(status=status)
    return rows.filter(title__icontains=q) if q else rows


def total_of(evaluation: SelfEvaluation) -> Decimal:
    return sum((score.score for score in evaluation.scores.all()), Decimal(0))


def evaluation_lines(rows: Iterable[SelfEvaluation]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield row.title, row.get_status_display(), row.library, row.as_of, total_of(row)


def find_evaluation(pk: int, actor: Actor) -> Any:
    rows = SelfEvaluation.objects.select_related("programme", "begun_by", "finished_by")
    return rows.prefetch_related("scores__scored_by").fetch(actor, pk=pk)


@dataclass(frozen=True)
class EvaluationLine:
    line: LibraryLine
    score: SelfScore | None
    where: str


@dataclass(frozen=True)
class EvaluationPage:
    evaluation: Any
    library: Library
    lines: list[EvaluationLine]
    total: Decimal
    open: int


def evaluation_page(evaluation: Any) -> EvaluationPage:
    library = libraries()[evaluation.library]
    scores = {score.code: score for score in evaluation.scores.all()}
    lines = [EvaluationLine(line, scores.get(line.code), _address(line.page)) for line in library.lines]
    return EvaluationPage(
        evaluation,
        library,
        lines,
        total_of(evaluation),
        sum(1 for line in lines if line.line.weight and line.score is None),
    )


def line_of(evaluation: SelfEvaluation, code: str) -> LibraryLine:
    """Raises NotFoundError for a line that is not scored."""
    try:
        return libraries()[evaluation.library].line(code)
    except KeyError as unknown:
        raise NotFoundError(code) from unknown


def counted(line: LibraryLine, evaluation: SelfEvaluation) -> str:
    """What the system counts for a line up to the evaluation's day."""
    return reads.figure_of(line, evaluation)


def scored(evaluation: SelfEvaluation, code: str) -> dict[str, Any]:
    """What a line was given before, as its form shows it."""
    row = next((score for score in evaluation.scores.all() if score.code == code), None)
    return {"score": row.score, "note": row.note, "evidence": "\n".join(row.evidence)} if row else {}


def _address(name: str) -> str:
    try:
        return reverse(name) if name else ""
    except NoReverseMatch:
        return ""


# Phone checks

CHECK_COLUMNS: Final = (
    _("名称"),
    _("状态"),
    _("分层"),
    _("样本量"),
    _("种子"),
    _("抽样框指纹"),
    _("抽取时间"),
)
CALL_COLUMNS: Final = (
    _("层"),
    _("次序"),
    _("备选"),
    _("姓名"),
    _("手机号"),
    _("期号"),
    _("机构"),
    _("拨打次数"),
    _("结果"),
)
SCRIPT: Final = (
    _("您好，这里是县商务局。请问您是（姓名）吗？不是本人：说声打扰，记“非本人”。"),
    _("想核实一下：您在（日期）参加过（培训名称）吗？只问这一件，不提示上了几天、学了什么。"),
    _("参加过：请问在哪里上的课、大概讲了什么？答得上来，记“本人确认参训”。"),
    _("没有参加：请照原话记下，记“否认参训”。不要争辩，不要劝说。"),
    _("不愿回答：谢谢，记“拒答”。全程不问身份证号，不要对方转账、点链接。"),
)


def listed_checks(actor: Actor, *, q: str = "", status: str = "") -> QuerySet[Any]:
    rows: QuerySet[Any] = (
        reads.phone_checks(actor)
        .annotate(
            waiting=Count("lines", Q(lines__called_up_at__isnull=False, lines__result="")),
            yes=Count("lines", Q(lines__result=CallResult.CONFIRMED)),
            no=Count("lines", Q(lines__result=CallResult.DENIED)),
        )
        .order_by("-pk")
    )
    if status:
        rows = rows.filter(status=status)
    return rows.filter(title__icontains=q) if q else rows


def check_lines(rows: Iterable[PhoneCheck]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            row.title,
            row.get_status_display(),
            row.get_stratum_display(),
            row.size,
            row.seed,
            row.frame_hash,
            _stamp(row.drawn_at),
        )


def find_check(pk: int, actor: Actor) -> Any:
    return PhoneCheck.objects.select_related("programme", "drawn_by").fetch(actor, pk=pk)


def find_line(pk: int, actor: Actor) -> Any:
    rows = PhoneCheckLine.objects.select_related(
        "phone_check__programme", "enrolment__trainee", "enrolment__training_session__institution"
    )
    return rows.prefetch_related("calls__made_by").fetch(actor, pk=pk)


def called_up(check: PhoneCheck, actor: Actor, *, q: str = "", result: str = "") -> QuerySet[Any]:
    """Those to be rung, in the drawn order; a reserve only once it took somebody's place."""
    rows = reads.phone_check_lines(actor).filter(phone_check=check, called_up_at__isnull=False)
    if result:
        rows = rows.filter(result="" if result == "none" else result)
    if q:
        rows = rows.filter(Q(stratum__icontains=q) | Q(enrolment__training_session__code__icontains=q))
    return rows


def with_rates(rows: Iterable[Any]) -> list[tuple[Any, Confirmation]]:
    return [(row, Confirmation(row.yes, row.no)) for row in rows]


@dataclass(frozen=True)
class Standing:
    """`results` are codes, words and counts, of those called up; `redrawn`: whether drawing again gives these people."""

    confirmation: Confirmation
    low: float | None
    high: float | None
    results: list[tuple[str, Any, int]]
    waiting: int
    frame: int
    redrawn: bool
    strata: list[StratumResult]
    weighted: float | None
    """The rate weighted by strata, in percent."""


def standing(check: PhoneCheck) -> Standing:
    counted, strata = reads.results(check), reads.results_by_stratum(check)
    rate = confirmation(counted)
    low, high = (round(100 * end, 1) for end in rate.interval) if rate.interval else (None, None)
    return Standing(
        rate,
        low,
        high,
        [(code, word, counted.get(code, 0)) for code, word in CallResult.choices],
        counted.get("", 0),
        len(check.frame),
        drawn_as_recorded(check),
        strata,
        weighted_percent(strata),
    )


def drawn_as_recorded(check: PhoneCheck) -> bool:
    """Whether frame, fingerprint and seed still give exactly the people on the list, in their order."""
    rows = check.lines.order_by("stratum", "rank")
    kept = [Drawn(*row) for row in rows.values_list("enrolment", "stratum", "rank", "reserve")]
    again = sorted(draw_again(check), key=lambda drawn: (drawn.stratum, drawn.rank))
    frame = [(pk, name) for pk, name in check.frame]
    return sorted(kept, key=lambda drawn: (drawn.stratum, drawn.rank)) == again and (
        frame_hash(frame) == check.frame_hash
    )


def proof(check: PhoneCheck) -> dict[str, Any]:
    """What anybody needs to draw again, and what came out."""
    return {
        "seed": check.seed,
        "size": check.size,
        "reserves_per_place": RESERVES,
        "order": 'within a stratum by SHA-256 of "seed:enrolment", ascending',
        "shares": "proportional to the strata, largest remainder, at least one each",
        "frame_sha256": check.frame_hash,
        "frame": check.frame,
        "drawn": [[drawn.enrolment, drawn.stratum, drawn.rank, drawn.reserve] for drawn in draw_again(check)],
    }


@dataclass(frozen=True)
class CallLine:
    """Masked: whoever rings looks the number up, which is on record."""

    line: Any
    name: str
    phone: str


def masked(rows: Iterable[Any]) -> list[CallLine]:
    return [
        CallLine(row, mask_name(row.enrolment.trainee.name), mask_phone(row.enrolment.trainee.phone))
        for row in rows
    ]


def call_lines(rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    for row in masked(rows):
        session = row.line.enrolment.training_session
        yield (
            row.line.stratum,
            row.line.rank,
            _("是") if row.line.reserve else "",
            row.name,
            row.phone,
            session.code,
            session.institution.name,
            row.line.tries,
            row.line.get_result_display(),
        )


# Meetings

MEETING_COLUMNS: Final = (_("日期"), _("会议名称"), _("地点"), _("参加人员"), _("议题"), _("议定事项"))


def listed_meetings(actor: Actor, *, q: str = "") -> QuerySet[Any]:
    rows = reads.meetings(actor)
    if q:
        rows = rows.filter(Q(title__icontains=q) | Q(agenda__icontains=q) | Q(decisions__icontains=q))
    return rows


def meetings_owed(actor: Actor) -> dict[str, Any]:
    """What the county's document says of how often the group meets, if it does, and when it met last."""
    rules = rule_set_on(the_programme(actor), clock.today(), actor=actor).rules
    last = reads.meetings(actor).values_list("held_on", flat=True).first()
    return {
        "owed": next((rule for rule in rules.rules if rule.code == MEETINGS), None),
        "last": last,
        "days": (clock.today() - last).days if last else None,
    }


def meeting_lines(rows: Iterable[Meeting]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield row.held_on, row.title, row.place, row.attendees, row.agenda, row.decisions


def find_meeting(pk: int, actor: Actor) -> Any:
    return Meeting.objects.select_related("programme", "recorded_by", "minutes").fetch(actor, pk=pk)


# The first page of them all


@dataclass(frozen=True)
class Door:
    name: Any
    hint: Any
    href: str
    count: int
    urgent: int = 0


def doors(actor: Actor) -> list[Door]:
    """What this actor may open, with how much is there and how much of it waits."""
    today = clock.today()
    missing = TownReport.objects.visible_to(actor).filter(having(TownState.MISSING, today)).count()
    all_doors = (
        (
            "town_report.view",
            _("乡镇月报"),
            _("各镇每月 20 日前报送；未报的数目标红"),
            "town-reports",
            TownReport,
            missing,
        ),
        ("roll_up.view", _("全县汇总"), _("领导小组办公室每月汇总、上报"), "roll-ups", RollUp, 0),
        (
            "ministry.view",
            _("系统报送"),
            _("报商务部信息系统的数据：锁定、导出、标已报送"),
            "ministry-reports",
            MinistryReport,
            0,
        ),
        (
            "evaluation_self.view",
            _("绩效自评"),
            _("对照指标库逐项打分，附依据"),
            "self-evaluations",
            SelfEvaluation,
            0,
        ),
        (
            "phone_check.view",
            _("抽查电话核实"),
            _("随机抽取、打电话核实本人是否参训"),
            "phone-checks",
            PhoneCheck,
            0,
        ),
        ("meeting.view", _("领导小组会议"), _("会议、议题和议定事项"), "meetings", Meeting, 0),
    )
    return [
        Door(name, hint, reverse(place), model.objects.visible_to(actor).count(), urgent)
        for act, name, hint, place, model, urgent in all_doors
        if may(actor, act)
    ]
