"""The register, what was put right in it, and what is wrong with the chains: for institution and bureau alike."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from training.accounts.permissions import may
from training.attendance import queries as attendance
from training.attendance import services
from training.dossiers.attesting import attest_register
from training.web.attendance import forms, queries, words
from training.web.attendance.paper import blank_sheets
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, Listing, download, list_view, page_of

A_SHEET = 60
"""Corrections on a page: a paper register's worth comes at once."""


@about(queries.session_of, "register.view")
def register(request: WorkRequest, session: Any) -> HttpResponse:
    """By half-day as the finance office reads it, or with `?by=lesson` lesson by lesson."""
    page = queries.register_page(session, request.actor)
    shown = {"page": page, "session": session, "by_lesson": _by_lesson(request)}
    return render(request, "attendance/register.html", shown)


def _by_lesson(request: WorkRequest) -> bool:
    return request.GET.get("by") == "lesson"


@require_POST
@about(queries.taught_session_of, "register.attest")
def attest(request: WorkRequest, session: Any) -> HttpResponse:
    """`half_day`: 2021-05-18-am. An instructor, who sees no register, does it from the own lessons."""
    on, half_day = queries.chosen_half_day(session, request.POST.get("half_day", ""))
    attest_register(session.pk, on=on, half_day=half_day, actor=request.actor)
    said = _("已签认。签到名册以后有改动的，要重新签认。")
    if may(request.actor, "register.view"):
        return done(request, said, "register", session.pk)
    return done(request, said, "taught-lessons")


@about(queries.session_of, "register.view")
def export_register(request: WorkRequest, session: Any) -> StreamingHttpResponse:
    register = attendance.session_register(session, request.actor)
    rows = list(queries.export_rows(register, by_lesson=_by_lesson(request)))
    return download(File(_("%(code)s签到名册.csv") % {"code": session.code}, queries.REGISTER_COLUMNS), rows)


@about(queries.session_of, "register.view")
def blank_register(request: WorkRequest, session: Any) -> HttpResponse:
    """The paper to have at hand before class: one sheet a half-day, a QR on each row."""
    name = _("%(code)s纸质签到表.pdf") % {"code": session.code}
    headers = {"Content-Disposition": content_disposition_header(False, name) or "inline"}
    return HttpResponse(blank_sheets(session), content_type="application/pdf", headers=headers)


@about(queries.open_session_of, "correction.propose")
def paper(request: WorkRequest, session: Any) -> HttpResponse:
    """Key in a half-day's sheet; `?half_day=2021-05-18-am`, `&row=` puts the cursor on somebody's line."""
    half_days, row = queries.half_days_of(session), request.GET.get("row", "")
    on, half_day = queries.half_day_of(half_days, request.GET.get("half_day", ""))
    form = forms.PaperForm(
        request.POST or None, request.FILES or None, roster=queries.roster_of(session), row=row
    )
    keyed = partial(services.propose_paper, session.pk, on=on, half_day=half_day, actor=request.actor)
    if found := form.accept(keyed):
        said = ngettext(
            "补录了 %(n)s 个时间，等待第二个人核准。", "补录了 %(n)s 个时间，等待第二个人核准。", len(found)
        )
        return done(request, said % {"n": len(found)}, "register", session.pk)
    shown = {
        "form": form, "session": session, "on": on, "half_day": half_day, "row": row,
        "half_days": half_days,
    }  # fmt: skip
    return render(request, "attendance/paper.html", shown, status=422 if form.errors else 200)


@about(queries.enrolment_of, "correction.propose")
def paper_row(request: WorkRequest, enrolment: Any) -> HttpResponse:
    """What the QR on a row of either paper register opens, the server's or the station's."""
    asked = {"half_day": request.GET.get("half_day", ""), "row": enrolment.pk}
    page = reverse("register-paper", args=[enrolment.training_session_id])
    return redirect(f"{page}?{urlencode(asked)}#row-{enrolment.pk}")


@about(queries.open_session_of, "correction.propose")
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
    shown = {"enrolment": enrolment, "page": queries.person_page(enrolment, request.actor)}
    return render(request, "attendance/person.html", shown)


