from __future__ import annotations

from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.utils.translation import gettext_lazy as _

from training.complaints.choices import ComplaintKind
from training.web.forms import CardForm


class ComplaintForm(CardForm):
    """What strangers fill in. `website` is for programs, which fill in everything: people never see it."""

    submit_label = _("提交")
    kind = forms.ChoiceField(label=_("类型"), choices=ComplaintKind.choices, widget=forms.RadioSelect)
    said = forms.CharField(
        label=_("事情"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("什么时间、什么地方、什么事。内容加密保存，只给商务局核查的人看。"),
    )
    session_code = forms.CharField(
        label=_("期号"),
        max_length=40,
        required=False,
        help_text=_("知道就填，在通知、证书上；不知道可以不填。"),
    )
    contact = forms.CharField(
        label=_("联系方式"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("可以不填。填了加密保存，只用来核实这件事，培训机构看不到。"),
    )
    website = forms.CharField(label=_("请不要填写这一项"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["website"].widget.attrs |= {"tabindex": "-1", "autocomplete": "off"}
        place = self.helper.layout.fields.index("website")
        self.helper.layout.fields[place] = Field("website", wrapper_class="trap")

    @property
    def filled_by_a_program(self) -> bool:
        return bool(self.cleaned_data.get("website"))

    @property
    def words(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "website"}


class TicketForm(CardForm):
    submit_label = _("查询")
    ticket = forms.CharField(
        label=_("受理编号"), max_length=16, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    secret = forms.CharField(
        label=_("查询码"), max_length=16, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class CertificateForm(CardForm):
    submit_label = _("查验")
    number = forms.CharField(
        label=_("证书编号"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    check_code = forms.CharField(
        label=_("校验码"),
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        help_text=_("印在证书编号下面，8 位。"),
    )
