"""Reports of the towns and the county: what is owed, written, handed in and sent."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from training.core import clock
from training.reports.services import evaluations as evaluating
from training.reports.services import meetings as meeting_services
from training.reports.services import ministry
from training.reports.services import roll_ups as rolling_up
from training.reports.services import town_reports as towns
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, list_view
from training.web.reports import behind, queries
from training.web.reports.forms import (
    DispatchForm,
    EvaluationFilter,
    EvaluationForm,
    FigureFilter,
    LockForm,
    MeetingFilter,
    MeetingForm,
    MinistryFilter,
    MonthFilter,
    ReportedForm,
    RollUpForm,
    ScoreForm,
    SupplementForm,
    TownReportFilter,
    TownReportForm,
)

of_town = about(queries.find_town_report, "town_report.view")
by_town = about(queries.find_town_report, "town_report.write")


@require_safe
@needs("report.view")
def index(request: WorkRequest) -> HttpResponse:
    return render(request, "reports/index.html", {"doors": queries.doors(request.actor)})


# Towns


@list_view("town_report.view", "reports/towns.html", export="town-reports-export")
def town_reports(request: WorkRequest) -> Listing:
    filters = TownReportFilter(request, queries.months_reported(request.actor))
    rows = queries.listed_towns(request.actor, **filters.chosen)
    return Listing(
        rows, filters, File(_("乡镇月报.csv"), queries.TOWN_COLUMNS, queries.town_lines), queries.town_rows
    )


@require_safe
@of_town
def town_report(request: WorkRequest, report: Any) -> HttpResponse:
    return render(request, "reports/town.html", {"page": queries.town_page(report), "report": report})


@list_view(
    "town_report.view",
    "reports/figure.html",
    export="town-report-figure-export",
    of=queries.find_town_report,
)
def town_figure(request: WorkRequest, report: Any, code: str) -> Listing:
    filters = FigureFilter(request)
    span = behind.of_town(report, total=filters.value("part") == "total")
    return _counted(request, behind.behind(code, span), filters)


@list_view("roll_up.view", "reports/figure.html", export="roll-up-figure-export", of=queries.find_roll_up)
def county_figure(request: WorkRequest, roll_up: Any, code: str) -> Listing:
    return _counted(request, behind.behind(code, behind.of_county(roll_up)))


@list_view(
    "ministry.view",
    "reports/figure.html",
    export="ministry-figure-export",
    of=queries.find_ministry_report,
)
def ministry_figure(request: WorkRequest, report: Any, code: str) -> Listing:
    return _counted(request, behind.of_ministry(report, code))


@list_view(
    "evaluation_self.view",
    "reports/figure.html",
    export="self-evaluation-figure-export",
    of=queries.find_evaluation,
)
def evaluation_figure(request: WorkRequest, evaluation: Any, code: str) -> Listing:
    return _counted(request, behind.of_evaluation(evaluation, code))


def _counted(request: WorkRequest, found: behind.Behind, filters: FigureFilter | None = None) -> Listing:
    shown = partial(behind.lines, actor=request.actor, metric=found.metric)
    file = File(_("%(name)s.csv") % {"name": found.metric.name}, behind.COLUMNS, shown)
    return Listing(found.rows, filters, file, shown=shown, beside={"behind": found})


@by_town
def write(request: WorkRequest, report: Any) -> HttpResponse:
    """One form, two buttons: what was typed is kept even where handing it in is refused."""
    if report.is_submitted:
        return redirect("town-report", report.pk)
    handing_in = "submit" in request.POST
    form = TownReportForm(request.POST or None, quarterly=report.quarterly, initial=vars(report))
    act = partial(towns.save_report, report.pk, actor=request.actor)
    kept = form.accept(act)
    if kept and not handing_in:
        return done(request, _("已保存，还没有报送。"), "town-report-write", report.pk)
    if kept and form.accept(partial(towns.submit_report, report.pk, actor=request.actor)):
        return done(request, _("已报送，数据不再变化。"), "town-report", report.pk)
    context = {"form": form, "report": report, "page": queries.town_page(report)}
    return render(request, "reports/town_write.html", context, status=422 if form.errors else 200)


@by_town
def supplement(request: WorkRequest, report: Any) -> HttpResponse:
    form = SupplementForm(request.POST or None)
    if form.accept(partial(towns.add_supplement, report.pk, actor=request.actor)):
        return done(request, _("补充说明已提交，原报告不变。"), "town-report", report.pk)
    back = reverse("town-report", args=[report.pk])
    note = _("报送后的数据和文字不再改；有错的在这里写明，附在报告后面。")
    return form_page(request, form, title=_("补充说明"), subtitle=report, back=back, note=note)


# The county's month


@list_view("roll_up.view", "reports/roll_ups.html", export="roll-ups-export")
def roll_ups(request: WorkRequest) -> Listing:
    filters = MonthFilter(request)
    rows = queries.listed_roll_ups(request.actor, **filters.chosen)
    beside = {"months": queries.months_to_roll_up(request.actor)}
    return Listing(
        rows, filters, File(_("全县汇总.csv"), queries.ROLL_UP_COLUMNS, queries.roll_up_lines), beside=beside
    )


@needs("roll_up.draw_up")
def draw_up(request: WorkRequest) -> HttpResponse:
    months = queries.months_to_roll_up(request.actor)
    form = RollUpForm(request.POST or None, months=months, initial={"month": request.GET.get("month")})
    if roll_up := form.accept(partial(rolling_up.draw_up, actor=request.actor)):
        return done(request, _("已汇总。上报以后，请登记报给谁、文号。"), "roll-up", roll_up.pk)
    context = {"form": form, "missing": queries.missing_in(request.actor, months)}
    return render(request, "reports/roll_up_add.html", context, status=422 if form.errors else 200)


@require_safe
@about(queries.find_roll_up, "roll_up.view")
def roll_up(request: WorkRequest, roll_up: Any) -> HttpResponse:
    return render(
        request, "reports/roll_up.html", {"page": queries.roll_up_page(roll_up), "roll_up": roll_up}
    )


@about(queries.find_roll_up, "roll_up.draw_up")
def dispatch(request: WorkRequest, roll_up: Any) -> HttpResponse:
    names = queries.recipients(roll_up.programme, roll_up.month)
    form = DispatchForm(request.POST or None, recipients=names, initial={"sent_on": clock.today()})
    if form.accept(partial(rolling_up.dispatch, roll_up.pk, actor=request.actor)):
        return done(request, _("上报记录已登记。"), "roll-up", roll_up.pk)
    back = reverse("roll-up", args=[roll_up.pk])
    return form_page(request, form, title=_("登记上报"), subtitle=roll_up, back=back)


# The ministry's system


@list_view("ministry.view", "reports/ministry.html", export="ministry-reports-export")
def ministry_reports(request: WorkRequest) -> Listing:
    filters = MinistryFilter(request)
    rows = queries.listed_ministry(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("系统报送.csv"), queries.MINISTRY_COLUMNS, queries.ministry_lines))


@needs("ministry.report")
def lock_month(request: WorkRequest) -> HttpResponse:
    form = LockForm(request.POST or None, months=queries.months_to_lock(request.actor))
    if report := form.accept(partial(ministry.lock_month, actor=request.actor)):
        return done(
            request, _("数据已锁定。导出后到对方系统填报，再回来标“已报送”。"), "ministry-report", report.pk
        )
    note = _(
        "先在“已报月份”报送的月份才能选，用报送时锁定的数，之后的变化另外列出。本系统没有和商务部的系统联网，由人填报。"
    )
    return form_page(request, form, title=_("锁定报送数据"), back=reverse("ministry-reports"), note=note)


@require_safe
@about(queries.find_ministry_report, "ministry.view")
def ministry_report(request: WorkRequest, report: Any) -> HttpResponse:
    context = {"report": report, "lines": queries.locked_lines(report)}
    return render(request, "reports/ministry_report.html", context)


@about(queries.find_ministry_report, "ministry.report")
def mark_reported(request: WorkRequest, report: Any) -> HttpResponse:
    form = ReportedForm(request.POST or None, initial={"on": clock.today()})
    if form.accept(partial(ministry.mark_reported, report.pk, actor=request.actor)):
        return done(request, _("已标为已报送。"), "ministry-report", report.pk)
    back = reverse("ministry-report", args=[report.pk])
    return form_page(request, form, title=_("标为已报送"), subtitle=report, back=back)


# Self-evaluation


@list_view("evaluation_self.view", "reports/evaluations.html", export="self-evaluations-export")
def evaluations(request: WorkRequest) -> Listing:
    filters = EvaluationFilter(request)
    rows = queries.listed_evaluations(request.actor, **filters.chosen)
    file = File(_("绩效自评.csv"), queries.EVALUATION_COLUMNS, queries.evaluation_lines)
    return Listing(rows, filters, file, lambda page: [(row, queries.total_of(row)) for row in page])


@needs("evaluation_self.write")
def begin_evaluation(request: WorkRequest) -> HttpResponse:
    form = EvaluationForm(request.POST or None, initial={"as_of": clock.today()})
    if evaluation := form.accept(partial(evaluating.begin_evaluation, actor=request.actor)):
        return done(request, _("请逐项打分。"), "self-evaluation", evaluation.pk)
    return form_page(request, form, title=_("开始自评"), back=reverse("self-evaluations"))


@require_safe
@about(queries.find_evaluation, "evaluation_self.view")
def evaluation(request: WorkRequest, evaluation: Any) -> HttpResponse:
    context = {"page": queries.evaluation_page(evaluation), "evaluation": evaluation}
    return render(request, "reports/evaluation.html", context)


@about(queries.find_evaluation, "evaluation_self.write")
def score(request: WorkRequest, evaluation: Any, code: str) -> HttpResponse:
    line = queries.line_of(evaluation, code)
    form = ScoreForm(request.POST or None, line=line, initial=queries.scored(evaluation, code))
    if form.accept(partial(evaluating.score_line, evaluation.pk, code, actor=request.actor)):
        return done(request, _("已评分。"), "self-evaluation", evaluation.pk)
    back = reverse("self-evaluation", args=[evaluation.pk])
    figure = queries.counted(line, evaluation)
    note = _("系统数据：%(figure)s。") % {"figure": figure} if figure else ""
    return form_page(
        request, form, title=f"{line.code} {line.text}", subtitle=evaluation, back=back, note=note
    )


@require_POST
@about(queries.find_evaluation, "evaluation_self.write")
def finish_evaluation(request: WorkRequest, evaluation: Any) -> HttpResponse:
    evaluating.finish_evaluation(evaluation.pk, actor=request.actor)
    return done(request, _("自评已定稿。"), "self-evaluation", evaluation.pk)


# Meetings


@list_view("meeting.view", "reports/meetings.html", export="meetings-export")
def meetings(request: WorkRequest) -> Listing:
    filters = MeetingFilter(request)
    rows = queries.listed_meetings(request.actor, **filters.chosen)
    file = File(_("领导小组会议.csv"), queries.MEETING_COLUMNS, queries.meeting_lines)
    return Listing(rows, filters, file, beside=queries.meetings_owed(request.actor))


@needs("meeting.record")
def add_meeting(request: WorkRequest) -> HttpResponse:
    form = MeetingForm(request.POST or None, request.FILES or None, initial={"held_on": clock.today()})
    if meeting := form.accept(partial(meeting_services.record_meeting, actor=request.actor)):
        return done(request, _("会议已登记。"), "meeting", meeting.pk)
    return form_page(request, form, title=_("登记会议"), back=reverse("meetings"))


@require_safe
@about(queries.find_meeting, "meeting.view")
def meeting(request: WorkRequest, meeting: Any) -> HttpResponse:
    return render(request, "reports/meeting.html", {"meeting": meeting})
