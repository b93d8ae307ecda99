"""Courses, their outlines and courseware: the institution writes them, the bureau approves them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from training.accounts.permissions import demand
from training.courses import services
from training.courses.choices import OUTLINE_EDITABLE
from training.courses.queries import lines
from training.web.courses import forms, queries
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, list_view


def _own(request: WorkRequest) -> int:
    """The institution this membership works at; the gate let only institution roles in."""
    return request.membership.institution_id  # type: ignore[union-attr, return-value]


def _institutions(request: WorkRequest) -> Any:
    """To choose from; none for whoever works at one."""
    at_one = request.membership is not None and request.membership.institution_id is not None
    return () if at_one else queries.institutions(request.actor)


# Courses


@list_view("course.view", "courses/courses.html", export="courses-export")
def courses(request: WorkRequest) -> Listing:
    rules = queries.rules_in_force(request.actor)
    filters = forms.CourseFilter(request, rules, _institutions(request))
    rows = queries.courses(request.actor, **filters.chosen)
    shown = partial(queries.course_rows, rules=rules)
    file = File(_("课程.csv"), queries.COURSE_COLUMNS, lambda rows: queries.course_lines(shown(rows)))
    return Listing(rows, filters, file, shown)


@needs("outline.manage")
def add_course(request: WorkRequest) -> HttpResponse:
    form = forms.CourseForm(request.POST or None, rules=queries.rules_in_force(request.actor))
    made = form.accept(
        lambda **course: services.add_course(_own(request), course=course, actor=request.actor)
    )
    if made:
        return done(request, _("课程已建立，接着写大纲。"), "outline-write", made.outlines.get(version=1).pk)
    return form_page(request, form, title=_("新建课程"), back=reverse("courses"))


@about(queries.course_of, "course.view")
def course(request: WorkRequest, course: Any) -> HttpResponse:
    return render(
        request, "courses/course.html", {"page": queries.course_page(course, request.actor), "course": course}
    )


@about(queries.course_of, "outline.manage")
def revise_course(request: WorkRequest, course: Any) -> HttpResponse:
    initial = {name: getattr(course, name) for name in services.COURSE_FIELDS}
    rules = queries.rules_in_force(request.actor)
    form = forms.CourseForm(request.POST or None, initial=initial, rules=rules)
    if form.accept(lambda **said: services.revise_course(course.pk, course=said, actor=request.actor)):
        return done(request, _("课程已保存。"), "course", course.pk)
    back = reverse("course", args=[course.pk])
    return form_page(request, form, title=_("修改课程"), subtitle=course, back=back)


@require_POST
@about(queries.course_of, "outline.manage")
def draft_outline(request: WorkRequest, course: Any) -> HttpResponse:
    outline = services.draft_outline(course.pk, actor=request.actor)
    return redirect("outline-write", outline.pk)


@require_POST
@about(queries.course_of, "outline.manage")
def retire_course(request: WorkRequest, course: Any) -> HttpResponse:
    services.retire_course(course.pk, actor=request.actor)
    return done(request, _("课程已停用，不再用来开班；随时可以恢复。"), "course", course.pk)


@require_POST
@about(queries.course_of, "outline.manage")
def restore_course(request: WorkRequest, course: Any) -> HttpResponse:
    services.restore_course(course.pk, actor=request.actor)
    return done(request, _("课程已恢复使用。"), "course", course.pk)


# Outlines


@list_view("course.view", "courses/outlines.html", export="outlines-export")
def outlines(request: WorkRequest) -> Listing:
    filters = forms.OutlineFilter(request, _institutions(request))
    rows = queries.outlines(request.actor, **filters.chosen)
    shown = partial(queries.outline_rows, rules=queries.rules_in_force(request.actor))
    file = File(_("培训大纲.csv"), queries.OUTLINE_COLUMNS, lambda rows: queries.outline_lines(shown(rows)))
    return Listing(rows, filters, file, shown)


@about(queries.outline_of, "course.view")
def outline(request: WorkRequest, outline: Any) -> HttpResponse:
    page = queries.outline_page(outline, request.actor, against=request.GET.get("against", ""))
    form = forms.ReturnForm(action=reverse("outline-return", args=[outline.pk]))
    return render(request, "courses/outline.html", {"page": page, "outline": outline, "form": form})


@about(queries.outline_of, "outline.manage")
def write_outline(request: WorkRequest, outline: Any) -> HttpResponse:
    """The editor; `more` saves and comes back with room for more lines."""
    if outline.status not in OUTLINE_EDITABLE:
        return redirect("outline", outline.pk)
    initial = {"changes": outline.changes}
    form = forms.OutlineForm(
        request.POST or None, request.FILES or None, initial=initial, written=lines(outline)
    )
    if form.accept(partial(services.write_outline, outline.pk, actor=request.actor)):
        to = "outline-write" if "more" in request.POST else "outline"
        return done(request, _("大纲已保存。"), to, outline.pk)
    context = {"outline": outline, "form": form, "topics": queries.topics(request.actor)}
    context["methods"] = forms.METHODS
    return render(request, "courses/outline_write.html", context, status=422 if form.is_bound else 200)


@require_POST
@about(queries.outline_of, "outline.manage")
def submit_outline(request: WorkRequest, outline: Any) -> HttpResponse:
    services.submit_outline(outline.pk, actor=request.actor)
    return done(request, _("大纲已提交，等商务局审批。"), "outline", outline.pk)


@require_POST
@about(queries.outline_of, "outline.approve")
def approve_outline(request: WorkRequest, outline: Any) -> HttpResponse:
    services.approve_outline(outline.pk, actor=request.actor)
    return done(request, _("大纲已批准，可以用来开班。"), "outline", outline.pk)


@require_POST
@about(queries.outline_of, "outline.approve")
def return_outline(request: WorkRequest, outline: Any) -> HttpResponse:
    services.return_outline(outline.pk, reason=request.POST.get("reason", ""), actor=request.actor)
    return done(request, _("已退回，机构会看到您写的原因。"), "outline", outline.pk)


# Courseware


@list_view("courseware.view", "courses/courseware.html", export="courseware-export")
def courseware(request: WorkRequest) -> Listing:
    filters = forms.CoursewareFilter(request, queries.topics(request.actor), _institutions(request))
    rows = queries.courseware(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("课件.csv"), queries.COURSEWARE_COLUMNS, queries.courseware_lines))


@needs("session.plan")
def add_courseware(request: WorkRequest) -> HttpResponse:
    topics = queries.topics(request.actor)
    initial = {"topic": request.GET.get("topic", "")}
    form = forms.CoursewareForm(request.POST or None, request.FILES or None, topics=topics, initial=initial)
    kept = form.accept(partial(services.add_courseware, _own(request), actor=request.actor))
    if kept:
        return done(request, _("课件已收下。"), "courseware-piece", kept.pk)
    return form_page(request, form, title=_("上传课件"), back=reverse("courseware"))


@about(queries.piece_of, "courseware.view")
def piece(request: WorkRequest, piece: Any) -> HttpResponse:
    """All versions; an institution hands in the next one here."""
    form = forms.VersionForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        demand(request.actor, "courseware.add")
    if kept := form.accept(partial(services.add_version, piece.pk, actor=request.actor)):
        said = _("第 %(version)s 版已收下；已固定旧版的期不受影响。") % {"version": kept.version}
        return done(request, said, "courseware-piece", kept.pk)
    context = {"page": queries.piece_page(piece, request.actor), "piece": piece, "form": form}
    return render(request, "courses/piece.html", context, status=422 if form.errors else 200)


@require_POST
@about(queries.piece_of, "session.plan")
def submit_courseware(request: WorkRequest, piece: Any) -> HttpResponse:
    services.submit_courseware(piece.pk, actor=request.actor)
    return done(request, _("课件已送审。"), "courseware-piece", piece.pk)


@require_POST
@about(queries.piece_of, "courseware.approve")
def approve_courseware(request: WorkRequest, piece: Any) -> HttpResponse:
    services.approve_courseware(piece.pk, actor=request.actor)
    return done(request, _("课件已审定。"), "courseware-piece", piece.pk)


@about(queries.piece_of, "courseware.approve")
def return_courseware(request: WorkRequest, piece: Any) -> HttpResponse:
    form = forms.ReturnForm(request.POST or None)
    if form.accept(partial(services.return_courseware, piece.pk, actor=request.actor)):
        return done(request, _("已退回，机构会看到您写的原因。"), "courseware-piece", piece.pk)
    back = reverse("courseware-piece", args=[piece.pk])
    return form_page(request, form, title=_("退回课件"), subtitle=piece, back=back)


@about(queries.piece_of, "session.plan")
def withdraw_courseware(request: WorkRequest, piece: Any) -> HttpResponse:
    form = forms.WithdrawForm(request.POST or None)
    if form.accept(partial(services.withdraw_courseware, piece.pk, actor=request.actor)):
        return done(request, _("这一版已撤下，不再用于新的期。"), "courseware-piece", piece.pk)
    back = reverse("courseware-piece", args=[piece.pk])
    note = _("文件和记录都保留；已经用于某一期的版本不能撤下。")
    return form_page(request, form, title=_("撤下课件"), subtitle=piece, back=back, note=note)
