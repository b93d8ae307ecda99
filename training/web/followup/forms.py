from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.followup.choices import (
    ContactMethod,
    ContactResult,
    EvidenceGrade,
    Guidance,
    OutcomeKind,
    OutcomeStatus,
)
from training.web.forms import CardForm, DateInput, UploadField
from training.web.lists import FilterForm

ANY = ("", _("全部"))
DUE = (
    ("", _("未完成")),
    ("overdue", _("已超期")),
    ("today", _("今天到期")),
    ("done", _("已完成")),
    ("all", _("全部")),
)


class FollowUpFilter(FilterForm):
    q = forms.CharField(label=_("姓名"), required=False, max_length=64, widget=forms.SearchInput)
    due = forms.ChoiceField(label=_("进度"), required=False, choices=DUE)
    township = forms.ChoiceField(label=_("乡镇"), required=False)

    def __init__(self, request: HttpRequest, townships: Iterable[str]) -> None:
        super().__init__(request)
        self.fields["township"].choices = [ANY, *((name, name) for name in townships)]  # type: ignore[attr-defined]
        self.full_clean()


class OutcomeFilter(FilterForm):
    q = forms.CharField(label=_("姓名"), required=False, max_length=64, widget=forms.SearchInput)
    status = forms.ChoiceField(label=_("状态"), required=False, choices=[ANY, *OutcomeStatus.choices])
    grade = forms.ChoiceField(
        label=_("证据等级"), required=False, choices=[ANY, ("AB", _("A 和 B")), *EvidenceGrade.choices]
    )


class ContactForm(CardForm):
    submit_label = _("记下这次联系")
    method = forms.ChoiceField(label=_("联系方式"), choices=ContactMethod.choices, widget=forms.RadioSelect)
    result = forms.ChoiceField(label=_("结果"), choices=ContactResult.choices, widget=forms.RadioSelect)
    guidance = forms.ChoiceField(label=_("提供的服务"), choices=Guidance.choices, required=False)
    note = forms.CharField(label=_("情况记录"), widget=forms.Textarea(attrs={"rows": 4}), required=False)


class OutcomeForm(CardForm):
    submit_label = _("登记成果，交别人核实")
    kind = forms.ChoiceField(label=_("成果类型"), choices=OutcomeKind.choices)
    started_on = forms.DateField(label=_("开始日期"), widget=DateInput)
    grade = forms.ChoiceField(
        label=_("证据等级"), choices=EvidenceGrade.choices, help_text=_("指标只计 A、B 两级证据的成果。")
    )
    description = forms.CharField(label=_("说明"), widget=forms.Textarea(attrs={"rows": 3}))
    file = UploadField(label=_("证据"), help_text=_("PDF、JPG 或 PNG，不超过 50 MB。"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["started_on"].widget.attrs["max"] = clock.today().isoformat()
