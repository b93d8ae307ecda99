"""Accounts: whose they are, what they may be, and whether they open."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from training.accounts import services
from training.accounts.choices import Role
from training.institutions.services import give_staff_role
from training.web.forms import CardForm, done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, list_view
from training.web.people import queries
from training.web.people.forms import (
    AccountFilter,
    CountyAccountForm,
    CountyRoleForm,
    DeactivateForm,
    EndRoleForm,
    StaffRoleForm,
)
from training.web.people.links import show_link


@list_view("account.view", "people/accounts.html", export="accounts-export")
def accounts(request: WorkRequest) -> Listing:
    filters = AccountFilter(request, queries.roles_of(request.actor))
    rows = queries.listed(request.actor, **filters.chosen)
    file = File(_("账号.csv"), queries.ACCOUNT_COLUMNS, queries.account_lines)
    return Listing(rows, filters, file, queries.shown)


@never_cache
@needs("account.open")
def add(request: WorkRequest) -> HttpResponse:
    """The link is on the answer to the POST and nowhere else."""
    form = CountyAccountForm(request.POST or None)
    form.offer(queries.programmes(request.actor), whole=queries.looks_after_all(request.actor))
    if link := form.accept(partial(services.open_county_account, actor=request.actor)):
        back = reverse("account", args=[link.user.pk])
        return show_link(request, link, back=back, again=reverse("account-add"))
    note = _(
        "给县里的人开账号；培训机构的人由商务局在“培训机构”里开。开好后得到一个链接，交给本人自己设密码。"
    )
    return form_page(request, form, title=_("开通账号"), back=reverse("accounts"), note=note)


@require_GET
@about(queries.find, "account.view")
def account(request: WorkRequest, user: Any) -> HttpResponse:
    page = queries.account_page(user, request.actor)
    return render(request, "people/account.html", {"page": page, "account": user})


@never_cache
@require_POST
@about(queries.find, "account.manage")
def new_link(request: WorkRequest, user: Any) -> HttpResponse:
    link = services.issue_new_link(user.pk, actor=request.actor)
    return show_link(request, link, back=reverse("account", args=[user.pk]))


@about(queries.find, "account.manage")
def deactivate(request: WorkRequest, user: Any) -> HttpResponse:
    form = DeactivateForm(request.POST or None)
    if form.accept(partial(services.deactivate_account, user.pk, actor=request.actor)):
        return done(request, _("账号已停用，已登录的浏览器全部退出。"), "account", user.pk)
    note = _("停用以后立刻不能登录，正登录着的马上退出。他经办过的记录都留着；以后可以恢复。")
    return _about_account(request, user, form, _("停用账号"), note)


@require_POST
@about(queries.find, "account.manage")
def reactivate(request: WorkRequest, user: Any) -> HttpResponse:
    services.reactivate_account(user.pk, actor=request.actor)
    return done(request, _("账号已恢复，岗位和密码都和以前一样。"), "account", user.pk)


@require_POST
@about(queries.find, "second_factor.forget")
def forget_second_factor(request: WorkRequest, user: Any) -> HttpResponse:
    services.forget_second_factor(user.pk, actor=request.actor)
    return done(request, _("动态码已清除，本人下次登录时重新设置。"), "account", user.pk)


@about(queries.find, "account.manage")
def give_role(request: WorkRequest, user: Any) -> HttpResponse:
    form, give = _role_form(request, user)
    if form.accept(give):
        return done(request, _("岗位已增加，本人在右上角切换。"), "account", user.pk)
    return _about_account(request, user, form, _("增加岗位"))


def _role_form(request: WorkRequest, user: Any) -> tuple[CardForm, Any]:
    """An administrator gives the county's roles, the bureau those at institutions."""
    data, actor = request.POST or None, request.actor
    if actor.role == Role.ADMIN:
        form = CountyRoleForm(data)
        form.offer(queries.programmes(actor), whole=queries.looks_after_all(actor))
        return form, partial(services.give_county_role, user.pk, actor=actor)
    at_institution = StaffRoleForm(data, institutions=queries.institutions(actor))
    return at_institution, partial(give_staff_role, user_id=user.pk, actor=actor)


@about(queries.membership, "account.manage")
def end_role(request: WorkRequest, membership: Any) -> HttpResponse:
    form = EndRoleForm(request.POST or None)
    if form.accept(partial(services.end_membership, membership.pk, actor=request.actor)):
        return done(request, _("岗位已取消。"), "accounts")
    note = _("%(role)s · %(workplace)s。取消以后立刻不能再办这个岗位的事；账号还在，经办过的记录都留着。") % {
        "role": membership.get_role_display(),
        "workplace": membership.workplace,
    }
    return _about_account(request, membership.user, form, _("取消岗位"), note)


def _about_account(
    request: WorkRequest, user: Any, form: CardForm, title: str, note: str = ""
) -> HttpResponse:
    back = reverse("account", args=[user.pk])
    return form_page(request, form, title=title, subtitle=user, back=back, note=note)
