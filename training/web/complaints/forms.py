from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from training.complaints.choices import ComplaintKind, ComplaintStatus, Verdict
from training.web.forms import CardForm
from training.web.lists import FilterForm, choose


class Show(models.TextChoices):
    OPEN = "open", _("还没有答复")
    OVERDUE = "overdue", _("已超期")
    MINE = "mine", _("分给我的")


class ComplaintFilter(FilterForm):
    kind = choose(_("类型"), ComplaintKind.choices)
    status = choose(_("状态"), ComplaintStatus.choices)
    show = choose(_("待办"), Show.choices)


class AssignForm(CardForm):
    submit_label = _("分办")
    user_id = forms.TypedChoiceField(label=_("由谁核查"), coerce=int)

    def __init__(self, *args: Any, handlers: Sequence[tuple[int, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["user_id"].choices = handlers  # type: ignore[attr-defined]


class AnswerForm(CardForm):
    submit_label = _("答复")
    found = forms.CharField(
        label=_("核查情况"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        help_text=_("内部留存：看了什么、问了谁、查到什么。"),
    )
    verdict = forms.ChoiceField(label=_("核查结论"), choices=Verdict.choices)
    reply = forms.CharField(
        label=_("给来信人的答复"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        help_text=_("凭受理编号和查询码可以看到。不要写别人的个人信息。"),
    )
