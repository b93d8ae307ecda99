"""An institution's screens: its sessions with roster and evidence, and the papers it must show."""

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

from training.claims.services import claim_session
from training.core.uploads import XLSX
from training.dossiers import collecting, reviewing, services
from training.enrolment.choices import ImportStatus
from training.enrolment.handed_in import layout_of
from training.enrolment.handed_in import marked_roster as marked_roster_of
from training.enrolment.permissions import group_names
from training.enrolment.services import (
    cancel_import,
    correct_phone,
    export_roster,
    import_roster,
    map_columns,
    note_groups_shown,
    resume_import,
)
from training.enrolment.services import withdraw_enrolment as take_off_roster
from training.people.services import record_consent
from training.scheduling import running
from training.scheduling import services as scheduling
from training.web.courses.forms import PinForm
from training.web.courses.queries import taught
from training.web.evidence.queries import doubts_about, unfinished
from training.web.evidence.views import device_of
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.institution import forms, queries, rosters
from training.web.lists import File, download, page_of

SESSION_COLUMNS = (
    gettext_lazy("期号"),
    gettext_lazy("培训名称"),
    gettext_lazy("课程类别"),
    gettext_lazy("首课日期"),
    gettext_lazy("末课日期"),
    gettext_lazy("状态"),
    gettext_lazy("名册人数"),
    gettext_lazy("结业人次"),
    gettext_lazy("缺项"),
)

REVISED = (*scheduling.PLAN_FIELDS, *scheduling.OPTIONAL_FIELDS, "outline_id")

of_session = about(queries.session_of, "session.plan")
of_import = about(rosters.import_of, "roster.import")
REFRESH_SECONDS = 3


def _own(request: WorkRequest) -> int:
    """The institution this membership works at; the gate let only institution roles in."""
    return request.membership.institution_id  # type: ignore[union-attr, return-value]


def _workbook(name: str, data: bytes) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": disposition or ""})


@needs("session.plan")
def sessions(request: WorkRequest) -> HttpResponse:
    filters = forms.SessionFilter(request, actor=request.actor)
    page = page_of(request, queries.search_sessions(request.actor, **filters.chosen))
    rows = queries.session_rows(page.object_list)  # type: ignore[arg-type]
    return render(request, "institution/sessions.html", {"filters": filters, "page_obj": page, "rows": rows})


@needs("session.plan")
def export_sessions(request: WorkRequest) -> StreamingHttpResponse:
    rows = queries.search_sessions(request.actor, **forms.SessionFilter(request, actor=request.actor).chosen)
    return download(File(_("各期培训.csv"), SESSION_COLUMNS, queries.export_rows), rows)


@needs("session.plan")
def plan(request: WorkRequest) -> HttpResponse:
    form = forms.PlanForm(request.POST or None, options=queries.plan_options(request.actor))
    session = form.accept(partial(_plan, _own(request), actor=request.actor))
    if session:
        return done(request, _("已建立草稿，接着安排课次、名册和见证人。"), "session", session.pk)
    return form_page(request, form, title=_("新建一期培训"), back=reverse("sessions"))


def _plan(institution_id: int, *, agreement_id: int, actor: Any, **plan: Any) -> Any:
    return scheduling.plan_session(institution_id, agreement_id=agreement_id, plan=plan, actor=actor)


@of_session
def session(request: WorkRequest, session: Any) -> HttpResponse:
    page = queries.session_page(session.pk, request.actor)
    return render(
        request,
        "institution/session.html",
        {"page": page, "taught": taught(page.session), "doubts": doubts_about(session, request.actor)},
    )


@of_session
def revise(request: WorkRequest, session: Any) -> HttpResponse:
    options = queries.plan_options(request.actor, session)
    initial = {name: getattr(session, name) for name in REVISED}
    form = forms.PlanForm(request.POST or None, initial=initial, options=options, revising=True)
    if form.accept(lambda **plan: scheduling.revise_plan(session.pk, plan=plan, actor=request.actor)):
        return done(request, _("培训方案已保存。"), "session", session.pk)
    back = reverse("session", args=[session.pk])
    return form_page(request, form, title=_("修改培训方案"), subtitle=session.code, back=back)


@of_session
def pin(request: WorkRequest, session: Any) -> HttpResponse:
    form = PinForm(request.POST if request.method == "POST" else None, session=session, actor=request.actor)
    if form.accept(partial(scheduling.pin_courseware, session.pk, actor=request.actor)):
        return done(request, _("课件已固定。"), "session", session.pk)
    back = reverse("session", args=[session.pk])
    note = _("只列出本期专题的课件。没有的，请先到“课件”里上传。")
    return form_page(request, form, title=_("选择课件"), subtitle=session, back=back, note=note)


