from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from training.partners.choices import Purpose, TokenState
from training.web.forms import CardForm, DateInput
from training.web.lists import FilterForm, choose


class TokenFilter(FilterForm):
    q = forms.CharField(label=_("使用单位"), required=False, max_length=64, widget=forms.SearchInput)
    state = choose(_("状态"), TokenState.choices)
    purpose = choose(_("可以读取"), Purpose.choices)


class IssueForm(CardForm):
    submit_label = _("签发凭证")
    partner = forms.CharField(label=_("使用单位"), max_length=120, help_text=_("例如：赣州市商务局"))
    contact = forms.CharField(
        label=_("联系人"), max_length=64, help_text=_("单位的科室或岗位即可，停用、到期时找谁。")
    )
    reason = forms.CharField(
        label=_("用途说明"), max_length=200, help_text=_("拿数据去做什么；写进操作记录。")
    )
    purposes = forms.MultipleChoiceField(
        label=_("可以读取"),
        choices=Purpose.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("只选这次用得到的。"),
    )
    institution_id = forms.TypedChoiceField(label=_("数据范围"), required=False, coerce=int, empty_value=None)
    expires_on = forms.DateField(
        label=_("有效期止"), widget=DateInput, help_text=_("最长一年，到期重新签发。")
    )

    def __init__(self, *args: Any, institutions: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        named = [(row.pk, row.name) for row in institutions]
        self.fields["institution_id"].choices = [("", _("全县")), *named]  # type: ignore[attr-defined]


class RevokeForm(CardForm):
    submit_label = _("停用凭证")
    button_class = "btn-seal"
    reason = forms.CharField(label=_("原因"), max_length=200, help_text=_("写进操作记录。"))
