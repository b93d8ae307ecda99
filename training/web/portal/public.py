"""What every page of the public site has in common: no account, no cookie, a limit, and caches may keep it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from training.web.gate import READING, View, at_most

KEPT_SECONDS: Final = 300
reading = at_most("portal", limit=300, seconds=600, methods=READING)
"""A village may sit behind one address."""


def public_page(*, kept: int = KEPT_SECONDS) -> Callable[[View], View]:
    """Also for whoever is signed in, but nothing of that is on it; caches keep it for `kept` seconds."""

    def decorate(view: View) -> View:
        shown = cache_control(public=True, max_age=kept)(view)
        return require_safe(login_not_required(reading(shown)))

    return decorate
