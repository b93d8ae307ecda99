"""Evidence on its way in, where one picture stands twice, and paper registers that come back."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from training.core.errors import InvalidInputError
from training.dossiers.choices import EvidenceKind
from training.uploads import scans as scanned
from training.uploads import services
from training.uploads.queries import upload_of
from training.web.bureau.history import deeds
from training.web.evidence import forms, queries, tus
from training.web.forms import done
from training.web.gate import WorkRequest, about, needs
from training.web.institution.queries import session_of
from training.web.lists import File, Listing, csv_response, list_view, page_of

REFRESH_SECONDS = 2


def device_of(request: WorkRequest) -> str:
    return request.headers.get("User-Agent", "")[:200]


@require_http_methods(["OPTIONS", "POST"])
@tus.speaks_tus
@about(session_of, "evidence.add")
@tus.hears_tus
def uploads(request: WorkRequest, session: Any) -> HttpResponse:
    """Where a file begins (tus: creation)."""
    if request.method == "OPTIONS":
        return tus.options()
    size, said = tus.number(request, "Upload-Length"), tus.metadata(request)
    if said.get("kind") not in EvidenceKind.values or not (said.get("lesson") or "0").isdecimal():
        raise InvalidInputError(_("读不懂文件的说明，请刷新页面再传。"))
    upload = services.open_upload(
        session.pk,
        item=said.get("item", ""),
        kind=EvidenceKind(said["kind"]),
        caption=said.get("caption", ""),
        name=said.get("filename", ""),
        size=size,
        lesson_id=int(said.get("lesson") or 0) or None,
        sha256=said.get("sha256", ""),
        device=device_of(request),
        actor=request.actor,
    )
    return _begun(upload)


def _begun(upload: Any) -> HttpResponse:
    answer = tus.state(upload, status=201)
    answer["Location"] = reverse("upload", args=[upload.pk])
    return answer


@require_http_methods(["OPTIONS", "POST"])
@tus.speaks_tus
@needs("evidence.add")
@tus.hears_tus
def file_uploads(request: WorkRequest) -> HttpResponse:
    """Where a file for a field of any form begins; `ResumedFilesMiddleware` puts it there."""
    if request.method == "OPTIONS":
        return tus.options()
    size, said = tus.number(request, "Upload-Length"), tus.metadata(request)
    name, sha256 = said.get("filename", ""), said.get("sha256", "")
    return _begun(services.open_file(name=name, size=size, sha256=sha256, actor=request.actor))


@require_http_methods(["OPTIONS", "HEAD", "PATCH", "DELETE", "GET"])
@tus.speaks_tus
@about(upload_of, "evidence.add")
@tus.hears_tus
def upload(request: WorkRequest, upload: Any) -> HttpResponse:
    """One file on its way (tus: core, termination); GET is its line on the page."""
    if request.method == "OPTIONS":
        return tus.options()
    if request.method == "GET":
        return render(request, "evidence/_upload.html", {"upload": upload})
    if request.method == "DELETE":
        services.drop_upload(upload.pk, actor=request.actor)
        return HttpResponse(status=204)
    if request.method == "PATCH":
        if request.content_type != tus.PIECE:
            return HttpResponse(status=415)
        services.take_piece(
            upload,
            tus.body(request),
            offset=tus.number(request, "Upload-Offset"),
            checksum=tus.checksum(request),
            actor=request.actor,
        )
        upload = upload_of(upload.pk, request.actor)
        return tus.state(upload, status=204)
    return tus.state(upload)


@require_POST
@about(upload_of, "evidence.add")
def drop_upload(request: WorkRequest, upload: Any) -> HttpResponse:
    """The same as DELETE, for a page without script."""
    services.drop_upload(upload.pk, actor=request.actor)
    return done(request, _("已取消。"), "evidence-add", upload.training_session_id)


@require_GET
def thumbnail(request: WorkRequest, pk: int) -> HttpResponse:
    """The small picture of an evidence, for whoever may see the evidence."""
    content_type, data = queries.bytes_of(queries.thumbnail_of(pk, request.actor).thumbnail)
    return HttpResponse(data, content_type=content_type, headers={"Cache-Control": "private, max-age=3600"})


@list_view("reuse.view", "evidence/reuses.html", export="reuses-export")
def reuses(request: WorkRequest) -> Listing:
    filters = forms.ReuseFilter(request)
    rows = queries.reuses(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("重复使用.csv"), queries.REUSE_COLUMNS, queries.reuse_lines))


@about(queries.reuse_of, "reuse.view")
def reuse(request: WorkRequest, reuse: Any) -> HttpResponse:
    """Both side by side; who may decide, decides here."""
    form = forms.ReuseForm(request.POST or None)
    if form.accept(partial(services.decide_reuse, reuse.pk, actor=request.actor)):
        return done(request, _("结论已记下。"), "reuse", reuse.pk)
    context = {"reuse": reuse, "form": form, "history": deeds([reuse], request.actor)}
    return render(request, "evidence/reuse.html", context, status=422 if form.errors else 200)


@require_GET
@needs("evidence.add")
def scans_file(request: WorkRequest) -> HttpResponseBase:
    rows = queries.scans(request.actor)
    return csv_response(_("纸质签到表扫描件.csv"), queries.SCAN_COLUMNS, queries.scan_lines(rows))


@needs("evidence.add")
def scans(request: WorkRequest) -> HttpResponse:
    """Hand in scans of paper registers; each file is judged by itself."""
    form = forms.ScanForm(request.POST or None, request.FILES or None)
    kept = _add_scans(request, form) if form.is_valid() else []
    if kept and not form.errors:
        if len(kept) == 1:
            return redirect("register-scan", kept[0].pk)
        said = ngettext("收下了 %(count)s 个文件。", "收下了 %(count)s 个文件。", len(kept)) % {
            "count": len(kept)
        }
        return done(request, said, "register-scans")
    context = {"form": form, "page_obj": page_of(request, queries.scans(request.actor))}
    return render(request, "evidence/scans.html", context, status=422 if form.errors else 200)


def _add_scans(request: WorkRequest, form: Any) -> list[Any]:
    kept = []
    institution_id: Any = request.membership.institution_id  # type: ignore[union-attr]
    for file in form.cleaned_data["uploads"]:
        try:
            kept.append(
                scanned.add_scan(institution_id, file=file, device=device_of(request), actor=request.actor)
            )
        except InvalidInputError as refusal:
            form.add_error(None, str(refusal))
    return kept


@about(queries.scan_of, "evidence.add")
def scan(request: WorkRequest, scan: Any) -> HttpResponse:
    """Where each page belongs; a person confirms."""
    pages, known = queries.pages_of(scan), queries.places(scan, request.actor)
    if request.method == "POST":
        to = forms.places_of(request.POST, pages, known)
        placed, refused = scanned.place_pages(scan.pk, pages=to, actor=request.actor)
        for problem in refused:
            messages.error(request, problem)
        if placed:
            messages.success(
                request, ngettext("归档了 %(n)s 页。", "归档了 %(n)s 页。", placed) % {"n": placed}
            )
        return redirect("register-scan", scan.pk)
    rows = [(page, queries.suggested(page)) for page in pages]
    response = render(request, "evidence/scan.html", {"scan": scan, "rows": rows, "places": known})
    if scan.read_at is None:
        response["Refresh"] = str(REFRESH_SECONDS)  # asks again by itself, also without JavaScript
    return response


@about(queries.scanned_page_of, "evidence.add")
def scanned_picture(request: WorkRequest, page: Any) -> HttpResponse:
    target = BytesIO()
    queries.drawn(page).save(target, "JPEG", quality=80)
    headers = {"Cache-Control": "private, max-age=3600"}
    return HttpResponse(target.getvalue(), content_type="image/jpeg", headers=headers)


@require_POST
@about(queries.scanned_page_of, "evidence.add")
def set_aside(request: WorkRequest, page: Any) -> HttpResponse:
    page = scanned.set_page_aside(page.pk, actor=request.actor)
    said = _("这一页不归档，留在扫描件里。") if page.set_aside_at else _("这一页又等您归档。")
    return done(request, said, "register-scan", page.scan_id)
