"""What is not held as approved: changes, people who come or go, cancellation, stopping, whom to call."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from training.accounts.permissions import may
from training.enrolment import roster_changes
from training.enrolment.call_list import people_to_call
from training.scheduling import changes as scheduling
from training.scheduling import running
from training.scheduling.choices import ChangeKind
from training.web.changes import forms, queries
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about
from training.web.lists import File, Listing, download, list_view, page_of

of_session = partial(about, queries.session_of)
A_ROSTER = 50


@list_view("change.view", "changes/list.html", export="changes-export")
def changes(request: WorkRequest) -> Listing:
    filters = forms.ChangeFilter(request)
    rows = queries.search(request.actor, **filters.chosen)
    file = File(_("变更申请.csv"), queries.CHANGE_COLUMNS, queries.change_lines)
    return Listing(rows, filters, file, queries.with_differences)


@about(queries.change_of, "change.view")
def change(request: WorkRequest, change: Any) -> HttpResponse:
    form = forms.DeclineForm(action=reverse("change-decline", args=[change.pk]))
    shown = {"page": queries.change_page(change, request.actor), "form": form}
    return render(request, "changes/change.html", shown)


@about(queries.lesson_of, "change.request")
def request_lesson(request: WorkRequest, lesson: Any) -> HttpResponse:
    form = forms.LessonChangeForm(
        request.POST or None,
        lesson=lesson,
        instructors=queries.instructors_of(lesson),
        venues=queries.venues_of(lesson),
    )
    asked = form.accept(partial(scheduling.request_lesson_change, lesson.pk, actor=request.actor))
    if asked:
        return done(request, _("变更申请已提交。商务局决定以前，按原批准的安排执行。"), "change", asked.pk)
    return form_page(
        request,
        form,
        title=_("申请变更课次"),
        subtitle=lesson,
        back=_session_page(request, lesson.training_session_id),
        note=_("下面是批准的安排，把要变更的改掉。商务局同意以后才算数；课次一开始就不能再变更。"),
    )


def _session_page(request: WorkRequest, session_id: int) -> str:
    """Each side has its own page of a session."""
    return reverse("session" if may(request.actor, "session.plan") else "bureau-session", args=[session_id])


@require_POST
@about(queries.change_of, "change.decide")
def approve(request: WorkRequest, change: Any) -> HttpResponse:
    decide = (
        roster_changes.approve_roster_change
        if change.kind == ChangeKind.ROSTER
        else scheduling.approve_lesson_change
    )
    decide(change.pk, actor=request.actor)
    return done(request, _("变更已批准，机构和签到终端会得到新的安排。"), "change", change.pk)


@about(queries.change_of, "change.decide")
def decline(request: WorkRequest, change: Any) -> HttpResponse:
    form = forms.DeclineForm(request.POST or None)
    if form.accept(partial(scheduling.decline_change, change.pk, actor=request.actor)):
        return done(request, _("没有批准变更，机构会看到原因。"), "change", change.pk)
    back = reverse("change", args=[change.pk])
    return form_page(request, form, title=_("不予变更"), subtitle=change, back=back)


@require_POST
@about(queries.change_of, "change.request")
def withdraw(request: WorkRequest, change: Any) -> HttpResponse:
    scheduling.withdraw_change(change.pk, actor=request.actor)
    return done(request, _("变更申请已撤回。"), "change", change.pk)


@of_session("change.view")
def roster(request: WorkRequest, session: Any) -> HttpResponse:
    """The change list of the frozen roster, and the people to take off it."""
    filters = forms.RosterFilter(request)
    people = page_of(request, queries.on_roster(session, filters.value("q")), size=A_ROSTER)
    shown = {
        "page": queries.roster_page(session),
        "filters": filters,
        "page_obj": people,
        "back": _session_page(request, session.pk),
    }
    return render(request, "changes/roster.html", shown)


@require_GET
@of_session("change.view")
def roster_export(_request: WorkRequest, session: Any) -> StreamingHttpResponse:
    """The change list, as it stands in item A7."""
    rows = queries.roster_page(session).changes
    name = _("%(session)s名册增减.csv") % {"session": session.code}
    return download(File(name, queries.ROSTER_CHANGE_COLUMNS, queries.roster_change_lines), rows)


@of_session("change.request")
def add_person(request: WorkRequest, session: Any) -> HttpResponse:
    form = forms.AddPersonForm(request.POST or None, groups=queries.group_names(session))
    change = form.accept(
        lambda **said: roster_changes.add_person(
            session.pk, cells=form.cells, reason=said["reason"], actor=request.actor
        )
    )
    if change:
        return _changed(request, change)
    back = reverse("roster-changes", args=[session.pk])
    return form_page(request, form, title=_("往名册上加人"), subtitle=session, back=back)


@about(queries.enrolment_of, "change.request")
def remove_person(request: WorkRequest, enrolment: Any) -> HttpResponse:
    form = forms.RemoveForm(request.POST or None)
    change = form.accept(partial(roster_changes.remove_person, enrolment.pk, actor=request.actor))
    if change:
        return _changed(request, change)
    back = reverse("roster-changes", args=[enrolment.training_session_id])
    return form_page(request, form, title=_("退出名册"), subtitle=enrolment.trainee, back=back)


def _changed(request: WorkRequest, change: Any) -> HttpResponse:
    if change.request_id:
        return done(request, _("超过可以自行增减的人数，已报商务局决定。"), "change", change.request_id)
    said = _("名册已更新，签到终端会得到新的名册。增减的人、原因和日期都留在档案里。")
    return done(request, said, "roster-changes", change.training_session_id)


@of_session("session.call_off")
def cancel(request: WorkRequest, session: Any) -> HttpResponse:
    form = forms.CancelForm(request.POST or None)
    if form.accept(partial(running.cancel_session, session.pk, actor=request.actor)):
        return _over(request, session, _("本期已取消，签到终端会撤下它。"))
    back, note = _session_page(request, session.pk), _("取消后不能恢复，名册上的人要逐个通知到。")
    return form_page(request, form, title=_("取消本期"), subtitle=session, back=back, note=note)


@of_session("session.stop")
def stop(request: WorkRequest, session: Any) -> HttpResponse:
    form = forms.StopForm(request.POST or None)
    if form.accept(partial(running.stop_session, session.pk, actor=request.actor)):
        return _over(request, session, _("培训已中止，签到终端会撤下它。"))
    back = _session_page(request, session.pk)
    note = _("中止后不能恢复：本期不能结课、不计人次，已有的签到记录保留。")
    return form_page(request, form, title=_("中止培训"), subtitle=session, back=back, note=note)


def _over(request: WorkRequest, session: Any, said: str) -> HttpResponse:
    if session.enrolments.exists():
        return done(request, said, "call-list", session.pk)
    return done(request, said, "sessions" if may(request.actor, "session.plan") else "bureau-sessions")


@never_cache
@of_session("call_list.view")
def call_list(request: WorkRequest, session: Any) -> HttpResponse:
    """Whom to tell that things are otherwise; numbers stand on the answer to a POST only, and are on record."""
    people = people_to_call(session.pk, actor=request.actor) if request.method == "POST" else None
    count = queries.on_roster(session).count()
    told = ngettext("%(n)s 人要通知", "%(n)s 人要通知", count) % {"n": count}
    shown = {"session": session, "people": people, "told": told, "back": _session_page(request, session.pk)}
    return render(request, "changes/calls.html", shown)
