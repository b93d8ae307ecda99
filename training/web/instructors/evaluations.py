"""What trainees and the bureau thought of those who taught a session."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from training.assessment.choices import Source
from training.assessment.services import record_evaluation
from training.selfservice.queries import ratings_of
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about
from training.web.instructors import queries
from training.web.instructors.forms import EvaluationForm
from training.web.lists import File, FilterForm, Listing, list_view


@list_view("evaluation.view_owed", "instructors/unjudged.html", export="evaluations-owed-export")
def owed(request: WorkRequest) -> Listing:
    """Each side's own: whom it has not judged after a class was closed."""
    filters = FilterForm(request)
    shown = partial(queries.unjudged_rows, request.actor)
    file = File(_("待评价.csv"), queries.UNJUDGED_COLUMNS, lambda rows: queries.unjudged_lines(shown(rows)))
    return Listing(queries.unjudged(request.actor, **filters.chosen), filters, file, shown)


@require_GET
@about(queries.session_of, "evaluation.view")
def evaluations(request: WorkRequest, session: Any) -> HttpResponse:
    context = {"session": session, "rows": queries.judged(session, request.actor)}
    context["rated"] = ratings_of(session, request.actor)
    return render(request, "instructors/evaluations.html", context)


@about(queries.session_of, "evaluation.record")
def trainees(request: WorkRequest, session: Any, instructor: int) -> HttpResponse:
    note = _("把收回的问卷按题求平均填在这里，只填份数和平均分；问卷原件留在机构备查。")
    return _record(request, session, instructor, Source.TRAINEES, title=_("登记学员问卷结果"), note=note)


@about(queries.session_of, "evaluation.give")
def bureau(request: WorkRequest, session: Any, instructor: int) -> HttpResponse:
    note = _("1 分很差，5 分很好。评分机构看得到。")
    return _record(request, session, instructor, Source.BUREAU, title=_("商务局评分"), note=note)


def _record(
    request: WorkRequest, session: Any, instructor: int, source: Source, *, title: Any, note: Any
) -> HttpResponse:
    teacher = queries.teacher_of(session, instructor)
    form = EvaluationForm(
        request.POST or None,
        initial=queries.earlier(session, teacher, source),
        source=source,
        people=queries.people(session),
    )
    kept = form.accept(
        lambda **_cleaned: record_evaluation(
            session.pk, instructor_id=teacher.pk, source=source, actor=request.actor, **form.said
        )
    )
    if kept:
        return done(request, _("评价已登记。"), "evaluations", session.pk)
    back = reverse("evaluations", args=[session.pk])
    return form_page(request, form, title=title, subtitle=teacher, back=back, note=note)
