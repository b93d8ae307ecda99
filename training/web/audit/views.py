"""Who did what: for whoever answers for it, and for whoever examines it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from training.web.audit import queries
from training.web.audit.forms import AuditFilter
from training.web.gate import WorkRequest
from training.web.lists import File, Listing, list_view


@list_view("audit.view", "audit/trail.html", export="audit-export")
def trail(request: WorkRequest) -> Listing:
    filters = AuditFilter(request)
    rows = queries.trail(request.actor, **filters.chosen)
    file = File(_("操作记录.csv"), queries.AUDIT_COLUMNS, queries.audit_lines)
    return Listing(rows, filters, file, queries.entries, size=50)
