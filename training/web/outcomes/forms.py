from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.outcomes.choices import (
    Check,
    Contract,
    DesignationKind,
    EnterpriseStatus,
    EvidenceGrade,
    EvidenceKind,
    OutcomeKind,
    OutcomeStatus,
    Platform,
)
from training.web.forms import PAPER_TYPES, CardForm, DateInput, UploadField, UploadsField
from training.web.lists import ANY, FilterForm, choose
from training.web.outcomes.statistics import DIMENSIONS

NONE = ("", _("不填"))
STATUSES = (
    ANY,
    ("undecided", _("待核实、认定")),
    ("standing", _("认定有效")),
    ("overdue", _("认定有效，复核超期")),
    *OutcomeStatus.choices,
)
SIDES = (
    ("denominator", _("应统计的人（分母）")),
    ("numerator", _("已实现的人（分子）")),
    ("missing", _("还没有的人")),
    ("not_yet", _("未到时间的人")),
    ("overdue", _("已实现、复核超期的人")),
)
PAPERS_HINT = _("PDF、JPG 或 PNG，可以一次选几个文件，每个不超过 50 MB。")
Choices = Iterable[tuple[Any, Any]]


def person_field() -> forms.CharField:
    return forms.CharField(
        label=_("姓名、拼音或证号后四位"), required=False, max_length=64, widget=forms.SearchInput
    )


class OutcomeFilter(FilterForm):
    q = person_field()
    kind = choose(_("成果类型"), OutcomeKind.choices)
    status = forms.ChoiceField(label=_("状态"), required=False, choices=STATUSES)
    grade = forms.ChoiceField(
        label=_("证据等级"), required=False, choices=[ANY, ("AB", _("A 和 B")), *EvidenceGrade.choices]
    )
    twice = forms.ChoiceField(label=_("重复"), required=False, choices=[ANY, ("yes", _("疑似重复"))])
    township = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    village = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    session = forms.RegexField(r"^\d{1,9}$", required=False, widget=forms.HiddenInput)
    class_type = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    category = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    group = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    institution = forms.RegexField(r"^\d{1,9}$", required=False, widget=forms.HiddenInput)


class OutcomeStatisticsFilter(FilterForm):
    q = None  # type: ignore[assignment]
    by = forms.ChoiceField(label=_("分组"), required=False, choices=tuple(DIMENSIONS.items()))


class RecheckFilter(FilterForm):
    q = person_field()
    kind = choose(_("成果类型"), OutcomeKind.choices)


class RateFilter(FilterForm):
    """`day` always has a value; `window` is None for the programme's usual one."""

    q = None  # type: ignore[assignment]
    months = forms.IntegerField(label=_("结业后几个月内"), required=False, min_value=1, max_value=36)
    as_of = forms.DateField(label=_("截至"), required=False, widget=DateInput)

    @property
    def window(self) -> int | None:
        return self.cleaned_data.get("months")

    @property
    def day(self) -> date:
        return self.cleaned_data.get("as_of") or clock.today()


class CohortFilter(RateFilter):
    q = person_field()  # type: ignore[assignment]
    side = forms.ChoiceField(label=_("哪些人"), required=False, choices=SIDES)
    kind = forms.ChoiceField(label=_("成果类型"), required=False, choices=OutcomeKind.choices)
    class_type = forms.ChoiceField(label=_("班型"), required=False)
    rate = forms.IntegerField(required=False, widget=forms.HiddenInput)

    field_order = ("q", "side", "kind", "class_type", "months", "as_of")

    def __init__(self, request: HttpRequest, class_types: Choices) -> None:
        super().__init__(request)
        if self.cleaned_data.get("rate"):  # the agreement says all of this itself
            for name in ("kind", "months", "class_type"):
                self.fields[name].widget = forms.HiddenInput()
        self.offer(class_type=class_types)


class SalesFilter(FilterForm):
    q = person_field()
    platform = choose(_("平台"), Platform.choices)
    township = forms.ChoiceField(label=_("乡镇"), required=False)

    def __init__(self, request: HttpRequest, townships: Iterable[str]) -> None:
        super().__init__(request)
        self.offer(township=((name, name) for name in townships))


class EnterpriseFilter(FilterForm):
    q = forms.CharField(label=_("企业名称或代码"), required=False, max_length=64, widget=forms.SearchInput)
    status = choose(_("状态"), EnterpriseStatus.choices)


