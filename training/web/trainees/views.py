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
from training.web.lists import File, Listing, download, list_view, page_of
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
    return download(File(_("学员库.csv"), queries.COLUMNS, partial(queries.file_lines, words=words)), rows)


@list_view("trainee.view", "trainees/namesakes.html", export="namesakes-export")
def namesakes(request: WorkRequest) -> Listing:
    def lines(rows: Any) -> Any:
        services.note_export(rows, filters=["namesakes"], sensitive=False, actor=request.actor)
        return queries.namesake_lines(rows)

    file = File(_("同名同村.csv"), queries.NAMESAKE_COLUMNS, lines)
    return Listing(queries.namesakes(request.actor), file=file, size=50)


# One person


def _page(request: WorkRequest, trainee: Any, *, sensitive: bool = False, number: str = "") -> HttpResponse:
    page = queries.trainee_page(trainee, request.actor, sensitive=sensitive)
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


@list_view("trainee.view_looks", "trainees/looks.html", export="trainee-looks-export", of=queries.trainee_of)
def looks(request: WorkRequest, trainee: Any) -> Listing:
    rows = queries.looks(trainee, request.actor)
    file = File(_("谁看过.csv"), queries.LOOK_COLUMNS, queries.look_file)
    return Listing(rows, file=file, shown=queries.look_lines, size=50, beside={"trainee": trainee})


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


@require_GET
@needs("group.verify")
def groups_export(request: WorkRequest) -> StreamingHttpResponse:
    words = queries.book(request.actor)
    rows = queries.waiting(request.actor, **_group_filter(request, words).chosen)
    lines = _shown_groups(request, rows, words, reason=_("导出"))
    return download(File(_("待核实的学员类别.csv"), queries.GROUP_COLUMNS, queries.group_lines), lines)


def _group_filter(request: WorkRequest, words: Any) -> GroupFilter:
    return GroupFilter(
        request,
        townships=queries.townships(request.actor),
        groups=queries.group_choices(words, request.actor),
    )


def _shown_groups(request: WorkRequest, rows: Any, words: Any, reason: str = "") -> list[Any]:
    """Sensitive groups are shown here because that is what is to be verified; each one shown is on record."""
    lines = queries.lines_of(rows, words)
    shown = {line.group.trainee_id: line.group.trainee for line in lines if line.sensitive}
    services.note_sensitive(shown.values(), actor=request.actor, reason=reason)
    return lines


def _groups_page(request: WorkRequest, form: DecideForm, problem: str = "") -> HttpResponse:
    words = queries.book(request.actor)
    filters = _group_filter(request, words)
    page = page_of(request, queries.waiting(request.actor, **filters.chosen), size=50)
    lines = _shown_groups(request, page.object_list, words)
    context = {"filters": filters, "page_obj": page, "rows": lines, "form": form, "problem": problem}
    context["export"] = reverse("trainee-groups-export")
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
