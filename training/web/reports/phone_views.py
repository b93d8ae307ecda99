"""抽查电话核实: drawing, ringing, and what it came to."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from training.reports.services import phone_checks
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, list_view
from training.web.reports import queries
from training.web.reports.forms import CallForm, DrawForm, LineFilter, PhoneCheckFilter

of_check = about(queries.find_check, "phone_check.view")


@list_view("phone_check.view", "reports/checks.html", export="phone-checks-export")
def checks(request: WorkRequest) -> Listing:
    filters = PhoneCheckFilter(request)
    rows = queries.listed_checks(request.actor, **filters.chosen)
    file = File(_("抽查电话核实.csv"), queries.CHECK_COLUMNS, queries.check_lines)
    return Listing(rows, filters, file, queries.with_rates)


@needs("phone_check.make")
def draw(request: WorkRequest) -> HttpResponse:
    form = DrawForm(request.POST or None)
    if check := form.accept(partial(phone_checks.draw_sample, actor=request.actor)):
        return done(request, _("已抽取，名单按抽中的次序排好。"), "phone-check", check.pk)
    note = _("从已结业、没有要求“不再联系”的学员里抽。种子、抽样框和结果都记下，谁都可以重抽一遍核对。")
    return form_page(request, form, title=_("抽取样本"), back=reverse("phone-checks"), note=note)


@require_safe
@of_check
def check(request: WorkRequest, check: Any) -> HttpResponse:
    export = reverse("phone-check-export", args=[check.pk])
    return _lines(request, check).page(request, "reports/check.html", export=export)


@require_safe
@of_check
def check_file(request: WorkRequest, check: Any) -> Any:
    return _lines(request, check).download()


def _lines(request: WorkRequest, check: Any) -> Listing:
    filters = LineFilter(request)
    rows = queries.called_up(check, request.actor, **filters.chosen)
    file = File(_("电话核实名单.csv"), queries.CALL_COLUMNS, queries.call_lines)
    beside = {"check": check, "standing": queries.standing(check)}
    return Listing(rows, filters, file, queries.masked, beside=beside)


@require_safe
@of_check
def proof(request: WorkRequest, check: Any) -> HttpResponse:
    """All that it takes to draw again: ids and strata, no names."""
    answer = JsonResponse(queries.proof(check), json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="phone-check-{check.pk}.json"'
    return answer


@require_POST
@about(queries.find_check, "phone_check.make")
def close(request: WorkRequest, check: Any) -> HttpResponse:
    phone_checks.close_check(check.pk, actor=request.actor)
    return done(request, _("核实已结束。"), "phone-check", check.pk)


@about(queries.find_line, "phone_check.make")
def line(request: WorkRequest, line: Any) -> HttpResponse:
    return _line_page(request, line)


@never_cache
@require_POST
@about(queries.find_line, "phone_check.make")
def number(request: WorkRequest, line: Any) -> HttpResponse:
    """Name and number are on the answer to the POST and nowhere else; that they were looked at is on record."""
    return _line_page(
        request, line, phone=phone_checks.show_number(line.pk, actor=request.actor), looked=True
    )


def _line_page(request: WorkRequest, line: Any, *, phone: str = "", looked: bool = False) -> HttpResponse:
    action = reverse("phone-check-line", args=[line.pk])
    form = CallForm(None if looked else request.POST or None, action=action)
    if not looked and form.accept(partial(phone_checks.log_call, line.pk, actor=request.actor)):
        return done(request, _("已记下。"), "phone-check", line.phone_check_id)
    context = {"form": form, "call": queries.masked([line])[0], "line": line, "script": queries.SCRIPT}
    context |= {"phone": phone, "looked": looked}
    return render(request, "reports/line.html", context, status=422 if form.errors else 200)
