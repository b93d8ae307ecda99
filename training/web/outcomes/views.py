"""What became of people, households and firms: claimed with evidence, decided by somebody else, counted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from training.accounts.permissions import may
from training.core import clock
from training.outcomes.queries import of_the_poor, sales_total
from training.outcomes.services import (
    add_evidence,
    claim_enterprise,
    claim_outcome,
    confirm_outcome,
    decide_enterprise,
    designate,
    lapse_outcome,
    recheck_outcome,
    record_sales,
    reject_outcome,
    revoke_designation,
    revoke_enterprise,
    verify_outcome,
    withdraw_outcome,
    withdraw_sales,
)
from training.programmes.queries import the_programme
from training.web.followup.statistics import Line, as_rows
from training.web.forms import CardForm, done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, download, figures_page, list_view
from training.web.outcomes import forms, queries, statistics

# Outcomes of people


@list_view("outcome.view", "outcomes/list.html", export="outcomes-export")
def outcomes(request: WorkRequest) -> Listing:
    filters = forms.OutcomeFilter(request)
    file = File(
        _("就业创业成果.csv"), queries.OUTCOME_COLUMNS, partial(queries.outcome_lines, actor=request.actor)
    )
    return Listing(queries.outcomes(request.actor, **filters.chosen), filters, file)


def practice_table(request: WorkRequest) -> tuple[forms.OutcomeStatisticsFilter, str, list[Line]]:
    filters = forms.OutcomeStatisticsFilter(request)
    by = filters.value("by") or "group"
    return filters, by, statistics.table(request.actor, by=by)


@require_safe
@needs("outcome.view")
def statistics_page(request: WorkRequest) -> HttpResponse:
    filters, by, lines = practice_table(request)
    return figures_page(
        request,
        "outcomes/statistics.html",
        lines,
        filters=filters,
        by=statistics.DIMENSIONS[by],
        columns=statistics.FIGURES.values(),
        export=reverse("outcome-statistics-export"),
    )


@require_safe
@needs("outcome.view")
def statistics_file(request: WorkRequest) -> HttpResponseBase:
    _filters, by, lines = practice_table(request)
    columns = (statistics.DIMENSIONS[by], *statistics.FIGURES.values())
    return download(File(_("成果统计.csv"), columns, as_rows), lines)


@list_view("outcome.verify", "outcomes/rechecks.html", export="outcome-rechecks-export")
def rechecks(request: WorkRequest) -> Listing:
    filters, today = forms.RecheckFilter(request), clock.today()
    file = File(
        _("待复核的成果.csv"), queries.OUTCOME_COLUMNS, partial(queries.outcome_lines, actor=request.actor)
    )
    return Listing(queries.rechecks(request.actor, today, **filters.chosen), filters, file)


@about(queries.enrolment_of, "outcome.claim")
def claim(request: WorkRequest, enrolment: Any) -> HttpResponse:
    hired = queries.hired_at_a_fair(request.GET.get("intention", ""), enrolment, request.actor)
    form = forms.OutcomeForm(request.POST or None, request.FILES or None, initial=hired)
    if made := form.accept(partial(claim_outcome, enrolment.pk, actor=request.actor)):
        return done(request, _("成果已登记，等别人核实。"), "outcome", made.pk)
    follows = may(request.actor, "followup.log")
    back = reverse("followup-person", args=[enrolment.pk]) if follows else reverse("outcome-people")
    subtitle = f"{enrolment.trainee.name} · {enrolment.training_session.code}"
    return form_page(request, form, title=_("登记成果"), subtitle=subtitle, back=back)


STEPS: dict[str, Any] = {
    "verify": forms.VerifyForm,
    "confirm": forms.ConfirmForm,
    "recheck": forms.RecheckForm,
    "evidence": forms.EvidenceForm,
    "reject": forms.RejectForm,
    "withdraw": forms.WithdrawForm,
    "lapse": forms.LapseForm,
}


@require_safe
@about(queries.outcome_of, "outcome.view")
def outcome(request: WorkRequest, found: Any) -> HttpResponse:
    return _outcome_page(request, found)


def _outcome_page(request: WorkRequest, found: Any, tried: dict[str, CardForm] | None = None) -> HttpResponse:
    """With a form for each thing that this actor may do now; `tried` is one that came back."""
    page = queries.outcome_page(found, request.actor)
    starts = {"confirm": {"grade": found.grade, "started_on": found.started_on}}
    ready = {
        act: STEPS[act](initial=starts.get(act), action=reverse(f"outcome-{act}", args=[found.pk]))
        for act in page.acts
    }
    context = {"page": page, "outcome": found, "forms": ready | (tried or {}), "today": clock.today()}
    return render(request, "outcomes/outcome.html", context, status=422 if tried else 200)


def _step(act: str, needed: str, service: Callable[..., Any], message: Callable[[], str]) -> Any:
    """A view that takes one step with an outcome; a form that is not right comes back on its page."""

    @require_POST
    @about(queries.outcome_of, needed)
    def step(request: WorkRequest, found: Any) -> HttpResponse:
        form = STEPS[act](request.POST, request.FILES, action=reverse(f"outcome-{act}", args=[found.pk]))
        if form.accept(partial(service, found.pk, actor=request.actor)):
            return done(request, message(), "outcome", found.pk)
        return _outcome_page(request, queries.outcome_of(found.pk, request.actor), {act: form})

    return step


evidence = _step("evidence", "outcome.add_evidence", add_evidence, lambda: _("材料已补充。"))
verify = _step("verify", "outcome.verify", verify_outcome, lambda: _("已核实，等商务局认定。"))
confirm = _step("confirm", "outcome.confirm", confirm_outcome, lambda: _("已认定。"))
reject = _step("reject", "outcome.verify", reject_outcome, lambda: _("不予认定，已记录。"))
withdraw = _step("withdraw", "outcome.claim", withdraw_outcome, lambda: _("已撤回。"))
recheck = _step("recheck", "outcome.verify", recheck_outcome, lambda: _("复核结果已记下。"))
lapse = _step("lapse", "outcome.verify", lapse_outcome, lambda: _("已登记失效，不再计入指标。"))


# Rates


@require_safe
@needs("rate.view")
def rates(request: WorkRequest) -> HttpResponse:
    programme, filters = the_programme(request.actor), forms.RateFilter(request)
    months, day = filters.window or queries.usual_months(programme, request.actor), filters.day
    context = {
        "filters": filters,
        "months": months,
        "as_of": day,
        "rates": queries.rates(programme, request.actor, months=months, as_of=day),
        "promises": queries.promises(programme, request.actor, as_of=day),
        "base": queries.base_names(programme, request.actor),
    }
    return render(request, "outcomes/rates.html", context)


@list_view("rate.view", "outcomes/people.html", export="outcome-people-export")
def people(request: WorkRequest) -> Listing:
    programme = the_programme(request.actor)
    names = queries.class_types(programme, request.actor)
    filters = forms.CohortFilter(request, names)
    cohort, title = queries.the_cohort(
        programme,
        request.actor,
        kind=filters.value("kind"),
        class_type=filters.value("class_type"),
        months=filters.window,
        as_of=filters.day,
        indicator=filters.cleaned_data.get("rate"),
    )
    rows = queries.people(cohort, side=filters.value("side"), q=filters.value("q"))
    file = File(
        _("成果统计名单.csv"),
        queries.COHORT_COLUMNS,
        partial(queries.people_lines, names=dict(names), actor=request.actor),
    )
    return Listing(rows, filters, file, beside={"cohort": cohort, "title": title, "names": dict(names)})


# Sales of households


@list_view("sales.view", "outcomes/sales.html", export="sales-export")
def sales(request: WorkRequest) -> Listing:
    programme = the_programme(request.actor)
    filters = forms.SalesFilter(request, queries.townships(programme, request.actor))
    rows = queries.sales(programme, request.actor, **filters.chosen)
    file = File(_("农户网销.csv"), queries.SALES_COLUMNS, queries.sales_lines)
    beside: dict[str, Any] = {"sold": sales_total(rows)}
    if not filters.active:  # of a few households it would say which of them are poor
        beside["poor"] = sales_total(of_the_poor(rows))
    return Listing(rows, filters, file, beside=beside)


@about(queries.trainee_of, "sales.record")
def sales_add(request: WorkRequest, trainee: Any) -> HttpResponse:
    form = forms.SalesForm(request.POST or None, request.FILES or None)
    if form.accept(partial(record_sales, trainee.pk, actor=request.actor)):
        return done(request, _("销售额已登记。"), "sales")
    return form_page(request, form, title=_("登记农户网销"), subtitle=trainee.name, back=reverse("sales"))


@about(queries.sales_of, "sales.record")
def sales_withdraw(request: WorkRequest, row: Any) -> HttpResponse:
    form = forms.WithdrawSalesForm(request.POST or None)
    if form.accept(partial(withdraw_sales, row.pk, actor=request.actor)):
        return done(request, _("已撤回，这几个月可以重新登记。"), "sales")
    return form_page(request, form, title=_("撤回销售额"), subtitle=str(row), back=reverse("sales"))


# Firms


@list_view("enterprise.view", "outcomes/enterprises.html", export="enterprises-export")
def enterprises(request: WorkRequest) -> Listing:
    filters = forms.EnterpriseFilter(request)
    rows = queries.enterprises(the_programme(request.actor), request.actor, **filters.chosen)
    file = File(_("企业触网.csv"), queries.ENTERPRISE_COLUMNS, queries.enterprise_lines)
    return Listing(rows, filters, file)


@needs("enterprise.claim")
def enterprise_add(request: WorkRequest) -> HttpResponse:
    programme = the_programme(request.actor)
    trained = {"trainee_id": request.GET.get("trainee")}
    form = forms.EnterpriseForm(request.POST or None, request.FILES or None, initial=trained)
    if form.accept(partial(claim_enterprise, programme.pk, actor=request.actor)):
        return done(request, _("企业已登记，等商务局认定。"), "enterprises")
    return form_page(request, form, title=_("登记触网企业"), back=reverse("enterprises"))


@require_POST
@about(queries.enterprise_of, "enterprise.confirm")
def enterprise_confirm(request: WorkRequest, enterprise: Any) -> HttpResponse:
    decide_enterprise(enterprise.pk, accept=True, actor=request.actor)
    return done(request, _("已认定。"), "enterprises")


@about(queries.enterprise_of, "enterprise.confirm")
def enterprise_reject(request: WorkRequest, enterprise: Any) -> HttpResponse:
    form = forms.RejectForm(request.POST or None)
    if form.accept(partial(decide_enterprise, enterprise.pk, accept=False, actor=request.actor)):
        return done(request, _("不予认定，已记录。"), "enterprises")
    return form_page(
        request, form, title=_("不予认定"), subtitle=enterprise.name, back=reverse("enterprises")
    )


@about(queries.enterprise_of, "enterprise.confirm")
def enterprise_revoke(request: WorkRequest, enterprise: Any) -> HttpResponse:
    form = forms.RevokeForm(request.POST or None)
    if form.accept(partial(revoke_enterprise, enterprise.pk, actor=request.actor)):
        return done(request, _("已撤销，不再计入指标。"), "enterprises")
    return form_page(
        request, form, title=_("撤销认定"), subtitle=enterprise.name, back=reverse("enterprises")
    )


# People with a title


@list_view("designation.view", "outcomes/designations.html", export="designations-export")
def designations(request: WorkRequest) -> Listing:
    programme, filters, today = the_programme(request.actor), forms.DesignationFilter(request), clock.today()
    rows = queries.designations(programme, request.actor, today, **filters.chosen)
    file = File(_("电商人才.csv"), queries.DESIGNATION_COLUMNS, queries.designation_lines)
    return Listing(
        rows, filters, file, beside={"coverages": queries.coverages(programme, request.actor, today)}
    )


@list_view("designation.view", "outcomes/gaps.html", export="designation-gaps-export")
def gaps(request: WorkRequest) -> Listing:
    programme, filters, today = the_programme(request.actor), forms.GapFilter(request), clock.today()
    rows = queries.designation_places(programme, request.actor, today, **filters.chosen)
    title = {
        "covered": _("已有电商人才的地方"),
        "all": _("应有电商人才的地方"),
    }.get(filters.value("state"), _("还没有电商人才的地方"))
    file = File(_("%(name)s.csv") % {"name": title}, queries.GAP_COLUMNS, queries.gap_lines)
    return Listing(rows, filters, file, beside={"title": title})


@about(queries.trainee_of, "designation.grant")
def designation_add(request: WorkRequest, trainee: Any) -> HttpResponse:
    places = queries.title_places(trainee, request.actor)
    form = forms.DesignationForm(request.POST or None, request.FILES or None, places=places)
    if form.accept(partial(designate, trainee.pk, actor=request.actor)):
        return done(request, _("称号已登记。"), "designations")
    back = reverse("trainee", args=[trainee.pk])
    return form_page(request, form, title=_("认定电商人才"), subtitle=trainee.name, back=back)


@about(queries.designation_of, "designation.grant")
def designation_revoke(request: WorkRequest, designation: Any) -> HttpResponse:
    form = forms.RevokeDesignationForm(request.POST or None)
    if form.accept(partial(revoke_designation, designation.pk, actor=request.actor)):
        return done(request, _("称号已撤销。"), "designations")
    back = reverse("designations")
    return form_page(request, form, title=_("撤销称号"), subtitle=str(designation), back=back)
