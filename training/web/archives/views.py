"""The to-do list of archives (档案待办)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from training.dossiers.doubts import settle_doubt
from training.web.archives import doubts, queries
from training.web.archives.forms import SettleForm, TodoFilter
from training.web.forms import done
from training.web.gate import WorkRequest, about
from training.web.lists import File, Listing, list_view


@list_view("archive.todo", "archives/todo.html", export="archive-todo-export")
def todo(request: WorkRequest) -> Listing:
    """What is missing where, with its deadline; one's own side's unless somebody else's is asked for."""
    actor = request.actor
    queries.up_to_date(actor)
    items, institutions = queries.item_choices(actor), queries.institution_choices(actor)
    filters = TodoFilter(request, items, institutions, ours_only=queries.owes_alone(actor))
    lines = partial(queries.lines, actor=actor)
    file = File(_("档案待办.csv"), queries.COLUMNS, lines, lambda rows: sum(1 for _line in lines(rows)))
    rows = queries.todo(actor, **filters.chosen)
    return Listing(rows, filters, file, partial(queries.todo_rows, actor=actor))


@about(doubts.session_of, "doubt.settle")
def session_doubts(request: WorkRequest, session: Any) -> HttpResponse:
    """What the software noticed about its people, with what it noticed it by; each is settled with a reason."""
    form = SettleForm(request.POST or None)
    if form.accept(partial(settle_doubt, session, actor=request.actor)):
        return done(request, _("核对结果已记下，不再算疑点。"), "session-doubts", session.pk)
    page = {"session": session, "rows": doubts.doubt_rows(session, form)}
    return render(request, "archives/doubts.html", page, status=422 if form.errors else 200)
