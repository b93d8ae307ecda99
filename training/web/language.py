"""The language as a part of the address: `?lang=en` needs no cookie, and a cache keeps the page of each."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation


def asked_language(request: HttpRequest) -> str:
    """Blank where the address names none that there is."""
    asked = request.GET.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else ""


def carried(request: HttpRequest, address: str) -> str:
    """An address of ours in the language that was asked for, if one was."""
    asked = asked_language(request)
    if not asked or "lang=" in address:
        return address
    page, mark, place = address.partition("#")
    return f"{page}{'&' if '?' in page else '?'}{urlencode({'lang': asked})}{mark}{place}"


class AskedLanguageMiddleware:
    """Answers in the language of the address, and a redirect stays in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if asked := asked_language(request):
            translation.activate(asked)
        answer = self.get_response(request)
        if answer.get("Location", "").startswith("/"):
            answer["Location"] = carried(request, answer["Location"])
        return answer
