"""剔除 and 申诉: who no longer counts, why, and what became of the appeal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from training.attendance.services import exclusions as services
from training.web.exclusions import forms, queries
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about
from training.web.lists import File, Listing, list_view


@list_view("exclusion.view", "exclusions/exclusions.html", export="exclusions-export")
def exclusions(request: WorkRequest) -> Listing:
    filters = forms.ExclusionFilter(request)
    rows = queries.exclusions(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("剔除与申诉.csv"), queries.COLUMNS, queries.lines))


@about(queries.exclusion_of, "exclusion.view")
def exclusion(request: WorkRequest, exclusion: Any) -> HttpResponse:
    page = queries.exclusion_page(exclusion, request.actor)
    return render(request, "exclusions/exclusion.html", {"page": page, "row": exclusion})


@about(queries.enrolment_of, "exclusion.propose")
def propose(request: WorkRequest, place: Any) -> HttpResponse:
    form = forms.ProposeForm(request.POST or None)
    proposed = form.accept(partial(services.propose_exclusion, place.pk, actor=request.actor))
    if proposed:
        return done(request, _("已提出剔除，等负责人决定。"), "exclusion", proposed.pk)
    return form_page(
        request,
        form,
        title=_("提出剔除"),
        subtitle=f"{place.training_session} #{place.number} {place.trainee.name}",
        back=reverse("attendance-person", args=[place.pk]),
        note=_("负责人决定剔除以后，这个人不再计入本期的结业和人次，也不发证书。已封存的档案要先解封。"),
    )


@about(queries.exclusion_of, "exclusion.decide")
def decide(request: WorkRequest, exclusion: Any) -> HttpResponse:
    verdicts: Mapping[str, Any] = {
        "exclude": (services.exclude, _("剔除：不计人次，不发或撤销证书")),
        "decline": (services.decline_exclusion, _("不予剔除")),
    }
    return _decided(request, exclusion, verdicts, _("决定剔除"))


@about(queries.exclusion_of, "exclusion.decide_appeal")
def decide_appeal(request: WorkRequest, exclusion: Any) -> HttpResponse:
    verdicts: Mapping[str, Any] = {
        "reinstate": (services.reinstate, _("申诉成立，恢复结业")),
        "uphold": (services.uphold, _("申诉不成立，维持剔除")),
    }
    return _decided(request, exclusion, verdicts, _("决定申诉"))


def _decided(request: WorkRequest, exclusion: Any, verdicts: Mapping[str, Any], title: str) -> HttpResponse:
    """`verdicts`: code to what it does and its words."""
    offered = [(code, said) for code, (_act, said) in verdicts.items()]
    form = forms.DecisionForm(request.POST or None, verdicts=offered)
    if form.accept(
        lambda verdict, reason: verdicts[verdict][0](exclusion.pk, reason=reason, actor=request.actor)
    ):
        return done(request, _("已决定，机构和乡镇会收到通知。"), "exclusion", exclusion.pk)
    back = reverse("exclusion", args=[exclusion.pk])
    return form_page(request, form, title=title, subtitle=exclusion, back=back)


@about(queries.exclusion_of, "exclusion.appeal")
def appeal(request: WorkRequest, exclusion: Any) -> HttpResponse:
    form = forms.AppealForm(request.POST or None)
    if form.accept(partial(services.appeal, exclusion.pk, actor=request.actor)):
        return done(request, _("申诉已提出，由没有参与剔除的人决定。"), "exclusion", exclusion.pk)
    back = reverse("exclusion", args=[exclusion.pk])
    return form_page(request, form, title=_("申诉"), subtitle=exclusion, back=back)
