from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.institutions.choices import (
    AgreementKind,
    AgreementStatus,
    InstitutionStatus,
    LicenceKind,
    Procurement,
)
from training.web.forms import CHOOSE, CardForm, DateInput, UploadField
from training.web.lists import FilterForm, choose
from training.web.people.forms import AccountForm

UNSAID = ("", _("没有写明"))
COUNTED = "counted"
"""Beside the states an institution may be in: that it counts for “at least so many”."""
SCAN = _("PDF、JPG 或 PNG。")
Rows = forms.Textarea(attrs={"rows": 3})


class Alert(models.TextChoices):
    """What about an institution waits for somebody."""

    VERIFY = "verify", _("有证照待核验")
    EXPIRING = "expiring", _("证照将到期")
    EXPIRED = "expired", _("证照过期暂停")
    LOCAL = "local", _("本地登记未办")
    AGREEMENT = "agreement", _("有协议待确认")


class PaperKind(models.TextChoices):
    LICENCE = "licence", _("机构证照")
    AGREEMENT = "agreement", _("协议和任务文件")
    PROOF = "proof", _("授课人资质证明")


class When(models.TextChoices):
    EXPIRED = "expired", _("已过期")
    MONTH = "30", _("30 天内")
    TWO_MONTHS = "60", _("60 天内")
    QUARTER = "90", _("90 天内")


class InstitutionFilter(FilterForm):
    standing = choose(_("状态"), [*InstitutionStatus.choices, (COUNTED, _("证照和协议都有效的"))])
    alert = choose(_("要处理"), Alert.choices)


class AgreementFilter(FilterForm):
    status = choose(_("状态"), AgreementStatus.choices)
    kind = choose(_("文件类型"), AgreementKind.choices)
    line = forms.ChoiceField(label=_("资金条线"), required=False)
    institution = forms.ChoiceField(label=_("培训机构"), required=False)

    def __init__(self, request: HttpRequest, lines: Iterable[Any], institutions: Iterable[Any]) -> None:
        super().__init__(request)
        self.offer(
            line=((str(row.pk), row.name) for row in lines),
            institution=((str(row.pk), row.name) for row in institutions),
        )


class ExpiringFilter(FilterForm):
    what = choose(_("材料"), PaperKind.choices)
    when = choose(_("到期"), When.choices)


