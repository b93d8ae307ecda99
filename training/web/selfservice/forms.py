from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from training.assessment.choices import QUESTIONS, Question, Source
from training.followup.choices import SITUATIONS, Conclusion, Guidance
from training.institutions.models import Instructor
from training.people.choices import RightsKind
from training.selfservice.choices import CourseQuestion
from training.web.forms import CardForm
from training.web.lists import FilterForm

SCORES = [
    ("", _("不评")),
    (5, _("5 很好")),
    (4, _("4 好")),
    (3, _("3 一般")),
    (2, _("2 差")),
    (1, _("1 很差")),
]


class SessionFilter(FilterForm):
    """By code, title or institution."""


class DigitsForm(CardForm):
    submit_label = _("打开我的页面")
    last_four = forms.RegexField(
        label=_("身份证号或手机号的后四位"),
        regex=r"^\s*\d{3}[\dXx]\s*$",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "maxlength": "4", "autocapitalize": "characters"}
        ),
        help_text=_("参加培训时登记的；身份证最后一位是 X 的填 X。"),
        error_messages={"invalid": _("请填四位。")},
    )


class SurveyForm(CardForm):
    submit_label = _("提交近况")
    situation = forms.ChoiceField(
        label=_("现在主要在做什么"),
        required=False,
        widget=forms.RadioSelect,
        choices=[(code, label) for code, label in Conclusion.choices if code in SITUATIONS],
    )
    wants = forms.MultipleChoiceField(
        label=_("想要哪些帮助"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(code, label) for code, label in Guidance.choices if code],
    )
    note = forms.CharField(
        label=_("还想说的"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.get(name) for name in ("situation", "wants", "note")):
            raise forms.ValidationError(_("请至少填一项。"))
        return cleaned


class RatingForm(CardForm):
    """The class and each who taught it; what is left out is not rated."""

    submit_label = _("提交评价")

    def __init__(self, *args: Any, teachers: Sequence[Instructor], **options: Any) -> None:
        super().__init__(*args, **options)
        self.teachers = teachers
        for question in CourseQuestion:
            self._ask(f"course-{question.value}", question.label)
        for teacher in teachers:
            for code in QUESTIONS[Source.TRAINEES]:
                said = _("%(name)s老师：%(question)s") % {
                    "name": teacher.name,
                    "question": Question(code).label,
                }
                self._ask(f"{teacher.pk}-{code.value}", said)
        button = self.helper.layout.fields.pop()
        self.helper.layout.fields = [*self.fields, button]

    def _ask(self, name: str, label: Any) -> None:
        self.fields[name] = forms.TypedChoiceField(
            label=label, required=False, choices=SCORES, coerce=int, empty_value=None
        )

    def scores_of(self, prefix: object) -> dict[str, int]:
        start = f"{prefix}-"
        said = self.cleaned_data.items()
        return {name[len(start) :]: value for name, value in said if name.startswith(start) and value}


class RequestForm(CardForm):
    submit_label = _("提交请求")
    kind = forms.ChoiceField(
        label=_("要求"),
        choices=[
            (RightsKind.CORRECT, _("更正：存的不对")),
            (RightsKind.COPY, _("要一份完整的副本")),
            (RightsKind.DELETE, _("删除")),
            (RightsKind.RESTRICT, _("只保存、不再使用")),
            (RightsKind.EXPLAIN, _("解释是怎么算的")),
        ],
    )
    asked = forms.CharField(
        label=_("请写明"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("例如：村名写错了，应为大畲村。住址的更正由乡镇核对。"),
    )