class DesignationFilter(FilterForm):
    q = forms.CharField(
        label=_("姓名、拼音、证号后四位或地方"), required=False, max_length=64, widget=forms.SearchInput
    )
    kind = choose(_("称号"), DesignationKind.choices)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("有效的")), ("ended", _("已撤销")), ("all", _("全部"))],
    )


PLACE_STATES: Final = (("", _("还没有的")), ("covered", _("已有的")), ("all", _("全部")))


class GapFilter(FilterForm):
    q = forms.CharField(label=_("村或乡镇"), required=False, max_length=64, widget=forms.SearchInput)
    kind = forms.ChoiceField(label=_("称号"), required=False, choices=DesignationKind.choices)
    state = forms.ChoiceField(label=_("有没有人"), required=False, choices=PLACE_STATES)


class _DayForm(CardForm):
    """Days that are not to come."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if isinstance(field, forms.DateField):
                field.widget.attrs["max"] = clock.today().isoformat()


class OutcomeForm(_DayForm):
    submit_label = _("登记成果，交别人核实")
    kind = forms.ChoiceField(label=_("成果类型"), choices=OutcomeKind.choices)
    started_on = forms.DateField(label=_("开始日期"), widget=DateInput)
    organisation = forms.CharField(
        label=_("用人单位、经营主体或学校"),
        required=False,
        max_length=120,
        help_text=_("就业、继续学习必填。"),
    )
    post = forms.CharField(label=_("岗位或专业"), required=False, max_length=64, help_text=_("就业必填。"))
    contract = forms.ChoiceField(label=_("用工形式"), required=False, choices=[NONE, *Contract.choices])
    uscc = forms.CharField(
        label=_("统一社会信用代码"),
        required=False,
        max_length=18,
        help_text=_("创业的营业执照上的 18 位代码；就业可填用人单位的。"),
    )
    platform = forms.ChoiceField(label=_("平台"), required=False, choices=[NONE, *Platform.choices])
    shop_url = forms.URLField(
        label=_("店铺链接"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("创业要有店铺链接或营业执照。"),
    )
    shop_seen_on = forms.DateField(label=_("哪天看过店铺"), required=False, widget=DateInput)
    product = forms.CharField(
        label=_("卖什么"), required=False, max_length=64, help_text=_("务农并网销必填。")
    )
    grade = forms.ChoiceField(
        label=_("证据等级"),
        choices=EvidenceGrade.choices,
        help_text=_("指标只计 A、B 两级证据的成果；认定时由商务局最后定级。"),
    )
    evidence = forms.ChoiceField(label=_("材料类型"), choices=EvidenceKind.choices)
    papers = UploadsField(label=_("证据"), accept=PAPER_TYPES, required=False, help_text=PAPERS_HINT)
    description = forms.CharField(
        label=_("说明"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class OwnOutcomeForm(OutcomeForm):
    """What the trainees themselves can say; how good the evidence is others judge."""

    submit_label = _("告诉我们")
    grade = evidence = shop_seen_on = None  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        """A shop they name they know of today."""
        said = super().clean() or {}
        return said | {"shop_seen_on": clock.today() if said.get("shop_url") else None}


class EvidenceForm(CardForm):
    submit_label = _("补充材料")
    evidence = forms.ChoiceField(label=_("材料类型"), choices=EvidenceKind.choices)
    papers = UploadsField(label=_("文件"), accept=PAPER_TYPES, help_text=PAPERS_HINT)


class VerifyForm(CardForm):
    submit_label = _("核实属实")
    method = forms.ChoiceField(label=_("核实方式"), choices=Check.choices, widget=forms.RadioSelect)
    note = forms.CharField(label=_("怎样核实的"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ConfirmForm(_DayForm):
    submit_label = _("认定")
    grade = forms.ChoiceField(label=_("证据等级"), choices=EvidenceGrade.choices)
    started_on = forms.DateField(label=_("开始日期"), widget=DateInput)
    note = forms.CharField(
        label=_("说明"), required=False, max_length=500, help_text=_("疑似重复的，写明认定的理由。")
    )


class ReasonForm(CardForm):
    button_class = "btn-outline-primary"
    reason = forms.CharField(label=_("原因"), max_length=200)


class RejectForm(ReasonForm):
    submit_label = _("不予认定")


class WithdrawForm(ReasonForm):
    submit_label = _("撤回申报")


class LapseForm(ReasonForm):
    submit_label = _("登记失效")


class RevokeForm(ReasonForm):
    submit_label = _("撤销")


class WithdrawSalesForm(ReasonForm):
    submit_label = _("撤回这条销售额")


class RecheckForm(CardForm):
    submit_label = _("记下复核结果")
    true = forms.TypedChoiceField(
        label=_("现在还是这样吗"),
        choices=[("yes", _("是，有效")), ("no", _("不是了，失效"))],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
    )
    method = forms.ChoiceField(label=_("核实方式"), choices=Check.choices, widget=forms.RadioSelect)
    note = forms.CharField(label=_("说明"), required=False, max_length=500, help_text=_("失效的要写明原因。"))


class SalesForm(_DayForm):
    submit_label = _("登记销售额")
    platform = forms.ChoiceField(label=_("平台"), choices=Platform.choices)
    starts_on = forms.DateField(
        label=_("从哪个月"), widget=DateInput, help_text=_("选那个月的任意一天，按整月计。")
    )
    months = forms.IntegerField(label=_("几个月"), min_value=1, max_value=36, initial=1)
    yuan = forms.DecimalField(
        label=_("销售额（元）"), min_value=0, max_digits=12, decimal_places=2, help_text=_("这几个月的合计。")
    )
    product = forms.CharField(label=_("卖什么"), required=False, max_length=64)
    quantity = forms.DecimalField(
        label=_("销售数量"), required=False, min_value=0, max_digits=12, decimal_places=2
    )
    unit = forms.CharField(
        label=_("单位"), required=False, max_length=8, help_text=_("例如：公斤、箱；写了数量就要写。")
    )
    gain = forms.DecimalField(
        label=_("增收（元）"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        help_text=_("比以前多收入多少，按本人说的填；不知道就不填。"),
    )
    source = forms.CharField(
        label=_("数据来源"), max_length=200, help_text=_("例如：平台商家后台截图、快递面单数、本人口述。")
    )
    file = UploadField(label=_("凭证"), required=False, help_text=_("PDF、JPG 或 PNG，不超过 50 MB。"))

    def clean(self) -> dict[str, Any]:
        """As the service takes it: 分."""
        said = super().clean() or {}
        for name, fen in (("yuan", "amount_fen"), ("gain", "gain_fen")):
            if (yuan := said.pop(name, None)) is not None:
                said[fen] = int(yuan * 100)
        return said


class EnterpriseForm(_DayForm):
    submit_label = _("登记企业，交商务局认定")
    name = forms.CharField(label=_("企业名称"), max_length=120)
    uscc = forms.CharField(label=_("统一社会信用代码"), max_length=18)
    before = forms.CharField(label=_("触网以前"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    after = forms.CharField(label=_("有什么变化"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    platform = forms.ChoiceField(label=_("平台"), choices=Platform.choices)
    shop_url = forms.URLField(label=_("店铺链接"), required=False, max_length=500, assume_scheme="https")
    online_on = forms.DateField(label=_("触网日期"), widget=DateInput)
    file = UploadField(label=_("证据"), help_text=_("PDF、JPG 或 PNG，不超过 50 MB。"))
    trainee_id = forms.IntegerField(required=False, widget=forms.HiddenInput)


class DesignationForm(_DayForm):
    submit_label = _("认定为电商人才")
    place = forms.ChoiceField(
        label=_("称号和地方"), help_text=_("电商扶贫人才按村认定，电商骨干人才按乡镇认定。")
    )
    from_on = forms.DateField(label=_("认定日期"), widget=DateInput)
    basis = forms.CharField(label=_("依据"), max_length=200, help_text=_("文号、会议纪要或推荐表。"))
    file = UploadField(label=_("依据的文件"), required=False, help_text=_("PDF、JPG 或 PNG，不超过 50 MB。"))

    def __init__(self, *args: Any, places: Choices, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["place"].choices = list(places)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """As the service takes it: a place is a kind and a region."""
        said = super().clean() or {}
        if place := said.pop("place", ""):
            kind, _dash, region = place.partition("-")
            said |= {"kind": kind, "region_id": int(region)}
        return said


class RevokeDesignationForm(_DayForm):
    submit_label = _("撤销称号")
    on = forms.DateField(label=_("从哪天起"), widget=DateInput)
    reason = forms.CharField(label=_("原因"), max_length=200)
