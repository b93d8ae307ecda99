"""Who is expected at fairs, who came, what they want, and whether who was hired still works there."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from training.core import clock
from training.fairs import people as services
from training.web.fairs import forms, queries
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about
from training.web.lists import File, Listing, list_view


@list_view("fair.view_people", "fairs/expected.html", export="fair-expected-export")
def expected(request: WorkRequest) -> Listing:
    actor = request.actor
    filters = forms.ExpectedFilter(request, queries.fair_choices(actor), queries.townships_expected(actor))
    rows = queries.expected(actor, **filters.chosen)
    return Listing(
        rows, filters, File(_("对接会邀请名单.csv"), queries.EXPECTED_COLUMNS, queries.expected_lines)
    )


@list_view("fair.view_people", "fairs/attendances.html", export="fair-attendances-export")
def attendances(request: WorkRequest) -> Listing:
    actor = request.actor
    filters = forms.AttendanceFilter(request, queries.fair_choices(actor), queries.townships_met(actor))
    rows = queries.attendances(actor, **filters.chosen)
    file = File(_("参加对接的学员.csv"), queries.ATTENDANCE_COLUMNS, queries.attendance_lines)
    return Listing(rows, filters, file)


@list_view("fair.view_people", "fairs/placements.html", export="fair-placements-export")
def placements(request: WorkRequest) -> Listing:
    actor, today = request.actor, clock.today()
    filters = forms.PlacementFilter(request, queries.fair_choices(actor), queries.townships_met(actor))
    rows = queries.placements(actor, today=today, **filters.chosen)
    file = File(_("录用复核.csv"), queries.PLACEMENT_COLUMNS, queries.placement_lines)
    return Listing(rows, filters, file, beside={"today": today})


@about(queries.fair_of, "fair.manage")
def invite(request: WorkRequest, fair: Any) -> HttpResponse:
    """Candidates with a tick each; `everybody` are all that the filters ask for."""
    filters = forms.CandidateFilter(request, **queries.candidate_choices(fair, request.actor))
    rows = queries.candidates(fair, request.actor, **filters.chosen)
    if request.method == "POST":
        chosen = rows.values_list("pk", flat=True) if "everybody" in request.POST else _ticked(request)
        new = services.invite(fair.pk, chosen, actor=request.actor)
        said = ngettext("邀请了 %(count)d 人。", "邀请了 %(count)d 人。", new) % {"count": new}
        messages.success(request, said)
        return redirect("fair-invite", fair.pk)
    beside = {"fair": fair, "groups": queries.group_names(fair, request.actor)}
    return Listing(rows, filters, beside=beside).page(request, "fairs/invite.html")


def _ticked(request: HttpRequest) -> list[int]:
    return [int(pk) for pk in request.POST.getlist("enrolment") if pk.isdecimal()]


@require_POST
@about(queries.invitation_of, "fair.manage")
def uninvite(request: WorkRequest, invitation: Any) -> HttpResponse:
    services.uninvite(invitation.pk, actor=request.actor)
    messages.success(request, _("已从邀请名单上去掉。"))
    return redirect(f"{reverse('fair-expected')}?fair={invitation.fair_id}")


@about(queries.fair_of, "fair.manage")
def paper_list(request: WorkRequest, fair: Any) -> HttpResponse:
    form = forms.PaperListForm(request.POST or None, request.FILES or None)
    if result := form.accept(partial(services.register_paper_list, fair.pk, actor=request.actor)):
        _tell(request, *result)
        return redirect("fair", fair.pk)
    note = _("终端没有签到的学员，照签了名的名单登记。永远标“按纸质名单登记”，与终端签到分开列。")
    back = reverse("fair", args=[fair.pk])
    return form_page(request, form, title=_("按纸质名单登记"), subtitle=fair, back=back, note=note)


def _tell(request: WorkRequest, new: int, strangers: list[str]) -> None:
    said = ngettext("登记了 %(count)d 名学员。", "登记了 %(count)d 名学员。", new)
    messages.success(request, said % {"count": new})
    if strangers:
        told = _("这些尾号的人没有结业，没有登记，请计入未参训来客：%(tails)s")
        messages.warning(request, told % {"tails": _("、").join(strangers)})


@about(queries.attendance_of, "fair.intend")
def intend(request: WorkRequest, attendance: Any) -> HttpResponse:
    form = forms.IntentionForm(request.POST or None, posts=queries.posts(attendance.fair))
    if form.accept(partial(services.record_intention, attendance.pk, actor=request.actor)):
        return _to_list(request, attendance.fair_id, _("意向已登记。"))
    back = f"{reverse('fair-attendances')}?fair={attendance.fair_id}"
    return form_page(request, form, title=_("登记意向"), subtitle=attendance.trainee, back=back)


@about(queries.attendance_of, "fair.manage")
def void(request: WorkRequest, attendance: Any) -> HttpResponse:
    form = forms.ReasonForm(request.POST or None, label=_("作废这次签到"))
    if form.accept(partial(services.void_attendance, attendance.pk, actor=request.actor)):
        return _to_list(request, attendance.fair_id, _("已作废，不再计入；本人到了可以再刷卡。"))
    back = f"{reverse('fair-attendances')}?fair={attendance.fair_id}"
    return form_page(request, form, title=_("作废这次签到"), subtitle=attendance.trainee, back=back)


def _to_list(request: WorkRequest, fair: int, said: Any) -> HttpResponse:
    messages.success(request, said)
    return redirect(f"{reverse('fair-attendances')}?fair={fair}")


@about(queries.intention_of, "fair.intend")
def settle(request: WorkRequest, intention: Any) -> HttpResponse:
    open_to = [
        status for status, _label in type(intention).status.field.choices if intention.may_enter(status)
    ]
    form = forms.SettleForm(request.POST or None, open_to=open_to)
    if form.accept(partial(services.settle_intention, intention.pk, actor=request.actor)):
        return _to_list(request, intention.attendance.fair_id, _("结果已登记。"))
    subtitle = f"{intention.attendance.trainee} · {intention.post}"
    back = f"{reverse('fair-attendances')}?fair={intention.attendance.fair_id}"
    return form_page(request, form, title=_("意向的结果"), subtitle=subtitle, back=back)


@about(queries.check_of, "fair.follow")
def check(request: WorkRequest, check: Any) -> HttpResponse:
    form = forms.CheckForm(request.POST or None)
    if form.accept(partial(services.check_placement, check.pk, actor=request.actor)):
        return done(request, _("复核已登记。"), "fair-placements")
    intention = check.intention
    title = _("上岗 %(day)s 天复核") % {"day": check.day}
    subtitle = f"{intention.attendance.trainee} · {intention.post}"
    return form_page(request, form, title=title, subtitle=subtitle, back=reverse("fair-placements"))
