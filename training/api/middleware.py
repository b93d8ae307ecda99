"""The station's way in, past what only people need."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils import translation

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
        view, args, kwargs = request.resolver_match = resolve(request.path_info)
        with translation.override(translation.get_language_from_request(request)):
            response: HttpResponse = view(request, *args, **kwargs)
        response.headers["Content-Length"] = str(len(response.content))  # or the connection would be closed
        return response
