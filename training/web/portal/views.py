from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from training.web.gate import READING, at_most
from training.web.portal import queries

checking = at_most("verification", limit=120, seconds=600, methods=READING)
"""A QR code is scanned now and then; whoever asks more often goes through tokens."""


@require_GET
@login_not_required
@checking
def public_dossier(request: HttpRequest, token: str) -> HttpResponse:
    """What the QR on a dossier leads to; no account needed."""
    found = queries.public_dossier(token)
    programme = found.dossier.training_session.institution.programme
    return render(request, "portal/dossier.html", {"found": found, "programme": programme})


@require_GET
@login_not_required
@checking
def public_session(request: HttpRequest, code: str, token: str) -> HttpResponse:
    """What the QR on an approval, a notice and a roster leads to; no account needed, nobody named."""
    found = queries.public_session(code, token)
    return render(request, "portal/session.html", {"found": found, "programme": found.programme})
