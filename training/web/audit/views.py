"""Who did what: for whoever answers for it, and for whoever examines it."""

from __future__ import annotations

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from training.web.audit import queries
from training.web.audit.forms import AuditFilter
from training.web.gate import WorkRequest, needs
from training.web.lists import csv_response, page_of


@require_GET
@needs("audit.view")
def trail(request: WorkRequest) -> HttpResponse:
    filters = AuditFilter(request)
    page = page_of(request, queries.trail(request.actor, **filters.chosen), size=50)
    context = {"filters": filters, "page_obj": page, "entries": queries.entries(page.object_list)}
    return render(request, "audit/trail.html", context)


@require_GET
@needs("audit.view")
def export(request: WorkRequest) -> StreamingHttpResponse:
    rows = queries.trail(request.actor, **AuditFilter(request).chosen)
    return csv_response(_("操作记录.csv"), queries.AUDIT_COLUMNS, queries.audit_lines(rows))
