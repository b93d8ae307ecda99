from __future__ import annotations

from base64 import b32encode
from functools import partial
from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_otp import login as otp_login

from training.accounts import second_factor as factor
from training.accounts.choices import InvitationState
from training.accounts.invitations import accept_invitation, find_invitation, state_of
from training.accounts.queries import memberships_of
from training.accounts.trail import record_account
from training.core.errors import NotFoundError
from training.web.account.forms import CodeForm, FirstPasswordForm
from training.web.account.queries import done_by_others, own_sessions
from training.web.account.services import sign_out_browser, sign_out_others
from training.web.gate import WorkRequest, before_second_factor
from training.web.middleware import MEMBERSHIP_KEY


@require_POST
def switch_membership(request: HttpRequest) -> HttpResponse:
    """Work in another of one's own roles from here on; the page before may not exist in the new one."""
    chosen = request.POST.get("membership", "")
    if chosen not in {str(held.pk) for held in memberships_of(request.user.pk or 0)}:
        raise NotFoundError("accounts.Membership")
    request.session[MEMBERSHIP_KEY] = int(chosen)
    return redirect("home")


SIGNS_IN = "django.contrib.auth.backends.ModelBackend"


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds the link chooses the password and is in; one that does not open says what to do."""
    found = find_invitation(token)
    state = state_of(found) if found else None
    if found is None or state != InvitationState.OPEN:
        return render(request, "account/invitation_over.html", {"state": state}, status=410 if found else 404)
    form = FirstPasswordForm(found.user, request.POST or None)
    if not form.is_valid():
        return render(request, "account/invitation.html", {"form": form, "invited": found.user})
    user = accept_invitation(found.pk, form.cleaned_data["new_password1"])
    login(request, user, SIGNS_IN)
    messages.success(request, _("密码已设好，您已登录。"))
    return redirect("home")


class ChangePassword(PasswordChangeView):
    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        record_account(self.request.actor, "account.password_changed", form.user)  # type: ignore[attr-defined]
        messages.success(self.request, _("密码已改好，其他浏览器要重新登录。"))
        return answer


@never_cache
@before_second_factor
@require_http_methods(["GET", "POST"])
def second_factor(request: WorkRequest) -> HttpResponse:
    """Ask for the code; somebody without a device sets one up first."""
    if not factor.has_device(request.user):
        return redirect("second-factor-setup")
    form = CodeForm(request.POST or None)
    device = form.accept(partial(factor.match_code, request.user)) if request.POST else None
    if device is None:
        return render(request, "account/second_factor.html", {"form": form})
    otp_login(request, device)
    return redirect("home")


@never_cache
@before_second_factor
@require_http_methods(["GET", "POST"])
def second_factor_setup(request: WorkRequest) -> HttpResponse:
    """Show the key to the telephone, take its first code, hand out the recovery codes."""
    if factor.has_device(request.user) and not request.user.is_verified():
        return redirect("second-factor")  # a password alone does not replace a device
    form = CodeForm(request.POST or None)
    confirm = partial(factor.confirm_device, request.user, actor=request.actor)
    confirmed = form.accept(confirm) if request.POST else None
    if confirmed is not None:
        device, codes = confirmed
        otp_login(request, device)
        return render(request, "account/recovery_codes.html", {"codes": codes})
    device = factor.device_in_preparation(request.user)
    qr = segno.make(device.config_url, micro=False).svg_inline(scale=5, border=2, omitsize=True)
    shown = {"form": form, "qr": mark_safe(qr), "key": b32encode(device.bin_key).decode()}  # noqa: S308  segno's own SVG
    return render(request, "account/second_factor_setup.html", shown)


@require_GET
def security(request: WorkRequest) -> HttpResponse:
    """What guards this account: password, code, and where it is signed in."""
    shown = {
        "sessions": own_sessions(request),
        "has_device": factor.has_device(request.user),
        "done_by_others": done_by_others(request.user.pk),
    }
    return render(request, "account/security.html", shown)


@require_POST
def sign_out_elsewhere(request: WorkRequest) -> HttpResponse:
    """In all other browsers; with `here`, in this one as well."""
    here = "here" in request.POST
    keep = None if here else request.session.session_key
    sign_out_others(request.user.pk, keep=keep, actor=request.actor)
    return _leave(request) if here else redirect("security")


@require_POST
def sign_out_one(request: WorkRequest, browser: str) -> HttpResponse:
    ended = sign_out_browser(request.user.pk, browser, actor=request.actor)
    return _leave(request) if ended == request.session.session_key else redirect("security")


def _leave(request: WorkRequest) -> HttpResponse:
    logout(request)
    return redirect("login")
