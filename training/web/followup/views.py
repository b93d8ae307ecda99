"""Follow-up: whom to ask today, what they said, and what became of them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from training.core import clock
from training.followup.services import claim_outcome, log_contact, verify_outcome, view_phone
from training.web.followup import queries
from training.web.followup.forms import ContactForm, FollowUpFilter, OutcomeFilter, OutcomeForm
from training.web.gate import WorkRequest, about, needs
from training.web.lists import csv_response, page_of


def _listed(request: WorkRequest) -> tuple[FollowUpFilter, Any]:
    filters = FollowUpFilter(request, queries.townships(request.actor))
    return filters, queries.follow_ups(request.actor, today=clock.today(), **filters.chosen)


@needs("outcome.verify")
def follow_ups(request: WorkRequest) -> HttpResponse:
    filters, rows = _listed(request)
    context = {"filters": filters, "page_obj": page_of(request, rows), "today": clock.today()}
    return render(request, "followup/list.html", context)


@needs("outcome.verify")
def export(request: WorkRequest) -> StreamingHttpResponse:
    _filters, rows = _listed(request)
    return csv_response(_("跟踪名单.csv"), queries.COLUMNS, queries.lines(rows))


@about(queries.enrolment_of, "outcome.verify")
def person(request: WorkRequest, enrolment: Any) -> HttpResponse:
    return _person_page(request, enrolment)


def _person_page(request: WorkRequest, enrolment: Any, **context: Any) -> HttpResponse:
    context |= {"person": queries.person(enrolment, request.actor), "today": clock.today()}
    status = 422 if "form" in context and context["form"].errors else 200
    return render(request, "followup/person.html", context, status=status)


@never_cache
@require_POST
@about(queries.enrolment_of, "followup.log")
def phone(request: WorkRequest, enrolment: Any) -> HttpResponse:
    """The person's page with the number in clear, on this one answer; the look is on record."""
    return _person_page(request, enrolment, phone=view_phone(enrolment.pk, actor=request.actor))


@about(queries.follow_up_of, "followup.log")
def contact(request: WorkRequest, follow_up: Any) -> HttpResponse:
    form = ContactForm(request.POST or None)
    if form.accept(partial(log_contact, follow_up.pk, actor=request.actor)):
        messages.success(request, _("已记下。"))
        return redirect("followup-person", follow_up.enrolment_id)
    enrolment = queries.enrolment_of(follow_up.enrolment_id, request.actor)
    return _person_page(request, enrolment, form=form, follow_up=follow_up, form_title=_("记一次联系"))


@about(queries.enrolment_of, "followup.log")
def claim(request: WorkRequest, enrolment: Any) -> HttpResponse:
    form = OutcomeForm(request.POST or None, request.FILES or None)
    if form.accept(partial(claim_outcome, enrolment.pk, actor=request.actor)):
        messages.success(request, _("成果已登记，等别人核实。"))
        return redirect("followup-person", enrolment.pk)
    return _person_page(request, enrolment, form=form, form_title=_("登记成果"))


@needs("outcome.verify")
def outcomes(request: WorkRequest) -> HttpResponse:
    filters = OutcomeFilter(request)
    page = page_of(request, queries.outcomes(request.actor, **filters.chosen))
    return render(request, "followup/outcomes.html", {"filters": filters, "page_obj": page})


@require_POST
@about(queries.outcome_of, "outcome.verify")
def decide(request: WorkRequest, outcome: Any, *, accept: bool) -> HttpResponse:
    verify_outcome(outcome.pk, accept=accept, actor=request.actor)
    messages.success(request, _("已认定。") if accept else _("不予认定，已记录。"))
    return redirect("outcomes")
