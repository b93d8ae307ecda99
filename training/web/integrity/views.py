"""What the nightly check of everything found, for the bureau and whoever examines it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from training.web.gate import WorkRequest, about
from training.web.integrity import queries
from training.web.integrity.forms import FindingFilter, RunFilter
from training.web.lists import File, Listing, list_view

of_run = about(queries.find_run, "integrity.view")


@list_view("integrity.view", "integrity/runs.html", export="integrity-export")
def runs(request: WorkRequest) -> Listing:
    filters = RunFilter(request)
    rows = queries.runs(request.actor, **filters.chosen)
    file = File(_("数据核对.csv"), queries.RUN_COLUMNS, queries.run_lines)
    return Listing(rows, filters, file, lambda page: [(run, queries.counted(run)) for run in page])


@require_safe
@of_run
def findings(request: WorkRequest, run: Any) -> HttpResponse:
    export = reverse("integrity-run-export", args=[run.pk])
    return _findings(request, run).page(request, "integrity/findings.html", export=export)


@require_safe
@of_run
def findings_file(request: WorkRequest, run: Any) -> Any:
    return _findings(request, run).download()


def _findings(request: WorkRequest, run: Any) -> Listing:
    filters = FindingFilter(request)
    rows = queries.findings(run, **filters.chosen)
    file = File(_("数据核对的问题.csv"), queries.FINDING_COLUMNS, queries.finding_lines)
    beside = {"run": run, "counted": queries.counted(run)}
    return Listing(rows, filters, file, queries.lines, beside=beside)
