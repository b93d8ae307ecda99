"""Job fairs: the register of fairs, and one fair from its plan to the day it counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from training.core import clock
from training.fairs import services
from training.web.fairs import forms, queries
from training.web.forms import CardForm, done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, list_view


@list_view("fair.view", "fairs/list.html", export="fairs-export")
def fairs(request: WorkRequest) -> Listing:
    filters = forms.FairFilter(request)
    rows = queries.fairs(request.actor, **filters.chosen)
    file = File(_("用工对接会台账.csv"), queries.FAIR_COLUMNS, queries.fair_lines)
    beside = {"reached": queries.reached(request.actor), "targets": queries.targets(request.actor)}
    return Listing(rows, filters, file, beside=beside)


@needs("fair.manage")
def plan(request: WorkRequest) -> HttpResponse:
    form = forms.FairForm(request.POST or None)
    if made := form.accept(partial(services.plan_fair, actor=request.actor)):
        return done(request, _("对接会已建好，请登记用人单位和岗位，再报备。"), "fair", made.pk)
    note = _("先登记用人单位和岗位，邀请结业的学员，在举办前报备。")
    return form_page(request, form, title=_("计划一场对接会"), back=reverse("fairs"), note=note)


@require_GET
@about(queries.fair_of, "fair.view")
def fair(request: WorkRequest, fair: Any) -> HttpResponse:
    context = {"page": queries.fair_page(fair, request.actor), "fair": fair, "today": clock.today()}
    return render(request, "fairs/fair.html", context)


of_fair = about(queries.fair_of, "fair.manage")


@of_fair
def change(request: WorkRequest, fair: Any) -> HttpResponse:
    said = {name: getattr(fair, name) for name in ("title", "on", "place", "township", "note")}
    initial = said | {"starts": localtime(fair.starts_at).time(), "ends": localtime(fair.ends_at).time()}
    form = forms.FairForm(request.POST or None, initial=initial)
    act = partial(services.change_fair, fair.pk, actor=request.actor)
    return _with(request, fair, form, act, title=_("修改对接会"), said=_("已保存。"))


def _with(
    request: WorkRequest, fair: Any, form: CardForm, act: Callable[..., Any], *, title: Any, said: Any
) -> HttpResponse:
    """A form about a fair; back to its page when it is done."""
    if form.accept(act):
        return done(request, said, "fair", fair.pk)
    return form_page(request, form, title=title, subtitle=fair, back=reverse("fair", args=[fair.pk]))


# Its life


def _at_once(act: Callable[..., Any], said: Any) -> Callable[..., HttpResponse]:
    """A step that takes no form; what is missing is told on the fair's page."""

    def step(request: WorkRequest, fair: Any) -> HttpResponse:
        act(fair.pk, actor=request.actor)
        return done(request, said, "fair", fair.pk)

    return step


report = require_POST(about(queries.fair_of, "fair.report")(_at_once(services.report_fair, _("已报备。"))))
hold = require_POST(of_fair(_at_once(services.hold_fair, _("已记为举办。"))))
count = require_POST(about(queries.fair_of, "fair.confirm")(_at_once(services.count_fair, _("已计入。"))))


@of_fair
def results(request: WorkRequest, fair: Any) -> HttpResponse:
    form = forms.ResultsForm(request.POST or None, initial={"summary": fair.summary})
    act = partial(services.register_results, fair.pk, actor=request.actor)
    said = _("结果已登记，录用的人 90 天复核以后由商务局确认计入。")
    return _with(request, fair, form, act, title=_("登记结果"), said=said)


@about(queries.fair_of, "fair.confirm")
def send_back(request: WorkRequest, fair: Any) -> HttpResponse:
    form = forms.ReasonForm(request.POST or None, label=_("退回结果"))
    act = partial(services.send_back, fair.pk, actor=request.actor)
    return _with(request, fair, form, act, title=_("退回结果"), said=_("已退回，请重新登记结果。"))


@about(queries.fair_of, "fair.report")
def cancel(request: WorkRequest, fair: Any) -> HttpResponse:
    form = forms.ReasonForm(request.POST or None, label=_("取消对接会"))
    act = partial(services.cancel_fair, fair.pk, actor=request.actor)
    return _with(request, fair, form, act, title=_("取消对接会"), said=_("对接会已取消。"))


# Employers and posts


@require_GET
@about(queries.fair_of, "fair.view")
def posts(request: WorkRequest, fair: Any) -> HttpResponse:
    """岗位表, for the board at the door."""
    context = {"fair": fair, "posts": queries.posts(fair), "programme": fair.programme}
    return render(request, "fairs/posts.html", context)


@of_fair
def add_employer(request: WorkRequest, fair: Any) -> HttpResponse:
    form = forms.EmployerForm(request.POST or None)
    act = partial(services.add_employer, fair.pk, actor=request.actor)
    return _with(request, fair, form, act, title=_("登记用人单位"), said=_("单位已登记，请登记它的岗位。"))


@require_POST
@about(queries.employer_of, "fair.manage")
def sign_in_employer(request: WorkRequest, employer: Any) -> HttpResponse:
    services.sign_in_employer(employer.pk, actor=request.actor)
    return done(request, _("已登记到场。"), "fair", employer.fair_id)


@require_POST
@about(queries.employer_of, "fair.manage")
def remove_employer(request: WorkRequest, employer: Any) -> HttpResponse:
    services.remove_employer(employer.pk, actor=request.actor)
    return done(request, _("单位和它的岗位已删除。"), "fair", employer.fair_id)


@about(queries.employer_of, "fair.manage")
def add_post(request: WorkRequest, employer: Any) -> HttpResponse:
    form = forms.PostForm(request.POST or None)
    act = partial(services.add_post, employer.pk, actor=request.actor)
    return _with(request, employer.fair, form, act, title=_("登记岗位"), said=_("岗位已登记。"))


@require_POST
@about(queries.post_of, "fair.manage")
def remove_post(request: WorkRequest, post: Any) -> HttpResponse:
    services.remove_post(post.pk, actor=request.actor)
    return done(request, _("岗位已删除。"), "fair", post.employer.fair_id)


# Stations and papers


@of_fair
def stations(request: WorkRequest, fair: Any) -> HttpResponse:
    chosen = [str(pk) for pk in fair.stations.values_list("pk", flat=True)]
    form = forms.StationsForm(
        request.POST if request.method == "POST" else None,
        stations=queries.stations(request.actor),
        initial={"stations": chosen},
    )
    act = partial(services.set_stations, fair.pk, actor=request.actor)
    said = _("已保存，终端下一次联网时会带上这场对接会。")
    return _with(request, fair, form, act, title=_("对接会的签到终端"), said=said)


@of_fair
def add_paper(request: WorkRequest, fair: Any) -> HttpResponse:
    form = forms.PaperForm(request.POST or None, request.FILES or None)
    act = partial(services.add_paper, fair.pk, actor=request.actor)
    return _with(request, fair, form, act, title=_("上传照片、材料"), said=_("已保存。"))
