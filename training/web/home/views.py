from __future__ import annotations

import re
from io import BytesIO

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from training.core.errors import NotFoundError
from training.core.files import PHOTOS
from training.core.pictures import LONGEST, shown_as, shown_copy
from training.core.uploads import JPEG, PDF
from training.uploads.pages import page_picture
from training.web.archives.queries import nearest
from training.web.gate import WorkRequest
from training.web.home.documents import open_document
from training.web.home.health import parts
from training.web.home.queries import waiting_for
from training.web.teaching.queries import coming


@require_GET
def home(request: WorkRequest) -> HttpResponse:
    archives = nearest(request.actor)  # first: it brings up to date what is counted then
    context = {"archives": archives, "waiting": waiting_for(request.actor), "lessons": coming(request.actor)}
    return render(request, "home/home.html", context)


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
def file(request: WorkRequest, kind: str, pk: int) -> HttpResponseBase:
    """Shown in the browser, or with `?download` handed over as the file it is.

    A picture is shown without what its camera wrote into it: where it was taken, and whose telephone it was.
    With `?page`, a PDF's page is shown as a picture, to mark a place in it.
    """
    stored, original = open_document(kind, pk, actor=request.actor)
    content_type = stored.content_type
    shown = content_type.startswith(("image/", "application/pdf")) and "download" not in request.GET
    if shown and content_type in PHOTOS:
        with original as picture:
            original, content_type = BytesIO(shown_copy(picture.read())), shown_as(content_type)
    if shown and content_type == PDF and "page" in request.GET:
        with original as paper:
            original, content_type = BytesIO(_page(paper.read(), request.GET["page"])), JPEG
    response = FileResponse(
        original, as_attachment=not shown, filename=stored.name, content_type=content_type
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _page(data: bytes, number: str) -> bytes:
    """Raises NotFoundError for a page that isn't there."""
    drawn = page_picture(data, LONGEST, int(number)) if re.fullmatch("[1-9][0-9]{0,3}", number) else b""
    if not drawn:
        raise NotFoundError("page")
    return drawn
