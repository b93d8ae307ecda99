from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from training.enrolment.columns import GROUP, ID_NUMBER, NAME, PHONE, TOWNSHIP, VILLAGE
from training.institutions.models import Instructor
from training.scheduling.choices import ChangeKind, ChangeStatus
from training.scheduling.models import Lesson, Venue
from training.web.forms import CardForm, DateInput, TimeInput
from training.web.lists import FilterForm, choose


def reason_field(help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=_("原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}), help_text=help_text
    )


class ChangeFilter(FilterForm):
    status = choose(_("状态"), ChangeStatus.choices)
    kind = choose(_("变更什么"), ChangeKind.choices)


class RosterFilter(FilterForm):
    q = forms.CharField(
        label=_("姓名、拼音或证号后四位"), required=False, max_length=64, widget=forms.SearchInput
    )


class LessonChangeForm(CardForm):
    """The lesson as approved stands in the fields: whoever asks changes what should be otherwise."""

    submit_label = _("提交变更申请")
    on = forms.DateField(label=_("日期"), widget=DateInput)
    start = forms.TimeField(label=_("开始时间"), widget=TimeInput)
    end = forms.TimeField(label=_("结束时间"), widget=TimeInput)
    instructor_id = forms.TypedChoiceField(label=_("授课人"), coerce=int)
    venue_id = forms.TypedChoiceField(label=_("场地"), coerce=int)
    reason = reason_field(_("为什么要变更，例如：场地停电，改到村委会。"))

    def __init__(
        self,
        *args: Any,
        lesson: Lesson,
        instructors: Iterable[Instructor],
        venues: Iterable[Venue],
        **options: Any,
    ) -> None:
        options["initial"] = {
            "on": lesson.on,
            "start": localtime(lesson.starts_at).time(),
            "end": localtime(lesson.ends_at).time(),
            "instructor_id": lesson.instructor_id,
            "venue_id": lesson.venue_id,
        }
        super().__init__(*args, **options)
        chosen = {
            "instructor_id": [(person.pk, f"{person.name}（{person.title}）") for person in instructors],
            "venue_id": [(venue.pk, venue.name) for venue in venues],
        }
        for name, choices in chosen.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]


class ReasonForm(CardForm):
    submit_label = _("确定")
    button_class = "btn-seal"
    reason = reason_field()


class DeclineForm(ReasonForm):
    submit_label = _("不予变更")


class RemoveForm(ReasonForm):
    submit_label = _("退出名册")


class CancelForm(ReasonForm):
    submit_label = _("取消本期")


class StopForm(ReasonForm):
    submit_label = _("中止培训")
    reason = reason_field(_("检查中发现了什么问题，机构会看到。"))


class AddPersonForm(CardForm):
    """One person, as a line of a roster file would say it."""

    submit_label = _("加入名册")
    name = forms.CharField(label=_("姓名"), max_length=64)
    id_number = forms.CharField(
        label=_("身份证号"), max_length=24, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(
        label=_("手机号"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    township = forms.CharField(label=_("乡镇"), max_length=64, required=False)
    village = forms.CharField(label=_("村（社区）"), max_length=64, required=False)
    group = forms.ChoiceField(label=_("学员类别"), required=False)
    reason = reason_field(_("例如：顶替因病退出的学员。"))

    def __init__(self, *args: Any, groups: Iterable[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["group"].choices = [("", _("没有")), *((name, name) for name in groups)]  # type: ignore[attr-defined]

    @property
    def cells(self) -> dict[str, str]:
        """What was typed, by the column names of a roster file."""
        columns = {
            NAME: "name", ID_NUMBER: "id_number", PHONE: "phone", TOWNSHIP: "township", VILLAGE: "village",
            GROUP: "group",
        }  # fmt: skip
        return {column: self.cleaned_data[field] for column, field in columns.items()}
