"""What every page of the public site has in common: no account, no cookie, a limit, and caches may keep it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from training.web.gate import READING, View, at_most

KEPT_SECONDS: Final = 300
reading = at_most("portal", limit=300, seconds=600, methods=READING)
"""A village may sit behind one address."""


def in_asked_language(view: View) -> View:
    """`?lang=en` instead of a cookie: so the page of each language has an address, and a cache keeps both."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = request.GET.get("lang", "")
        if asked not in dict(settings.LANGUAGES):
            return view(request, *args, **kwargs)
        with translation.override(asked):
            return view(request, *args, **kwargs)

    return wrapped


def public_page(*, kept: int = KEPT_SECONDS) -> Callable[[View], View]:
    """Also for whoever is signed in, but nothing of that is on it; caches keep it for `kept` seconds."""

    def decorate(view: View) -> View:
        shown = cache_control(public=True, max_age=kept)(in_asked_language(view))
        return require_safe(login_not_required(reading(shown)))

    return decorate
