"""Who asks, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from training.accounts.queries import actor_for, membership_of
from training.core.actor import NOBODY
from training.core.errors import NotFoundError, TrainingError

MEMBERSHIP_KEY = "membership"
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
                request.actor = actor_for(membership)  # type: ignore[attr-defined]
        return self.get_response(request)


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
        back = request.headers.get("Referer", "")
        if request.method == "POST" and url_has_allowed_host_and_scheme(back, {request.get_host()}):
            messages.error(request, str(error))
            return redirect(back)
        return render(request, "refusal.html", {"error": error}, status=error.http_status)
