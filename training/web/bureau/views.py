"""The bureau's screens: what waits, the plan, the archive with its evidence, claims, institutions."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from training.attendance.services import reveal_walk_in as open_card
from training.dossiers.choices import DossierStatus
from training.dossiers.services import return_dossier as send_back_dossier
from training.dossiers.services import seal_dossier
from training.institutions.services import add_staff as open_account
from training.institutions.services import admit_institution
from training.institutions.services import register_institution as enter_institution
from training.institutions.services import verify_proof as mark_verified
from training.programmes.queries import the_programme
from training.scheduling.services import approve_session
from training.scheduling.services import return_session as send_back_session
from training.web.bureau import queries
from training.web.bureau.forms import (
    HeldFilter,
    InstitutionForm,
    ReturnForm,
    ReturnItemsForm,
    SessionFilter,
    StaffForm,
)
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import csv_response, page_of
from training.web.people.links import show_link

REFRESH_SECONDS = 3


@needs("archive.view")
def queue(request: WorkRequest) -> HttpResponse:
    return render(request, "bureau/queue.html", {"queue": queries.queue(request.actor)})


@needs("archive.view")
def sessions(request: WorkRequest) -> HttpResponse:
    filters = SessionFilter(request, queries.institutions(request.actor))
    page = page_of(request, queries.sessions(request.actor, **filters.chosen))
    context = {"filters": filters, "page_obj": page, "rows": queries.checked(page.object_list)}
    return render(request, "bureau/sessions.html", context)


@needs("archive.view")
def export_sessions(request: WorkRequest) -> StreamingHttpResponse:
    filters = SessionFilter(request, queries.institutions(request.actor))
    rows = queries.sessions(request.actor, **filters.chosen)
    return csv_response("培训档案.csv", queries.SESSION_COLUMNS, queries.session_lines(rows))


@about(queries.session_of, "archive.view")
def session(request: WorkRequest, session: Any) -> HttpResponse:
    form = ReturnForm(action=reverse("bureau-session-return", args=[session.pk]))
    context = {"plan": queries.plan(session, request.actor), "form": form}
    return render(request, "bureau/session.html", context)


@require_POST
@about(queries.session_of, "session.approve")
def approve(request: WorkRequest, session: Any) -> HttpResponse:
    approved = approve_session(session.pk, actor=request.actor)
    messages.success(request, _("已批准开班，批准文号 %(number)s。") % {"number": approved.approval_number})
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
    action = reverse("bureau-dossier-return", args=[dossier.pk])
    form = ReturnItemsForm(items=archive.plan.items, action=action)
    context = {"dossier": dossier, "archive": archive, "plan": archive.plan, "form": form}
    response = render(request, "bureau/dossier.html", context)
    if dossier.status == DossierStatus.SEALING:
        response["Refresh"] = str(REFRESH_SECONDS)  # asks again by itself, also without JavaScript
    return response


@require_POST
@about(queries.dossier_of, "dossier.review")
def return_dossier(request: WorkRequest, dossier: Any) -> HttpResponse:
    send_back_dossier(
        dossier.pk,
        items=request.POST.getlist("items"),
        reason=request.POST.get("reason", ""),
        actor=request.actor,
    )
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


@require_POST
@about(queries.proof_of, "proof.verify")
def verify_proof(request: WorkRequest, proof: Any) -> HttpResponse:
    mark_verified(proof.pk, actor=request.actor)
    messages.success(request, _("资质证明已核验。"))
    return redirect(_back(request) or reverse("bureau-institution", args=[proof.instructor.institution_id]))


def _back(request: WorkRequest) -> str:
    """Where the button was, if it was on a page of ours."""
    came_from = request.headers.get("Referer", "")
    return came_from if url_has_allowed_host_and_scheme(came_from, {request.get_host()}) else ""


@needs("attendance.view_events")
def held(request: WorkRequest) -> HttpResponse:
    """Believed events that do not count."""
    filters = HeldFilter(request)
    rows = queries.held(request.actor, **filters.chosen)
    return render(request, "bureau/held.html", {"filters": filters, "page_obj": page_of(request, rows)})


@needs("attendance.view_events")
def refused(request: WorkRequest) -> HttpResponse:
    """What could not be believed at all."""
    filters = HeldFilter(request)
    page = page_of(request, queries.refused(request.actor, **filters.chosen))
    return render(request, "bureau/held.html", {"filters": filters, "page_obj": page, "refused": True})


@needs("archive.view")
def claims(request: WorkRequest) -> HttpResponse:
    rows = queries.claims(request.actor)
    context = {"page_obj": page_of(request, rows), "total": queries.claimed(rows)}
    return render(request, "bureau/claims.html", context)


@needs("archive.view")
def institutions(request: WorkRequest) -> HttpResponse:
    page = page_of(request, queries.institutions(request.actor))
    return render(request, "bureau/institutions.html", {"page_obj": page})


@about(queries.institution_of, "archive.view")
def institution(request: WorkRequest, institution: Any) -> HttpResponse:
    return render(request, "bureau/institution.html", {"institution": institution})


@needs("institution.register")
def register_institution(request: WorkRequest) -> HttpResponse:
    form = InstitutionForm(request.POST or None)
    enter = partial(enter_institution, the_programme(request.actor), actor=request.actor)
    if made := form.accept(enter):
        return done(request, _("机构已登记，请给它开通账号。"), "bureau-institution-staff", made.pk)
    note = _("登记后机构自己上传证照，商务局负责人核过再准予入库。")
    back = reverse("bureau-institutions")
    return form_page(request, form, title=_("登记机构"), back=back, note=note)


@never_cache
@about(queries.institution_of, "institution.register")
def add_staff(request: WorkRequest, institution: Any) -> HttpResponse:
    form = StaffForm(request.POST or None)
    back = reverse("bureau-institution", args=[institution.pk])
    if link := form.accept(partial(open_account, institution.pk, actor=request.actor)):
        return show_link(request, link, back=back, again=request.path)
    return form_page(request, form, title=_("开通账号"), subtitle=institution, back=back)


@require_POST
@about(queries.institution_of, "institution.admit")
def admit(request: WorkRequest, institution: Any) -> HttpResponse:
    admit_institution(institution.pk, actor=request.actor)
    messages.success(request, _("%(name)s已入库，可以开班。") % {"name": institution.name})
    return redirect("bureau-institution", institution.pk)