@of_session
def add_witness(request: WorkRequest, session: Any) -> HttpResponse:
    form = forms.WitnessForm(request.POST or None)
    if form.accept(partial(scheduling.add_witness, session.pk, actor=request.actor)):
        return done(request, _("见证人已添加。"), "session", session.pk)
    back = reverse("session", args=[session.pk])
    note = _("刷不了身份证、比对没通过的学员，由见证人当面确认并输入见证码，效力与刷卡相同。")
    return form_page(request, form, title=_("添加见证人"), subtitle=session, back=back, note=note)


@require_POST
@of_session
def submit(request: WorkRequest, session: Any) -> HttpResponse:
    scheduling.submit_session(session.pk, actor=request.actor)
    return done(
        request, _("开班申请已提交，等商务局审批。名册和课程安排现在不能再改。"), "session", session.pk
    )


@require_POST
@of_session
def close(request: WorkRequest, session: Any) -> HttpResponse:
    services.close_session(session.pk, actor=request.actor)
    return done(request, _("已结课，结业和人次已经算出。请补齐档案。"), "session", session.pk)


@of_session
def cancel(request: WorkRequest, session: Any) -> HttpResponse:
    form = forms.ReasonForm(request.POST or None)
    if form.accept(partial(running.cancel_session, session.pk, actor=request.actor)):
        return done(request, _("本期已取消。"), "session", session.pk)
    back = reverse("session", args=[session.pk])
    return form_page(
        request, form, title=_("取消本期"), subtitle=session, back=back, note=_("取消后不能恢复。")
    )


@of_session
def roster(request: WorkRequest, session: Any) -> HttpResponse:
    form = forms.RosterForm(request.POST or None, request.FILES or None)
    imported = form.accept(partial(_import, session.pk, actor=request.actor))
    if imported:
        return redirect("roster-import", imported.pk)
    filters = forms.RosterFilter(request)
    page = page_of(request, queries.roster(session, filters.value("q")), size=50)
    context = {"session": session, "form": form, "filters": filters, "page_obj": page}
    note_groups_shown(session, page.object_list, actor=request.actor)
    context |= {"groups": group_names(session, request.actor), "imports": rosters.imports(session)}
    return render(request, "institution/roster.html", context, status=422 if form.errors else 200)


def _import(session_id: int, *, file: tuple[str, bytes], ask: bool, actor: Any) -> Any:
    name, data = file
    return import_roster(session_id, name=name, data=data, ask=ask, actor=actor)


@of_session
def roster_template(request: WorkRequest, session: Any) -> HttpResponse:
    return _workbook(_("名册模板.xlsx"), rosters.empty_roster(session))


@of_session
def roster_export(request: WorkRequest, session: Any) -> HttpResponse:
    name = _("%(session)s名册.xlsx") % {"session": session.code}
    return _workbook(name, export_roster(session.pk, actor=request.actor))


@of_import
def roster_import(request: WorkRequest, imported: Any) -> HttpResponse:
    if imported.status == ImportStatus.WAITING:
        return redirect("roster-columns", imported.pk)
    result = rosters.import_result(imported)
    response = render(request, "institution/roster_import.html", {"result": result})
    if result.going:
        response["Refresh"] = str(REFRESH_SECONDS)  # asks again by itself, also without JavaScript
    return response


@of_import
def roster_columns(request: WorkRequest, imported: Any) -> HttpResponse:
    if imported.status != ImportStatus.WAITING:
        return redirect("roster-import", imported.pk)
    layout = layout_of(imported)
    form = forms.ColumnsForm(request.POST or None, columns=rosters.columns_of(imported), layout=layout)
    mapped = form.accept(
        lambda **said: map_columns(
            imported.pk, columns=form.chosen, first_row=said["first_row"], actor=request.actor
        )
    )
    if mapped:
        return redirect("roster-import", imported.pk)
    context = {"roster_import": imported, "form": form, "sheet": layout.sheet}
    return render(request, "institution/roster_columns.html", context, status=422 if form.errors else 200)


@require_POST
@of_import
def cancel_roster_import(request: WorkRequest, imported: Any) -> HttpResponse:
    cancel_import(imported.pk, actor=request.actor)
    return done(request, _("已停止导入，已经导入的人留在名册上。"), "roster-import", imported.pk)


