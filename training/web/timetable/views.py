"""Timetables: making one, looking at a week, the places it happens at and the calendars that follow it."""

from __future__ import annotations

from datetime import date, time
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_GET, require_POST

from training.accounts.permissions import may
from training.scheduling import feeds as calendar_feeds
from training.scheduling import lessons
from training.scheduling import venues as places
from training.scheduling.calendars import CONTENT_TYPE
from training.scheduling.errors import ChangedMeanwhileError, GoneMeanwhileError
from training.scheduling.lessons import LessonPlan, planned_lesson, sketched_lesson
from training.scheduling.rules import Finding, refusals
from training.scheduling.venues import VENUE_FIELDS, keeps
from training.web.courses.queries import taught
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, csv_response, list_view, page_of
from training.web.timetable import forms, queries
from training.web.timetable.sheet import timetable_sheet

REMOVED = "removed_lesson"  # in the browser's session, until the next change

of_session = about(queries.session_of, "session.plan")
of_venue = about(queries.kept_venue_of, "venue.manage")


@of_session
def timetable(request: WorkRequest, session: Any) -> HttpResponse:
    return _timetable(request, session)


def _timetable(request: WorkRequest, session: Any, day_form: Any = None) -> HttpResponse:
    page = queries.timetable_page(session, request.actor)
    if page.editable and page.days and day_form is None:
        day_form = _day_form(session, page)
    context = {"page": page, "day_form": day_form, "removed": _removed(request, session)}
    context["taught"] = taught(session)
    status = 422 if day_form and day_form.errors else 200
    return render(request, "timetable/timetable.html", context, status=status)


@of_session
def add_lesson(request: WorkRequest, session: Any) -> HttpResponse:
    form = forms.LessonForm(request.POST or None, session=session)
    if "check" not in request.POST and form.accept(
        lambda **_said: lessons.add_lesson(session.pk, actor=request.actor, **form.plan)
    ):
        return done(request, _("课次已加入课程安排。"), "session-timetable", session.pk)
    return _lesson_page(request, session, form, _("添加课次"))


@of_session
def change_lesson(request: WorkRequest, session: Any, lesson: int) -> HttpResponse:
    stands = queries.lesson_in(session, lesson)
    if stands is None:
        return _gone(request, session, GoneMeanwhileError())
    form = forms.LessonForm(request.POST or None, session=session, lesson=stands)
    if "check" not in request.POST and form.accept(partial(_change, request, session, lesson, form)):
        return done(request, _("课次已改好。"), "session-timetable", session.pk)
    return _lesson_page(request, session, form, _("修改课次"), stands.pk)


def _change(request: WorkRequest, session: Any, lesson: int, form: Any, version: Any, **_said: Any) -> Any:
    try:
        return lessons.change_lesson(session.pk, lesson, version=version, actor=request.actor, **form.plan)
    except ChangedMeanwhileError as refusal:
        form.look_at(refusal.details["version"])
        raise


def _gone(request: WorkRequest, session: Any, gone: GoneMeanwhileError) -> HttpResponse:
    messages.error(request, str(gone))
    return redirect("session-timetable", session.pk)


def _lesson_page(
    request: WorkRequest, session: Any, form: Any, title: str, lesson: int | None = None
) -> HttpResponse:
    """The form beside what the rules say of it; `data-check` is where a script asks again as one types."""
    form.helper.attrs = {"data-check": _check_address(session, lesson)}
    asked = "check" in request.POST and form.is_valid()
    context = {
        "form": form,
        "title": title,
        "session": session,
        "checked": asked,
        "findings": _said(request, session, form, lesson) if asked else [],
    }
    return render(request, "timetable/lesson.html", context, status=422 if form.errors else 200)


def _check_address(session: Any, lesson: int | None) -> str:
    address = reverse("lesson-check", args=[session.pk])
    return f"{address}?lesson={lesson}" if lesson else address


@require_GET
@of_session
def check_lesson(request: WorkRequest, session: Any) -> HttpResponse:
    """What the rules say of a lesson as far as it is typed: a piece of a page."""
    form = forms.CheckedLessonForm(request.GET, session=session)
    form.is_valid()  # what makes no sense yet is as if it were not there
    lesson = sketched_lesson(session, form.typed, request.actor)
    asked = request.GET.get("lesson", "")
    lesson.pk = int(asked) if asked.isdecimal() else None
    found = _refusals_first(queries.check_typed(session, lesson, form.typed, request.actor))
    context = {"checked": form.typed.keys() >= queries.CHECKED, "findings": found}
    return render(request, "timetable/_findings.html", context)