class InstitutionForm(CardForm):
    submit_label = _("登记机构")
    name = forms.CharField(label=_("机构名称"), max_length=120)
    uscc = forms.CharField(label=_("统一社会信用代码"), max_length=24)
    kind = forms.ChoiceField(label=_("机构类型"), required=False)
    contact = forms.CharField(label=_("联系人"), max_length=64)

    def __init__(self, *args: Any, kinds: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = list(kinds)
        field = self.fields["kind"]
        field.required = bool(choices)
        field.choices = [CHOOSE, *choices] if choices else [("", _("待确认（文件没有列出机构类型）"))]  # type: ignore[attr-defined]


class StaffForm(AccountForm):
    role = forms.ChoiceField(
        label=_("身份"),
        choices=[choice for choice in Role.choices if choice[0] in INSTITUTION_ROLES],
        help_text=_("申请入库、提交开班申请、档案和申领要由机构负责人办理。"),
    )


class DetailsForm(CardForm):
    contact = forms.CharField(label=_("联系人"), max_length=64)
    phone = forms.CharField(label=_("联系电话"), max_length=20, required=False)
    legal_person = forms.CharField(label=_("法定代表人"), max_length=64, required=False)
    address = forms.CharField(label=_("地址"), max_length=200, required=False)
    business_scope = forms.CharField(
        label=_("经营（业务）范围"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("照营业执照或登记证书原文填写；改动后商务局要重新核对。"),
    )


class LocalForm(CardForm):
    due_on = forms.DateField(
        label=_("登记期限"), required=False, widget=DateInput, help_text=_("中标通知或协议约定的日期。")
    )
    registered_on = forms.DateField(label=_("登记日期"), required=False, widget=DateInput)
    local_uscc = forms.CharField(
        label=_("本地登记主体的统一社会信用代码"),
        max_length=24,
        required=False,
        help_text=_("分公司或子公司的代码；第 3 至 8 位应是本县的行政区划代码。"),
    )
    resident = forms.BooleanField(label=_("入驻电商公共服务中心"), required=False)


class LicenceForm(CardForm):
    submit_label = _("添加证照")
    kind = forms.TypedChoiceField(label=_("证照类型"), choices=LicenceKind.choices, coerce=LicenceKind)
    number = forms.CharField(label=_("证照编号"), max_length=64)
    issuer = forms.CharField(label=_("发证机关"), max_length=120)
    valid_from = forms.DateField(label=_("有效期起"), widget=DateInput)
    valid_until = forms.DateField(
        label=_("有效期止"), required=False, widget=DateInput, help_text=_("长期有效的不填。")
    )
    file = UploadField(label=_("扫描件"), help_text=SCAN)


class _PriceField(forms.DecimalField):
    """元 on the page, 分 in the program."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=Decimal(0), max_value=Decimal(100_000), decimal_places=2, **options)

    def clean(self, value: Any) -> int:
        return int(super().clean(value) * 100)


class AgreementForm(CardForm):
    submit_label = _("添加协议或任务文件")
    kind = forms.TypedChoiceField(label=_("文件类型"), choices=AgreementKind.choices, coerce=AgreementKind)
    number = forms.CharField(label=_("文件编号"), max_length=64)
    fund_line: Any = forms.ModelChoiceField(
        label=_("资金条线"), queryset=None, help_text=_("一期培训只走一条资金线。")
    )
    procurement = forms.ChoiceField(
        label=_("采购方式"), required=False, choices=[UNSAID, *Procurement.choices]
    )
    signed_on = forms.DateField(label=_("签署日期"), widget=DateInput)
    valid_from = forms.DateField(label=_("有效期起"), widget=DateInput)
    valid_until = forms.DateField(label=_("有效期止"), widget=DateInput)
    unit_price_fen = _PriceField(
        label=_("每人次单价（元）"), help_text=_("各班型单价不同的，在任务里分别写。")
    )
    award_url = forms.CharField(
        label=_("中标（成交）公告网址"),
        required=False,
        max_length=200,
        validators=[URLValidator(schemes=["http", "https"])],
        widget=forms.URLInput,
    )
    data_duties = forms.CharField(
        label=_("报送数据的约定"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    privacy_clause = forms.CharField(
        label=_("个人信息委托处理的约定"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("目的、期限、方式、种类和保护措施；抄协议原文或写第几条。"),
    )
    file = UploadField(label=_("双方签署的扫描件"), help_text=SCAN)

    def __init__(self, *args: Any, fund_lines: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["fund_line"].queryset = fund_lines  # type: ignore[attr-defined]


class ChangeForm(CardForm):
    submit_label = _("起草变更")
    signed_on = forms.DateField(label=_("变更签署日期"), widget=DateInput)
    valid_from = forms.DateField(label=_("有效期起"), widget=DateInput)
    valid_until = forms.DateField(label=_("有效期止"), widget=DateInput)
    unit_price_fen = _PriceField(label=_("每人次单价（元）"))
    reason = forms.CharField(label=_("变更的内容和原因"), widget=forms.Textarea(attrs={"rows": 2}))
    file = UploadField(label=_("双方签署的补充协议"), help_text=SCAN)


class TaskForm(CardForm):
    submit_label = _("添加任务")
    button_class = "btn-outline-primary"
    class_type = forms.ChoiceField(label=_("班型"))
    renci = forms.IntegerField(label=_("人次"), min_value=1, max_value=1_000_000)
    unit_price_fen = _PriceField(label=_("每人次单价（元）"))

    def __init__(self, *args: Any, class_types: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["class_type"].choices = [CHOOSE, *class_types]  # type: ignore[attr-defined]


class IndicatorForm(CardForm):
    submit_label = _("添加指标")
    button_class = "btn-outline-primary"
    rate = forms.ChoiceField(label=_("指标"))
    class_type = forms.ChoiceField(label=_("班型"), required=False)
    percent = forms.DecimalField(
        label=_("目标值（%）"),
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        decimal_places=2,
        max_digits=5,
    )
    formula = forms.CharField(
        label=_("怎样计算"),
        max_length=200,
        help_text=_("分子、分母各是什么，例如：结业后就业人数 ÷ 结业人数。"),
    )
    window = forms.CharField(label=_("时间范围"), max_length=100, help_text=_("例如：结业后 180 天内。"))

    def __init__(
        self, *args: Any, rates: Iterable[str], class_types: Iterable[tuple[str, str]], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.fields["rate"].choices = [CHOOSE, *((rate, rate) for rate in rates)]  # type: ignore[attr-defined]
        self.fields["class_type"].choices = [("", _("全部班型")), *class_types]  # type: ignore[attr-defined]


class ReasonForm(CardForm):
    """An act that somebody else will read the reason of; its button says what it does."""

    button_class = "btn-seal"
    reason = forms.CharField(
        label=_("原因"), max_length=200, widget=Rows, help_text=_("对方会看到，也写进操作记录。")
    )

    def __init__(self, *args: Any, label: Any, **options: Any) -> None:
        self.submit_label = label  # type: ignore[misc]
        super().__init__(*args, **options)
