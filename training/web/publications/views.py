"""公开: what the county puts on its public page, checked before it goes out."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from training.publications import services
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, list_view
from training.web.publications import queries
from training.web.publications.forms import PublicationFilter, TableForm, WithdrawForm


@list_view("publication.view", "publications/list.html", export="publications-export")
def publications(request: WorkRequest) -> Listing:
    filters = PublicationFilter(request)
    beside = {"not_told": queries.not_told(request.actor)}
    rows = queries.listed(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("公开.csv"), queries.COLUMNS, queries.lines), beside=beside)


@require_POST
@needs("publication.prepare")
def draft_sessions(request: WorkRequest) -> HttpResponse:
    return redirect("publication", services.draft_sessions(actor=request.actor).pk)


@needs("publication.prepare")
def draft_table(request: WorkRequest) -> HttpResponse:
    form = TableForm(request.POST or None, request.FILES or None)
    if made := form.accept(partial(services.draft_table, actor=request.actor)):
        return redirect("publication", made.pk)
    return form_page(request, form, title=_("公开其他表格"), back=reverse("publications"))


@never_cache
@require_GET
@about(queries.find, "publication.view")
def publication(request: WorkRequest, row: Any) -> HttpResponse:
    return render(request, "publications/publication.html", {"page": queries.page_of(row)})


@require_POST
@about(queries.find, "publication.prepare")
def leave_out(request: WorkRequest, row: Any) -> HttpResponse:
    services.leave_out(row.pk, request.POST.getlist("column"), actor=request.actor)
    return done(request, _("已删去所选的列，重新审查过。"), "publication", row.pk)


@require_POST
@about(queries.find, "publication.publish")
def publish(request: WorkRequest, row: Any) -> HttpResponse:
    services.publish(row.pk, actor=request.actor)
    return done(request, _("已发布到公开页。"), "publication", row.pk)


@about(queries.find, "publication.withdraw")
def withdraw(request: WorkRequest, row: Any) -> HttpResponse:
    form = WithdrawForm(request.POST or None)
    if form.accept(partial(services.withdraw_publication, row.pk, actor=request.actor)):
        return done(request, _("已撤下。"), "publication", row.pk)
    back = reverse("publication", args=[row.pk])
    return form_page(request, form, title=_("撤下"), subtitle=row.title, back=back)


@require_POST
@about(queries.find, "publication.prepare")
def discard(request: WorkRequest, row: Any) -> HttpResponse:
    services.discard_draft(row.pk, actor=request.actor)
    return done(request, _("拟稿已删除。"), "publications")
