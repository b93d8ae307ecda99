from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from crispy_forms.bootstrap import StrictButton
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from training.reports.choices import (
    CallResult,
    DispatchMethod,
    EvaluationStatus,
    MinistryStatus,
    PhoneCheckStatus,
    Stratum,
)
from training.reports.files import LibraryLine, libraries
from training.web.forms import CardForm, DateInput, UploadField
from training.web.lists import ANY, FilterForm, choose
from training.web.reports.standing import TownState


def _long(label: Any, *, rows: int = 4, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": rows}), **options)


def _months(months: Iterable[date]) -> list[tuple[str, str]]:
    return [(month.isoformat(), f"{month:%Y-%m}") for month in months]


class FigureFilter(FilterForm):
    """Which of a town's two figures."""

    q = None  # type: ignore[assignment]  # nothing is searched here
    part = forms.ChoiceField(
        label=_("统计期"), required=False, choices=(("", _("本期")), ("total", _("累计")))
    )


class TownReportFilter(FilterForm):
    month = forms.ChoiceField(label=_("月份"), required=False)
    state = choose(_("状态"), TownState.choices)

    def __init__(self, request: HttpRequest, months: Iterable[date]) -> None:
        super().__init__(request)
        self.offer(month=_months(months))


class TownReportForm(CardForm):
    """Kept as a draft, or handed in with the second button; a draft may have gaps."""

    submit_label = _("保存")
    button_class = "btn-outline-primary"
    stations = _long(_("服务站点建设"), required=False, help_text=_("新建、改造、撤并的站点，运营情况。"))
    training = _long(
        _("人员培训"), required=False, help_text=_("上面的数据以外要说明的：组织、动员、效果、问题。")
    )
    upstream = _long(_("农村产品上行"), required=False, help_text=_("主要产品、销售额、数据来源。"))
    quarter = _long(
        _("季度总结"),
        rows=8,
        required=False,
        help_text=_("每季度最后一个月报送：本季度的工作、问题和下季度打算。"),
    )

    def __init__(self, *args: Any, quarterly: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not quarterly:
            del self.fields["quarter"]
        self.helper.layout.append(
            StrictButton(_("报送"), type="submit", name="submit", value="yes", css_class="btn-primary ms-2")
        )


class SupplementForm(CardForm):
    submit_label = _("提交补充说明")
    reason = forms.CharField(label=_("原因"), max_length=200)
    text = _long(_("更正内容"), help_text=_("原来写的是什么，应当是什么。"))


class MonthFilter(FilterForm):
    """Months match by how they begin: 2021 or 2021-06."""


class RollUpForm(CardForm):
    submit_label = _("汇总")
    month = forms.TypedChoiceField(label=_("月份"), coerce=date.fromisoformat)
    summary = _long(_("全县工作情况"), rows=8)
    missing_named = forms.BooleanField(
        label=_("未报的乡镇照实列明"), required=False, help_text=_("有乡镇没有报时，要勾选才能汇总。")
    )

    def __init__(self, *args: Any, months: Sequence[date], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["month"].choices = _months(months)  # type: ignore[attr-defined]


class DispatchForm(CardForm):
    submit_label = _("登记上报")
    recipient = forms.ChoiceField(label=_("报给"))
    sent_on = forms.DateField(label=_("上报日期"), widget=DateInput)
    method = forms.ChoiceField(label=_("方式"), choices=DispatchMethod.choices)
    document_number = forms.CharField(label=_("文号"), max_length=64)

    def __init__(self, *args: Any, recipients: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        if recipients:
            self.fields["recipient"].choices = [(name, name) for name in recipients]  # type: ignore[attr-defined]
        else:  # the rules name nobody
            self.fields["recipient"] = forms.CharField(label=_("报给"), max_length=64)


class MinistryFilter(FilterForm):
    status = choose(_("状态"), MinistryStatus.choices)


class LockForm(CardForm):
    submit_label = _("锁定这个月")
    month = forms.TypedChoiceField(label=_("月份"), coerce=date.fromisoformat)

    def __init__(self, *args: Any, months: Sequence[date], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["month"].choices = _months(months)  # type: ignore[attr-defined]


class ReportedForm(CardForm):
    submit_label = _("标为已报送")
    on = forms.DateField(label=_("报送日期"), widget=DateInput)
    receipt = forms.CharField(
        label=_("回执号"), max_length=64, help_text=_("对方系统给的编号；没有的，写经办凭据的编号。")
    )


class EvaluationFilter(FilterForm):
    status = choose(_("状态"), EvaluationStatus.choices)


class EvaluationForm(CardForm):
    submit_label = _("开始自评")
    title = forms.CharField(label=_("名称"), max_length=120, help_text=_("例如：2021 年度培训绩效自评"))
    library = forms.ChoiceField(label=_("指标库"))
    as_of = forms.DateField(label=_("数据截至"), widget=DateInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = [(version, f"{library.name} {version}") for version, library in libraries().items()]
        self.fields["library"].choices = known  # type: ignore[attr-defined]


class ScoreForm(CardForm):
    score = forms.DecimalField(label=_("自评分"), min_value=0, max_digits=5, decimal_places=1)
    note = _long(_("说明"), help_text=_("得分、扣分的理由。"))
    evidence = _long(
        _("依据"),
        required=False,
        help_text=_("一行一个：本系统的地址（/ 开头，点得开），或别处材料的名称和存放处。"),
    )

    def __init__(self, *args: Any, line: LibraryLine, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["score"].max_value = line.weight  # type: ignore[attr-defined]
        self.fields["score"].help_text = _now("0 至 %(full)s 分。") % {"full": line.weight}

    def clean_evidence(self) -> list[str]:
        return str(self.cleaned_data["evidence"]).splitlines()


class PhoneCheckFilter(FilterForm):
    status = choose(_("状态"), PhoneCheckStatus.choices)


class DrawForm(CardForm):
    submit_label = _("抽取")
    title = forms.CharField(label=_("名称"), max_length=120, help_text=_("例如：2021 年 6 月抽查"))
    stratum = forms.ChoiceField(
        label=_("分层"), choices=Stratum.choices, help_text=_("各层按人次比例抽，每层至少一人。")
    )
    margin_percent = forms.IntegerField(
        label=_("允许误差（±百分点）"),
        min_value=1,
        max_value=30,
        initial=10,
        required=False,
        help_text=_("95 % 置信水平下算出样本量；误差越小，要打的电话越多。"),
    )
    size = forms.IntegerField(
        label=_("样本量"), min_value=1, required=False, help_text=_("填了就不按误差算。")
    )
    starts_on = forms.DateField(label=_("结课起"), widget=DateInput, required=False)
    ends_on = forms.DateField(label=_("结课止"), widget=DateInput, required=False)
    seed = forms.CharField(
        label=_("随机种子"),
        max_length=64,
        required=False,
        help_text=_("可以当众定一个（如开奖号码），任何人凭它能抽出同一批人；不填由系统生成。"),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not data.get("size") and not data.get("margin_percent"):
            raise forms.ValidationError(_("请填样本量，或允许的误差。"))
        return data


class LineFilter(FilterForm):
    result = forms.ChoiceField(
        label=_("结果"), required=False, choices=[ANY, ("none", _("待打")), *CallResult.choices]
    )


class CallForm(CardForm):
    submit_label = _("记下结果")
    result = forms.ChoiceField(label=_("结果"), choices=CallResult.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("情况"), max_length=200, required=False, help_text=_("否认参训的，照原话写下本人怎么说。")
    )


class MeetingFilter(FilterForm):
    pass


class MeetingForm(CardForm):
    submit_label = _("登记会议")
    held_on = forms.DateField(label=_("日期"), widget=DateInput)
    title = forms.CharField(label=_("会议名称"), max_length=120)
    place = forms.CharField(label=_("地点"), max_length=120, required=False)
    attendees = _long(_("参加人员"), rows=3, help_text=_("单位和姓名。"))
    agenda = _long(_("议题"))
    decisions = _long(_("议定事项"), rows=6)
    minutes = UploadField(label=_("会议纪要"), required=False, help_text=_("PDF 或照片。"))
