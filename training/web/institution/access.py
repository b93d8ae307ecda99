from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import INSTITUTION_ROLES
from training.core.errors import ForbiddenError

View = Callable[..., HttpResponse]


def for_institutions(view: View) -> View:
    """The page is an institution's own; its id is in `request.membership.institution_id`."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.actor.role not in INSTITUTION_ROLES:  # type: ignore[attr-defined]
            raise ForbiddenError(_("这里是培训机构的工作区，不由您的岗位办理。"))
        return view(request, *args, **kwargs)

    return wrapped
