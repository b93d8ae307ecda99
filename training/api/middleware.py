"""The station's way in, past what only people need."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.translation import gettext as _

from training.api.problems import problem

PREFIX = "/api/"


class StationsFirst:
    """Answers requests of stations itself: they have no session, no form and no page to be framed.

    What stands before it in `MIDDLEWARE` holds for them too, what stands behind it does not.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            response = _answer(request)
        response.headers["Content-Length"] = str(len(response.content))  # or the connection would be closed
        return response


def _answer(request: HttpRequest) -> HttpResponse:
    try:
        view, args, kwargs = request.resolver_match = resolve(request.path_info)
    except Resolver404:
        return problem(404, "not_found", _("没有这个地址，请对照接口文档。"))
    response: HttpResponse = view(request, *args, **kwargs)
    return response
