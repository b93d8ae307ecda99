"""Who asks, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from training.accounts.choices import SECOND_FACTOR_ROLES
from training.accounts.queries import actor_for, membership_of
from training.accounts.second_factor import PENDING
from training.core.actor import NOBODY
from training.core.errors import NotFoundError, TrainingError
from training.core.limits import TooManyRequestsError
from training.uploads.services import whole_file
from training.web.gate import WorkRequest

MEMBERSHIP_KEY = "membership"
MOST_RESUMED = 60  # files of one form
GetResponse = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Sets `request.actor` and `request.membership`: the role this person works in right now."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = None  # type: ignore[attr-defined]
        request.actor = NOBODY  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            membership = membership_of(request.user.pk, request.session.get(MEMBERSHIP_KEY))
            if membership is not None:
                request.membership = membership  # type: ignore[attr-defined]
                device = request.headers.get("User-Agent", "")[:200]
                request.actor = replace(actor_for(membership), device=device)  # type: ignore[attr-defined]
        return self.get_response(request)


class SecondFactorMiddleware:
    """Whoever must give a code, or has the device for one, sees nothing of the work before they gave it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: WorkRequest, view: Callable[..., object], _args: object, _kwargs: object
    ) -> HttpResponse | None:
        if getattr(view, "before_second_factor", False) or not getattr(view, "login_required", True):
            return None
        if not settings.SECOND_FACTOR or not request.user.is_authenticated or not _asked(request):
            return None
        return None if request.user.is_verified() else redirect("second-factor")


def _asked(request: WorkRequest) -> bool:
    role = request.membership.role if request.membership else ""
    staff: bool = request.user.is_staff
    return role in SECOND_FACTOR_ROLES or staff or bool(request.session.get(PENDING))


class ResumedFilesMiddleware:
    """Puts files that came piece by piece where a form looks for those that were sent with it.

    The form names them as `resumed`: its field, a colon, the upload. What can't be had is left out, so that the
    form asks for it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: WorkRequest, view: Callable[..., object], _args: object, _kwargs: object
    ) -> None:
        """Not for public pages: nobody's uploads are theirs, and one of them reads its body itself."""
        public = not getattr(view, "login_required", True)
        if public or request.method != "POST" or request.content_type != "multipart/form-data":
            return
        for said in request.POST.getlist("resumed")[:MOST_RESUMED]:
            field, _colon, upload = said.partition(":")
            with suppress(TrainingError, ValueError):
                file = SimpleUploadedFile(*whole_file(UUID(upload), actor=request.actor))
                request.FILES.appendlist(field, file)


class RefusalMiddleware:
    """Turns a TrainingError that no view dealt with into a page or, after a form, into a message."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TrainingError):
            return None
        if isinstance(error, NotFoundError):
            return render(request, "404.html", status=404)
        if isinstance(error, TooManyRequestsError):
            answer = render(request, "too_many.html", {"error": error}, status=error.http_status)
            answer["Retry-After"] = str(error.allowance.seconds)
            return answer
        back = request.headers.get("Referer", "")
        if request.method == "POST" and url_has_allowed_host_and_scheme(back, {request.get_host()}):
            messages.error(request, str(error))
            return redirect(back)
        return render(request, "refusal.html", {"error": error}, status=error.http_status)