def _said(request: WorkRequest, session: Any, form: Any, lesson: int | None) -> list[Finding]:
    planned = planned_lesson(session, LessonPlan(**form.plan), request.actor)
    planned.pk = lesson
    return _refusals_first(queries.check_planned(session, planned, request.actor))


def _refusals_first(found: list[Finding]) -> list[Finding]:
    return [*refusals(found), *(finding for finding in found if not finding.refuses)]


@require_POST
@of_session
def remove_lesson(request: WorkRequest, session: Any, lesson: int) -> HttpResponse:
    stands = queries.lesson_in(session, lesson)
    if stands is None:
        return _gone(request, session, GoneMeanwhileError())
    kept = {name: str(value) for name, value in queries.as_typed(stands, session).items()}
    lessons.remove_lesson(lesson, actor=request.actor)
    request.session[REMOVED] = kept | {"session": session.pk, "practical": stands.practical}
    return done(request, _("课次已删除。"), "session-timetable", session.pk)


def _removed(request: WorkRequest, session: Any) -> dict[str, Any] | None:
    """The lesson that this browser removed last, if it was one of this session."""
    kept: dict[str, Any] | None = request.session.get(REMOVED)
    return kept if kept and kept["session"] == session.pk else None


@require_POST
@of_session
def restore_lesson(request: WorkRequest, session: Any) -> HttpResponse:
    """Undo the removal: the same lesson again, if nothing has taken its place."""
    kept = _removed(request, session)
    if kept is None:
        return done(request, _("没有可以撤销的删除。"), "session-timetable", session.pk)
    lessons.add_lesson(
        session.pk,
        on=date.fromisoformat(kept["on"]),
        start=time.fromisoformat(kept["start"]),
        end=time.fromisoformat(kept["end"]),
        topic=kept["topic"],
        practical=kept["practical"],
        instructor_id=int(kept["instructor_id"]),
        venue_id=int(kept["venue_id"]),
        actor=request.actor,
    )
    del request.session[REMOVED]
    return done(request, _("课次已恢复。"), "session-timetable", session.pk)


@require_POST
@of_session
def whole_day(request: WorkRequest, session: Any) -> HttpResponse:
    form = _day_form(session, queries.timetable_page(session, request.actor), request.POST)
    moved = form.accept(partial(_whole_day, session.pk, actor=request.actor))
    if moved:
        return done(request, _("这一天的课已排好。"), "session-timetable", session.pk)
    return _timetable(request, session, form)


def _whole_day(session_id: int, *, how: str, day: date, to: date, actor: Any) -> Any:
    act = lessons.move_day if how == "move" else lessons.copy_day
    return act(session_id, day=day, to=to, actor=actor)


def _day_form(session: Any, page: queries.TimetablePage, data: Any = None) -> forms.DayForm:
    action = reverse("timetable-day", args=[session.pk])
    return forms.DayForm(data, days=[day.on for day in page.days], action=action)


@about(queries.session_of, "timetable.view")
def print_timetable(request: WorkRequest, session: Any) -> HttpResponse:
    name = _("%(code)s课程安排.pdf") % {"code": session.code}
    headers = {"Content-Disposition": content_disposition_header(False, name) or "inline"}
    return HttpResponse(timetable_sheet(session), content_type="application/pdf", headers=headers)


@needs("timetable.view")
def week(request: WorkRequest) -> HttpResponse:
    filters = forms.WeekFilter(request, actor=request.actor)
    chosen = {name: filters.value(name) for name in filters.fields if name != "on"}
    page = queries.week(request.actor, filters.cleaned_data.get("on"), **chosen)
    return render(request, "timetable/week.html", {"filters": filters, "week": page})


@list_view("venue.view", "timetable/venues.html", export="venues-export")
def venues(request: WorkRequest) -> Listing:
    filters = forms.VenueFilter(request, actor=request.actor)
    rows = queries.venues(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("场地.csv"), queries.VENUE_COLUMNS, queries.venue_lines))


