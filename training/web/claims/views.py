"""Claims: the institution hands them in, the county sees all of them. There is no way around the archive."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from training.claims.services import submit_claim, withdraw_claim
from training.dossiers.after_seal import failed_check
from training.web.claims import papers, queries
from training.web.claims.forms import ClaimFilter, WithdrawForm
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, download, page_of


@needs("claim.view")
def claims(request: WorkRequest) -> HttpResponse:
    filters = ClaimFilter(request, queries.choices(request.actor))
    rows = queries.claims(request.actor, **filters.chosen)
    page = page_of(request, rows)
    context = {
        "filters": filters,
        "export": reverse("claims-export"),
        "page_obj": page,
        "rows": page.object_list,
        "total": queries.totals(rows),
    }
    return render(request, "claims/list.html", context)


@needs("claim.view")
def export_claims(request: WorkRequest) -> StreamingHttpResponse:
    filters = ClaimFilter(request, queries.choices(request.actor))
    rows = queries.claims(request.actor, **filters.chosen)
    return download(File(_("补贴申领.csv"), queries.COLUMNS, queries.lines), rows)


@about(queries.claim_of, "claim.view")
def claim(request: WorkRequest, claim: Any) -> HttpResponse:
    page = {"claim": claim, "people": queries.counted(claim), "failed": failed_check(claim.dossier)}
    return render(request, "claims/claim.html", page)


@require_POST
def submit(request: WorkRequest, pk: int) -> HttpResponse:
    """No gate of its own: the service has every refusal on record."""
    submit_claim(pk, actor=request.actor)
    return done(request, _("申领已提交，等商务局审核。"), "claim", pk)


@about(queries.claim_of, "claim.submit")
def withdraw(request: WorkRequest, claim: Any) -> HttpResponse:
    form = WithdrawForm(request.POST or None)
    if form.accept(partial(withdraw_claim, claim.pk, actor=request.actor)):
        return done(request, _("申领已撤回，需要时可以再提交。"), "claim", claim.pk)
    back = reverse("claim", args=[claim.pk])
    return form_page(request, form, title=_("撤回申领"), subtitle=claim.dossier, back=back)


@never_cache
@about(queries.claim_of, "claim.view")
def paper(request: WorkRequest, claim: Any) -> HttpResponse:
    """补贴申领表, with whose completions are counted: numbers masked, whoever prints it."""
    disposition = content_disposition_header(False, f"{claim.dossier}{_('补贴申领表')}.pdf")
    headers = {"Content-Disposition": disposition or "inline"}
    return HttpResponse(
        papers.claim_form(claim, actor=request.actor), content_type="application/pdf", headers=headers
    )
