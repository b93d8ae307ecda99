from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from training.core.errors import InvalidInputError
from training.web.gate import READING, SENDING, at_most
from training.web.portal import queries
from training.web.portal.checking import BusyError, check_file, turn

checking = at_most("verification", limit=120, seconds=600, methods=READING)
"""A QR code is scanned now and then; whoever asks more often goes through tokens."""
sending = at_most("verification_file", limit=20, seconds=600, methods=SENDING)
"""Each costs a process and its seconds."""


@require_GET
@login_not_required
@checking
def public_dossier(request: HttpRequest, token: str) -> HttpResponse:
    """What the QR on a dossier leads to; no account needed."""
    found = queries.public_dossier(token)
    programme = found.dossier.training_session.institution.programme
    asked = request.GET.get("sha256", "").strip().lower()
    context = {"found": found, "programme": programme, "asked": asked, "same": found.is_of(asked)}
    return render(request, "portal/dossier.html", context)


@require_GET
@login_not_required
@checking
def public_session(request: HttpRequest, code: str, token: str) -> HttpResponse:
    """What the QR on an approval, a notice and a roster leads to; no account needed, nobody named."""
    found = queries.public_session(code, token)
    return render(request, "portal/session.html", {"found": found, "programme": found.programme})


@csrf_exempt  # it changes nothing, and the check would read the whole file before its size is looked at
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@sending
def verify_file(request: HttpRequest) -> HttpResponse:
    """A package or a PDF that somebody brings is checked and forgotten."""
    if request.method != "POST":
        return _verify_page(request)
    try:
        with turn():
            checked = check_file(_uploaded(request))
    except (InvalidInputError, BusyError) as refusal:
        return _verify_page(request, status=refusal.http_status, problem=str(refusal))
    return _verify_page(request, checked=checked, version=queries.sealed_with(checked.sha256))


def _verify_page(request: HttpRequest, *, status: int = 200, **found: Any) -> HttpResponse:
    return render(request, "portal/verify.html", {"limit": settings.CHECK_MAX_MB, **found}, status=status)


def _uploaded(request: HttpRequest) -> TemporaryUploadedFile:
    """The file, on disk and gone with the request; raises InvalidInputError before a large one is read."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.CHECK_MAX_MB * 2**20:
        raise InvalidInputError(
            _("文件超过 %(limit)s MB，网页上不核验。请用 yidang-verify 在电脑上核验。")
            % {"limit": settings.CHECK_MAX_MB}
        )
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    upload = request.FILES.get("file")
    if not isinstance(upload, TemporaryUploadedFile):
        raise InvalidInputError(_("请选择一个文件：dossier.zip 或 dossier.pdf。"))
    return upload
