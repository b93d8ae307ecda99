"""Separate answers: shown with the text that was read out, recorded one by one, taken back with one tap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from training.core.errors import InvalidInputError
from training.people import services
from training.people.choices import ConsentChannel, ConsentPurpose
from training.people.queries import standing_answers, texts_in_force
from training.web.forms import done, form_page
from training.web.gate import WorkRequest, about, needs
from training.web.trainees import texts as text_queries
from training.web.trainees.forms import ConsentForm, ConsentTextForm
from training.web.trainees.queries import enrolment_of, forgotten, trainee_of


@dataclass(frozen=True)
class Question:
    """One purpose: what the person is told, and what they last said."""

    purpose: ConsentPurpose
    text: Any
    answer: Any


def _questions(trainee: Any) -> list[Question]:
    texts, answers = texts_in_force(trainee.programme_id), standing_answers(trainee)
    return [Question(purpose, texts.get(purpose), answers.get(purpose)) for purpose in ConsentPurpose]


def _page(request: WorkRequest, trainee: Any, *, here: str, at: int, back: str) -> HttpResponse:
    context = {
        "trainee": trainee,
        "questions": _questions(trainee),
        "before": trainee.consents.filter(withdrawn_at__isnull=False).order_by("-withdrawn_at"),
        "forgotten": forgotten(trainee),
        "channels": ConsentChannel.choices,
        "action": reverse(f"{here}-consent", args=[at]),
        "sheet": reverse(f"{here}-consent-sheet", args=[at]),
        "back": back,
    }
    return render(request, "trainees/consents.html", context)


def _sheet(request: WorkRequest, trainee: Any, back: str) -> HttpResponse:
    """To be printed, read out and signed: every question has its own answer and its own signature."""
    context = {"trainee": trainee, "questions": _questions(trainee), "back": back}
    return render(request, "trainees/consent_sheet.html", context)


def _answer(request: WorkRequest, trainee: Any, back: str, at: int) -> HttpResponse:
    form = ConsentForm(request.POST)
    if not form.is_valid():
        raise InvalidInputError(_("一次只能回答一个问题，请在那一条下面点。"))
    said = form.cleaned_data
    purpose = ConsentPurpose(said["purpose"])
    if said["answer"] == "withdraw":
        services.withdraw_consent(trainee, purpose=purpose, actor=request.actor)
        return done(request, text_queries.WITHDRAWN[purpose], back, at)
    services.record_consent(
        trainee,
        given=said["answer"] == "yes",
        purpose=purpose,
        channel=ConsentChannel(said["channel"] or ConsentChannel.IN_PERSON),
        witness=said["witness"],
        actor=request.actor,
    )
    message = _("已记录：同意。") if said["answer"] == "yes" else _("已记录：不同意。不影响参加培训。")
    return done(request, message, back, at)


# Of a person in the pool


@require_GET
@about(trainee_of, "trainee.view")
def consents(request: WorkRequest, trainee: Any) -> HttpResponse:
    back = reverse("trainee", args=[trainee.pk])
    return _page(request, trainee, here="trainee", at=trainee.pk, back=back)


@require_POST
@about(trainee_of, "consent.withdraw")
def answer(request: WorkRequest, trainee: Any) -> HttpResponse:
    return _answer(request, trainee, "trainee-consents", trainee.pk)


@require_GET
@about(trainee_of, "trainee.view")
def sheet(request: WorkRequest, trainee: Any) -> HttpResponse:
    return _sheet(request, trainee, reverse("trainee-consents", args=[trainee.pk]))


# Of somebody on the institution's own roster


@require_GET
@about(enrolment_of, "consent.record")
def place_consents(request: WorkRequest, enrolment: Any) -> HttpResponse:
    back = reverse("roster", args=[enrolment.training_session_id])
    return _page(request, enrolment.trainee, here="enrolment", at=enrolment.pk, back=back)


@require_POST
@about(enrolment_of, "consent.record")
def place_answer(request: WorkRequest, enrolment: Any) -> HttpResponse:
    return _answer(request, enrolment.trainee, "enrolment-consents", enrolment.pk)


@require_GET
@about(enrolment_of, "consent.record")
def place_sheet(request: WorkRequest, enrolment: Any) -> HttpResponse:
    return _sheet(request, enrolment.trainee, reverse("enrolment-consents", args=[enrolment.pk]))


# The texts


@require_GET
@needs("consent_text.view")
def texts(request: WorkRequest) -> HttpResponse:
    context = {"purposes": text_queries.versions(request.actor)}
    return render(request, "trainees/texts.html", context)


@needs("consent_text.publish")
def add_text(request: WorkRequest) -> HttpResponse:
    initial = text_queries.start_from(request.actor, request.GET.get("purpose", ""))
    form = ConsentTextForm(request.POST or None, initial=initial)
    published = form.accept(text_queries.publisher(request.actor))
    if published:
        return done(request, _("已发布。以前的回答仍对应当时的版本。"), "consent-texts")
    note = _("告知书发布后不能改，只能再发布新版本；用大白话写清做什么、存多久、可以不同意、怎么撤回。")
    return form_page(request, form, title=_("发布告知书"), back=reverse("consent-texts"), note=note)
