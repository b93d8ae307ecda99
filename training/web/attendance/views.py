"""The register, what was put right in it, and what is wrong with the chains: for institution and bureau alike."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from training.attendance import queries as attendance
from training.attendance import services
from training.web.attendance import forms, queries
from training.web.attendance.paper import blank_sheets
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import csv_response, page_of

REGISTER_COLUMNS = (
    gettext_lazy("期号"),
    gettext_lazy("日期"),
    gettext_lazy("半天"),
    gettext_lazy("序号"),
    gettext_lazy("姓名"),
    gettext_lazy("身份证号"),
    gettext_lazy("签到"),
    gettext_lazy("签退"),
    gettext_lazy("有效分钟"),
    gettext_lazy("方式"),
    gettext_lazy("备注"),
)
CORRECTION_COLUMNS = (
    gettext_lazy("编号"),
    gettext_lazy("期号"),
    gettext_lazy("课次"),
    gettext_lazy("序号"),
    gettext_lazy("姓名"),
    gettext_lazy("种类"),
    gettext_lazy("来源"),
    gettext_lazy("时间"),
    gettext_lazy("原因"),
    gettext_lazy("状态"),
    gettext_lazy("提出人"),
    gettext_lazy("核准人"),
)


@about(queries.session_of, "register.view")
def register(request: WorkRequest, session: Any) -> HttpResponse:
    """By half-day as the finance office reads it, or with `?by=lesson` lesson by lesson."""
    shown = {
        "register": attendance.session_register(session, request.actor),
        "by_lesson": request.GET.get("by") == "lesson",
        "session": session,
    }
    return render(request, "attendance/register.html", shown)


@about(queries.session_of, "register.view")
def export_register(request: WorkRequest, session: Any) -> StreamingHttpResponse:
    rows = queries.export_rows(attendance.session_register(session, request.actor))
    return csv_response(_("%(code)s签到名册.csv") % {"code": session.code}, REGISTER_COLUMNS, rows)


@about(queries.session_of, "register.view")
def blank_register(request: WorkRequest, session: Any) -> HttpResponse:
    """The paper to have at hand before class: one sheet a half-day, a QR on each row."""
    page = request.build_absolute_uri(reverse("register-paper", args=[session.pk]))
    name = _("%(code)s纸质签到册.pdf") % {"code": session.code}
    headers = {"Content-Disposition": content_disposition_header(False, name) or "inline"}
    return HttpResponse(blank_sheets(session, page), content_type="application/pdf", headers=headers)


@about(queries.session_of, "correction.propose")
def paper(request: WorkRequest, session: Any) -> HttpResponse:
    """Key in a half-day's sheet; `?half_day=2021-05-18-am`, `&row=` puts the cursor on somebody's line."""
    on, half_day = queries.half_day_of(session, request.GET.get("half_day", ""))
    form = forms.PaperForm(request.POST or None, request.FILES or None, roster=queries.roster_of(session))
    keyed = partial(services.propose_paper, session.pk, on=on, half_day=half_day, actor=request.actor)
    if found := form.accept(keyed):
        said = ngettext(
            "补录了 %(n)s 个时间，等待第二个人核准。", "补录了 %(n)s 个时间，等待第二个人核准。", len(found)
        )
        return done(request, said % {"n": len(found)}, "register", session.pk)
    shown = {
        "form": form, "session": session, "on": on, "half_day": half_day,
        "half_days": queries.half_days_of(session), "row": request.GET.get("row", ""),
    }  # fmt: skip
    return render(request, "attendance/paper.html", shown, status=422 if form.errors else 200)


@about(queries.session_of, "correction.propose")
def propose(request: WorkRequest, session: Any) -> HttpResponse:
    form = forms.CorrectionForm(
        request.POST or None,
        request.FILES or None,
        session=session,
        roster=queries.roster_of(session),
        initial=request.GET.dict(),
    )
    if form.accept(partial(services.propose_correction, session.pk, actor=request.actor)):
        return done(request, _("已提出，等待第二个人核准。核准以前不计入。"), "register", session.pk)
    back = reverse("register", args=[session.pk])
    note = _("补签由一个人提出、另一个人核准，核准后在签到名册里永远标“补”。")
    return form_page(request, form, title=_("补签"), subtitle=session, back=back, note=note)


@about(queries.enrolment_of, "register.view")
def person(request: WorkRequest, enrolment: Any) -> HttpResponse:
    """Why somebody completed or did not, lesson by lesson, with every record it stands on."""
    shown = {
        "enrolment": enrolment,
        "detail": attendance.completion_detail(enrolment),
        "events": queries.counted_events(enrolment, request.actor),
    }
    return render(request, "attendance/person.html", shown)


@about(queries.event_of, "correction.propose")
def void(request: WorkRequest, event: Any) -> HttpResponse:
    form = forms.VoidForm(request.POST or None, request.FILES or None)
    if form.accept(partial(services.propose_void, event.pk, actor=request.actor)):
        return done(request, _("已提出作废，等待第二个人核准。"), "register", event.training_session_id)
    note = _("记录不会删除：核准后它不再计入，签到名册和档案里都写明作废。")
    return form_page(request, form, title=_("作废一条记录"), subtitle=event, note=note)


@needs("register.view")
def corrections(request: WorkRequest) -> HttpResponse:
    filters = forms.CorrectionFilter(request)
    page = page_of(request, queries.search_corrections(request.actor, **filters.chosen))
    return render(request, "attendance/corrections.html", {"filters": filters, "page_obj": page})


@needs("register.view")
def export_corrections(request: WorkRequest) -> StreamingHttpResponse:
    rows = queries.search_corrections(request.actor, **forms.CorrectionFilter(request).chosen)
    return csv_response(_("更正.csv"), CORRECTION_COLUMNS, queries.export_correction_rows(rows))


@require_POST
@needs("correction.decide")
def approve_many(request: WorkRequest) -> HttpResponse:
    """Those that were ticked, all or none."""
    chosen = [int(pk) for pk in request.POST.getlist("correction") if pk.isdecimal()]
    if not chosen:
        return done(request, _("没有勾选任何一条。"), "corrections")
    rows = services.approve_corrections(chosen, actor=request.actor)
    said = ngettext("已核准 %(n)s 条，现在计入。", "已核准 %(n)s 条，现在计入。", len(rows))
    return done(request, said % {"n": len(rows)}, "corrections")


@about(queries.correction_of, "correction.decide")
def decline(request: WorkRequest, correction: Any) -> HttpResponse:
    form = forms.DeclineForm(request.POST or None)
    if form.accept(partial(services.decline_correction, correction.pk, actor=request.actor)):
        return done(request, _("已写明不予核准。"), "corrections")
    back = reverse("corrections")
    return form_page(request, form, title=_("不予核准"), subtitle=correction, back=back)


@require_POST
@about(queries.correction_of, "correction.propose")
def withdraw(request: WorkRequest, correction: Any) -> HttpResponse:
    services.withdraw_correction(correction.pk, actor=request.actor)
    return done(request, _("已撤回。"), "corrections")


@needs("register.view")
def clashes(request: WorkRequest) -> HttpResponse:
    page = page_of(request, queries.clashes_of(request.actor))
    return render(request, "attendance/clashes.html", {"page_obj": page})


@needs("register.view")
def chains(request: WorkRequest) -> HttpResponse:
    """Missing numbers, two records in one place, clocks that jumped."""
    shown = {
        "troubles": attendance.gaps_and_forks(request.actor),
        "lost": attendance.lost_ranges(request.actor),
    }
    return render(request, "attendance/chains.html", shown)


@about(queries.station_of, "lost_range.propose")
def declare_lost(request: WorkRequest, station: Any) -> HttpResponse:
    form = forms.LostForm(request.POST or None, request.FILES or None, initial=request.GET.dict())
    if form.accept(partial(services.propose_lost_range, station.pk, actor=request.actor)):
        return done(request, _("已提出，等待商务局负责人核准。"), "chains")
    note = _(
        "只有确实再也传不上来的，才作缺号说明：先让终端联网补传，或把它的硬盘接到别的电脑上运行 kiosk resend。"
    )
    return form_page(request, form, title=_("缺号说明"), subtitle=station, back=reverse("chains"), note=note)


@require_POST
@about(queries.lost_range_of, "lost_range.decide")
def approve_lost(request: WorkRequest, lost: Any) -> HttpResponse:
    services.approve_lost_range(lost.pk, actor=request.actor)
    return done(request, _("已核准：这些缺号不再挡住档案，档案里会写明。"), "chains")


@about(queries.lost_range_of, "lost_range.decide")
def decline_lost(request: WorkRequest, lost: Any) -> HttpResponse:
    form = forms.DeclineForm(request.POST or None)
    if form.accept(partial(services.decline_lost_range, lost.pk, actor=request.actor)):
        return done(request, _("已写明不予核准。"), "chains")
    return form_page(request, form, title=_("不予核准"), subtitle=lost, back=reverse("chains"))


@require_POST
@about(queries.lost_range_of, "lost_range.propose")
def withdraw_lost(request: WorkRequest, lost: Any) -> HttpResponse:
    services.withdraw_lost_range(lost.pk, actor=request.actor)
    return redirect("chains")
