"""Registration at work: the institution's, the township's and the bureau's side of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from training.core import clock, files
from training.core.errors import NotFoundError
from training.core.uploads import XLSX
from training.enrolment import registration
from training.enrolment.nominations import nominate_list as take_list
from training.enrolment.permissions import group_names
from training.enrolment.roster_book import roster_template
from training.enrolment.services import note_groups_shown
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about
from training.web.lists import File, Listing, download, list_view, page_of
from training.web.registration import forms, history, queries
from training.web.registration.poster import address_of, draw_poster

of_call = about(queries.find_call, "registration.view")
DEFAULT_PLACES = 30


@list_view("registration.view", "registration/calls.html", export="registration-export")
def calls(request: WorkRequest) -> Listing:
    filters = forms.CallFilter(request)
    rows = queries.calls(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("报名.csv"), queries.CALL_COLUMNS, queries.call_lines))


@about(queries.find_session, "registration.open")
def open_call(request: WorkRequest, session: Any) -> HttpResponse:
    """The form to open it; of one that is open already the page, unless somebody wants to change it."""
    call = queries.call_for(session)
    if call and request.method == "GET" and "change" not in request.GET:
        return redirect("registration-call", call.pk)
    form_class = forms.ChangeForm if call else forms.OpenForm
    form = form_class(request.POST or None, initial=_as_it_stands(call, session))
    opened = form.accept(partial(registration.open_registration, session.pk, actor=request.actor))
    if opened:
        said = _("报名已改好。") if call else _("报名已开放，把二维码或海报发出去就行。")
        return done(request, said, "registration-call", opened.pk)
    note = _("报名的人先由乡镇或商务局审核资格，再由您录取进名册；提交开班申请时名册冻结，报名同时结束。")
    back = reverse("session", args=[session.pk])
    title = _("改报名的名额、时间") if call else _("开放报名")
    return form_page(request, form, title=title, subtitle=session, back=back, note=note)


def _as_it_stands(call: Any, session: Any) -> dict[str, Any]:
    if call is None:
        return {"opens_at": localtime(clock.now()), "places": queries.seats(session) or DEFAULT_PLACES}
    quotas = "\n".join(f"{name} {places}" for name, places in call.quotas.items())
    said = {name: getattr(call, name) for name in ("opens_at", "closes_at", "places", "note")}
    return said | {"quotas": quotas}


@require_GET
@of_call
def call(request: WorkRequest, call: Any) -> HttpResponse:
    filters = forms.ApplicationFilter(request, queries.township_names(call, request.actor))
    page_obj = page_of(request, queries.search(call, request.actor, **filters.chosen))
    rows = queries.application_rows(list(page_obj), call, request.actor)
    registration.note_groups_shown(call, page_obj.object_list, actor=request.actor)
    public = queries.public_page(call)
    drawn = segno.make(address_of(public), error="m", micro=False)
    context = {
        "page": queries.call_page(call, request.actor),
        "filters": filters,
        "page_obj": page_obj,
        "rows": rows,
        "ticks": any(row.may_tick for row in rows),
        "ticked": request.GET.get("ticked") == "all",
        "address": address_of(public),
        "qr": mark_safe(drawn.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)),  # noqa: S308  segno's own SVG
    }
    return render(request, "registration/call.html", context)


@require_GET
@of_call
def export_applications(request: WorkRequest, call: Any) -> StreamingHttpResponse:
    filters = forms.ApplicationFilter(request, queries.township_names(call, request.actor))
    rows = queries.search(call, request.actor, **filters.chosen)
    registration.note_groups_shown(call, rows, actor=request.actor)
    name = _("%(session)s报名.csv") % {"session": call.training_session.code}
    lines = partial(queries.application_lines, call=call, actor=request.actor)
    return download(File(name, queries.APPLICATION_COLUMNS, lines), rows)


@require_GET
@of_call
def poster(request: WorkRequest, call: Any) -> HttpResponse:
    name = _("%(session)s报名海报.pdf") % {"session": call.training_session.code}
    return _file(name, draw_poster(queries.public_page(call)), "application/pdf")


def _file(name: str, data: bytes, content_type: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(data, content_type=content_type, headers={"Content-Disposition": disposition or ""})


@require_POST
@about(queries.find_call, "registration.open")
def switch(request: WorkRequest, call: Any) -> HttpResponse:
    changed = registration.set_registration(call.pk, status=request.POST.get("to", ""), actor=request.actor)
    return done(request, changed.get_status_display(), "registration-call", call.pk)


def _ticked(request: HttpRequest) -> list[int]:
    return [int(pk) for pk in request.POST.getlist("application") if pk.isdecimal()]


def _back(call: Any, request: HttpRequest) -> HttpResponse:
    query = request.META["QUERY_STRING"]
    address = reverse("registration-call", args=[call.pk])
    return redirect(f"{address}?{query}" if query else address)


@require_POST
@about(queries.find_call, "registration.review")
def review(request: WorkRequest, call: Any) -> HttpResponse:
    qualified = request.POST.get("qualified") == "yes"
    reason = request.POST.get("reason", "")[:200]
    rows = registration.review(
        call.pk, _ticked(request), qualified=qualified, reason=reason, actor=request.actor
    )
    said = (
        ngettext("%(count)d 人资格通过。", "%(count)d 人资格通过。", len(rows))
        if qualified
        else ngettext("%(count)d 人没有通过，原因已记下。", "%(count)d 人没有通过，原因已记下。", len(rows))
    )
    messages.success(request, said % {"count": len(rows)})
    return _back(call, request)


@require_POST
@about(queries.find_call, "registration.accept")
def accept(request: WorkRequest, call: Any) -> HttpResponse:
    """Those that are ticked, or with `in_order` everybody in line."""
    chosen = queries.in_line(call, request.actor) if "in_order" in request.POST else _ticked(request)
    result = registration.accept(call.pk, chosen, actor=request.actor)
    said = _("录取 %(accepted)d 人，候补 %(waiting)d 人。")
    messages.success(request, said % {"accepted": len(result.accepted), "waiting": len(result.waiting)})
    for row, why in result.refused:
        messages.error(request, _("%(name)s没有录取：%(why)s") % {"name": row.name, "why": why})
    return _back(call, request)


@about(queries.find_call, "registration.apply_for")
def add(request: WorkRequest, call: Any) -> HttpResponse:
    form = forms.AddForm(request.POST or None, call=call)
    if form.accept(lambda **_said: registration.apply_for(call.pk, person=_read(form), actor=request.actor)):
        return done(request, _("已登记，等乡镇或商务局审核资格。"), "registration-call", call.pk)
    note = _("打电话、上门来报名的人在这里登记。请先把告知书念给本人听，本人同意再登记。")
    return _about_call(request, call, form, _("代为报名"), note)


@about(queries.find_call, "registration.nominate")
def nominate(request: WorkRequest, call: Any) -> HttpResponse:
    form = forms.NominationForm(request.POST or None, call=call)
    if form.accept(lambda **_said: registration.nominate(call.pk, person=_read(form), actor=request.actor)):
        return done(request, _("已推荐，等培训机构录取。"), "registration-call", call.pk)
    note = _("推荐即表示乡镇已核对资格、已告知本人并得到同意。只能推荐本乡镇的人。")
    return _about_call(request, call, form, _("推荐学员"), note)


def _read(form: forms.PersonForm) -> Any:
    return form.person


def _about_call(request: WorkRequest, call: Any, form: Any, title: str, note: str = "") -> HttpResponse:
    back = reverse("registration-call", args=[call.pk])
    return form_page(request, form, title=title, subtitle=call.training_session, back=back, note=note)


@about(queries.find_call, "registration.nominate")
def nominate_list(request: WorkRequest, call: Any) -> HttpResponse:
    form = forms.ListForm(request.POST or None, request.FILES or None)
    taken = form.accept(lambda file: take_list(call.pk, name=file[0], data=file[1], actor=request.actor))
    if taken:
        return redirect("nomination-list", taken.pk)
    context = {"call": call, "form": form}
    return render(request, "registration/nominate_list.html", context, status=422 if form.errors else 200)


@require_GET
@about(queries.find_call, "registration.nominate")
def template(request: WorkRequest, call: Any) -> HttpResponse:
    data = roster_template([group.name for group in call.training_session.rule_set.rules.groups])
    return _file(_("推荐名单模板.xlsx"), data, XLSX)


@require_GET
@about(queries.find_list, "registration.view")
def nomination_list(request: WorkRequest, handed_in: Any) -> HttpResponse:
    return render(request, "registration/nomination_list.html", {"handed_in": handed_in})


@require_GET
@about(queries.find_list, "registration.nominate")
def marked(request: WorkRequest, handed_in: Any) -> HttpResponse:
    if handed_in.marked is None:
        raise NotFoundError("core.StoredFile")
    return _file(_("标出问题的名单.xlsx"), files.read(handed_in.marked), XLSX)


@require_GET
@about(queries.find_application, "registration.view")
def application(request: WorkRequest, application: Any) -> HttpResponse:
    row = queries.application_rows([application], application.call, request.actor)[0]
    registration.note_groups_shown(application.call, [application], actor=request.actor)
    context = {"row": row, "call": application.call, "steps": history.of_application(application)}
    return render(request, "registration/application.html", context)


@about(queries.find_application, "registration.withdraw")
def withdraw(request: WorkRequest, application: Any) -> HttpResponse:
    form = forms.WithdrawForm(request.POST or None)
    if form.accept(partial(registration.withdraw_application, application.pk, actor=request.actor)):
        return done(request, _("报名已撤回。"), "application", application.pk)
    back = reverse("application", args=[application.pk])
    note = _("撤回以后不能恢复；已经录取、名册还没冻结的，同时从名册上退出。")
    return form_page(request, form, title=_("撤回报名"), subtitle=application.name, back=back, note=note)


@require_GET
@about(history.find_enrolment, "registration.view")
def enrolment(request: WorkRequest, enrolment: Any) -> HttpResponse:
    context = {"enrolment": enrolment, "steps": history.of_enrolment(enrolment)}
    names = group_names(enrolment.training_session, request.actor)
    note_groups_shown(enrolment.training_session, [enrolment], actor=request.actor)
    context["group"] = names.get(enrolment.group, "")
    return render(request, "registration/enrolment.html", context)
