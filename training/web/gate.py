"""Who gets in. A stranger finds nothing (404), whatever their role; a colleague is told whose step it is (403)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from training.accounts.models import Membership
from training.accounts.permissions import demand
from training.core.actor import Actor
from training.core.limits import caller, take

READING, SENDING = frozenset({"GET", "HEAD"}), frozenset({"POST"})


class WorkRequest(HttpRequest):
    """A request after `ActorMiddleware`; `user` is ours, with django-otp's `is_verified`."""

    user: Any
    actor: Actor
    membership: Membership | None


View = Callable[..., HttpResponseBase]


def needs(act: str) -> Callable[[View], View]:
    """A page of many rows: the role must be allowed `act`; what is listed is scoped by its query."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: WorkRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            demand(request.actor, act)
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def about(fetch: Callable[[Any, Actor], Any], act: str) -> Callable[[View], View]:
    """A page of one row: `fetch(pk, actor)` comes first, so that the role of a stranger is never asked."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: WorkRequest, pk: Any, **kwargs: Any) -> HttpResponseBase:
            row = fetch(pk, request.actor)
            demand(request.actor, act)
            return view(request, row, **kwargs)

        return wrapped

    return decorate


def at_most(group: str, *, limit: int, seconds: int, methods: frozenset[str]) -> Callable[[View], View]:
    """A page that one address may ask for so often; beyond that TooManyRequestsError, which is a page too."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in methods:
                take(group, caller(request), limit=limit, seconds=seconds)
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def before_second_factor(view: View) -> View:
    """A page for somebody who gave their password and not yet their code."""
    view.before_second_factor = True  # type: ignore[attr-defined]
    return view