@about(queries.event_of, "correction.propose")
def void(request: WorkRequest, event: Any) -> HttpResponse:
    form = forms.VoidForm(request.POST or None, request.FILES or None)
    if form.accept(partial(services.propose_void, event.pk, actor=request.actor)):
        return done(request, _("已提出作废，等待第二个人核准。"), "attendance-person", event.enrolment_id)
    note = _("记录不会删除：核准后它不再计入，签到名册和档案里都写明作废。")
    back = reverse("attendance-person", args=[event.enrolment_id]) if event.enrolment_id else ""
    return form_page(
        request, form, title=_("作废一条记录"), subtitle=words.of_event(event), note=note, back=back
    )


@needs("register.view")
def corrections(request: WorkRequest) -> HttpResponse:
    """`?ticked=all` ticks whatever on this page waits for the one who looks."""
    filters = forms.CorrectionFilter(request)
    page = page_of(request, queries.search_corrections(request.actor, **filters.chosen), size=A_SHEET)
    shown = {
        "filters": filters,
        "export": reverse("corrections-export"),
        "page_obj": page,
        "rows": page.object_list,
        "ticked": request.GET.get("ticked") == "all",
        "to_tick": [row.pk for row in page if queries.waits_for(row, request.actor)],
    }
    return render(request, "attendance/corrections.html", shown)


@needs("register.view")
def export_corrections(request: WorkRequest) -> StreamingHttpResponse:
    rows = queries.search_corrections(request.actor, **forms.CorrectionFilter(request).chosen)
    return download(File(_("更正.csv"), queries.CORRECTION_COLUMNS, queries.export_correction_rows), rows)


@require_POST
@needs("correction.decide")
def approve_many(request: WorkRequest) -> HttpResponse:
    """Those that were ticked, all or none."""
    chosen = [int(pk) for pk in request.POST.getlist("correction") if pk.isdecimal()]
    if not chosen:
        messages.warning(request, _("没有勾选任何一条：先勾选，再核准。"))
        return _back_to_corrections(request)
    rows = services.approve_corrections(chosen, actor=request.actor)
    said = ngettext("已核准 %(n)s 条，现在计入。", "已核准 %(n)s 条，现在计入。", len(rows))
    messages.success(request, said % {"n": len(rows)})
    return _back_to_corrections(request)


def _back_to_corrections(request: WorkRequest) -> HttpResponse:
    """With the filters that the list had."""
    return redirect(f"{reverse('corrections')}?{request.GET.urlencode()}")


@about(queries.correction_of, "correction.decide")
def decline(request: WorkRequest, correction: Any) -> HttpResponse:
    form = forms.DeclineForm(request.POST or None)
    if form.accept(partial(services.decline_correction, correction.pk, actor=request.actor)):
        messages.success(request, _("已写明不予核准。"))
        return _back_to_corrections(request)
    back = f"{reverse('corrections')}?{request.GET.urlencode()}"
    return form_page(request, form, title=_("不予核准"), subtitle=words.of_correction(correction), back=back)


@require_POST
@about(queries.correction_of, "correction.propose")
def withdraw(request: WorkRequest, correction: Any) -> HttpResponse:
    services.withdraw_correction(correction.pk, actor=request.actor)
    messages.success(request, _("已撤回。"))
    return _back_to_corrections(request)


@list_view("register.view", "attendance/clashes.html", export="clashes-export")
def clashes(request: WorkRequest) -> Listing:
    filters = forms.ClashFilter(request)
    rows = queries.clashes_of(request.actor, **filters.chosen)
    return Listing(rows, filters, File(_("一人两处.csv"), queries.CLASH_COLUMNS, queries.export_clash_rows))


@needs("register.view")
def chains(request: WorkRequest) -> HttpResponse:
    """Missing numbers, two records in one place, clocks that jumped."""
    filters = forms.ChainFilter(request)
    page = queries.chain_page(request.actor, **filters.chosen)
    shown = {"filters": filters, "page": page, "jumps": page_of(request, page.jumps)}
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
    return form_page(
        request, form, title=_("不予核准"), subtitle=words.of_lost_range(lost), back=reverse("chains")
    )


@require_POST
@about(queries.lost_range_of, "lost_range.propose")
def withdraw_lost(request: WorkRequest, lost: Any) -> HttpResponse:
    services.withdraw_lost_range(lost.pk, actor=request.actor)
    return done(request, _("已撤回。"), "chains")