@needs("venue.manage")
def add_venue(request: WorkRequest) -> HttpResponse:
    form = forms.VenueForm(request.POST or None)
    own = request.membership.institution_id if request.membership else None
    if form.accept(partial(places.add_venue, own, actor=request.actor)):
        return done(request, _("场地已添加。"), "venues")
    note = "" if own else _("商务局添加的是县里共用的场地，全县的培训机构都可以排课。")
    return form_page(request, form, title=_("添加场地"), back=reverse("venues"), note=note)


@about(queries.venue_of, "venue.view")
def venue(request: WorkRequest, venue: Any) -> HttpResponse:
    page = page_of(request, queries.lessons_at(venue, request.actor))
    mine = may(request.actor, "venue.manage") and keeps(request.actor, venue)
    shown = {
        "venue": venue,
        "page_obj": page,
        "mine": mine,
        "signs": queries.signs_at(venue, request.actor),
        "trained": queries.trained_at(venue, request.actor),
    }
    return render(request, "timetable/venue.html", shown)


@about(queries.venue_of, "venue.view")
def venue_lessons(request: WorkRequest, venue: Any) -> HttpResponseBase:
    rows = queries.lessons_at(venue, request.actor)
    name = _("%(venue)s的课次.csv") % {"venue": venue.name}
    return csv_response(name, queries.LESSON_COLUMNS, queries.lesson_lines(rows))


@of_venue
def change_venue(request: WorkRequest, venue: Any) -> HttpResponse:
    initial = {name: getattr(venue, name) for name in VENUE_FIELDS}
    form = forms.VenueForm(request.POST or None, initial=initial)
    if form.accept(partial(places.revise_venue, venue.pk, actor=request.actor)):
        return done(request, _("场地已保存。"), "venue", venue.pk)
    back = reverse("venue", args=[venue.pk])
    return form_page(request, form, title=_("修改场地"), subtitle=venue, back=back)


@require_POST
@of_venue
def retire_venue(request: WorkRequest, venue: Any) -> HttpResponse:
    places.retire_venue(venue.pk, actor=request.actor)
    return done(request, _("场地已停用，以后排课选不到它。"), "venue", venue.pk)


@require_POST
@of_venue
def reopen_venue(request: WorkRequest, venue: Any) -> HttpResponse:
    places.reopen_venue(venue.pk, actor=request.actor)
    return done(request, _("场地已重新启用。"), "venue", venue.pk)


@needs("timetable.view")
def feeds(request: WorkRequest) -> HttpResponse:
    initial = {"about": request.GET.get("about", "")}
    form = forms.FeedForm(request.POST or None, actor=request.actor, initial=initial)
    opened = form.accept(
        lambda **_said: calendar_feeds.open_feed(request.membership, actor=request.actor, **form.subject)  # type: ignore[arg-type]
    )
    context = {
        "form": form,
        "rows": calendar_feeds.feeds_of(request.membership, request.actor),
        "opened": opened[0] if opened else None,
        "address": _address(opened[1]) if opened else "",
    }
    return render(request, "timetable/feeds.html", context, status=422 if form.errors else 200)


def _address(token: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('calendar-feed', args=[token])}"


@require_POST
@about(queries.feed_of, "timetable.view")
def revoke_feed(request: WorkRequest, feed: Any) -> HttpResponse:
    calendar_feeds.revoke_feed(feed.pk, actor=request.actor)
    return done(request, _("订阅地址已停用，用它的日历不会再更新。"), "calendar-feeds")


def _read(request: HttpRequest, token: str) -> calendar_feeds.Feed:
    """Read once a request; in the county's language, whatever program asks."""
    if not hasattr(request, "calendar_feed"):
        with translation.override(settings.LANGUAGE_CODE):
            request.calendar_feed = calendar_feeds.read_feed(token)  # type: ignore[attr-defined]
    return request.calendar_feed  # type: ignore[attr-defined, no-any-return]


@require_GET
@login_not_required
@condition(
    etag_func=lambda request, token: f'"{_read(request, token).digest}"',
    last_modified_func=lambda request, token: _read(request, token).changed_at,
)
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """A calendar for whoever holds the address; no account needed, no person named."""
    response = HttpResponse(_read(request, token).ical, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "private, max-age=0, must-revalidate"
    response["Content-Disposition"] = 'inline; filename="yidang.ics"'
    return response
