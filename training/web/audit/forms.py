from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.web.audit.words import VERBS
from training.web.forms import DateInput
from training.web.lists import FilterForm

ANY_LOOK = "sensitive"


class AuditFilter(FilterForm):
    """`verb` is one of them, or every look at what is masked; dates are the county's days, both included."""

    q = forms.CharField(label=_("操作人"), required=False, max_length=64, widget=forms.SearchInput)
    verb = forms.ChoiceField(label=_("动作"), required=False)
    subject = forms.CharField(label=_("对象"), required=False, max_length=64)
    since = forms.DateField(label=_("从"), required=False, widget=DateInput)
    until = forms.DateField(label=_("到"), required=False, widget=DateInput)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        named = sorted(VERBS.items(), key=lambda entry: entry[0])
        self.offer(verb=[(ANY_LOOK, _("查看敏感信息")), *named])

    @property
    def chosen(self) -> dict[str, Any]:
        return super().chosen | {name: self.cleaned_data.get(name) for name in ("since", "until")}
