from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from training.dossiers.models import DossierVersion
from training.web.forms import CardForm


class UnsealForm(CardForm):
    submit_label = _("解封")
    button_class = "btn-seal"
    reason = forms.CharField(
        label=_("原因"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写明为什么要重新打开，例如：名册里有一人的姓名写错。原因留在这一版上，机构也看得到。"),
    )


class TransferForm(CardForm):
    submit_label = _("登记移交")
    receiver = forms.CharField(label=_("接收单位"), max_length=100, help_text=_("例如：石城县档案馆。"))
    taken_by = forms.CharField(label=_("接收人"), max_length=64)
    receipt_number = forms.CharField(label=_("移交清单编号"), max_length=64)
    handed_on = forms.DateField(label=_("移交日期"), widget=forms.DateInput(attrs={"type": "date"}))


class CompareForm(forms.Form):
    """Which two versions; without a choice the last two."""

    before = forms.TypedChoiceField(label=_("从"), coerce=int)
    after = forms.TypedChoiceField(label=_("到"), coerce=int)

    def __init__(self, data: object, versions: list[DossierVersion]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        choices = [(version.pk, _name(version)) for version in versions]
        for name in self.fields:
            self.fields[name].choices = choices  # type: ignore[attr-defined]
            self.fields[name].widget.attrs["class"] = "form-select"


def _name(version: DossierVersion) -> str:
    return _("%(edition)s第 %(number)s 版") % {
        "edition": version.get_edition_display(),
        "number": version.number,
    }
