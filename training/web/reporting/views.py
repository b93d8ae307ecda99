"""Figures against targets, dashboards, the rows behind every figure, and months that were reported."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from training.core.errors import NotFoundError
from training.programmes.queries import the_programme
from training.reporting import months as reported
from training.reporting import stated
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, needs
from training.web.lists import File, Listing, csv_response, list_view
from training.web.reporting import months as month_pages
from training.web.reporting import queries, rows, values
from training.web.reporting.forms import (
    FigureFilter,
    PartFilter,
    ReportMonthForm,
    SessionSearch,
    SliceFilter,
    StatedFileForm,
    StatedForm,
    SupplementForm,
    VillageFilter,
)


@needs("indicator.view")
def indicators(request: WorkRequest) -> HttpResponse:
    page = queries.scoreboard(the_programme(request.actor), request.actor)
    return render(request, "reporting/indicators.html", {"page": page})


@needs("dashboard.view")
def dashboard(request: WorkRequest) -> HttpResponse:
    programme = the_programme(request.actor)
    names = queries.names_of(programme, request.actor)
    slices = queries.slices(programme, request.actor, names)
    filters = SliceFilter(request, slices)
    of = request.GET.get("of") or slices[0][0]
    if of not in dict(slices):
        raise NotFoundError(of)
    page = queries.dashboard(programme, request.actor, names, of=of)
    return render(request, "reporting/dashboard.html", {"page": page, "filters": filters, "of": of})


# The rows behind a figure


@needs("dashboard.view")
def figure_rows(request: WorkRequest) -> HttpResponse:
    filters = FigureFilter(request)
    files = {ending: reverse("figure-rows-export", args=[ending]) for ending in rows.ENDINGS}
    return _page(request, _behind(request, filters), filters, files)


@needs("dashboard.view")
def figure_file(request: WorkRequest, ending: str) -> HttpResponseBase:
    filters = FigureFilter(request)
    return _file(request, _behind(request, filters), filters, ending)


@needs("indicator.view")
def depth(request: WorkRequest, depth: str) -> HttpResponse:
    """The rows that the county's figure of this depth counts, exactly."""
    files = {ending: reverse("indicator-export", args=[depth, ending]) for ending in rows.ENDINGS}
    return _page(request, _of_depth(request, depth), SessionSearch(request), files)


@needs("indicator.view")
def depth_file(request: WorkRequest, depth: str, ending: str) -> HttpResponseBase:
    return _file(request, _of_depth(request, depth), SessionSearch(request), ending)


@needs("indicator.view")
def target(request: WorkRequest, code: str) -> HttpResponse:
    """The rows that the figure of this target counts, exactly; of a rate one of its parts."""
    filters = PartFilter(request)
    files = {ending: reverse("target-export", args=[code, ending]) for ending in rows.ENDINGS}
    return _page(request, _of_target(request, code, filters), filters, files)


@needs("indicator.view")
def target_file(request: WorkRequest, code: str, ending: str) -> HttpResponseBase:
    filters = PartFilter(request)
    return _file(request, _of_target(request, code, filters), filters, ending)


@needs("indicator.view")
def rate(request: WorkRequest, code: str) -> HttpResponse:
    """The rows that a rate told besides counts."""
    filters = PartFilter(request)
    files = {ending: reverse("rate-export", args=[code, ending]) for ending in rows.ENDINGS}
    return _page(request, _of_rate(request, code, filters), filters, files)


@needs("indicator.view")
def rate_file(request: WorkRequest, code: str, ending: str) -> HttpResponseBase:
    filters = PartFilter(request)
    return _file(request, _of_rate(request, code, filters), filters, ending)


@list_view("indicator.view", "reporting/villages.html", export="poor-villages-export")
def villages(request: WorkRequest) -> Listing:
    filters = VillageFilter(request)
    found = queries.villages(the_programme(request.actor), request.actor, **filters.chosen)
    file = File(_("贫困村培训情况.csv"), queries.VILLAGE_COLUMNS, queries.village_lines)
    return Listing(found, filters, file, size=50, beside={"total": queries.all_villages(found)})


def _behind(request: WorkRequest, filters: FigureFilter) -> rows.Behind:
    programme = the_programme(request.actor)
    names = queries.names_of(programme, request.actor)
    return queries.behind_figure(programme, request.actor, filters.figure, names)


def _of_depth(request: WorkRequest, depth: str) -> rows.Behind:
    return queries.behind_depth(depth, the_programme(request.actor), request.actor)


def _of_target(request: WorkRequest, code: str, filters: PartFilter) -> rows.Behind:
    programme = the_programme(request.actor)
    village = filters.cleaned_data.get("village")
    return queries.behind_target(code, programme, request.actor, village=village, **filters.asked)


def _of_rate(request: WorkRequest, code: str, filters: PartFilter) -> rows.Behind:
    programme = the_programme(request.actor)
    return queries.behind_rate(code, programme, request.actor, **filters.asked)


