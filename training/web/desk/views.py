"""The reviewer's day: the queue, one archive item by item, the trace of one hour, several archives as one file."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from training.core.errors import InvalidInputError
from training.dossiers import reviewing
from training.dossiers.choices import DossierStatus
from training.web import lists
from training.web.bureau.queries import institutions
from training.web.courses.queries import taught
from training.web.desk import download as downloads
from training.web.desk import queries, traces, waiting
from training.web.desk.forms import DeskFilter, MarkForm
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, page_of

REFRESH_SECONDS = 3


@needs("archive.view")
def queue(request: WorkRequest) -> HttpResponse:
    filters = DeskFilter(request, institutions(request.actor))
    page = page_of(request, waiting.lying(request.actor, **filters.chosen))
    context = {
        "filters": filters,
        "export": reverse("desk-export"),
        "page_obj": page,
        "rows": waiting.read(page.object_list, request.actor),  # type: ignore[arg-type]
    }
    return render(request, "desk/queue.html", context)


@needs("archive.view")
def export_queue(request: WorkRequest) -> StreamingHttpResponse:
    filters = DeskFilter(request, institutions(request.actor))
    rows = waiting.lying(request.actor, **filters.chosen)
    lines = partial(waiting.lines, actor=request.actor)
    return lists.download(File(_("待核验档案.csv"), waiting.COLUMNS, lines), rows)


@about(queries.dossier_of, "archive.view")
def dossier(request: WorkRequest, dossier: Any) -> HttpResponse:
    asked = {name: request.GET.get(name, "") for name in ("item", "paper")}
    page = request.GET.get("page", "")
    number = int(page) if re.fullmatch("[1-9][0-9]{0,3}", page) else None
    desk = queries.desk(dossier, request.actor, **asked, page=number)
    mark = {"item": desk.item.code, "paper": desk.paper.key if desk.paper else "", "page": desk.page}
    context = {
        "desk": desk,
        "plan": desk.plan,
        "taught": taught(desk.plan.session),
        "archive": {"register": desk.register},
        "form": MarkForm(initial=mark),
    }
    response = render(request, "desk/dossier.html", context)
    if dossier.status == DossierStatus.SEALING:
        response["Refresh"] = str(REFRESH_SECONDS)  # asks again by itself, also without JavaScript
    return response


def _on_to(dossier: Any, item: str) -> HttpResponse:
    address = reverse("desk-dossier", args=[dossier.pk])
    return redirect(f"{address}?{urlencode({'item': item})}")


@require_POST
@about(queries.dossier_of, "dossier.review")
def accept(request: WorkRequest, dossier: Any) -> HttpResponse:
    item = request.POST.get("item", "")
    reviewing.accept_item(dossier.pk, item=item, actor=request.actor)
    return _on_to(dossier, queries.following(dossier, item))


@require_POST
@about(queries.dossier_of, "dossier.review")
def mark(request: WorkRequest, dossier: Any) -> HttpResponse:
    """Return one item: kept until the dossier goes back as a whole."""
    form = MarkForm(request.POST)
    if not form.is_valid():
        raise InvalidInputError(_("请写明退回的原因，机构照着改。"))
    said = form.cleaned_data
    place = reviewing.Place(said["paper"], said["page"], said["x"], said["y"])
    reviewing.return_item(
        dossier.pk, item=said["item"], reason=said["reason"], place=place, actor=request.actor
    )
    return _on_to(dossier, queries.following(dossier, said["item"]))


@require_POST
@about(queries.dossier_of, "dossier.review")
def confirm(request: WorkRequest, dossier: Any) -> HttpResponse:
    reviewing.confirm_dossier(dossier.pk, actor=request.actor)
    messages.success(request, _("已复核，可以封存。"))
    return redirect("desk-dossier", dossier.pk)


@require_POST
@needs("archive.view")
def download(request: WorkRequest) -> StreamingHttpResponse:
    """Several archives as one zip, made while it is sent."""
    chosen = downloads.chosen(request.POST.getlist("dossier"), actor=request.actor)
    response = StreamingHttpResponse(
        downloads.stream(chosen, actor=request.actor), content_type="application/zip"
    )
    response["Content-Disposition"] = content_disposition_header(True, _("培训档案.zip")) or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response


@never_cache
@about(traces.enrolment_of, "trace.view")
def trace(request: WorkRequest, enrolment: Any) -> HttpResponse:
    """Names a person, so each look is on record."""
    found = traces.trace(enrolment, request.GET.get("lesson", ""), actor=request.actor)
    return render(request, "desk/trace.html", {"trace": found})
