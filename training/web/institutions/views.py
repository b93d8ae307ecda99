"""Institutions: the county's list and each one's papers, standing and history; an institution's own page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from training.institutions import services
from training.programmes.queries import the_programme
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.institutions import queries
from training.web.institutions.forms import (
    DetailsForm,
    ExpiringFilter,
    InstitutionFilter,
    InstitutionForm,
    LicenceForm,
    LocalForm,
    ReasonForm,
    StaffForm,
)
from training.web.lists import File, Listing, list_view
from training.web.people.links import show_link


def own(request: WorkRequest) -> int:
    """The institution this membership works at; the gate let only institution roles in."""
    return request.membership.institution_id  # type: ignore[union-attr, return-value]


# The county's list


@list_view("archive.view", "institutions/list.html", export="bureau-institutions-export")
def institutions(request: WorkRequest) -> Listing:
    filters = InstitutionFilter(request)
    rows = queries.institution_rows(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("培训机构.csv"), queries.COLUMNS, queries.lines))


@needs("institution.register")
def register(request: WorkRequest) -> HttpResponse:
    form = InstitutionForm(request.POST or None, kinds=queries.kinds(request.actor).items())
    enter = partial(services.register_institution, the_programme(request.actor), actor=request.actor)
    if made := form.accept(enter):
        return done(request, _("机构已登记，请给它开通账号。"), "bureau-institution-staff", made.pk)
    note = _("登记后机构自己补资料、上传证照，由机构负责人申请入库；审核员核验证照，商务局负责人准予入库。")
    back = reverse("bureau-institutions")
    return form_page(request, form, title=_("登记机构"), back=back, note=note)


# One institution, for the bureau


@require_GET
@about(queries.institution_of, "archive.view")
def institution(request: WorkRequest, institution: Any) -> HttpResponse:
    page = queries.institution_page(institution, request.actor)
    return render(request, "institutions/institution.html", {"page": page, "institution": institution})


@never_cache
@about(queries.institution_of, "institution.register")
def add_staff(request: WorkRequest, institution: Any) -> HttpResponse:
    form = StaffForm(request.POST or None)
    back = reverse("bureau-institution", args=[institution.pk])
    if link := form.accept(partial(services.add_staff, institution.pk, actor=request.actor)):
        return show_link(request, link, back=back, again=request.path)
    return form_page(request, form, title=_("开通账号"), subtitle=institution, back=back)


@require_POST
@about(queries.institution_of, "institution.verify")
def confirm_scope(request: WorkRequest, institution: Any) -> HttpResponse:
    services.confirm_scope(institution.pk, actor=request.actor)
    return done(request, _("已核对：经营（业务）范围与培训相符。"), "bureau-institution", institution.pk)


@about(queries.institution_of, "institution.verify")
def local_registration(request: WorkRequest, institution: Any) -> HttpResponse:
    initial = {
        "due_on": institution.local_due_on,
        "registered_on": institution.local_registered_on,
        "local_uscc": institution.local_uscc,
        "resident": institution.resident,
    }
    form = LocalForm(request.POST or None, initial=initial)
    if form.accept(partial(services.note_local_registration, institution.pk, actor=request.actor)):
        return done(request, _("已保存。"), "bureau-institution", institution.pk)
    back = reverse("bureau-institution", args=[institution.pk])
    return form_page(request, form, title=_("本地登记与入驻"), subtitle=institution, back=back)


@require_POST
@about(queries.institution_of, "institution.admit")
def admit(request: WorkRequest, institution: Any) -> HttpResponse:
    services.admit_institution(institution.pk, actor=request.actor)
    said = _("%(name)s已入库，可以开班。") % {"name": institution.name}
    return done(request, said, "bureau-institution", institution.pk)


def _with_reason(
    request: WorkRequest,
    institution: Any,
    act: Callable[..., Any],
    *,
    title: Any,
    said: Any,
    note: Any = "",
) -> HttpResponse:
    form = ReasonForm(request.POST or None, label=title)
    if form.accept(partial(act, institution.pk, actor=request.actor)):
        return done(request, said, "bureau-institution", institution.pk)
    back = reverse("bureau-institution", args=[institution.pk])
    return form_page(request, form, title=title, subtitle=institution, back=back, note=note)


@about(queries.institution_of, "institution.admit")
def send_back(request: WorkRequest, institution: Any) -> HttpResponse:
    said = _("已退回，机构会看到您写的原因。")
    return _with_reason(request, institution, services.return_institution, title=_("退回入库申请"), said=said)


@about(queries.institution_of, "institution.sanction")
def suspend(request: WorkRequest, institution: Any) -> HttpResponse:
    note = _("暂停后不能新建、提交培训；已批准还没上的期会在页面上列出，由您逐期决定。")
    return _with_reason(
        request,
        institution,
        services.suspend_institution,
        title=_("暂停机构"),
        said=_("机构已暂停。"),
        note=note,
    )


@about(queries.institution_of, "institution.sanction")
def reinstate(request: WorkRequest, institution: Any) -> HttpResponse:
    return _with_reason(
        request,
        institution,
        services.reinstate_institution,
        title=_("恢复机构"),
        said=_("机构已恢复，可以开班。"),
    )


@about(queries.institution_of, "institution.sanction")
def remove(request: WorkRequest, institution: Any) -> HttpResponse:
    note = _("清退后不能恢复，也不能再接任务；以前的期、档案和申领照常保留。")
    return _with_reason(
        request,
        institution,
        services.remove_institution,
        title=_("清退机构"),
        said=_("机构已清退。"),
        note=note,
    )


@require_POST
@about(queries.licence_of, "institution.verify")
def verify_licence(request: WorkRequest, licence: Any) -> HttpResponse:
    services.verify_licence(licence.pk, actor=request.actor)
    return done(request, _("证照已核验。"), "bureau-institution", licence.institution_id)


@about(queries.licence_of, "institution.verify")
def refuse_licence(request: WorkRequest, licence: Any) -> HttpResponse:
    form = ReasonForm(request.POST or None, label=_("核验不通过"))
    if form.accept(partial(services.refuse_licence, licence.pk, actor=request.actor)):
        said = _("已记为不通过，机构会看到原因。")
        return done(request, said, "bureau-institution", licence.institution_id)
    back = reverse("bureau-institution", args=[licence.institution_id])
    return form_page(request, form, title=_("证照核验不通过"), subtitle=licence, back=back)


# What runs out, for both sides


@list_view("agreement.view", "institutions/expiring.html", export="papers-expiring-export")
def expiring(request: WorkRequest) -> Listing:
    filters = ExpiringFilter(request)
    rows = queries.endings(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("到期提醒.csv"), queries.ENDING_COLUMNS, queries.ending_lines))


# An institution's own page


@require_GET
@needs("institution.manage_papers")
def papers(request: WorkRequest) -> HttpResponse:
    institution = queries.institution_of(own(request), request.actor)
    page = queries.institution_page(institution, request.actor)
    return render(request, "institutions/ours.html", {"page": page, "institution": institution})


@needs("institution.manage_papers")
def details(request: WorkRequest) -> HttpResponse:
    institution = queries.institution_of(own(request), request.actor)
    initial = {name: getattr(institution, name) for name in DetailsForm.base_fields}
    form = DetailsForm(request.POST or None, initial=initial)
    if form.accept(partial(services.revise_details, institution.pk, actor=request.actor)):
        return done(request, _("资料已保存。"), "papers")
    return form_page(request, form, title=_("机构资料"), subtitle=institution, back=reverse("papers"))


@require_POST
@needs("institution.submit")
def submit(request: WorkRequest) -> HttpResponse:
    services.submit_institution(own(request), actor=request.actor)
    return done(request, _("入库申请已提交，等商务局预审。"), "papers")


@needs("institution.manage_papers")
def add_licence(request: WorkRequest) -> HttpResponse:
    form = LicenceForm(request.POST or None, request.FILES or None)
    if form.accept(partial(services.add_licence, own(request), actor=request.actor)):
        return done(request, _("证照已收下，商务局核验后生效。"), "papers")
    return form_page(request, form, title=_("添加证照"), back=reverse("papers"))
