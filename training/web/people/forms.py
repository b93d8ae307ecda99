from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import AT_INSTITUTION, INSTITUTION_ROLES, AccountState, Body, Department, Role
from training.programmes.queries import gazetteer
from training.web.forms import CardForm
from training.web.lists import ANY, FilterForm

NO_FACTOR = "no_factor"
WHOLE_INSTALLATION = ("", _("整个系统（只限系统管理员）"))
COUNTY_ROLES = sorted(
    (choice for choice in Role.choices if choice[0] not in AT_INSTITUTION),
    key=lambda choice: choice[0] == Role.ADMIN,  # never the one that is chosen already
)
STAFF_ROLES = [choice for choice in Role.choices if choice[0] in INSTITUTION_ROLES]
INSTRUCTORS = (Role.INSTRUCTOR.value, Role.INSTRUCTOR.label)


class AccountFilter(FilterForm):
    role = forms.ChoiceField(label=_("身份"), required=False)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[ANY, *AccountState.choices, (NO_FACTOR, _("该设动态码没设"))],
    )

    def __init__(self, request: HttpRequest, roles: Iterable[Any]) -> None:
        super().__init__(request)
        self.offer(role=roles)


def role_field(choices: Iterable[Any], **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=_("身份"), choices=list(choices), **options)


class _ByMail(forms.Form):
    """Asks for an address only where mail can be sent."""

    email = forms.EmailField(
        label=_("电子邮箱"), required=False, help_text=_("填了，链接同时发到这里；不填，由您转交。")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not settings.EMAIL_URL:
            del self.fields["email"]


class AccountForm(CardForm, _ByMail):
    submit_label = _("开通账号")
    display_name = forms.CharField(label=_("姓名"), max_length=64)
    username = forms.SlugField(label=_("账号"), max_length=64, help_text=_("字母、数字和短横线，登录时用。"))
    field_order = ["display_name", "username", "role", "email"]


class _InProgramme(forms.Form):
    """`programme_id` None where the whole installation is chosen."""

    programme_id = forms.TypedChoiceField(label=_("项目"), required=False, coerce=int, empty_value=None)

    def offer(self, programmes: Iterable[Any], *, whole: bool) -> None:
        named = [(row.pk, f"{row.county} {row.code}") for row in programmes]
        self.fields["programme_id"].choices = [*([WHOLE_INSTALLATION] if whole else []), *named]  # type: ignore[attr-defined]


class _AtTownship(_InProgramme):
    """Picked from the lists of places where every county has given one, typed otherwise."""

    township = forms.CharField(
        label=_("乡镇"), max_length=64, required=False, help_text=_("只有乡镇干部要写，与名册上的写法相同。")
    )

    def offer(self, programmes: Iterable[Any], *, whole: bool) -> None:
        rows = list(programmes)
        super().offer(rows, whole=whole)
        self.places = {row.pk: gazetteer(row) for row in rows}
        if self.places and all(self.places.values()):
            listed = [(row.county, [(name, name) for name in self.places[row.pk].townships]) for row in rows]
            choices = [("", "—"), *(listed if len(listed) > 1 else listed[0][1])]
            self.fields["township"] = forms.ChoiceField(
                label=_("乡镇"), required=False, choices=choices, help_text=_("只有乡镇干部要选。")
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        places, township = self.places.get(cleaned.get("programme_id")), cleaned.get("township", "")
        if places and township:
            spelt = places.spell(township)
            cleaned["township"] = spelt.township
            if spelt.unknown:
                self.add_error("township", _now("这个乡镇不在所选项目的行政区划名单里。"))
        return cleaned


class _ForBody(forms.Form):
    body = forms.ChoiceField(
        label=_("代表部门"),
        choices=[("", "—"), *Body.choices],
        required=False,
        help_text=_("只有验收组成员要选：代表哪个部门。"),
    )


class _OfDepartment(forms.Form):
    department = forms.ChoiceField(
        label=_("核实部门"),
        choices=[("", "—"), *Department.choices],
        required=False,
        help_text=_("只有数据核实部门要选：只核实归这个部门的学员类别。"),
    )


class CountyAccountForm(AccountForm, _AtTownship, _ForBody, _OfDepartment):
    role = role_field(COUNTY_ROLES)
    workplace = forms.CharField(label=_("单位"), max_length=120, help_text=_("例如：石城县商务局"))
    field_order = [
        "display_name",
        "username",
        "role",
        "programme_id",
        "workplace",
        "township",
        "body",
        "department",
        "email",
    ]


class CountyRoleForm(CardForm, _AtTownship, _ForBody, _OfDepartment):
    submit_label = _("增加岗位")
    role = role_field(COUNTY_ROLES)
    workplace = forms.CharField(label=_("单位"), max_length=120)
    field_order = ["role", "programme_id", "workplace", "township", "body", "department"]


class StaffRoleForm(CardForm):
    submit_label = _("增加岗位")
    role = role_field(STAFF_ROLES)
    institution_id = forms.TypedChoiceField(label=_("培训机构"), coerce=int)

    def __init__(self, *args: Any, institutions: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["institution_id"].choices = [(row.pk, row.name) for row in institutions]  # type: ignore[attr-defined]


class ReasonForm(CardForm):
    button_class = "btn-seal"
    reason = forms.CharField(label=_("原因"), max_length=200, help_text=_("写进操作记录。"))


class DeactivateForm(ReasonForm):
    submit_label = _("停用账号")


class EndRoleForm(ReasonForm):
    submit_label = _("取消岗位")
