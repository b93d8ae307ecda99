from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from training.web.portal import queries


@require_GET
@login_not_required
def public_dossier(request: HttpRequest, token: str) -> HttpResponse:
    """What the QR on a dossier leads to; no account needed."""
    found = queries.public_dossier(token)
    programme = found.dossier.training_session.institution.programme
    return render(request, "portal/dossier.html", {"found": found, "programme": programme})
