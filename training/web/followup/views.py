"""Follow-up: whom to ask today, what they said, who looks after whom."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from training.core import clock, files
from training.core.errors import InvalidInputError, NotFoundError
from training.core.uploads import XLSX
from training.followup.handing_over import hand_over, undo_handover
from training.followup.result_book import result_book, take_results
from training.followup.services import close_referral, log_contact, view_phone
from training.programmes.queries import the_programme
from training.web.followup import queries, statistics
from training.web.followup.forms import (
    HIDDEN,
    ContactForm,
    FollowUpFilter,
    HandoverForm,
    ReferralFilter,
    ReferralForm,
    ResultsForm,
    StatisticsFilter,
)
from training.web.gate import WorkRequest, about, needs
from training.web.lists import File, FilterForm, Listing, download, figures_page, list_view
from training.web.trainees.queries import townships, villages


def _filters(request: WorkRequest) -> FollowUpFilter:
    actor = request.actor
    return FollowUpFilter(
        request,
        townships=townships(actor),
        villages=partial(villages, actor),
        institutions=queries.institutions(actor),
        officers=queries.officers(actor),
    )


@list_view("followup.view", "followup/list.html", export="followups-export")
def follow_ups(request: WorkRequest) -> Listing:
    today, filters = clock.today(), _filters(request)
    rows = queries.follow_ups(request.actor, today=today, **filters.chosen)
    file = File(_("跟踪名单.csv"), queries.COLUMNS, queries.lines)
    narrowed = {name: filters.value(name) for name in HIDDEN}
    beside = {
        "today": today,
        "narrowed": queries.narrowed(request.actor, **narrowed),
        "hand_over": HandoverForm(officers=filters.officers),
    }
    return Listing(rows, filters, file, beside=beside)


@require_safe
@needs("followup.view")
def workbook(request: WorkRequest) -> HttpResponseBase:
    """The same list with columns to fill in."""
    chosen = _filters(request).chosen
    rows = queries.follow_ups(request.actor, today=clock.today(), **chosen)
    try:
        return _file(_("回访工作表.xlsx"), result_book(rows))
    except InvalidInputError as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('followups')}?{request.GET.urlencode()}")


def _file(name: str, data: bytes) -> HttpResponse:
    response = HttpResponse(data, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


@needs("followup.log")
def results(request: WorkRequest) -> HttpResponse:
    form = ResultsForm(request.POST or None, request.FILES or None)
    programme = the_programme(request.actor)
    taken = form.accept(lambda file: take_results(programme, name=file[0], data=file[1], actor=request.actor))
    if taken:
        return redirect("followups-imported", taken.pk)
    return render(request, "followup/results.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@about(queries.import_of, "followup.log")
def taken(request: WorkRequest, taken: Any) -> HttpResponse:
    return render(request, "followup/imported.html", {"taken": taken})


@require_safe
@about(queries.import_of, "followup.log")
def marked(request: WorkRequest, taken: Any) -> HttpResponse:
    if taken.marked is None:
        raise NotFoundError("core.StoredFile")
    return _file(_("标出问题的工作表.xlsx"), files.read(taken.marked))


@require_POST
@needs("followup.assign")
def hand_over_rows(request: WorkRequest) -> HttpResponse:
    """What was ticked, or all that the filters in the address show, goes to one officer."""
    back = f"{reverse('followups')}?{request.GET.urlencode()}"
    chosen = HandoverForm(
        request.POST, officers=queries.officers(request.actor), rows=request.POST.getlist("rows")
    )
    if not chosen.is_valid() or not (chosen.cleaned_data["rows"] or chosen.cleaned_data["every"]):
        messages.error(request, _("先在名单上选人，或选“所列全部”，再选交给谁。"))
        return redirect(back)
    said = chosen.cleaned_data
    rows = queries.follow_ups(request.actor, today=clock.today(), **_filters(request).chosen)
    if not said["every"]:
        rows = queries.ticked(said["rows"], request.actor)
    to = None if said["to"] == "none" else int(said["to"])
    try:
        made = hand_over(rows, to=to, note=said["note"], actor=request.actor)
    except InvalidInputError as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    count = made.lines.count()
    message = ngettext("交接了 %(count)s 个阶段。", "交接了 %(count)s 个阶段。", count) % {"count": count}
    messages.success(request, message)
    return redirect("handovers")


@list_view("followup.view", "followup/handovers.html", export="handovers-export")
def handovers(request: WorkRequest) -> Listing:
    filters = FilterForm(request)
    rows = queries.handovers(request.actor, **filters.chosen)
    file = File(_("交接记录.csv"), queries.HANDOVER_COLUMNS, queries.handover_lines)
    return Listing(rows, filters, file)


@require_POST
@about(queries.handover_of, "followup.assign")
def undo(request: WorkRequest, handover: Any) -> HttpResponse:
    undo_handover(handover.pk, actor=request.actor)
    messages.success(request, _("已撤回：还在他名下的都退回原来的负责人。"))
    return redirect("handovers")


@list_view("followup.view", "followup/referrals.html", export="followup-referrals-export")
def referrals(request: WorkRequest) -> Listing:
    filters = ReferralFilter(request, townships(request.actor))
    file = File(_("转介.csv"), queries.REFERRAL_COLUMNS, queries.referral_lines)
    return Listing(queries.referrals(request.actor, **filters.chosen), filters, file)


def _table(request: WorkRequest) -> tuple[StatisticsFilter, str, list[statistics.Line]]:
    filters = StatisticsFilter(request, townships(request.actor))
    chosen = filters.chosen
    by = chosen.pop("by") or "township"
    return filters, by, statistics.table(request.actor, by=by, today=clock.today(), **chosen)


@require_safe
@needs("followup.view")
def statistics_page(request: WorkRequest) -> HttpResponse:
    filters, by, lines = _table(request)
    return figures_page(
        request,
        "followup/statistics.html",
        lines,
        filters=filters,
        by=statistics.DIMENSIONS[by],
        columns=statistics.FIGURES.values(),
        export=reverse("followup-statistics-export"),
        services=statistics.services(request.actor, township=filters.value("township")),
        service_columns=statistics.SERVICES.values(),
    )


@require_safe
@needs("followup.view")
def statistics_file(request: WorkRequest) -> HttpResponseBase:
    _form, by, lines = _table(request)
    columns = (statistics.DIMENSIONS[by], *statistics.FIGURES.values())
    return download(File(_("跟踪统计.csv"), columns, statistics.as_rows), lines)


@about(queries.enrolment_of, "followup.view")
def person(request: WorkRequest, enrolment: Any) -> HttpResponse:
    return _person_page(request, enrolment)


def _person_page(request: WorkRequest, enrolment: Any, **context: Any) -> HttpResponse:
    context |= {"person": queries.person(enrolment, request.actor), "today": clock.today()}
    status = 422 if "form" in context and context["form"].errors else 200
    return render(request, "followup/person.html", context, status=status)


@never_cache
@require_POST
@about(queries.enrolment_of, "followup.log")
def phone(request: WorkRequest, enrolment: Any) -> HttpResponse:
    """The person's page with the number in clear, on this one answer; the look is on record."""
    other_work = queries.person(enrolment, request.actor).other_work
    number = view_phone(enrolment.pk, actor=request.actor, other_work=other_work)
    return _person_page(request, enrolment, phone=number)


