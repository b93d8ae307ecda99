"""What people ask for: received, checked who asks, answered in time."""

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

from training.people import services
from training.people.choices import RightsKind
from training.web.forms import CardForm, done, form_page
from training.web.gate import WorkRequest, about
from training.web.lists import File, Listing, list_view
from training.web.trainees import forms, rights
from training.web.trainees.copying import personal_copy
from training.web.trainees.queries import trainee_of


@about(trainee_of, "rights.receive")
def receive(request: WorkRequest, trainee: Any) -> HttpResponse:
    form = forms.ReceiveForm(request.POST or None)
    if received := form.accept(partial(services.receive_request, trainee.pk, actor=request.actor)):
        said = _("已登记，个人信息保护负责人在 %(due)s 前答复。") % {"due": received.due_on.isoformat()}
        return done(request, said, "trainee", trainee.pk)
    back = reverse("trainee", args=[trainee.pk])
    note = _("本人（或受托人）要求查阅、复制、更正、删除、解释或限制处理，都先登记；答复期限从收到那天起算。")
    return form_page(request, form, title=_("登记权利请求"), subtitle=trainee, back=back, note=note)


@list_view("rights.view", "trainees/requests.html", export="rights-export")
def requests(request: WorkRequest) -> Listing:
    filters = forms.RightsFilter(request)
    file = File(_("权利请求.csv"), rights.COLUMNS, rights.file_lines)
    return Listing(rights.listed(request.actor, **filters.chosen), filters, file)


@never_cache
@require_GET
@about(rights.request_of, "rights.view")
def request_page(request: WorkRequest, asked: Any) -> HttpResponse:
    return render(request, "trainees/request.html", {"page": rights.page_of(asked), "asked": asked})


@about(rights.request_of, "rights.handle")
def identity(request: WorkRequest, asked: Any) -> HttpResponse:
    form = forms.IdentityForm(request.POST or None)
    if form.accept(partial(services.check_identity, asked.pk, actor=request.actor)):
        return done(request, _("身份已核对，可以办理了。"), "rights-request", asked.pk)
    return _about(request, asked, form, _("核对身份"), rights.IDENTITY_NOTE)


@about(rights.request_of, "rights.handle")
def answer(request: WorkRequest, asked: Any) -> HttpResponse:
    """Each kind has its own form; what changes data does so in the same step as the answer."""
    form, act = _answering(request, asked)
    if form.accept(partial(act, asked.pk, actor=request.actor)):
        return done(request, _("已答复。"), "rights-request", asked.pk)
    note = rights.ANSWER_NOTES[RightsKind(asked.kind)]
    return _about(request, asked, form, asked.get_kind_display(), note)


def _answering(request: WorkRequest, asked: Any) -> tuple[CardForm, Any]:
    data = request.POST or None
    if asked.kind == RightsKind.CORRECT:
        return forms.CorrectForm(data, trainee=asked.trainee), services.correct_particulars
    if asked.kind == RightsKind.DELETE:
        return forms.DeleteForm(data), services.delete_particulars
    if asked.kind == RightsKind.RESTRICT:
        return forms.RestrictForm(data), services.restrict_use
    return forms.AnswerForm(data), services.answer_request


@about(rights.request_of, "rights.handle")
def refuse(request: WorkRequest, asked: Any) -> HttpResponse:
    form = forms.RefuseForm(request.POST or None)
    if form.accept(partial(services.refuse_request, asked.pk, actor=request.actor)):
        return done(request, _("已记下，不予办理。"), "rights-request", asked.pk)
    return _about(request, asked, form, _("不予办理"))


@about(rights.request_of, "rights.handle")
def take_back(request: WorkRequest, asked: Any) -> HttpResponse:
    form = forms.TakeBackForm(request.POST or None)
    if form.accept(partial(services.take_back_request, asked.pk, actor=request.actor)):
        return done(request, _("已记下，本人撤回。"), "rights-request", asked.pk)
    return _about(request, asked, form, _("本人撤回请求"))


def _about(request: WorkRequest, asked: Any, form: CardForm, title: Any, note: Any = "") -> HttpResponse:
    back = reverse("rights-request", args=[asked.pk])
    return form_page(request, form, title=title, subtitle=asked.trainee, back=back, note=note)


@never_cache
@require_POST
@about(rights.request_of, "rights.handle")
def copy(request: WorkRequest, asked: Any) -> HttpResponse:
    """Everything held about the person as one file to hand over; made now, kept nowhere."""
    services.note_copy(asked.pk, actor=request.actor)
    response = HttpResponse(personal_copy(asked.trainee, request.actor), content_type="application/zip")
    name = _("个人信息副本-%(number)s.zip") % {"number": asked.pk}
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


@never_cache
@require_GET
@about(rights.request_of, "rights.handle")
def explanation(request: WorkRequest, asked: Any) -> HttpResponse:
    """How the computer came to 结业 or 未达标, lesson by lesson, to be printed for the person."""
    services.note_explanation(asked.pk, actor=request.actor)
    context = {"asked": asked, "trainee": asked.trainee, "places": rights.explained(asked.trainee)}
    return render(request, "trainees/explanation.html", context)
