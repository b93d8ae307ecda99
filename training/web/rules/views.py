"""Changing the rules of the programme: a draft section by section, its preview, and the versions."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from training.core import clock
from training.programmes import services
from training.programmes.queries import the_programme, version_numbered
from training.programmes.schema import Section
from training.programmes.words import section_name
from training.web.county.rulebook import RuleBook
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, needs
from training.web.lists import File, Listing, list_view
from training.web.rules import queries
from training.web.rules.editor import EntryForm, Signature
from training.web.rules.forms import AdoptForm, EffectFilter, RulesFileForm, WithdrawForm


@require_GET
@needs("programme.view")
def file(request: WorkRequest) -> HttpResponse:
    """The version in force as a file that can be changed and handed in again."""
    name, text = queries.file_in_force(request.actor)
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


@require_GET
@needs("programme.view")
def unconfirmed(request: WorkRequest) -> HttpResponse:
    programme = the_programme(request.actor)
    book = RuleBook(programme, queries.in_force(programme, request.actor))
    return render(request, "rules/unconfirmed.html", {"page": book, "rows": queries.unconfirmed(book.rules)})


@require_GET
@needs("programme.view")
def versions(request: WorkRequest) -> HttpResponse:
    programme = the_programme(request.actor)
    rows = queries.history(programme, request.actor)
    return render(request, "rules/versions.html", {"programme": programme, "rows": rows})


@require_GET
@needs("programme.view")
def version(request: WorkRequest, number: int) -> HttpResponse:
    """Every rule of that version, and what it changed."""
    found = queries.version(number, request.actor)
    page = RuleBook(found.rule_set.programme, found.rule_set)
    return render(request, "county/programme.html", {"page": page, "version": found})


@needs("rules.change")
def withdraw(request: WorkRequest, number: int) -> HttpResponse:
    rule_set = version_numbered(number, request.actor)
    form = WithdrawForm(request.POST or None)
    if form.accept(partial(services.withdraw_version, rule_set.pk, actor=request.actor)):
        return done(request, _("第 %(version)s 版已撤回。") % {"version": number}, "rule-versions")
    title = _("撤回第 %(version)s 版规则") % {"version": number}
    note = _("还没有生效的版本可以撤回，版本号保留；已经生效的只能另立新版本。")
    return form_page(request, form, title=title, back=reverse("rule-versions"), note=note)


# The draft


@require_GET
@needs("rules.draft")
def draft(request: WorkRequest) -> HttpResponse:
    return render(request, "rules/draft.html", {"desk": queries.desk(request.actor)})


@needs("rules.draft")
def upload(request: WorkRequest) -> HttpResponse:
    programme = the_programme(request.actor)
    form = RulesFileForm(request.POST or None, request.FILES or None)
    if form.accept(partial(services.propose, programme.pk, actor=request.actor)):
        return done(request, _("文件已放进草稿，请预览改了什么。"), "rule-draft-preview")
    note = _("先下载现行规则，在电脑上改好再上传。文件有错的，逐行指出，草稿不变；没有错的，整个代替草稿。")
    return form_page(request, form, title=_("上传规则文件"), back=reverse("rule-draft"), note=note)


@needs("rules.draft")
def preview(request: WorkRequest) -> HttpResponse:
    """What would change, for whom; the head adopts it here."""
    page = queries.preview(request.actor)
    form = AdoptForm(request.POST or None)
    adopt = partial(services.adopt_draft, page.draft.pk, actor=request.actor)
    if request.method == "POST" and (rule_set := form.accept(adopt)):
        message = _("第 %(version)s 版规则已批准，%(on)s 起生效。")
        return done(
            request,
            message % {"version": rule_set.version, "on": rule_set.effective_on.isoformat()},
            "rule-versions",
        )
    context = {"page": page, "form": form}
    return render(request, "rules/preview.html", context, status=422 if form.errors else 200)


@list_view("rules.draft", "rules/archives.html", export="rule-draft-archives-export")
def archives(request: WorkRequest) -> Listing:
    """What the draft would mean for the archives that are open; nothing is changed by looking."""
    found = queries.what_if_adopted(request.actor)
    filters = EffectFilter(request)
    file = File(_("新规则对档案的影响.csv"), queries.EFFECT_COLUMNS, queries.effect_lines)
    return Listing(queries.chosen(found, **filters.chosen), filters, file, beside={"found": found})


@require_POST
@needs("rules.draft")
def discard(request: WorkRequest) -> HttpResponse:
    services.discard_draft(queries.draft_here(request.actor).pk, actor=request.actor)
    return done(request, _("草稿已放弃，现行规则没有变。"), "programme")


@require_POST
@needs("rules.draft")
def rebase(request: WorkRequest) -> HttpResponse:
    draft, met = services.rebase_draft(queries.draft_here(request.actor).pk, actor=request.actor)
    if met:
        said = _("这几处别人也改了，草稿里用了第 %(version)s 版的，请再看一遍：%(places)s。")
        places = _("；").join(queries.place_name(draft.body, path) for path in met)
        messages.warning(request, said % {"version": draft.based_on.version, "places": places})
    said = (
        _("草稿已移到第 %(version)s 版上，您的改动都还在。")
        if not met
        else _("草稿已移到第 %(version)s 版上。")
    )
    return done(request, said % {"version": draft.based_on.version}, "rule-draft")


@needs("rules.draft")
def section(request: WorkRequest, section: str) -> HttpResponse:
    """The entries of a list; or the form of the section's one rule."""
    found, work = queries.section_or_404(section), queries.desk(request.actor)
    if not found.many:
        return _form(request, found, work, key="")
    context = {
        "desk": work,
        "section": found,
        "title": section_name(section),
        "lines": queries.lines(found, work),
    }
    return render(request, "rules/section.html", context)


