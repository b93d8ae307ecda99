from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.accounts.models import Membership
from training.assessment.choices import QUESTIONS, Source
from training.institutions.choices import InstructorSource, ProofKind, Teaches
from training.web.forms import CHOOSE, CardForm, DateInput, UploadField
from training.web.lists import FilterForm, choose
from training.web.people.forms import AccountForm


class ProofState(models.TextChoices):
    """What somebody's proofs together come to today."""

    PENDING = "pending", _("有待核验")
    VERIFIED = "verified", _("有效且已核验")
    EXPIRING = "expiring", _("60 天内到期")
    NOTHING = "nothing", _("没有有效证明")
    TWICE = "twice", _("同一证书两家机构都报")
    LOW = "low", _("评价低于规则的分数")
    SUSPENDED = "suspended", _("暂停授课")


class Queued(models.TextChoices):
    PENDING = "pending", _("待核验")
    VERIFIED = "verified", _("已核验")
    REFUSED = "refused", _("未通过")


class OwnFilter(FilterForm):
    domain = forms.ChoiceField(label=_("专题"), required=False)
    state = choose(_("资质与状态"), ProofState.choices)

    def __init__(self, request: HttpRequest, topics: Iterable[str]) -> None:
        super().__init__(request)
        self.offer(domain=((topic, topic) for topic in topics))


class PoolFilter(OwnFilter):
    institution = forms.ChoiceField(label=_("培训机构"), required=False)

    def __init__(self, request: HttpRequest, topics: Iterable[str], institutions: Iterable[Any]) -> None:
        super().__init__(request, topics)
        self.offer(institution=((str(row.pk), row.name) for row in institutions))


class ProofFilter(FilterForm):
    state = choose(_("核验"), Queued.choices)


class InstructorForm(CardForm):
    submit_label = _("保存授课人")
    name = forms.CharField(label=_("姓名"), max_length=64)
    title = forms.CharField(label=_("职称"), max_length=64, help_text=_("没有职称的写职务或专长。"))
    employer = forms.CharField(label=_("工作单位"), max_length=120)
    source = forms.ChoiceField(label=_("来源"), choices=[CHOOSE, *InstructorSource.choices], required=False)
    teaches = forms.ChoiceField(label=_("授课类型"), choices=[CHOOSE, *Teaches.choices], required=False)
    phone = forms.RegexField(
        label=_("手机号"),
        regex=r"^1[3-9]\d{9}$",
        required=False,
        error_messages={"invalid": _("手机号应为 11 位数字、以 1 开头，请核对；没有的可以不填。")},
    )
    profile = forms.CharField(
        label=_("基本情况"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("从业经历和擅长的内容，会写进档案第三部分。"),
    )
    domains = forms.MultipleChoiceField(
        label=_("能讲的专题"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, topics: Iterable[str], **options: Any) -> None:
        super().__init__(*args, **options)
        kept = self.initial.get("domains", [])
        names = dict.fromkeys([*topics, *kept])
        self.fields["domains"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class InviteForm(AccountForm):
    """Of an account that there is already only a new link is asked for."""

    display_name = None  # type: ignore[assignment]  # the instructor's own

    def __init__(self, *args: Any, account: Membership | None, **options: Any) -> None:
        super().__init__(*args, **options)
        if account:
            self.fields.clear()


class ProofForm(CardForm):
    submit_label = _("上传证明")
    kind = forms.TypedChoiceField(label=_("证书类型"), choices=ProofKind.choices, coerce=ProofKind)
    number = forms.CharField(label=_("证书编号"), max_length=64)
    issuer = forms.CharField(label=_("发证机关"), max_length=120)
    valid_from = forms.DateField(
        label=_("发证日期"),
        required=False,
        widget=DateInput,
        help_text=_("证书上写的日期；发证以前上的课，这份证书不能作证。"),
    )
    valid_until = forms.DateField(
        label=_("有效期止"), required=False, widget=DateInput, help_text=_("长期有效的不填。")
    )
    file = UploadField(label=_("扫描件"), help_text=_("PDF、JPG 或 PNG。"))


class EvaluationForm(CardForm):
    """One field for each question, from 1 to 5; for trainees the averages of their papers."""

    submit_label = _("登记评价")

    def __init__(self, *args: Any, source: Source, people: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.source = source
        fields: dict[str, forms.Field] = {}
        if source == Source.TRAINEES:
            fields["answers"] = forms.IntegerField(
                label=_("收回份数"),
                min_value=1,
                max_value=max(people, 1),
                help_text=_("名册 %(people)s 人。") % {"people": people},
            )
        for question in QUESTIONS[source]:
            fields[question.value] = forms.DecimalField(
                label=question.label, min_value=Decimal(1), max_value=Decimal(5), decimal_places=2
            )
        fields["remark"] = forms.CharField(
            label=_("意见"),
            max_length=500,
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("概括写，不写学员姓名和电话。"),
        )
        button = self.helper.layout.fields.pop()
        for name, field in fields.items():
            self.fields[name] = field
            self.helper.layout.append(name)
        self.helper.layout.append(button)

    @property
    def said(self) -> dict[str, Any]:
        """As `record_evaluation` takes it."""
        cleaned = self.cleaned_data
        return {
            "answers": cleaned.get("answers", 1),
            "scores": {question.value: cleaned[question.value] for question in QUESTIONS[self.source]},
            "remark": cleaned["remark"],
        }
