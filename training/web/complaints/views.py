"""意见与举报 at the bureau. Institutions have no page of this."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from training.accounts.choices import Role
from training.complaints import services
from training.complaints.queries import handlers
from training.web.complaints import queries
from training.web.complaints.forms import AnswerForm, AssignForm, ComplaintFilter
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about
from training.web.lists import File, Listing, list_view


@list_view("complaint.view", "complaints/list.html", export="complaints-export")
def complaints(request: WorkRequest) -> Listing:
    filters = ComplaintFilter(request)
    rows = queries.listed(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("意见与举报.csv"), queries.COLUMNS, queries.lines))


@never_cache
@require_GET
@about(queries.find, "complaint.view")
def complaint(request: WorkRequest, row: Any) -> HttpResponse:
    return _page(request, row)


def _page(request: WorkRequest, row: Any, **more: Any) -> HttpResponse:
    actor = request.actor
    mine = actor.role == Role.BUREAU_HEAD or row.assigned_to_id == actor.user_id
    return render(request, "complaints/complaint.html", {"row": row, "mine": mine, **more})


@about(queries.find, "complaint.assign")
def assign(request: WorkRequest, row: Any) -> HttpResponse:
    form = AssignForm(request.POST or None, handlers=handlers(row))
    if form.accept(partial(services.assign, row.pk, actor=request.actor)):
        return done(request, _("已分办。"), "complaint", row.pk)
    return form_page(request, form, title=_("分办"), subtitle=row.ticket, back=_back(row))


@require_POST
@about(queries.find, "complaint.handle")
def examine(request: WorkRequest, row: Any) -> HttpResponse:
    services.examine(row.pk, actor=request.actor)
    return done(request, _("开始核查。"), "complaint", row.pk)


@about(queries.find, "complaint.handle")
def answer(request: WorkRequest, row: Any) -> HttpResponse:
    form = AnswerForm(request.POST or None)
    if form.accept(partial(services.answer, row.pk, actor=request.actor)):
        return done(request, _("已答复，来信人凭受理编号可以看到。"), "complaint", row.pk)
    return form_page(request, form, title=_("答复"), subtitle=row.ticket, back=_back(row))


@require_POST
@about(queries.find, "complaint.handle")
def archive(request: WorkRequest, row: Any) -> HttpResponse:
    services.archive(row.pk, actor=request.actor)
    return done(request, _("已归档。"), "complaint", row.pk)


@never_cache
@require_POST
@about(queries.find, "complaint.handle")
def contact(request: WorkRequest, row: Any) -> HttpResponse:
    """On the answer to the POST and nowhere else."""
    said = services.view_contact(row.pk, actor=request.actor)
    return _page(request, row, contact=said or _("没有留"))


def _back(row: Any) -> str:
    return reverse("complaint", args=[row.pk])
