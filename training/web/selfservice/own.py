"""The trainee's own page, by a link that opens once and no account.

Before the second check nothing that is held is shown, not even a name; after it, every look is on record. A
token that nobody was given, one that is over and wrong digits all answer alike.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from training.outcomes.services import claim_outcome
from training.people.choices import ConsentPurpose, RightsKind
from training.selfservice import services
from training.selfservice.models import SelfLink
from training.selfservice.queries import is_open, own_actor, standing_consents, taught_by, visit_of
from training.selfservice.rules import VISIT
from training.web.gate import READING, SENDING, at_most
from training.web.language import carried
from training.web.outcomes.forms import OwnOutcomeForm
from training.web.portal.queries import programme_by_code
from training.web.selfservice.forms import DigitsForm, RatingForm, RequestForm, SurveyForm
from training.web.trainees.copying import sections_of

COOKIE: Final = "own-page"
SALT: Final = "own-page"
SECONDS: Final = int(VISIT.total_seconds())
opening = at_most("own_link", limit=60, seconds=600, methods=READING)
guessing = at_most("own_link_digits", limit=15, seconds=600, methods=SENDING)
OwnView = Callable[[HttpRequest, SelfLink], HttpResponseBase]


def _public(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """No account, and no copy left behind in a browser that others use too."""
    return never_cache(login_not_required(view))


def in_visit(view: OwnView) -> Callable[..., HttpResponseBase]:
    """For whoever has just opened a link; everybody else gets the page that says how to get one."""

    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponseBase:
        said = request.get_signed_cookie(COOKIE, default="", salt=SALT, max_age=SECONDS) or ""
        link = visit_of(int(said)) if said.isdigit() else None
        return view(request, link) if link else _over(request)

    return _public(wrapped)


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "selfservice/over.html", {"programme": None}, status=403)


@_public
@require_http_methods(["GET", "HEAD", "POST"])
@opening
@guessing
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Looking uses nothing up: programs that show a preview of a link open it too."""
    if request.method != "POST":
        return _asked(request, DigitsForm()) if is_open(token) else _over(request)
    form = DigitsForm(request.POST)
    if not form.is_valid():
        return _asked(request, form)
    opened = services.open_link(token, form.cleaned_data["last_four"])
    if opened is None:
        form.add_error(
            None, _("没有打开：四位不对，或链接已经用过、过期。错几次链接会锁住，请找发链接的人再要一个。")
        )
        return _asked(request, form)
    answer = redirect("own-page")
    answer.set_signed_cookie(
        COOKIE,
        str(opened.pk),
        salt=SALT,
        max_age=SECONDS,
        path=reverse("own-page"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _asked(request: HttpRequest, form: DigitsForm) -> HttpResponse:
    context = {"form": form, "programme": None}
    return render(request, "selfservice/digits.html", context, status=422 if form.errors else 200)


@in_visit
@require_GET
def page(request: HttpRequest, own: SelfLink) -> HttpResponse:
    return _own_page(request, own)


def _own_page(request: HttpRequest, own: SelfLink, **forms: Any) -> HttpResponse:
    session = own.enrolment.training_session
    context = {
        "survey": SurveyForm(action=carried(request, reverse("own-survey"))),
        "outcome": OwnOutcomeForm(action=carried(request, reverse("own-outcome"))),
        "outcomes": list(own.enrolment.outcomes.order_by("-pk")),
        "rating": RatingForm(teachers=taught_by(session), action=carried(request, reverse("own-rating"))),
        "right": RequestForm(action=carried(request, reverse("own-request"))),
        "consents": standing_consents(own),
        "session": session,
        "programme": _programme(own),
    } | forms
    return render(
        request,
        "selfservice/page.html",
        context,
        status=422 if any(f.errors for f in forms.values()) else 200,
    )


def _programme(own: SelfLink) -> Any:
    return programme_by_code(own.enrolment.training_session.institution.programme.code)


@in_visit
@require_GET
def held(request: HttpRequest, own: SelfLink) -> HttpResponse:
    trainee = services.look_at_own(own, actor=own_actor(own))
    context = {"sections": list(sections_of(trainee, masked=True)), "programme": _programme(own)}
    return render(request, "selfservice/held.html", context)


@in_visit
@require_POST
def survey(request: HttpRequest, own: SelfLink) -> HttpResponse:
    form = SurveyForm(request.POST, action=carried(request, reverse("own-survey")))
    form.accept(lambda **said: services.answer_survey(own, actor=own_actor(own), **said))
    return _own_page(request, own, survey=form) if form.errors else _thanks(request, _("近况已收到，谢谢。"))


@in_visit
@require_POST
def outcome(request: HttpRequest, own: SelfLink) -> HttpResponse:
    """申报 by the trainee; whoever has no stake in it verifies it as any other."""
    form = OwnOutcomeForm(request.POST, request.FILES, action=carried(request, reverse("own-outcome")))
    made = form.accept(partial(claim_outcome, own.enrolment_id, actor=own_actor(own)))
    return _thanks(request, _("收到了，核实以后算数。")) if made else _own_page(request, own, outcome=form)


@in_visit
@require_POST
def rating(request: HttpRequest, own: SelfLink) -> HttpResponse:
    teachers = taught_by(own.enrolment.training_session)
    form = RatingForm(request.POST, teachers=teachers, action=carried(request, reverse("own-rating")))
    form.accept(lambda **_said: _rate(own, form))
    return (
        _own_page(request, own, rating=form) if form.errors else _thanks(request, _("评价已收到，不记名。"))
    )


def _rate(own: SelfLink, form: RatingForm) -> int:
    said = {teacher.pk: form.scores_of(teacher.pk) for teacher in form.teachers}
    course = form.scores_of("course")
    return services.rate(own, course=course, instructors=said, actor=own_actor(own))


@in_visit
@require_POST
def request_right(request: HttpRequest, own: SelfLink) -> HttpResponse:
    form = RequestForm(request.POST, action=carried(request, reverse("own-request")))
    made = form.accept(
        lambda kind, asked: services.ask(own, kind=RightsKind(kind), asked=asked, actor=own_actor(own))
    )
    if made is None:
        return _own_page(request, own, right=form)
    said = _("请求已收到，最迟 %(day)s 答复；需要时会打您登记的电话核对。") % {"day": made.due_on.isoformat()}
    return _thanks(request, said)


@in_visit
@require_POST
def consent(request: HttpRequest, own: SelfLink) -> HttpResponse:
    purpose = request.POST.get("purpose", "")
    if purpose in ConsentPurpose.values:
        services.withdraw(own, purpose=ConsentPurpose(purpose), actor=own_actor(own))
    return _thanks(request, _("同意已撤回，马上生效。"))


@in_visit
@require_POST
def leave(request: HttpRequest, own: SelfLink) -> HttpResponse:
    services.close_visit(own, actor=own_actor(own))
    answer = render(request, "selfservice/left.html", {"programme": _programme(own)})
    answer.delete_cookie(COOKIE, path=reverse("own-page"))
    return answer


def _thanks(request: HttpRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("own-page")
