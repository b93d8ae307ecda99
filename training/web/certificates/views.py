"""结业证书: the institution prints them, the bureau revokes."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from training.certificates import services
from training.certificates.queries import valid_of_session
from training.core.errors import InvalidTransitionError
from training.web.certificates import queries
from training.web.certificates.forms import CertificateFilter, ReissueForm, RevokeForm
from training.web.forms import CardForm, done, form_page
from training.web.gate import WorkRequest, about
from training.web.lists import File, Listing, list_view


@list_view("certificate.view", "certificates/list.html", export="certificates-export")
def certificates(request: WorkRequest) -> Listing:
    filters = CertificateFilter(request)
    rows = queries.listed(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("结业证书.csv"), queries.COLUMNS, queries.lines))


@require_GET
@about(queries.session_of, "certificate.view")
def of_session(request: WorkRequest, session: Any) -> HttpResponse:
    page = queries.session_page(session, request.actor)
    return render(request, "certificates/session.html", {"page": page})


@require_POST
@about(queries.session_of, "certificate.issue")
def issue(request: WorkRequest, session: Any) -> HttpResponse:
    made = services.issue_missing(session.pk, actor=request.actor)
    message = _("已发 %(count)s 张。") % {"count": len(made)} if made else _("没有要补发的。")
    return done(request, message, "session-certificates", session.pk)


@never_cache
@require_GET
@about(queries.session_of, "certificate.print")
def print_all(request: WorkRequest, session: Any) -> HttpResponse:
    rows = list(valid_of_session(session, request.actor))
    if not rows:
        raise InvalidTransitionError(_("这一期没有有效的证书可打印。"))
    services.note_printed(session.pk, len(rows), actor=request.actor)
    return _pdf(f"{session.code}{_('结业证书')}.pdf", queries.papers(session, rows))


@never_cache
@require_GET
@about(queries.certificate_of, "certificate.print")
def print_one(request: WorkRequest, certificate: Any) -> HttpResponse:
    session = certificate.enrolment.training_session
    if certificate.status != "valid":
        raise InvalidTransitionError(_("这张证书已经撤销或换发，不能再打印。"))
    services.note_printed(session.pk, 1, actor=request.actor)
    return _pdf(f"{certificate.number}.pdf", queries.papers(session, [certificate]))


def _pdf(name: str, data: bytes) -> HttpResponse:
    headers = {"Content-Disposition": content_disposition_header(False, name) or "inline"}
    return HttpResponse(data, content_type="application/pdf", headers=headers)


@about(queries.certificate_of, "certificate.revoke")
def revoke(request: WorkRequest, certificate: Any) -> HttpResponse:
    form = RevokeForm(request.POST or None)
    if form.accept(partial(services.revoke_certificate, certificate.pk, actor=request.actor)):
        session = certificate.enrolment.training_session_id
        return done(request, _("证书已撤销，公开查验马上显示。"), "session-certificates", session)
    note = _("撤销以后不能恢复。结业以档案为准：该改的是签到更正，更正核准后不再结业的，证书自动撤销。")
    return _about_one(request, certificate, form, _("撤销结业证书"), note)


@about(queries.certificate_of, "certificate.reissue")
def reissue(request: WorkRequest, certificate: Any) -> HttpResponse:
    form = ReissueForm(request.POST or None)
    if form.accept(partial(services.reissue_certificate, certificate.pk, actor=request.actor)):
        session = certificate.enrolment.training_session_id
        return done(request, _("已换发新的证书，原来的作废。"), "session-certificates", session)
    note = _("新证书用学员现在的姓名（%(name)s）；原来的编号查验时显示“已换发”。") % {
        "name": certificate.enrolment.trainee.name
    }
    return _about_one(request, certificate, form, _("换发结业证书"), note)


def _about_one(request: WorkRequest, certificate: Any, form: CardForm, title: str, note: str) -> HttpResponse:
    back = reverse("session-certificates", args=[certificate.enrolment.training_session_id])
    said = f"{certificate.name} · {certificate.number}"
    return form_page(request, form, title=title, subtitle=said, back=back, note=note)
