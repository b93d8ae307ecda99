"""The interface described: for programs as OpenAPI, for people as a page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from training.api.openapi import document
from training.api.reading import problems, schemas, sections


@csrf_exempt
@login_not_required
@require_safe
def openapi(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        document(),
        json_dumps_params={"ensure_ascii": False},
        headers={"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"},
    )


@login_not_required
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    context = {
        "sections": sections(),
        "problems": problems(),
        "schemas": schemas(),
        "info": document()["info"],
    }
    return render(request, "api/docs.html", context)