@needs("rules.draft")
def add_entry(request: WorkRequest, section: str) -> HttpResponse:
    found = queries.section_or_404(section, many=True)
    return _form(request, found, queries.desk(request.actor), key=None)


@needs("rules.draft")
def entry(request: WorkRequest, section: str, key: str) -> HttpResponse:
    found = queries.section_or_404(section, many=True)
    return _form(request, found, queries.desk(request.actor), key=key)


def _form(request: WorkRequest, found: Section, work: queries.Desk, *, key: str | None) -> HttpResponse:
    form = queries.entry_form(found, work, request.POST or None, key=key)
    signature = Signature(request.actor.name, clock.today())
    act = _save(request, found, work, key)
    if form.save(act, signature, queries.used_codes(found, work), queries.code_stem(found)):
        back = ("rule-section", found.name) if found.many else ("rule-draft",)
        return done(request, _("已存进草稿，现行规则没有变。"), *back)
    return _form_page(request, found, form, key=key)


def _save(request: WorkRequest, found: Section, work: queries.Desk, key: str | None) -> Any:
    programme, actor = work.programme.pk, request.actor
    if found.many:
        return partial(services.save_entry, programme, found.name, key or "", actor=actor)
    return partial(services.save_section, programme, found.name, actor=actor)


def _form_page(request: WorkRequest, found: Section, form: EntryForm, *, key: str | None) -> HttpResponse:
    context = {
        "form": form,
        "section": found,
        "title": section_name(found.name),
        "back": reverse("rule-section", args=[found.name]) if found.many else reverse("rule-draft"),
        "can_clear": not found.many and not found.required and not form.new,
        "adding": key is None,
    }
    return render(request, "rules/entry.html", context, status=422 if form.errors else 200)


@require_POST
@needs("rules.draft")
def clear_section(request: WorkRequest, section: str) -> HttpResponse:
    found = queries.section_or_404(section, many=False)
    services.save_section(the_programme(request.actor).pk, found.name, None, actor=request.actor)
    return done(request, _("已从草稿里去掉。"), "rule-draft")


@require_POST
@needs("rules.draft")
def remove_entry(request: WorkRequest, section: str, key: str) -> HttpResponse:
    found = queries.section_or_404(section, many=True)
    services.remove_entry(the_programme(request.actor).pk, found.name, key, actor=request.actor)
    return done(request, _("已从草稿里去掉。"), "rule-section", section)


@require_POST
@needs("rules.draft")
def move_entry_up(request: WorkRequest, section: str, key: str) -> HttpResponse:
    found = queries.section_or_404(section, many=True)
    services.move_entry_up(the_programme(request.actor).pk, found.name, key, actor=request.actor)
    return redirect("rule-section", section)
