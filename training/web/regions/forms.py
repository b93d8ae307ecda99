from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.programmes.choices import RegionLevel
from training.programmes.errors import RegionsRefusedError
from training.programmes.preset_file import located
from training.web.forms import CardForm, DateInput, UploadField
from training.web.lists import ANY, FilterForm, choose

POOR_NOW, POOR_ONCE, NEVER = "now", "once", "never"


class RegionFilter(FilterForm):
    q = forms.CharField(label=_("名称或代码"), required=False, max_length=64, widget=forms.SearchInput)
    township = forms.ChoiceField(label=_("乡镇"), required=False)
    level = choose(_("级别"), RegionLevel.choices)
    poor = forms.ChoiceField(
        label=_("贫困村"),
        required=False,
        choices=[ANY, (POOR_NOW, _("现在是")), (POOR_ONCE, _("曾经是，已退出")), (NEVER, _("没有认定过"))],
    )

    def __init__(self, request: HttpRequest, townships: Iterable[Any]) -> None:
        super().__init__(request)
        self.offer(township=((row.code, row.name) for row in townships))


class RegionsFileForm(CardForm):
    submit_label = _("导入")
    file = UploadField(label=_("名单（CSV）"), accept=".csv,.txt")
    source = forms.CharField(
        label=_("名单从哪里来"), max_length=200, help_text=_("例如：县民政局 2021 年村（社区）名录")
    )

    def accept(self, act: Callable[..., Any]) -> Any:
        """Every mistake of the list, with its line."""
        if not self.is_valid():
            return None
        self.cleaned_data = {"data": self.cleaned_data["file"][1], "source": self.cleaned_data["source"]}

        def load(**fields: Any) -> Any:
            try:
                return act(**fields)
            except RegionsRefusedError as refused:
                self.add_error("file", [located(line, message) for line, message in refused.problems])
                return None

        return super().accept(load)


class PoorForm(CardForm):
    poor_from = forms.DateField(label=_("认定为贫困村的日期"), widget=DateInput)
    poor_until = forms.DateField(
        label=_("退出日期"), required=False, widget=DateInput, help_text=_("还没有退出的不填。")
    )
    poor_source = forms.CharField(label=_("认定依据"), max_length=200, help_text=_("文件名称和文号。"))


class NotPoorForm(CardForm):
    submit_label = _("取消标记")
    button_class = "btn-seal"
    reason = forms.CharField(label=_("原因"), max_length=200, help_text=_("写进操作记录。"))
