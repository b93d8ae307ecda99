from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from training.attendance.choices import ExclusionStatus
from training.web.forms import CardForm
from training.web.lists import FilterForm, choose


class ExclusionFilter(FilterForm):
    status = choose(_("状态"), ExclusionStatus.choices)


class ProposeForm(CardForm):
    submit_label = _("提出剔除")
    reason = forms.CharField(
        label=_("剔除的原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写明核查属实的疑点和依据，机构、乡镇申诉时会看到。"),
    )


class AppealForm(CardForm):
    submit_label = _("提出申诉")
    reason = forms.CharField(label=_("申诉的理由"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


class DecisionForm(CardForm):
    """One of `verdicts` (code, words), with what it stands on."""

    submit_label = _("决定")
    verdict = forms.ChoiceField(label=_("决定"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("说明"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, verdicts: Sequence[tuple[str, Any]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["verdict"].choices = verdicts  # type: ignore[attr-defined]
