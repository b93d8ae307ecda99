"""The bureau's screens: what waits, the plan, the archive with its evidence, claims, institutions."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from training.attendance.services import reveal_walk_in as open_card
from training.dossiers.after_seal import failed_check
from training.dossiers.choices import DossierStatus
from training.dossiers.reviewing import return_dossier as send_back_dossier
from training.dossiers.sealing import seal_dossier
from training.scheduling.services import approve_session
from training.scheduling.services import return_session as send_back_session
from training.web.bureau import approvals, queries
from training.web.bureau.forms import (
    HeldFilter,
    QueueFilter,
    ReturnForm,
    SessionFilter,
)
from training.web.courses.queries import taught
from training.web.gate import WorkRequest, about, needs
from training.web.lists import PAGE_SIZE, File, Listing, download, list_view, page_of

REFRESH_SECONDS = 3


@needs("archive.view")
def queue(request: WorkRequest) -> HttpResponse:
    filters = QueueFilter(request, queries.institutions(request.actor))
    page = page_of(request, approvals.waiting(request.actor, **filters.chosen))
    dossiers = queries.dossiers_to_verify(request.actor)
    context = {
        "filters": filters,
        "page_obj": page,
        "rows": approvals.read(page.object_list, request.actor),  # type: ignore[arg-type]
        "dossiers": queries.read_to_verify(dossiers[:PAGE_SIZE], request.actor),
        "dossier_count": dossiers.count(),
    }
    return render(request, "bureau/queue.html", context)


@needs("archive.view")
def export_queue(request: WorkRequest) -> StreamingHttpResponse:
    filters = QueueFilter(request, queries.institutions(request.actor))
    rows = approvals.waiting(request.actor, **filters.chosen)
    lines = partial(approvals.lines, actor=request.actor)
    return download(File(_("待审批.csv"), approvals.COLUMNS, lines), rows)


@needs("archive.view")
def sessions(request: WorkRequest) -> HttpResponse:
    filters = SessionFilter(request, queries.institutions(request.actor), actor=request.actor)
    page = page_of(request, queries.sessions(request.actor, **filters.chosen))
    context = {"filters": filters, "page_obj": page, "rows": queries.checked(page.object_list)}
    return render(request, "bureau/sessions.html", context)


@needs("archive.view")
def export_sessions(request: WorkRequest) -> StreamingHttpResponse:
    filters = SessionFilter(request, queries.institutions(request.actor), actor=request.actor)
    rows = queries.sessions(request.actor, **filters.chosen)
    return download(File(_("培训档案.csv"), queries.SESSION_COLUMNS, queries.session_lines), rows)


@about(queries.session_of, "archive.view")
def session(request: WorkRequest, session: Any) -> HttpResponse:
    form = ReturnForm(action=reverse("bureau-session-return", args=[session.pk]))
    plan = queries.plan(session, request.actor)
    context = {"plan": plan, "taught": taught(plan.session), "form": form}
    return render(request, "bureau/session.html", context)


@require_POST
@about(queries.session_of, "session.approve")
def approve(request: WorkRequest, session: Any) -> HttpResponse:
    approved = approve_session(session.pk, actor=request.actor)
    said = _("已批准开班，批准文号 %(number)s。") % {"number": approved.approval_number}
    if not approved.approval_number:
        said = _("已同意。系统看到有疑问的地方，还要商务局负责人批准。")
    messages.success(request, said)
    return redirect("bureau-session", session.pk)


@require_POST
@about(queries.session_of, "session.approve")
def return_session(request: WorkRequest, session: Any) -> HttpResponse:
    send_back_session(session.pk, reason=request.POST.get("reason", ""), actor=request.actor)
    messages.success(request, _("已退回，机构会看到您写的原因。"))
    return redirect("bureau-queue")


@about(queries.dossier_of, "archive.view")
def dossier(request: WorkRequest, dossier: Any) -> HttpResponse:
    archive = queries.archive(dossier, request.actor)
    context = {
        "dossier": dossier,
        "archive": archive,
        "plan": archive.plan,
        "failed": failed_check(dossier),
    }
    response = render(request, "bureau/dossier.html", context)
    if dossier.status == DossierStatus.SEALING:
        response["Refresh"] = str(REFRESH_SECONDS)  # asks again by itself, also without JavaScript
    return response


@require_POST
@about(queries.dossier_of, "dossier.review")
def return_dossier(request: WorkRequest, dossier: Any) -> HttpResponse:
    """What was marked on the desk goes back."""
    send_back_dossier(dossier.pk, actor=request.actor)
    messages.success(request, _("已退回补正，机构会看到是哪几项和原因。"))
    return redirect("bureau-dossier", dossier.pk)


@require_POST
@about(queries.dossier_of, "dossier.review")
def seal(request: WorkRequest, dossier: Any) -> HttpResponse:
    seal_dossier(dossier.pk, actor=request.actor)
    return redirect("bureau-dossier", dossier.pk)


@about(queries.event_of, "attendance.view_events")
def event(request: WorkRequest, event: Any) -> HttpResponse:
    return render(request, "bureau/event.html", {"page": queries.event_page(event, request.actor)})


@never_cache
@require_POST
@about(queries.event_of, "walk_in.reveal")
def reveal_walk_in(request: WorkRequest, event: Any) -> HttpResponse:
    """What the card says is on this one answer and nowhere else."""
    card = open_card(event.pk, actor=request.actor)
    context = {"page": queries.event_page(event, request.actor), "card": card}
    return render(request, "bureau/event.html", context)


@list_view("attendance.view_events", "bureau/held.html", export="bureau-held-export")
def held(request: WorkRequest) -> Listing:
    """Believed events that do not count."""
    filters = HeldFilter(request)
    rows = queries.held(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("没有计入的记录.csv"), queries.HELD_COLUMNS, queries.held_lines))


@list_view("attendance.view_events", "bureau/held.html", export="bureau-refused-export")
def refused(request: WorkRequest) -> Listing:
    """What could not be believed at all."""
    filters = HeldFilter(request)
    rows = queries.refused(request.actor, **filters.chosen)
    file = File(_("不可信的记录.csv"), queries.REFUSED_COLUMNS, queries.refused_lines)
    return Listing(rows, filters, file, beside={"refused": True})
