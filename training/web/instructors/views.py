"""授课人: an institution's own, and the county's pool with its proofs to verify."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from training.accounts.permissions import may
from training.institutions import services
from training.institutions.queries import account_of_instructor
from training.uploads.same_papers import with_uses
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.institutions.forms import ReasonForm
from training.web.institutions.views import own
from training.web.instructors import queries
from training.web.instructors.forms import (
    InstructorForm,
    InviteForm,
    OwnFilter,
    PoolFilter,
    ProofFilter,
    ProofForm,
)
from training.web.lists import File, Listing, list_view
from training.web.people.links import show_link

# An institution's own


@list_view("institution.manage_papers", "instructors/ours.html", export="instructors-export")
def instructors(request: WorkRequest) -> Listing:
    return _people(request, OwnFilter(request, queries.topics(request.actor)), _("授课人.csv"))


def _people(request: WorkRequest, filters: OwnFilter, name: str) -> Listing:
    rows = queries.listed(request.actor, **filters.chosen)
    return Listing(rows, filters, File(name, queries.COLUMNS, queries.lines), queries.shown)


@needs("institution.manage_papers")
def add_instructor(request: WorkRequest) -> HttpResponse:
    form = InstructorForm(request.POST or None, topics=queries.topics(request.actor))
    person = form.accept(partial(services.add_instructor, own(request), actor=request.actor))
    if person:
        return done(request, _("已添加，请接着上传资质证明。"), "instructor", person.pk)
    return form_page(request, form, title=_("添加授课人"), back=reverse("instructors"))


@about(queries.instructor_of, "institution.manage_papers")
def revise(request: WorkRequest, instructor: Any) -> HttpResponse:
    initial = {name: getattr(instructor, name) for name in InstructorForm.base_fields}
    form = InstructorForm(request.POST or None, initial=initial, topics=queries.topics(request.actor))
    if form.accept(partial(services.revise_instructor, instructor.pk, actor=request.actor)):
        return done(request, _("已保存。"), "instructor", instructor.pk)
    back = reverse("instructor", args=[instructor.pk])
    return form_page(request, form, title=_("修改授课人"), subtitle=instructor, back=back)


# One instructor, for both sides


@about(queries.instructor_of, "instructor.view")
def instructor(request: WorkRequest, instructor: Any) -> HttpResponse:
    """The institution hands in proofs here, the bureau looks at them."""
    form = None
    if may(request.actor, "proof.add"):
        form = ProofForm(request.POST or None, request.FILES or None)
        if form.accept(partial(services.add_proof, instructor.pk, actor=request.actor)):
            said = _("资质证明已收下，他授课的每一期都能用。")
            return done(request, said, "instructor", instructor.pk)
    page = queries.instructor_page(instructor, request.actor)
    context = {"page": page, "instructor": instructor, "form": form}
    status = 422 if form and form.errors else 200
    return render(request, "instructors/instructor.html", context, status=status)


@never_cache
@about(queries.instructor_of, "instructor.invite")
def invite(request: WorkRequest, instructor: Any) -> HttpResponse:
    """The link is on the answer to the POST and nowhere else."""
    form = InviteForm(request.POST or None, account=account_of_instructor(instructor))
    back = reverse("instructor", args=[instructor.pk])
    if link := form.accept(partial(services.invite_instructor, instructor.pk, actor=request.actor)):
        return show_link(request, link, back=back)
    note = _("只看得到自己的课次、资质证明、课件和评价平均分，看不到学员。链接交给本人自己设密码。")
    return form_page(request, form, title=_("开通讲师账号"), subtitle=instructor, back=back, note=note)


@about(queries.instructor_of, "instructor.suspend")
def suspend(request: WorkRequest, instructor: Any) -> HttpResponse:
    form = ReasonForm(request.POST or None, label=_("暂停授课"))
    if form.accept(partial(services.suspend_instructor, instructor.pk, actor=request.actor)):
        return done(request, _("已暂停，课程安排里不能再选他。"), "instructor", instructor.pk)
    back = reverse("instructor", args=[instructor.pk])
    note = _("已批准还没上的课会在他的页面上列出，由您逐课决定。")
    return form_page(request, form, title=_("暂停授课"), subtitle=instructor, back=back, note=note)


@about(queries.instructor_of, "instructor.suspend")
def reinstate(request: WorkRequest, instructor: Any) -> HttpResponse:
    form = ReasonForm(request.POST or None, label=_("恢复授课"))
    if form.accept(partial(services.reinstate_instructor, instructor.pk, actor=request.actor)):
        return done(request, _("已恢复授课。"), "instructor", instructor.pk)
    back = reverse("instructor", args=[instructor.pk])
    return form_page(request, form, title=_("恢复授课"), subtitle=instructor, back=back)


# The county's pool


@list_view("archive.view", "instructors/pool.html", export="instructor-pool-export")
def pool(request: WorkRequest) -> Listing:
    filters = PoolFilter(request, queries.topics(request.actor), queries.institutions(request.actor))
    return _people(request, filters, _("师资库.csv"))


@list_view("archive.view", "instructors/proofs.html", export="proofs-export")
def proofs(request: WorkRequest) -> Listing:
    filters = ProofFilter(request)
    rows = queries.proofs(request.actor, **filters.chosen)
    file = File(_("资质证明.csv"), queries.PROOF_COLUMNS, queries.proof_lines)
    return Listing(rows, filters, file, shown=lambda rows: with_uses(list(rows), request.actor))


@require_POST
@about(queries.proof_of, "proof.verify")
def verify_proof(request: WorkRequest, proof: Any) -> HttpResponse:
    services.verify_proof(proof.pk, actor=request.actor)
    messages.success(request, _("资质证明已核验。"))
    return redirect(_back(request) or reverse("instructor", args=[proof.instructor_id]))


@about(queries.proof_of, "proof.verify")
def refuse_proof(request: WorkRequest, proof: Any) -> HttpResponse:
    form = ReasonForm(request.POST or None, label=_("核验不通过"))
    if form.accept(partial(services.refuse_proof, proof.pk, actor=request.actor)):
        return done(request, _("已记为不通过，机构会看到原因。"), "instructor", proof.instructor_id)
    back = reverse("instructor", args=[proof.instructor_id])
    return form_page(request, form, title=_("资质证明核验不通过"), subtitle=proof, back=back)


def _back(request: WorkRequest) -> str:
    """Where the button was, if it was on a page of ours."""
    came_from = request.headers.get("Referer", "")
    return came_from if url_has_allowed_host_and_scheme(came_from, {request.get_host()}) else ""
