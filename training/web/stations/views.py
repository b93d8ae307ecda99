"""The fleet: the bureau's stations and an institution's own, each with what is wrong before class."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from training.core import clock
from training.stations.services import issue_code, issue_renewal_code, permit, revoke_station
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, list_view
from training.web.stations import queries
from training.web.stations.forms import CodeForm, FleetFilter, PermissionForm, RenewForm, RevokeForm


@list_view("station.view", "stations/fleet.html", export="stations-export")
def fleet(request: WorkRequest) -> Listing:
    filters = FleetFilter(request, queries.institutions(request.actor))
    rows = queries.fleet(request.actor, **filters.chosen)
    file = File(_("签到终端.csv"), queries.FLEET_COLUMNS, queries.fleet_lines)
    return Listing(rows, filters, file, beside={"now": clock.now()})


@never_cache
@needs("station.issue_code")
def issue(request: WorkRequest) -> HttpResponse:
    """The code is on the answer to the POST and nowhere else."""
    form = CodeForm(request.POST or None, institutions=queries.admitted(request.actor))
    if code := form.accept(partial(issue_code, actor=request.actor)):
        return _invitation(request, code, form.cleaned_data["station_name"], reverse("stations"))
    note = _("登记码让一台电脑成为签到终端，24 小时内有效，只能用一次。")
    return form_page(request, form, title=_("登记新终端"), back=reverse("stations"), note=note)


def _invitation(
    request: WorkRequest, code: str, name: str, back: str, *, renewal: bool = False
) -> HttpResponse:
    context = {"invitation": queries.invite(code), "name": name, "back": back, "renewal": renewal}
    return render(request, "stations/code.html", context)


@about(queries.station_of, "station.view")
def station(request: WorkRequest, station: Any) -> HttpResponse:
    action = reverse("station-may", args=[station.pk])
    form = PermissionForm(initial={"may": station.may}, action=action)
    context = {"station": station, "page": queries.station_page(station, request.actor), "form": form}
    return render(request, "stations/station.html", context)


@require_POST
@about(queries.station_of, "station.issue_code")
def allow(request: WorkRequest, station: Any) -> HttpResponse:
    permit(station.pk, may=request.POST.getlist("may"), actor=request.actor)
    return done(request, _("权限已保存，终端下次下载名册时生效。"), "station", station.pk)


@never_cache
@about(queries.station_of, "station.issue_code")
def renew(request: WorkRequest, station: Any) -> HttpResponse:
    back = reverse("station", args=[station.pk])
    if request.method == "POST":
        code = issue_renewal_code(station.pk, actor=request.actor)
        return _invitation(request, code, station.name, back, renewal=True)
    note = _(
        "原来的电脑上使用：终端还是这一台，换一个新口令，旧口令立即作废。"
        "另一台电脑上使用：那台电脑接替这一台，这一台同时停用；它还没有上传的记录要先传完。"
    )
    return form_page(
        request, RenewForm(), title=_("续用或更换终端"), subtitle=station.name, back=back, note=note
    )


@about(queries.station_of, "station.revoke")
def revoke(request: WorkRequest, station: Any) -> HttpResponse:
    form = RevokeForm(request.POST or None)
    if form.accept(partial(revoke_station, station.pk, actor=request.actor)):
        said = _("终端“%(name)s”已停用。它以前签名的记录仍然有效。") % {"name": station.name}
        return done(request, said, "station", station.pk)
    note = _(
        "停用以后，这台终端不能再上传记录，也不能恢复；要再用须重新登记。"
        "它以前签名的记录仍然有效。还没有上传的记录留在终端上，不会丢失。"
    )
    back = reverse("station", args=[station.pk])
    return form_page(request, form, title=_("停用终端"), subtitle=station.name, back=back, note=note)
