"""The rules of the county's programme, with where they stand."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from training.core import clock
from training.programmes.queries import pending_version, the_programme
from training.web.county import rulebook
from training.web.gate import WorkRequest, needs


@needs("programme.view")
def programme(request: WorkRequest) -> HttpResponse:
    page = rulebook.rule_book(the_programme(request.actor), request.actor, on=clock.today())
    coming = pending_version(page.programme, request.actor)
    return render(request, "county/programme.html", {"page": page, "pending": coming})
