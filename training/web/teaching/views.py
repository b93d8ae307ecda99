"""What an instructor who signs in works with: the own lessons; the rest are pages they share with others."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from training.web.gate import WorkRequest, needs
from training.web.instructors.views import instructor
from training.web.lists import File, Listing, list_view
from training.web.teaching import queries
from training.web.teaching.forms import LessonFilter


@list_view("teaching.view", "teaching/lessons.html", export="taught-lessons-export")
def lessons(request: WorkRequest) -> Listing:
    filters = LessonFilter(request)
    rows = queries.lessons(request.actor, **filters.chosen)
    file = File(_("我的课次.csv"), queries.COLUMNS, queries.lines)
    return Listing(rows, filters, file, queries.shown)


@needs("teaching.view")
def record(request: WorkRequest) -> HttpResponseBase:
    """The own page in the 师资库: proofs, averages, what the bureau knows."""
    return instructor(request, pk=queries.own_instructor(request.actor).pk)
