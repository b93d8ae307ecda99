from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from training.programmes.preset_file import PresetError, located, read_preset
from training.web.forms import CardForm, DateInput, UploadField
from training.web.lists import FilterForm, choose


class Then(models.TextChoices):
    """How an archive would stand under the new rules."""

    INCOMPLETE = "incomplete", _("不齐全")
    COMPLETE = "complete", _("齐全")


class Whose(models.TextChoices):
    """Which rules a session would go by."""

    FOLLOWS = "follows", _("会改按新规则的")
    KEEPS = "keeps", _("按原规则办到底的")


class EffectFilter(FilterForm):
    then = choose(_("按新规则"), Then.choices)
    whose = choose(_("哪些期"), Whose.choices)


class AdoptForm(CardForm):
    submit_label = _("批准为新版规则")
    button_class = "btn-seal"
    effective_on = forms.DateField(
        label=_("生效日期"), widget=DateInput, help_text=_("最早是明天，并在上一版生效之后。")
    )
    reason = forms.CharField(label=_("修改原因和依据"), widget=forms.Textarea({"rows": 3}), max_length=2000)


class WithdrawForm(CardForm):
    submit_label = _("撤回这一版")
    button_class = "btn-seal"
    reason = forms.CharField(label=_("撤回原因"), widget=forms.Textarea({"rows": 2}), max_length=2000)


class RulesFileForm(CardForm):
    submit_label = _("放进草稿")
    file = UploadField(label=_("规则文件（YAML）"), accept=".yaml,.yml")

    def accept(self, act: Callable[..., Any]) -> Any:
        """Every mistake of the file, with its line."""
        if not self.is_valid():
            return None
        try:
            preset = read_preset(*self.cleaned_data["file"])
        except PresetError as refused:
            self.add_error("file", [located(line, message) for line, message in refused.problems])
            return None
        self.cleaned_data = {"preset": preset}
        return super().accept(act)
