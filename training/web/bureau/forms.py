from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.attendance.choices import HeldReason
from training.core.actor import Actor
from training.dossiers.choices import DossierStatus
from training.scheduling.choices import SessionStatus
from training.web.forms import CardForm
from training.web.lists import FilterForm, choose
from training.web.timetable.sessions import PlannedFilter

HANDED_IN = [choice for choice in SessionStatus.choices if choice[0] != SessionStatus.DRAFT]


class SessionFilter(PlannedFilter):
    field_order = ("q", "status", "dossier", "institution")
    status = choose(_("期的状态"), HANDED_IN)
    dossier = choose(_("档案状态"), DossierStatus.choices)
    institution = choose(_("培训机构"), ())

    def __init__(self, request: HttpRequest, institutions: Iterable[Any], *, actor: Actor) -> None:
        super().__init__(request, actor=actor)
        self.offer(institution=((str(row.pk), row.name) for row in institutions))


class Step(models.TextChoices):
    """Who of the bureau is next."""

    REVIEW = "review", _("等审核员")
    HEAD = "head", _("等负责人")


class QueueFilter(FilterForm):
    step = choose(_("等谁办"), Step.choices)
    institution = choose(_("培训机构"), ())

    def __init__(self, request: HttpRequest, institutions: Iterable[Any]) -> None:
        super().__init__(request)
        self.offer(institution=((str(row.pk), row.name) for row in institutions))


class HeldFilter(FilterForm):
    reason = choose(_("待核原因"), HeldReason.choices)


class ReturnForm(CardForm):
    submit_label = _("退回补正")
    button_class = "btn-outline-primary"
    reason = forms.CharField(
        label=_("退回原因"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("写明改什么，机构会看到。")
    )
