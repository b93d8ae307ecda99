from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.attendance.choices import HeldReason
from training.dossiers.choices import DossierStatus
from training.institutions.choices import InstitutionType
from training.scheduling.choices import SessionStatus
from training.web.forms import CardForm
from training.web.lists import FilterForm
from training.web.people.forms import AccountForm

ANY = [("", _("全部"))]
HANDED_IN = [choice for choice in SessionStatus.choices if choice[0] != SessionStatus.DRAFT]


def choose(label: Any, choices: Iterable[Any]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[*ANY, *choices])


class SessionFilter(FilterForm):
    status = choose(_("期的状态"), HANDED_IN)
    dossier = choose(_("档案状态"), DossierStatus.choices)
    institution = choose(_("培训机构"), ())

    def __init__(self, request: HttpRequest, institutions: Iterable[Any]) -> None:
        super().__init__(request)
        self.fields["institution"].choices = [*ANY, *((str(row.pk), row.name) for row in institutions)]  # type: ignore[attr-defined]
        self.full_clean()


class HeldFilter(FilterForm):
    reason = choose(_("待核原因"), HeldReason.choices)


class ReturnForm(CardForm):
    submit_label = _("退回补正")
    button_class = "btn-outline-primary"
    reason = forms.CharField(
        label=_("退回原因"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("写明改什么，机构会看到。")
    )


class ReturnItemsForm(ReturnForm):
    items = forms.MultipleChoiceField(label=_("退回哪几项"), widget=forms.CheckboxSelectMultiple)
    field_order = ["items", "reason"]

    def __init__(self, *args: Any, items: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["items"].choices = [(item.code, f"{item.code} {item.title}") for item in items]  # type: ignore[attr-defined]


class InstitutionForm(CardForm):
    submit_label = _("登记机构")
    name = forms.CharField(label=_("机构名称"), max_length=120)
    uscc = forms.CharField(label=_("统一社会信用代码"), max_length=18)
    institution_type = forms.ChoiceField(label=_("机构类型"), choices=InstitutionType.choices)
    contact = forms.CharField(label=_("联系人"), max_length=64)


class StaffForm(AccountForm):
    role = forms.ChoiceField(
        label=_("身份"),
        choices=[choice for choice in Role.choices if choice[0] in INSTITUTION_ROLES],
        help_text=_("提交开班申请、档案和申领要由机构负责人办理。"),
    )
