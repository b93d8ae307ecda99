"""Follow-up: whom to ask today, what they said, and what became of them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from training.core import clock
from training.followup.services import claim_outcome, log_contact, verify_outcome, view_phone
from training.web.followup import queries
from training.web.followup.forms import ContactForm, FollowUpFilter, OutcomeFilter, OutcomeForm
from training.web.gate import WorkRequest, about
from training.web.lists import File, Listing, list_view


@list_view("outcome.verify", "followup/list.html", export="followups-export")
def follow_ups(request: WorkRequest) -> Listing:
    today, filters = clock.today(), FollowUpFilter(request, queries.townships(request.actor))
    rows = queries.follow_ups(request.actor, today=today, **filters.chosen)
    file = File(_("跟踪名单.csv"), queries.COLUMNS, queries.lines)
    return Listing(rows, filters, file, beside={"today": today})


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


@list_view("outcome.verify", "followup/outcomes.html")
def outcomes(request: WorkRequest) -> Listing:
    filters = OutcomeFilter(request)
    return Listing(queries.outcomes(request.actor, **filters.chosen), filters)


@require_POST
@about(queries.outcome_of, "outcome.verify")
def decide(request: WorkRequest, outcome: Any, *, accept: bool) -> HttpResponse:
    verify_outcome(outcome.pk, accept=accept, actor=request.actor)
    messages.success(request, _("已认定。") if accept else _("不予认定，已记录。"))
    return redirect("outcomes")
