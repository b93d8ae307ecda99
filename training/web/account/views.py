from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from training.accounts.queries import memberships_of
from training.core.errors import NotFoundError
from training.web.middleware import MEMBERSHIP_KEY


@require_POST
def switch_membership(request: HttpRequest) -> HttpResponse:
    """Work in another of one's own roles from here on; the page before may not exist in the new one."""
    chosen = request.POST.get("membership", "")
    if chosen not in {str(held.pk) for held in memberships_of(request.user.pk or 0)}:
        raise NotFoundError("accounts.Membership")
    request.session[MEMBERSHIP_KEY] = int(chosen)
    return redirect("home")
