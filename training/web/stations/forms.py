from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.stations.choices import Permission, StationStatus
from training.web.forms import CardForm
from training.web.lists import FilterForm, choose


class Health(models.TextChoices):
    """What the fleet can be narrowed to."""

    URGENT = "urgent", _("需要处理")
    ALARM = "alarm", _("有提示")
    WELL = "well", _("正常")


class FleetFilter(FilterForm):
    health = choose(_("状况"), Health.choices)
    status = choose(_("使用状态"), StationStatus.choices)
    institution = forms.ChoiceField(label=_("培训机构"), required=False)

    def __init__(self, request: HttpRequest, institutions: Iterable[Any]) -> None:
        super().__init__(request)
        named = [(str(row.pk), row.name) for row in institutions]
        self.offer(institution=named)
        if len(named) == 1:  # an institution's own people have nothing to choose
            del self.fields["institution"]
            self.full_clean()


class CodeForm(CardForm):
    submit_label = _("生成登记码")
    institution_id = forms.TypedChoiceField(label=_("终端归哪个机构用"), coerce=int)
    station_name = forms.CharField(label=_("终端名称"), max_length=64, help_text=_("例如：三楼教室门口"))

    def __init__(self, *args: Any, institutions: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["institution_id"].choices = [(row.pk, row.name) for row in institutions]  # type: ignore[attr-defined]


class RenewForm(CardForm):
    submit_label = _("生成续用码")


class PermissionForm(CardForm):
    submit_label = _("保存")
    button_class = "btn-outline-primary"
    may = forms.MultipleChoiceField(
        label=_("刷身份证以外，还可以办理"),
        required=False,
        choices=Permission.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("终端下次下载名册时生效。"),
    )


class RevokeForm(CardForm):
    submit_label = _("确定停用")
    button_class = "btn-seal"
    reason = forms.CharField(
        label=_("停用原因"), max_length=200, help_text=_("例如：终端丢失、教室不再使用。会写进终端的记录。")
    )
