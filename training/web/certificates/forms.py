from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from training.web.forms import CardForm
from training.web.lists import FilterForm


class CertificateFilter(FilterForm):
    """By session code, title or institution."""


class RevokeForm(CardForm):
    submit_label = _("撤销证书")
    button_class = "btn-seal"
    reason = forms.CharField(
        label=_("原因"), max_length=200, help_text=_("留在记录里；公开查验只显示“已撤销”，不显示原因。")
    )


class ReissueForm(CardForm):
    submit_label = _("换发证书")
    reason = forms.CharField(label=_("原因"), max_length=200, help_text=_("例如：姓名更正、原件遗失。"))
