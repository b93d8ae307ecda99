from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from crispy_forms.layout import Field
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from training.enrolment.choices import ApplicationStatus, CallStatus, Source
from training.enrolment.columns import EDUCATION, EMPLOYER, GROUP, ID_NUMBER, NAME, PHONE, TOWNSHIP, VILLAGE
from training.enrolment.handed_in import expected_of
from training.enrolment.models import RegistrationCall
from training.enrolment.queries import townships
from training.enrolment.roster_file import RosterRow, read_person
from training.people.choices import Education
from training.web.forms import CHOOSE, WORKBOOK_TYPES, CardForm, UploadField
from training.web.lists import FilterForm, choose
from training.web.registration.queries import Show

ELSEWHERE: Final = "-"
"""Chosen for a township that is not in the list: the bureau reviews these."""

FIELD_OF: Final[Mapping[str, str]] = {
    NAME: "name",
    ID_NUMBER: "id_number",
    PHONE: "phone",
    TOWNSHIP: "township",
    VILLAGE: "village",
    GROUP: "group",
    EDUCATION: "education",
    EMPLOYER: "employer",
}
"""The columns of a roster, as fields: a person on a form is read as a line of a roster file is."""


class CallFilter(FilterForm):
    status = choose(_("状态"), CallStatus.choices)
    show = choose(_("待办"), Show.choices)


class ApplicationFilter(FilterForm):
    q = forms.CharField(
        label=_("姓名、拼音、证号或手机后四位，或村"), required=False, max_length=64, widget=forms.SearchInput
    )
    status = choose(_("状态"), ApplicationStatus.choices)
    source = choose(_("来源"), Source.choices)
    township = forms.ChoiceField(label=_("乡镇"), required=False)

    def __init__(self, request: HttpRequest, names: Sequence[str]) -> None:
        super().__init__(request)
        self.offer(township=zip(names, names, strict=True))


class _Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class OpenForm(CardForm):
    submit_label = _("开放报名")
    opens_at = forms.DateTimeField(label=_("报名开始"), widget=_Moment())
    closes_at = forms.DateTimeField(
        label=_("报名截止"), widget=_Moment(), help_text=_("要早于提交开班申请。")
    )
    places = forms.IntegerField(
        label=_("名额"), min_value=1, max_value=5000, help_text=_("报名的人里最多录取几个；超出的进候补。")
    )
    quotas = forms.CharField(
        label=_("各乡镇名额"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("可以不填。每行一个乡镇和人数，例如：琴江镇 10。只用来对照，不限制录取。"),
    )
    note = forms.CharField(
        label=_("给报名人的话"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean_quotas(self) -> dict[str, int]:
        lines = [line.strip() for line in self.cleaned_data["quotas"].splitlines() if line.strip()]
        read = [re.fullmatch(r"(\S+?)[\s:：,，]*(\d{1,4})\s*人?", line) for line in lines]
        if wrong := [line for line, found in zip(lines, read, strict=True) if not found]:
            raise forms.ValidationError(
                _("“%(line)s”看不懂，请写成“琴江镇 10”，每行一个。"), params={"line": wrong[0][:40]}
            )
        return {found[1]: int(found[2]) for found in read if found}


class ChangeForm(OpenForm):
    submit_label = _("保存")


class PersonForm(CardForm):
    """One person, read by the rules of a roster file; `person` once the form is valid."""

    submit_label = _("提交")
    person: RosterRow | None = None
    name = forms.CharField(
        label=_("姓名"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    id_number = forms.CharField(
        label=_("身份证号"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    phone = forms.CharField(
        label=_("手机号"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    township = forms.ChoiceField(label=_("乡镇"))
    village = forms.CharField(label=_("村（社区）"), max_length=64, required=False)
    group = forms.ChoiceField(label=_("学员类别"), required=False)
    education = forms.ChoiceField(
        label=_("文化程度"), required=False, choices=[("", "—"), *Education.choices]
    )
    employer = forms.CharField(
        label=_("工作单位（站点、企业）"), max_length=120, required=False, help_text=_("没有的不填。")
    )

    def __init__(self, *args: Any, call: RegistrationCall, **options: Any) -> None:
        super().__init__(*args, **options)
        self.session = call.training_session
        self.groups = {group.code: group for group in self.session.rule_set.rules.groups}
        named = [(code, group.name) for code, group in self.groups.items()]
        self.fields["group"].choices = [("", _("不确定，先不选")), *named]  # type: ignore[attr-defined]
        if "township" in self.fields:
            names = [(name, name) for name in townships(call)]
            self.fields["township"].choices = [CHOOSE, *names, (ELSEWHERE, _("其他（不在上面）"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        said = {column: cleaned.get(field, "") for column, field in FIELD_OF.items()}
        said[TOWNSHIP] = "" if said[TOWNSHIP] == ELSEWHERE else said[TOWNSHIP]
        entry = read_person(said, expected_of(self.session))
        for problem in entry.problems:
            field = FIELD_OF.get(problem.column)
            if field not in self.errors:
                self.add_error(field if field in self.fields else None, problem.message)
        self.person = entry.person if isinstance(entry.person, RosterRow) else None
        return cleaned


class NominationForm(PersonForm):
    """Of the officer's own township, so that isn't asked."""

    submit_label = _("推荐")
    township = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["phone"].required = False


class AddForm(PersonForm):
    submit_label = _("登记报名")


class PublicForm(PersonForm):
    """What strangers fill in. `website` is for programs, which fill in everything: people never see it."""

    submit_label = _("提交报名")
    consent = forms.BooleanField(label=_("我看过上面的告知，同意为这次报名处理我的个人信息。"))
    group_consent = forms.BooleanField(
        label=_("我选的类别如涉及残疾、低收入等敏感信息，单独同意用它核对参训资格。"),
        required=False,
        help_text=_("可以不同意：学员类别选“不确定，先不选”，照样可以报名。"),
    )
    website = forms.CharField(label=_("请不要填写这一项"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["website"].widget.attrs |= {"tabindex": "-1", "autocomplete": "off"}
        self.helper.layout.fields[self.helper.layout.fields.index("website")] = Field(
            "website", wrapper_class="trap"
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        group = self.groups.get(cleaned.get("group", ""))
        if group and group.sensitive and not cleaned.get("group_consent"):
            self.add_error("group_consent", _now("这一类别是敏感信息，请单独同意，或改选“不确定，先不选”。"))
        return cleaned

    @property
    def filled_by_a_program(self) -> bool:
        return bool(self.cleaned_data.get("website"))


class ReceiptForm(CardForm):
    submit_label = _("查询")
    receipt = forms.CharField(
        label=_("报名编号"),
        max_length=24,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        help_text=_("提交报名时显示的 10 位字母和数字。"),
    )
    phone_end = forms.RegexField(
        label=_("手机号后四位"),
        regex=r"^\s*\d{4}\s*$",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": "4"}),
        error_messages={"invalid": _("请填报名时所留手机号的后四位数字。")},
    )


class ListForm(CardForm):
    submit_label = _("上传名单")
    file = UploadField(
        label=_("推荐名单（.xlsx）"),
        accept=WORKBOOK_TYPES,
        help_text=_("对的行直接推荐，错的行标红退给您；改好后整份再传一次，不会重复。"),
    )


class WithdrawForm(CardForm):
    submit_label = _("撤回报名")
    button_class = "btn-seal"
    reason = forms.CharField(label=_("原因"), max_length=200, help_text=_("例如：本人来电不参加了。"))
