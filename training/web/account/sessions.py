"""How long one stays signed in: until nobody has clicked for a while, and never beyond a working day."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

SIGNED_IN_AT: Final = "signed_in_at"
SEEN_AT: Final = "seen_at"
"""Session keys, in seconds of the system's clock: a demonstration that moves ours signs nobody out."""
NOTE_EVERY: Final = 60
"""Seconds between two notes of an active session; a row written on every click would cost more than the page."""


@receiver(user_logged_in)
def note_sign_in(request: HttpRequest, **_signal: object) -> None:
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = time.time()


class SessionLimitMiddleware:
    """Writing the session moves its end `SESSION_COOKIE_AGE` ahead; one that reached its end no longer exists."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = time.time()
            began = request.session.setdefault(SIGNED_IN_AT, now)
            if now - began > settings.SESSION_LENGTH.total_seconds():
                logout(request)
                return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
            if now - request.session.get(SEEN_AT, 0) > NOTE_EVERY:
                request.session[SEEN_AT] = now
        return self.get_response(request)
