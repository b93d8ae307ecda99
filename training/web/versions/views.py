"""The versions of a dossier: what was made, how far a new one is, how two differ, and opening a sealed one."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from training.core import clock
from training.dossiers.after_seal import transfer_dossier
from training.dossiers.sealing import unseal_dossier
from training.dossiers.versions import cancel_version, start_draft
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about
from training.web.versions import papers, queries
from training.web.versions.forms import CompareForm, TransferForm, UnsealForm

REFRESH_SECONDS = 3


@about(queries.dossier_of, "dossier.view")
def versions(request: WorkRequest, dossier: Any) -> HttpResponse:
    page = queries.versions_page(dossier, request.actor)
    response = render(request, "versions/versions.html", {"page": page, "dossier": dossier})
    if page.under_way:
        response["Refresh"] = str(REFRESH_SECONDS)  # asks again by itself, also without JavaScript
    return response


@require_POST
@about(queries.dossier_of, "dossier.draft")
def draft(request: WorkRequest, dossier: Any) -> HttpResponse:
    start_draft(dossier.pk, actor=request.actor)
    messages.success(request, _("开始生成草稿，在后台进行，可以离开这一页。"))
    return redirect("dossier-versions", dossier.pk)


@require_POST
@about(queries.version_of, "dossier.draft")
def cancel(request: WorkRequest, version: Any) -> HttpResponse:
    cancel_version(version.pk, actor=request.actor)
    messages.success(request, _("已停止。什么也没有改变。"))
    return redirect("dossier-versions", version.dossier_id)


@about(queries.dossier_of, "dossier.unseal")
def unseal(request: WorkRequest, dossier: Any) -> HttpResponse:
    form = UnsealForm(request.POST or None)
    if form.accept(partial(unseal_dossier, dossier.pk, actor=request.actor)):
        return done(
            request, _("已解封，档案回到核验。原来封存的版本仍可下载。"), "dossier-versions", dossier.pk
        )
    note = _(
        "解封以后档案回到核验：可以退回机构补正，改好后重新核验、封存为新的一版。"
        "原来封存的版本不变，仍可下载、核验。已经提交补贴申领的，要先由机构撤回申领。"
    )
    back = reverse("dossier-versions", args=[dossier.pk])
    session = dossier.training_session
    return form_page(request, form, title=_("解封档案"), subtitle=session, back=back, note=note)


@about(queries.dossier_of, "dossier.transfer")
def transfer(request: WorkRequest, dossier: Any) -> HttpResponse:
    form = TransferForm(request.POST or None, initial={"handed_on": clock.today()})
    if form.accept(partial(transfer_dossier, dossier.pk, actor=request.actor)):
        return done(request, _("已登记移交，可以打印移交清单。"), "dossier-versions", dossier.pk)
    note = _("登记封存的档案包移交给了哪个档案部门。清单一式两份，写明档案包的 SHA-256 和 SM3，双方签字。")
    back = reverse("dossier-versions", args=[dossier.pk])
    session = dossier.training_session
    return form_page(request, form, title=_("移交档案"), subtitle=session, back=back, note=note)


@about(queries.check_of, "dossier.view")
def check_report(request: WorkRequest, check: Any) -> HttpResponse:
    return _paper(papers.property_report(check), check.version, _("四性检测报告"))


@about(queries.transfer_of, "dossier.view")
def transfer_list(request: WorkRequest, handed: Any) -> HttpResponse:
    return _paper(papers.transfer_list(handed), handed.version, _("移交清单"))


def _paper(data: bytes, version: Any, name: str) -> HttpResponse:
    disposition = content_disposition_header(False, f"{version.dossier.training_session.code}{name}.pdf")
    headers = {"Content-Disposition": disposition or "inline"}
    return HttpResponse(data, content_type="application/pdf", headers=headers)


@about(queries.dossier_of, "dossier.view")
def compare(request: WorkRequest, dossier: Any) -> HttpResponse:
    """The two that are chosen in the address; without a choice the last two."""
    made = queries.versions_page(dossier, request.actor).made
    if len(made) < 2:
        return redirect("dossier-versions", dossier.pk)
    chosen = request.GET or {"before": made[1].pk, "after": made[0].pk}
    form = CompareForm(chosen, made)
    context: dict[str, Any] = {"dossier": dossier, "form": form}
    if form.is_valid():
        by_id = {version.pk: version for version in made}
        before, after = (by_id[form.cleaned_data[name]] for name in ("before", "after"))
        found = queries.compared(dossier, before, after)
        context |= {"before": before, "after": after, "differences": found}
    return render(request, "versions/compare.html", context, status=422 if form.errors else 200)
