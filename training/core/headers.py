"""Headers that every answer carries, whoever makes it: page, download, API, static file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

HEADERS: Final = {
    # Nothing here asks a browser for any of these; the station's camera is a program of its own.
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""For what is no page and passes no middleware that would say so: the API's answers."""


class SecurityHeaders:
    """Outermost but for Django's own, so that what answers early carries them too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", DATA_POLICY)
        return response
