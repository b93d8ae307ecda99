"""The programmes of the installation, and how one more is opened: rules first shown, then loaded."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from training.programmes.services import open_programme
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, needs
from training.web.people.queries import looks_after_all
from training.web.people.queries import programmes as programmes_of
from training.web.programmes.forms import OpenForm


@require_safe
@needs("programme.open")
def programmes(request: WorkRequest) -> HttpResponse:
    context = {"programmes": programmes_of(request.actor), "may_open": looks_after_all(request.actor)}
    return render(request, "programmes/list.html", context)


@needs("programme.open")
def open_one(request: WorkRequest) -> HttpResponse:
    """A preset or a file is checked and shown; what was shown is what is loaded."""
    form = OpenForm(request.POST or None, request.FILES or None)
    if form.is_valid() and form.preset:
        if "confirm" in request.POST:
            programme = open_programme(form.preset, actor=request.actor)
            said = _("项目 %(code)s 已建立，接着给县里的人开账号。") % {"code": programme.code}
            return done(request, said, "programmes")
        return _preview(request, form)
    note = _("建立以后，规则由商务局在“项目与规则”里改，每次改动是新的一版；项目代码和县名不能再改。")
    return form_page(request, form, title=_("建立项目"), back=reverse("programmes"), note=note)


def _preview(request: WorkRequest, form: OpenForm) -> HttpResponse:
    context = {"preset": form.preset, "text": form.cleaned_data["text"]}
    return render(request, "programmes/preview.html", context)
