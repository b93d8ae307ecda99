from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from training.core.actor import NOBODY, Actor
from training.core.errors import NotFoundError
from training.notifications.queries import memberships_with_unread
from training.programmes.models import Programme
from training.programmes.queries import the_programme
from training.web.navigation import links_for


def workplace(request: HttpRequest) -> dict[str, Any]:
    """What every page shows of who is signed in and for which programme; asked for only when shown."""
    actor: Actor = getattr(request, "actor", NOBODY)
    user = getattr(request, "user", None)
    memberships: Any = SimpleLazyObject(lambda: memberships_with_unread(user.pk) if user and user.pk else [])
    return {
        "membership": getattr(request, "membership", None),
        "actor": actor,
        "memberships": memberships,
        "unread": SimpleLazyObject(lambda: sum(held.unread for held in memberships)),
        "programme": SimpleLazyObject(lambda: _programme(actor)),
        "links": links_for(actor.role, request.path),
    }


def _programme(actor: Actor) -> Programme | None:
    try:
        return the_programme(actor)
    except NotFoundError:
        return None