@about(queries.follow_up_of, "followup.log")
def contact(request: WorkRequest, follow_up: Any) -> HttpResponse:
    """The form; to the script that keeps drafts 201 is the word that a contact has been written down."""
    today, agreed = clock.today(), follow_up.next_on
    initial = {"next_on": agreed if follow_up.done_at and agreed and agreed > today else None}
    form = ContactForm(request.POST or None, initial=initial | {"since": queries.last_contact(follow_up)})
    if made := form.accept(partial(log_contact, follow_up.pk, actor=request.actor)):
        messages.success(request, _("已记下。"))
        for other in queries.contacts_meanwhile(made, form.known):
            messages.warning(request, _meanwhile(other))
        person_page = reverse("followup-person", args=[follow_up.enrolment_id])
        if request.headers.get("Accept") == "application/json":
            return JsonResponse({"next": person_page}, status=201)
        return redirect(person_page)
    enrolment = queries.enrolment_of(follow_up.enrolment_id, request.actor)
    return _person_page(request, enrolment, form=form, follow_up=follow_up, form_title=_("记一次联系"))


def _meanwhile(contact: Any) -> str:
    """Two officers called without knowing of each other, one of them offline: both calls stand."""
    return _("您填的时候，%(who)s也记了一次联系：%(result)s。请核对下次联系日期和阶段结论。") % {
        "who": contact.made_by or _("本人"),
        "result": contact.get_result_display(),
    }


@about(queries.referral_of, "followup.log")
def referral(request: WorkRequest, referral: Any) -> HttpResponse:
    form = ReferralForm(request.POST or None)
    enrolment_id = referral.contact.follow_up.enrolment_id
    if form.accept(partial(close_referral, referral.pk, actor=request.actor)):
        messages.success(request, _("已记下。"))
        return redirect("followup-person", enrolment_id)
    enrolment = queries.enrolment_of(enrolment_id, request.actor)
    return _person_page(request, enrolment, form=form, form_title=_("转介的回音"))
