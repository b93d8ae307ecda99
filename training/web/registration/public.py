"""The pages that anybody may open: a session's registration, and what became of one's own application.

Whatever somebody hands in, the answer is the same: nobody learns here who is known, registered or taught.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from training.core.limits import TooManyRequestsError, caller, take
from training.enrolment.registration import (
    apply_oneself,
    call_by_token,
    find_own,
    new_receipt,
    withdraw_own,
)
from training.web.forms import CardForm
from training.web.gate import View
from training.web.registration.forms import PublicForm, ReceiptForm
from training.web.registration.queries import public_page

# A whole village may sit in one hall behind one address; a program does not stop at a village.
APPLY_PER_ADDRESS = {"limit": 60, "seconds": 600}
APPLY_PER_CALL = {"limit": 600, "seconds": 3600}
LOOK_UP_PER_ADDRESS = {"limit": 20, "seconds": 600}
RECEIPT_COOKIE, RECEIPT_SECONDS = "application", 1800


def _within(limits: Callable[..., Iterator[tuple[str, str, Mapping[str, int]]]]) -> Callable[[View], View]:
    """A view whose POSTs count against `limits(request, …)`, each a group, who, and how often."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                try:
                    for group, who, allowance in limits(request, **kwargs):
                        take(group, who, **allowance)
                except TooManyRequestsError as refusal:
                    return _too_many(request, refusal)
            return view(request, **kwargs)

        return wrapped

    return decorate


def _too_many(request: HttpRequest, refusal: TooManyRequestsError) -> HttpResponse:
    answer = render(request, "registration/too_many.html", {"error": refusal}, status=refusal.http_status)
    answer["Retry-After"] = str(refusal.allowance.seconds)
    return answer


def _sent(request: HttpRequest) -> Any:
    """Also what is empty: a program may send nothing at all."""
    return request.POST if request.method == "POST" else None


def _applying(request: HttpRequest, token: str) -> Iterator[tuple[str, str, Mapping[str, int]]]:
    yield "registration", caller(request), APPLY_PER_ADDRESS
    yield "registration-call", token, APPLY_PER_CALL


def _looking_up(request: HttpRequest) -> Iterator[tuple[str, str, Mapping[str, int]]]:
    yield "application-status", caller(request), LOOK_UP_PER_ADDRESS


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
@_within(_applying)
def apply(request: HttpRequest, token: str) -> HttpResponse:
    call = call_by_token(token)
    page = public_page(call)
    if not page.takes:
        return _shown(request, page, None)
    form = PublicForm(_sent(request), call=call)
    if not form.is_valid() or form.person is None:
        return _shown(request, page, form, status=422 if form.errors else 200)
    agreed = form.cleaned_data["group_consent"]
    # A program is told what everybody is told, and nothing is kept.
    receipt = (
        new_receipt()
        if form.filled_by_a_program
        else apply_oneself(token, person=form.person, group_consent=agreed)
    )
    answer = redirect("public-registration-done", token)
    _hand_over(answer, receipt, token)
    return answer


def _shown(request: HttpRequest, page: Any, form: CardForm | None, *, status: int = 200) -> HttpResponse:
    programme = page.session.institution.programme
    context = {"page": page, "form": form, "programme": programme, "days": settings.APPLICATION_DAYS}
    return render(request, "registration/public.html", context, status=status)


def _hand_over(answer: HttpResponse, receipt: str, token: str) -> None:
    """The receipt travels in a cookie of this one page, for half an hour: it is in no address and no log."""
    answer.set_signed_cookie(
        RECEIPT_COOKIE,
        receipt,
        salt=token,
        max_age=RECEIPT_SECONDS,
        path=reverse("public-registration-done", args=[token]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


@never_cache
@login_not_required
@require_GET
def done(request: HttpRequest, token: str) -> HttpResponse:
    call = call_by_token(token)
    receipt = request.get_signed_cookie(RECEIPT_COOKIE, default="", salt=token, max_age=RECEIPT_SECONDS)
    programme = call.training_session.institution.programme
    context = {"call": call, "receipt": receipt, "programme": programme}
    return render(request, "registration/done.html", context)


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
@_within(_looking_up)
def status(request: HttpRequest) -> HttpResponse:
    """The receipt and the phone's end are asked for each time; a wrong one and a strange one look the same."""
    form = ReceiptForm(_sent(request))
    found = find_own(**form.cleaned_data) if form.is_valid() else None
    return _told(request, form, found)


@never_cache
@login_not_required
@require_POST
@_within(_looking_up)
def withdraw(request: HttpRequest) -> HttpResponse:
    form = ReceiptForm(request.POST)
    found = form.accept(withdraw_own)
    return _told(request, form, found)


def _told(request: HttpRequest, form: ReceiptForm, found: Any) -> HttpResponse:
    if form.is_bound and found is None and not form.errors:
        form.add_error(None, _("没有找到。请核对编号和手机号后四位；编号丢了可以打培训机构或乡镇的电话问。"))
    programme = found.call.training_session.institution.programme if found else None
    context = {"form": form, "found": found, "programme": programme}
    return render(request, "registration/status.html", context, status=422 if form.errors else 200)
