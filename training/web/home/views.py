from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from training.core.files import PHOTOS
from training.core.pictures import shown_as, shown_copy
from training.web.archives.queries import nearest
from training.web.gate import WorkRequest
from training.web.home.documents import open_document
from training.web.home.health import parts
from training.web.home.queries import waiting_for


@require_GET
def home(request: WorkRequest) -> HttpResponse:
    archives = nearest(request.actor)  # first: it brings up to date what is counted then
    return render(request, "home/home.html", {"archives": archives, "waiting": waiting_for(request.actor)})


@require_GET
@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """For people a page, for monitors JSON; 503 while something is wrong."""
    found = parts()
    well = all(part.ok for part in found)
    status = 200 if well else 503
    if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
        return render(request, "home/health.html", {"parts": found, "well": well}, status=status)
    body = {"ok": well, **{part.code: {"ok": part.ok, "detail": part.detail} for part in found}}
    return JsonResponse(body, status=status)


@require_GET
def file(request: WorkRequest, kind: str, pk: int) -> HttpResponse:
    """Shown in the browser, or with `?download` handed over as the file it is.

    A picture is shown without what its camera wrote into it: where it was taken, and whose telephone it was.
    """
    stored, data = open_document(kind, pk, actor=request.actor)
    content_type = stored.content_type
    shown = content_type.startswith(("image/", "application/pdf")) and "download" not in request.GET
    if shown and content_type in PHOTOS:
        data, content_type = shown_copy(data), shown_as(content_type)
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(not shown, stored.name) or "inline"
    response["Cache-Control"] = "private, no-store"
    return response
