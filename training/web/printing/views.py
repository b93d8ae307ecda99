"""A4 papers of a session, as PDF."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from training.web.gate import WorkRequest, about
from training.web.printing import papers

of_session = about(papers.session_of, "register.view")


def _pdf(session: Any, name: str, data: bytes) -> HttpResponse:
    disposition = content_disposition_header(False, f"{session.code}{name}.pdf")
    headers = {"Content-Disposition": disposition or "inline"}
    return HttpResponse(data, content_type="application/pdf", headers=headers)


@of_session
def application(request: WorkRequest, session: Any) -> HttpResponse:
    return _pdf(session, _("开班申请表"), papers.application(session))


@of_session
def approval(request: WorkRequest, session: Any) -> HttpResponse:
    return _pdf(session, _("开班批准通知"), papers.approval(session))


@of_session
def notice(request: WorkRequest, session: Any) -> HttpResponse:
    return _pdf(session, _("开班通知"), papers.notice(session))


@never_cache
@of_session
def roster(request: WorkRequest, session: Any) -> HttpResponse:
    return _pdf(session, _("培训人员名册"), papers.roster(session, request.actor))


@of_session
def roster_board(request: WorkRequest, session: Any) -> HttpResponse:
    return _pdf(session, _("培训人员名册（张贴）"), papers.roster_board(session))
