"""Tokens for other systems: whose they are, what they open, what was read with them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from training.partners import services
from training.partners.queries import token_of, uses
from training.web.bureau.history import deeds
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, list_view, page_of
from training.web.partners import queries
from training.web.partners.forms import IssueForm, RevokeForm, TokenFilter


@list_view("token.view", "partners/tokens.html", export="tokens-export")
def tokens(request: WorkRequest) -> Listing:
    filters = TokenFilter(request)
    rows = queries.listed(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("数据接口凭证.csv"), queries.TOKEN_COLUMNS, queries.token_lines))


@never_cache
@needs("token.manage")
def issue(request: WorkRequest) -> HttpResponse:
    """The token is on the answer to the POST and nowhere else."""
    form = IssueForm(request.POST or None, institutions=queries.institutions(request.actor))
    if issued := form.accept(partial(services.issue_token, actor=request.actor)):
        address = request.build_absolute_uri(reverse("partner-token"))
        return render(request, "partners/issued.html", {"issued": issued, "address": address})
    note = _(
        "对方的程序拿凭证来读数字和公开事项，读不到任何个人信息。凭证只显示一次，请用安全的方式交给对方。"
    )
    return form_page(request, form, title=_("签发数据接口凭证"), back=reverse("tokens"), note=note)


@require_GET
@about(token_of, "token.view")
def token(request: WorkRequest, token: Any) -> HttpResponse:
    page = page_of(request, uses(token, request.actor), size=31)
    context = {
        "token": token,
        "purposes": queries.purposes_of(token),
        "page_obj": page,
        "history": deeds([token], request.actor),
    }
    return render(request, "partners/token.html", context)


@about(token_of, "token.manage")
def revoke(request: WorkRequest, token: Any) -> HttpResponse:
    form = RevokeForm(request.POST or None)
    if form.accept(partial(services.revoke_token, token.pk, actor=request.actor)):
        return done(request, _("凭证已停用，对方立刻读不到了。"), "token", token.pk)
    return form_page(
        request,
        form,
        title=_("停用凭证"),
        subtitle=token,
        back=reverse("token", args=[token.pk]),
        note=_("停用不能撤销；以后还要用，就签发一个新的。读取的记录都留着。"),
    )
