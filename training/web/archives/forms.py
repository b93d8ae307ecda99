from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.dossiers.choices import Owes
from training.web.forms import CardForm
from training.web.lists import FilterForm, choose


class Due(models.TextChoices):
    """When what is missing should be there."""

    OVERDUE = "overdue", _("已逾期")
    WEEK = "week", _("七天内到期")
    LATER = "later", _("以后到期")


ANYBODY = ("anybody", _("不限"))


class TodoFilter(FilterForm):
    """`items` are (code, label); `institutions` empty for who works at one. `ours_only`: no other side's are shown."""

    item = forms.ChoiceField(label=_("档案项"), required=False)
    due = choose(_("期限"), Due.choices)
    who = forms.ChoiceField(
        label=_("由谁办"), required=False, choices=[("", _("本单位")), *Owes.choices, ANYBODY]
    )
    institution = forms.ChoiceField(label=_("培训机构"), required=False)

    def __init__(
        self,
        request: HttpRequest,
        items: Iterable[tuple[str, str]],
        institutions: Iterable[Any],
        *,
        ours_only: bool,
    ) -> None:
        super().__init__(request)
        ours = [(str(row.pk), row.name) for row in institutions]
        self.offer(item=items, institution=ours)
        if not ours:
            del self.fields["institution"]
        if ours_only:
            del self.fields["who"]


class SettleForm(CardForm):
    """Of one doubt; the page has one for each."""

    submit_label = _("核对无误，记下理由")
    button_class = "btn-outline-primary"
    kind = forms.CharField(widget=forms.HiddenInput)
    key = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("核对结果和理由"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("写明怎样核对的、向谁核实的。确有问题的不在这里写，要作废签到记录或从名册剔除。"),
    )
