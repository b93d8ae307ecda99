"""The county's screens: figures against targets, the rows behind them, and the rules of the programme."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import render

from training.core import clock
from training.programmes.queries import pending_version, the_programme
from training.web.county import queries, rulebook
from training.web.county.forms import EnrolmentFilter
from training.web.gate import WorkRequest, needs
from training.web.lists import Listing


@needs("indicator.view")
def indicators(request: WorkRequest) -> HttpResponse:
    page = queries.scoreboard(the_programme(request.actor), request.actor, as_of=clock.now())
    return render(request, "county/indicators.html", {"page": page})


@needs("indicator.view")
def enrolments(request: WorkRequest, depth: str) -> HttpResponse:
    """The rows that the figure of this depth counts, exactly."""
    return _rows(request, queries.depth_of(depth, the_programme(request.actor), request.actor))


@needs("indicator.view")
def target(request: WorkRequest, code: str) -> HttpResponse:
    """The rows that the figure of this target counts, exactly."""
    return _rows(request, queries.counted_for(code, the_programme(request.actor), request.actor))


def _rows(request: WorkRequest, found: queries.Depth) -> HttpResponse:
    filters = EnrolmentFilter(request)
    shown = partial(queries.named, actor=request.actor)
    rows = queries.places(found, **filters.chosen)
    return Listing(rows, filters, shown=shown).page(request, "county/enrolments.html", depth=found)


@needs("programme.view")
def programme(request: WorkRequest) -> HttpResponse:
    page = rulebook.rule_book(the_programme(request.actor), request.actor, on=clock.today())
    coming = pending_version(page.programme, request.actor)
    return render(request, "county/programme.html", {"page": page, "pending": coming})
