"""The public site: a county's programme, what it published, certificates, and what people have to say.

Nobody is named on any of it, and no page tells whether somebody is registered here.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from training.certificates.queries import checked
from training.complaints.queries import own_complaint
from training.complaints.rules import new_secret, new_ticket
from training.complaints.services import lodge
from training.core.errors import NotFoundError
from training.people.rules import mask_name
from training.publications.queries import was_public
from training.web.gate import READING, SENDING, at_most
from training.web.portal import queries
from training.web.portal.forms import CertificateForm, ComplaintForm, TicketForm
from training.web.portal.public import public_page

checking = at_most("certificate", limit=60, seconds=600, methods=READING | SENDING)
complaining = at_most("complaint", limit=10, seconds=3600, methods=SENDING)
asking = at_most("complaint_status", limit=20, seconds=600, methods=SENDING)


@public_page()
def portal(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/portal.html", {"programmes": queries.programmes(), "programme": None})


@public_page()
def programme(request: HttpRequest, code: str) -> HttpResponse:
    found = queries.programme_by_code(code)
    context = {"page": queries.public_programme(found), "programme": found}
    return render(request, "portal/programme.html", context)


@public_page()
def publication(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """What was withdrawn says so, and shows nothing of it any more."""
    found = queries.programme_by_code(code)
    row = was_public(found, pk)
    return render(request, "portal/publication.html", {"row": row, "programme": found})


@public_page(kept=60)
def publication_file(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """The bytes that the SHA-256 on the page is of."""
    row = was_public(queries.programme_by_code(code), pk)
    if row.status != "published":
        raise NotFoundError("publications.Publication")
    return HttpResponse(row.body.encode(), content_type="application/json; charset=utf-8")


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@checking
def certificate_check(request: HttpRequest) -> HttpResponse:
    form = CertificateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _certificate(request, **form.cleaned_data)
    return _asked_for_certificate(request, form)


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD"])
@checking
def certificate(request: HttpRequest, number: str, check_code: str) -> HttpResponse:
    """What the QR on a certificate leads to."""
    return _certificate(request, number, check_code)


def _certificate(request: HttpRequest, number: str, check_code: str) -> HttpResponse:
    """A wrong number and a wrong code look the same."""
    try:
        found = checked(number, check_code)
    except NotFoundError:
        form = CertificateForm({"number": number, "check_code": check_code})
        form.add_error(None, _("没有查到。请核对编号和校验码；仍查不到的，这张证书不是本系统发的。"))
        return _asked_for_certificate(request, form)
    session = found.enrolment.training_session
    context = {
        "certificate": found,
        "name": mask_name(found.name),
        "session": session,
        "programme": queries.programme_by_code(session.institution.programme.code),
    }
    return render(request, "portal/certificate.html", context)


def _asked_for_certificate(request: HttpRequest, form: CertificateForm) -> HttpResponse:
    status = 404 if form.errors else 200
    return render(request, "portal/certificate_check.html", {"form": form, "programme": None}, status=status)


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@complaining
def complaint(request: HttpRequest, code: str) -> HttpResponse:
    """The ticket and its code are on the answer to the POST and nowhere else."""
    found = queries.programme_by_code(code)
    start = {"session_code": request.GET.get("session", "")[:40]}
    form = ComplaintForm(request.POST if request.method == "POST" else None, initial=start)
    if form.is_valid() and form.filled_by_a_program:  # it is told what everybody is told, and nothing is kept
        return _lodged(request, found, new_ticket(), new_secret())
    receipt = form.accept(lambda **_all: lodge(found, **form.words)) if form.is_bound else None
    if receipt:
        return _lodged(request, found, receipt.complaint.ticket, receipt.secret)
    context = {"form": form, "programme": found}
    return render(request, "portal/complaint.html", context, status=422 if form.errors else 200)


def _lodged(request: HttpRequest, programme: Any, ticket: str, secret: str) -> HttpResponse:
    context = {"ticket": ticket, "secret": secret, "programme": programme}
    return render(request, "portal/complaint_received.html", context)


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@asking
def complaint_status(request: HttpRequest) -> HttpResponse:
    """A wrong ticket and a wrong code look the same."""
    form = TicketForm(request.POST if request.method == "POST" else None)
    found = own_complaint(**form.cleaned_data) if form.is_valid() else None
    if form.is_bound and found is None and not form.errors:
        form.add_error(None, _("没有找到。请核对受理编号和查询码。"))
    programme = queries.programme_by_code(found.programme.code) if found else None
    context = {"form": form, "found": found, "programme": programme}
    return render(request, "portal/complaint_status.html", context, status=422 if form.errors else 200)
