"""Agreements and task orders: drafted by the institution, put in force and ended by the bureau."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from training.institutions import services
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.institutions import queries
from training.web.institutions.forms import (
    AgreementFilter,
    AgreementForm,
    ChangeForm,
    IndicatorForm,
    ReasonForm,
    TaskForm,
)
from training.web.institutions.views import own
from training.web.lists import File, Listing, list_view


@list_view("agreement.view", "institutions/agreements.html", export="agreements-export")
def agreements(request: WorkRequest) -> Listing:
    lines, institutions = queries.fund_lines(request.actor), queries.in_sight(request.actor)
    filters = AgreementFilter(request, lines, institutions)
    rows = queries.agreements(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("协议.csv"), queries.AGREEMENT_COLUMNS, queries.agreement_lines))


@require_GET
@about(queries.agreement_of, "agreement.view")
def agreement(request: WorkRequest, agreement: Any) -> HttpResponse:
    page = queries.agreement_page(agreement, request.actor)
    return render(request, "institutions/agreement.html", {"page": page, "agreement": agreement})


@needs("institution.manage_papers")
def add(request: WorkRequest) -> HttpResponse:
    lines = queries.fund_lines(request.actor)
    form = AgreementForm(request.POST or None, request.FILES or None, fund_lines=lines)
    made = form.accept(partial(services.add_agreement, own(request), actor=request.actor))
    if made:
        said = _("已收下。请写上任务和指标，再请商务局确认生效。")
        return done(request, said, "agreement", made.pk)
    return form_page(request, form, title=_("添加协议或任务文件"), back=reverse("papers"))


@about(queries.agreement_of, "institution.manage_papers")
def add_task(request: WorkRequest, agreement: Any) -> HttpResponse:
    initial = {"unit_price_fen": agreement.unit_price_fen / 100}
    kinds = queries.class_types(agreement, request.actor)
    form = TaskForm(request.POST or None, initial=initial, class_types=kinds)
    if form.accept(partial(services.add_task, agreement.pk, actor=request.actor)):
        return done(request, _("任务已添加。"), "agreement", agreement.pk)
    back = reverse("agreement", args=[agreement.pk])
    note = _("只列出这份协议的资金条线支付的班型。")
    return form_page(request, form, title=_("添加任务"), subtitle=agreement, back=back, note=note)


@require_POST
@about(queries.task_of, "institution.manage_papers")
def remove_task(request: WorkRequest, task: Any) -> HttpResponse:
    agreement = services.remove_task(task.pk, actor=request.actor)
    return done(request, _("任务已删除。"), "agreement", agreement.pk)


@about(queries.agreement_of, "institution.manage_papers")
def add_indicator(request: WorkRequest, agreement: Any) -> HttpResponse:
    initial = {name: request.GET[name] for name in ("rate", "class_type") if name in request.GET}
    form = IndicatorForm(
        request.POST or None,
        initial=initial,
        rates=queries.rates(agreement, request.actor),
        class_types=queries.class_types(agreement, request.actor),
    )
    if form.accept(partial(services.add_indicator, agreement.pk, actor=request.actor)):
        return done(request, _("指标已添加。"), "agreement", agreement.pk)
    back = reverse("agreement", args=[agreement.pk])
    return form_page(request, form, title=_("添加指标"), subtitle=agreement, back=back)


@require_POST
@about(queries.indicator_of, "institution.manage_papers")
def remove_indicator(request: WorkRequest, indicator: Any) -> HttpResponse:
    agreement = services.remove_indicator(indicator.pk, actor=request.actor)
    return done(request, _("指标已删除。"), "agreement", agreement.pk)


@about(queries.agreement_of, "institution.manage_papers")
def change(request: WorkRequest, agreement: Any) -> HttpResponse:
    initial = {name: getattr(agreement, name) for name in ("valid_from", "valid_until")}
    initial["unit_price_fen"] = agreement.unit_price_fen / 100
    form = ChangeForm(request.POST or None, request.FILES or None, initial=initial)
    made = form.accept(partial(services.change_agreement, agreement.pk, actor=request.actor))
    if made:
        return done(
            request, _("变更已起草，任务和指标照旧抄来，请改好后请商务局确认。"), "agreement", made.pk
        )
    back = reverse("agreement", args=[agreement.pk])
    note = _("确认生效前，原来的一版照常有效；已开的班跟着它们开班时的那一版。")
    return form_page(request, form, title=_("变更协议"), subtitle=agreement, back=back, note=note)


@require_POST
@about(queries.agreement_of, "agreement.confirm")
def confirm(request: WorkRequest, agreement: Any) -> HttpResponse:
    services.activate_agreement(agreement.pk, actor=request.actor)
    return done(request, _("协议已生效，可以据它开班。"), "agreement", agreement.pk)


@about(queries.agreement_of, "agreement.confirm")
def fulfil(request: WorkRequest, agreement: Any) -> HttpResponse:
    form = ReasonForm(request.POST or None, label=_("履行完毕"))
    if form.accept(partial(services.fulfil_agreement, agreement.pk, actor=request.actor)):
        return done(request, _("已记为履行完毕。"), "agreement", agreement.pk)
    back = reverse("agreement", args=[agreement.pk])
    return form_page(request, form, title=_("协议履行完毕"), subtitle=agreement, back=back)


@about(queries.agreement_of, "agreement.confirm")
def terminate(request: WorkRequest, agreement: Any) -> HttpResponse:
    form = ReasonForm(request.POST or None, label=_("解除协议"))
    if form.accept(partial(services.terminate_agreement, agreement.pk, actor=request.actor)):
        return done(request, _("协议已解除。"), "agreement", agreement.pk)
    back = reverse("agreement", args=[agreement.pk])
    note = _("解除后不能再据它开班；已批准还没上的期会列出，由您逐期决定。")
    return form_page(request, form, title=_("解除协议"), subtitle=agreement, back=back, note=note)
