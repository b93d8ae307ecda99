from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from training.publications.choices import PublicationStatus
from training.web.forms import WORKBOOK_TYPES, CardForm, UploadField
from training.web.lists import FilterForm, choose


class PublicationFilter(FilterForm):
    status = choose(_("状态"), PublicationStatus.choices)


class TableForm(CardForm):
    submit_label = _("拟稿并审查")
    title = forms.CharField(label=_("标题"), max_length=120)
    file = UploadField(
        label=_("表格（.xlsx）"),
        accept=WORKBOOK_TYPES,
        help_text=_("第一张表，第一行是列名。不能有姓名（隐去的可以）、证件号、电话、特殊群体这些列。"),
    )


class WithdrawForm(CardForm):
    submit_label = _("撤下")
    button_class = "btn-seal"
    reason = forms.CharField(label=_("原因"), max_length=200, help_text=_("会显示在公开页上。"))