@require_POST
@of_import
def resume_roster_import(request: WorkRequest, imported: Any) -> HttpResponse:
    resume_import(imported.pk, actor=request.actor)
    return done(request, _("接着导入。"), "roster-import", imported.pk)


@of_import
def marked_roster(request: WorkRequest, imported: Any) -> HttpResponse:
    return _workbook(_("标出问题的名册.xlsx"), marked_roster_of(imported))


@about(queries.enrolment_of, "roster.import")
def withdraw_enrolment(request: WorkRequest, enrolment: Any) -> HttpResponse:
    form = forms.ReasonForm(request.POST or None)
    if form.accept(partial(take_off_roster, enrolment.pk, actor=request.actor)):
        return done(
            request, _("已从名册上删除，原因留在他的经过里。"), "roster", enrolment.training_session_id
        )
    back = reverse("roster", args=[enrolment.training_session_id])
    return form_page(request, form, title=_("从名册上删除"), subtitle=enrolment.trainee, back=back)


@about(queries.enrolment_of, "roster.import")
def phone(request: WorkRequest, enrolment: Any) -> HttpResponse:
    form = forms.PhoneForm(request.POST or None)
    if form.accept(partial(correct_phone, enrolment.pk, actor=request.actor)):
        return done(request, _("手机号已改。"), "roster", enrolment.training_session_id)
    back = reverse("roster", args=[enrolment.training_session_id])
    return form_page(request, form, title=_("改手机号"), subtitle=enrolment, back=back)


@require_POST
@about(queries.enrolment_of, "roster.import")
def consent(request: WorkRequest, enrolment: Any) -> HttpResponse:
    given = request.POST.get("given") == "yes"
    record_consent(enrolment.trainee, given=given, actor=request.actor)
    said = _("已记录：%(name)s同意人脸比对。") if given else _("已记录：%(name)s不同意，签到刷身份证即可。")
    return done(request, said % {"name": enrolment.trainee.name}, "roster", enrolment.training_session_id)


@of_session
def add_evidence(request: WorkRequest, session: Any) -> HttpResponse:
    """With script files come in piece by piece (`web.evidence`), without it all at once with the form."""
    initial = {name: request.GET[name] for name in ("item", "kind", "lesson_id") if name in request.GET}
    form = forms.EvidenceForm(request.POST or None, request.FILES or None, session=session, initial=initial)
    kept = form.hand_in(session.pk, device=device_of(request), actor=request.actor)
    said = ngettext("收下了 %(count)s 个文件。", "收下了 %(count)s 个文件。", kept) % {"count": kept}
    if kept and not form.errors:
        return done(request, said, "session", session.pk)
    context = {"form": form, "session": session, "note": said if kept else ""}
    context["unfinished"] = unfinished(session, request.actor)
    status = 422 if form.errors else 200
    return render(request, "institution/evidence_add.html", context, status=status)


@about(queries.evidence_of, "evidence.add")
def describe_photo(request: WorkRequest, evidence: Any) -> HttpResponse:
    """Also of a photo that a station took; when, where and in which lesson it was taken is known."""
    words = ("caption", "persons", "background", "photographer")
    form = forms.PhotoForm(request.POST or None, initial={word: getattr(evidence, word) for word in words})
    if form.accept(partial(collecting.describe_photo, evidence.pk, actor=request.actor)):
        return done(request, _("照片说明已记下。"), "session", evidence.training_session_id)
    back = reverse("session", args=[evidence.training_session_id])
    return form_page(request, form, title=_("照片说明"), subtitle=evidence.caption, back=back)


@about(queries.evidence_of, "evidence.add")
def withdraw_evidence(request: WorkRequest, evidence: Any) -> HttpResponse:
    form = forms.ReasonForm(request.POST or None)
    if form.accept(partial(collecting.withdraw_evidence, evidence.pk, actor=request.actor)):
        return done(request, _("材料已撤下，撤下的原因留有记录。"), "session", evidence.training_session_id)
    back = reverse("session", args=[evidence.training_session_id])
    return form_page(request, form, title=_("撤下材料"), subtitle=evidence.caption, back=back)


@require_POST
@of_session
def submit_dossier(request: WorkRequest, session: Any) -> HttpResponse:
    reviewing.submit_dossier(session.pk, actor=request.actor)
    return done(request, _("档案已提交，等商务局核验。"), "session", session.pk)


@require_POST
def claim(request: WorkRequest, pk: int) -> HttpResponse:
    """No gate of its own: the service has every refusal on record."""
    claim_session(pk, actor=request.actor)
    return done(request, _("补贴申领已生成。"), "session", pk)
