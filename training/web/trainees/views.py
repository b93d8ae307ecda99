"""学员库: finding people, one person's page, groups that wait to be verified."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from training.core.errors import InvalidInputError
from training.people import services
from training.people.queries import sensitive_codes
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.lists import Listing, csv_response, list_view, page_of
from training.web.trainees import queries
from training.web.trainees.forms import (
    AllowContactForm,
    DecideForm,
    GroupFilter,
    GroupForm,
    RevealForm,
    StopContactForm,
    TraineeFilter,
)


def _filters(request: WorkRequest, words: Any) -> TraineeFilter:
    return TraineeFilter(
        request,
        townships=queries.townships(request.actor),
        villages=queries.villages(request.actor, request.GET.get("township", "")),
        groups=queries.group_choices(words, request.actor),
    )


def _asks_for_sensitive(filters: Any, words: Any) -> bool:
    """The answer to such a list tells of each person on it that they belong to the group."""
    return filters.value("group") in sensitive_codes(words)


@require_GET
@needs("trainee.view")
def trainees(request: WorkRequest) -> HttpResponse:
    words = queries.book(request.actor)
    filters = _filters(request, words)
    rows = queries.with_groups(queries.pool(request.actor, **filters.chosen), words)
    page = page_of(request, rows)
    if _asks_for_sensitive(filters, words):
        services.note_sensitive(list(page.object_list), actor=request.actor)
    context = {"filters": filters, "page_obj": page, "rows": queries.rows_of(page.object_list, words)}
    return render(request, "trainees/trainees.html", context | {"export": reverse("trainees-export")})


@require_GET
@needs("trainee.view")
def export(request: WorkRequest) -> StreamingHttpResponse:
    words = queries.book(request.actor)
    filters = _filters(request, words)
    rows = queries.pool(request.actor, **filters.chosen)
    services.note_export(
        rows,
        filters=sorted(name for name, value in filters.chosen.items() if value),
        sensitive=_asks_for_sensitive(filters, words),
        actor=request.actor,
    )
    return csv_response(_("学员库.csv"), queries.COLUMNS, queries.file_lines(rows, words))


@list_view("trainee.view", "trainees/namesakes.html")
def namesakes(request: WorkRequest) -> Listing:
    return Listing(queries.namesakes(request.actor), size=50)


# One person


def _page(request: WorkRequest, trainee: Any, *, sensitive: bool = False, number: str = "") -> HttpResponse:
    page = queries.trainee_page(trainee, sensitive=sensitive)
    return render(request, "trainees/trainee.html", {"page": page, "trainee": trainee, "number": number})


@never_cache
@require_GET
@about(queries.trainee_of, "trainee.view")
def trainee(request: WorkRequest, trainee: Any) -> HttpResponse:
    services.note_page(trainee, actor=request.actor)
    return _page(request, trainee)


@never_cache
@require_POST
@about(queries.trainee_of, "trainee.view_sensitive")
def sensitive(request: WorkRequest, trainee: Any) -> HttpResponse:
    """The person's page with the sensitive groups, on this one answer; the look is on record."""
    services.note_sensitive([trainee], actor=request.actor)
    return _page(request, trainee, sensitive=True)


@never_cache
@about(queries.trainee_of, "trainee.reveal")
def number(request: WorkRequest, trainee: Any) -> HttpResponse:
    """Asks what for; the number is on the answer to the POST and nowhere else."""
    form = RevealForm(request.POST or None)
    if clear := form.accept(partial(services.reveal_number, trainee.pk, actor=request.actor)):
        return _page(request, trainee, number=clear)
    note = _("只为办案需要。谁、什么时候、为什么看的，都记下来，本人可以查到。")
    return _about(request, trainee, form, _("查看完整身份证号"), note)


@require_GET
@about(queries.trainee_of, "trainee.view_looks")
def looks(request: WorkRequest, trainee: Any) -> HttpResponse:
    listing = Listing(queries.looks(trainee, request.actor), shown=queries.look_lines, size=50)
    return listing.page(request, "trainees/looks.html", trainee=trainee)