def _counted_so(behind: rows.Behind, filters: SessionSearch) -> rows.Behind:
    return replace(behind, one_each=bool(filters.value("counted")))


def _page(
    request: WorkRequest, behind: rows.Behind, filters: SessionSearch, files: dict[str, str]
) -> HttpResponse:
    behind = _counted_so(behind, filters)
    found = behind.found(filters.value("q"))
    shown = partial(rows.named, found, actor=request.actor, sensitive=behind.sensitive)
    beside = {"behind": behind, "people": rows.people(found), "files": files}
    keys = found.values_list("pk", flat=True)
    return Listing(keys, filters, shown=shown, beside=beside).page(request, "reporting/rows.html")


def _file(request: WorkRequest, behind: rows.Behind, filters: SessionSearch, ending: str) -> HttpResponseBase:
    """The very rows of the page; how many they are is in the file's name."""
    behind = _counted_so(behind, filters)
    found = behind.found(filters.value("q"))
    names = queries.names_of(the_programme(request.actor), request.actor)
    lines = rows.lines(found, request.actor, names, behind)
    name = rows.file_name(behind, found.count(), ending)
    if ending == "csv":
        return csv_response(name, behind.columns, lines)
    if ending != "xlsx":
        raise NotFoundError(ending)
    about = [(_("指标"), behind.name), (_("算法"), behind.formula), (_("查找"), filters.value("q"))]
    return rows.workbook(name, behind.columns, lines, about)


# Numbers from outside


@list_view("indicator.view", "reporting/stated.html", export="stated-values-export")
def stated_values(request: WorkRequest) -> Listing:
    programme = the_programme(request.actor)
    filters = values.StatedFilter(request, values.kinds(programme, request.actor))
    found = values.listed(programme, request.actor, **filters.chosen)
    file = File(_("基数与外部数据.csv"), values.COLUMNS, partial(values.lines, programme, request.actor))
    shown = partial(values.shown, programme, request.actor)
    return Listing(found, filters, file, shown=shown, beside={"gaps": values.gaps(programme, request.actor)})


@needs("stated.enter")
def add_value(request: WorkRequest) -> HttpResponse:
    programme = the_programme(request.actor)
    form = StatedForm(
        request.POST or None,
        kinds=values.kinds(programme, request.actor),
        villages=values.villages(programme, request.actor),
        initial={"code": request.GET.get("code", "")},
    )
    if form.accept(partial(stated.state_value, programme.pk, actor=request.actor)):
        return done(request, _("已保存。"), "stated-values")
    return form_page(request, form, title=_("填写基数"), back=reverse("stated-values"))


@needs("stated.enter")
def load_values(request: WorkRequest) -> HttpResponse:
    programme = the_programme(request.actor)
    form = StatedFileForm(request.POST or None, request.FILES or None)
    if count := form.accept(partial(values.load, programme.pk, actor=request.actor)):
        return done(request, _("已导入 %(count)s 个数。") % {"count": count}, "stated-values")
    note = _(
        "第一行写列名：%(columns)s。村代码是行政区划里的 12 位代码；空着的格子不导入。有一处错误就整个不导入。"
    ) % {"columns": _("、").join(values.file_columns())}
    return form_page(request, form, title=_("导入各村的数"), back=reverse("stated-values"), note=note)


# Reported months


@needs("indicator.view")
def months(request: WorkRequest) -> HttpResponse:
    page = month_pages.overview(the_programme(request.actor), request.actor)
    return render(request, "reporting/months.html", {"page": page})


@needs("month.report")
def report_month(request: WorkRequest) -> HttpResponse:
    programme = the_programme(request.actor)
    open_months = reported.unreported(programme, request.actor)
    form = ReportMonthForm(request.POST or None, months=reversed(open_months))
    if report := form.accept(partial(reported.report_month, programme.pk, actor=request.actor)):
        return done(
            request,
            _("已报送，%(month)s 的数锁定了。") % {"month": report.month},
            "reported-month",
            report.month,
        )
    note = _("报送以后这个月的数不再变，也不能解锁；以后有变化的，列为差异，写明原因补报。")
    return form_page(request, form, title=_("报送月份"), back=reverse("reported-months"), note=note)


@needs("indicator.view")
def month(request: WorkRequest, month: str) -> HttpResponse:
    page = month_pages.of_month(the_programme(request.actor), month, request.actor)
    return render(request, "reporting/month.html", {"page": page})


@needs("month.report")
def supplement(request: WorkRequest, month: str) -> HttpResponse:
    programme = the_programme(request.actor)
    month_pages.of_month(programme, month, request.actor)
    form = SupplementForm(request.POST or None)
    if form.accept(partial(reported.supplement_month, programme.pk, month, actor=request.actor)):
        return done(request, _("已补报。"), "reported-month", month)
    back = reverse("reported-month", args=[month])
    return form_page(request, form, title=_("补报 %(month)s") % {"month": month}, back=back)
