from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.web.lists import FilterForm, choose


class Due(models.TextChoices):
    OVERDUE = "overdue", _("已超期")


class Noticed(models.TextChoices):
    FLAGGED = "flagged", _("有疑点")


class Order(models.TextChoices):
    RISK = "risk", _("疑点多的在前")


class DeskFilter(FilterForm):
    due = choose(_("期限"), Due.choices)
    risk = choose(_("系统看到的"), Noticed.choices)
    institution = choose(_("培训机构"), ())
    order = forms.ChoiceField(
        label=_("次序"), required=False, choices=[("", _("等得久的在前")), *Order.choices]
    )

    def __init__(self, request: HttpRequest, institutions: Iterable[Any]) -> None:
        super().__init__(request)
        self.offer(institution=((str(row.pk), row.name) for row in institutions))


class MarkForm(forms.Form):
    """What is wrong with an item, and where: the page is typed, a point in a picture or on a page is clicked."""

    item = forms.CharField(widget=forms.HiddenInput)
    paper = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("退回原因"), max_length=400, widget=forms.Textarea(attrs={"rows": 2}))
    page = forms.IntegerField(label=_("第几页"), required=False, min_value=1)
    x = forms.IntegerField(required=False, min_value=0, max_value=1000, widget=forms.HiddenInput)
    y = forms.IntegerField(required=False, min_value=0, max_value=1000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", "auto_id": "mark-%s", **options})
        for name in ("reason", "page"):
            self.fields[name].widget.attrs["class"] = "form-control"