@require_POST
@about(queries.trainee_of, "trainee.contact")
def phone(request: WorkRequest, trainee: Any) -> HttpResponse:
    services.confirm_phone(trainee.pk, actor=request.actor)
    return done(request, _("已记下：这个号码联系得到本人。"), "trainee", trainee.pk)


@about(queries.trainee_of, "trainee.contact")
def contact(request: WorkRequest, trainee: Any) -> HttpResponse:
    """Stop, or take it back: whichever there is to do."""
    stopped = trainee.do_not_contact
    form = (AllowContactForm if stopped else StopContactForm)(request.POST or None)
    act = services.allow_contact if stopped else services.stop_contact
    if form.accept(partial(act, trainee.pk, actor=request.actor)):
        said = _("可以联系了。") if stopped else _("不再联系：不显示号码，不安排回访。")
        return done(request, said, "trainee", trainee.pk)
    return _about(request, trainee, form, _("恢复联系") if stopped else _("不再联系"))


@about(queries.trainee_of, "group.claim")
def add_group(request: WorkRequest, trainee: Any) -> HttpResponse:
    choices = queries.group_choices(queries.book(request.actor), request.actor)
    form = GroupForm(request.POST or None, request.FILES or None, groups=choices)
    if form.accept(partial(services.add_group, trainee.pk, actor=request.actor)):
        return done(request, _("已登记，等乡镇或部门的另一个人核实。"), "trainee", trainee.pk)
    return _about(request, trainee, form, _("登记学员类别"))


def _about(request: HttpRequest, trainee: Any, form: Any, title: str, note: str = "") -> HttpResponse:
    back = reverse("trainee", args=[trainee.pk])
    return form_page(request, form, title=title, subtitle=trainee, back=back, note=note)


# Groups that wait


@require_GET
@needs("group.verify")
def groups(request: WorkRequest) -> HttpResponse:
    return _groups_page(request, DecideForm())


def _groups_page(request: WorkRequest, form: DecideForm, problem: str = "") -> HttpResponse:
    """Sensitive groups are shown here because that is what is to be verified; each one shown is on record."""
    words = queries.book(request.actor)
    filters = GroupFilter(
        request,
        townships=queries.townships(request.actor),
        groups=queries.group_choices(words, request.actor),
    )
    page = page_of(request, queries.waiting(request.actor, **filters.chosen), size=50)
    lines = queries.lines_of(page.object_list, words)
    shown = {line.group.trainee_id: line.group.trainee for line in lines if line.sensitive}
    services.note_sensitive(shown.values(), actor=request.actor)
    context = {"filters": filters, "page_obj": page, "rows": lines, "form": form, "problem": problem}
    return render(request, "trainees/groups.html", context, status=422 if problem else 200)


@require_POST
@needs("group.verify")
def decide(request: WorkRequest) -> HttpResponse:
    form = DecideForm(request.POST)
    decision = request.POST.get("decision", "")
    verify = decision.startswith("verify")
    ticked = request.POST.getlist("shown" if decision == "verify-all" else "group")
    chosen = [int(pk) for pk in ticked if pk.isdecimal()]
    if not form.is_valid():
        return _groups_page(request, form, problem=_("日期写得不对。"))
    try:
        count = services.decide_groups(chosen, verify=verify, actor=request.actor, **form.cleaned_data)
    except InvalidInputError as refusal:
        return _groups_page(request, form, problem=str(refusal))
    if verify:
        said = ngettext("核实了 %(count)s 条。", "核实了 %(count)s 条。", count)
    else:
        said = ngettext("%(count)s 条记为不符。", "%(count)s 条记为不符。", count)
    done(request, said % {"count": count}, "trainee-groups")
    return redirect(f"{reverse('trainee-groups')}?{request.GET.urlencode()}")
