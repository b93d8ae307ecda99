"""Handing out links to trainees' own pages: to one person, or printed for a class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import segno
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from training.selfservice import services
from training.selfservice.slips import build_slips
from training.web.gate import WorkRequest, about
from training.web.lists import File, Listing, list_view
from training.web.selfservice import queries
from training.web.selfservice.forms import SessionFilter


@list_view("self_link.view", "selfservice/sessions.html", export="own-links-export")
def sessions(request: WorkRequest) -> Listing:
    filters = SessionFilter(request)
    rows = queries.listed(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("学员自己的页面.csv"), queries.COLUMNS, queries.lines))


@never_cache
@require_POST
@about(queries.session_of, "self_link.issue")
def slips(request: WorkRequest, session: Any) -> HttpResponse:
    """Made and handed over at once; nothing that could be printed again is kept."""
    made = services.issue_slips(session.pk, actor=request.actor)
    data = build_slips(queries.sheet(session, made), Path(settings.FONTS_DIR))
    name = content_disposition_header(True, f"{session.code}.pdf") or "attachment"
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": name})


@never_cache
@require_POST
@about(queries.enrolment_of, "self_link.issue")
def issue(request: WorkRequest, enrolment: Any) -> HttpResponse:
    """The link is on the answer to the POST and nowhere else."""
    made = services.issue_link(enrolment.pk, actor=request.actor)
    address = queries.address_of(made)
    qr = segno.make(address, error="m", micro=False).svg_inline(scale=5, border=4, dark="#000", light="#fff")
    context = {
        "address": address,
        "qr": mark_safe(qr),  # noqa: S308  segno's own SVG
        "link": made.link,
        "enrolment": enrolment,
    }
    return render(request, "selfservice/link.html", context)
