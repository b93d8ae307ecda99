"""The county's townships and villages: looked up, loaded from a list, and which were poverty villages when."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from training.core import clock
from training.programmes import services
from training.programmes.queries import region_by_id, the_programme
from training.programmes.region_file import COLUMNS
from training.web.forms import CardForm, done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, list_view
from training.web.regions import queries
from training.web.regions.forms import NotPoorForm, PoorForm, RegionFilter, RegionsFileForm


@list_view("programme.view", "regions/regions.html", export="regions-export")
def regions(request: WorkRequest) -> Listing:
    programme = the_programme(request.actor)
    filters = RegionFilter(request, queries.townships(programme, request.actor))
    rows = queries.listed(programme, request.actor, **filters.chosen)
    file = File(_("行政区划.csv"), queries.COLUMNS, queries.lines)
    counts = queries.counts(programme, request.actor)
    beside = {"programme": programme, "counts": counts, "today": clock.today()}
    return Listing(rows, filters, file, beside=beside)


@needs("region.manage")
def load(request: WorkRequest) -> HttpResponse:
    programme = the_programme(request.actor)
    form = RegionsFileForm(request.POST or None, request.FILES or None)
    if count := form.accept(partial(services.load_regions, programme.pk, actor=request.actor)):
        return done(request, _("已导入 %(count)s 行。") % {"count": count}, "regions")
    note = _(
        "第一行写列名：%(columns)s；前两列必填。本县代码是 %(county)s，乡镇 9 位，村 12 位，先写上级再写下级都可以。"
        "有一处错误就整个不导入，错误逐行列出；名单里没有的地方保留原样。"
    ) % {"columns": _("、").join(COLUMNS), "county": programme.region_code}
    return form_page(request, form, title=_("导入行政区划"), back=reverse("regions"), note=note)


@about(region_by_id, "region.manage")
def list_as_poor(request: WorkRequest, region: Any) -> HttpResponse:
    before = {
        "poor_from": region.poor_from,
        "poor_until": region.poor_until,
        "poor_source": region.poor_source,
    }
    form = PoorForm(request.POST or None, initial=before)
    if form.accept(partial(services.list_as_poor, region.pk, actor=request.actor)):
        return done(request, _("已登记。"), "regions")
    return _page(request, region, form, _("贫困村"))


@about(region_by_id, "region.manage")
def unlist_as_poor(request: WorkRequest, region: Any) -> HttpResponse:
    form = NotPoorForm(request.POST or None)
    if form.accept(partial(services.unlist_as_poor, region.pk, actor=request.actor)):
        return done(request, _("标记已取消。"), "regions")
    note = _("只用于当初登记错了的村。后来退出的贫困村请填退出日期，不要取消。")
    return _page(request, region, form, _("取消贫困村标记"), note)


def _page(request: WorkRequest, region: Any, form: CardForm, title: str, note: str = "") -> HttpResponse:
    subtitle = f"{region.parent or ''} {region.name} {region.code}".strip()
    return form_page(request, form, title=title, subtitle=subtitle, back=reverse("regions"), note=note)
