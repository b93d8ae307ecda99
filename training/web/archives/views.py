"""The to-do list of archives (档案待办)."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext as _

from training.web.archives import queries
from training.web.archives.forms import TodoFilter
from training.web.gate import WorkRequest
from training.web.lists import File, Listing, list_view


@list_view("archive.todo", "archives/todo.html", export="archive-todo-export")
def todo(request: WorkRequest) -> Listing:
    """What is missing where, with its deadline; one's own side's unless somebody else's is asked for."""
    actor = request.actor
    queries.up_to_date(actor)
    filters = TodoFilter(request, queries.item_choices(actor), queries.institution_choices(actor))
    file = File(_("档案待办.csv"), queries.COLUMNS, partial(queries.lines, actor=actor))
    rows = queries.todo(actor, **filters.chosen)
    return Listing(rows, filters, file, partial(queries.todo_rows, actor=actor))
