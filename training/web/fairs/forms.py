from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.fairs.choices import FairStatus, Found, IntentionStatus, PaperKind, Source
from training.web.forms import CardForm, DateInput, TimeInput, UploadField
from training.web.lists import ANY, FilterForm, choose

FEN = 100
Few = forms.Textarea(attrs={"rows": 3})


class FairFilter(FilterForm):
    q = forms.CharField(label=_("名称、地点、编号"), required=False, max_length=64, widget=forms.SearchInput)
    status = choose(_("状态"), FairStatus.choices)
    by = forms.ChoiceField(
        label=_("主办"),
        required=False,
        choices=[ANY, ("bureau", _("商务局")), ("institution", _("培训机构"))],
    )


class PeopleFilter(FilterForm):
    """What the lists of people have in common; `fair` is one of those in sight."""

    q = forms.CharField(
        label=_("姓名、拼音或证号后四位"), required=False, max_length=64, widget=forms.SearchInput
    )
    fair = forms.ChoiceField(label=_("对接会"), required=False)
    township = forms.ChoiceField(label=_("乡镇"), required=False)

    def __init__(self, request: HttpRequest, fairs: Iterable[Any], townships: Iterable[str]) -> None:
        super().__init__(request)
        self.offer(
            fair=((str(fair.pk), str(fair)) for fair in fairs),
            township=((name, name) for name in townships),
        )


class ExpectedFilter(PeopleFilter):
    came = forms.ChoiceField(
        label=_("是否到场"), required=False, choices=[ANY, ("yes", _("已到场")), ("no", _("没有到场"))]
    )


class AttendanceFilter(PeopleFilter):
    source = choose(_("依据"), Source.choices)
    listed = forms.ChoiceField(
        label=_("邀请"),
        required=False,
        choices=[ANY, ("yes", _("在邀请名单上")), ("no", _("不在邀请名单上"))],
    )
    voided = forms.ChoiceField(
        label=_("作废"), required=False, choices=[("", _("没有作废的")), ("yes", _("已作废的"))]
    )
    counted = forms.ChoiceField(
        label=_("计入"),
        required=False,
        choices=[ANY, ("attendances", _("计入的人次")), ("people", _("计入的人数（每人一行）"))],
    )


class CandidateFilter(FilterForm):
    q = forms.CharField(
        label=_("姓名、拼音或证号后四位"), required=False, max_length=64, widget=forms.SearchInput
    )
    township = forms.ChoiceField(label=_("乡镇"), required=False)
    group = forms.ChoiceField(label=_("学员类别"), required=False)
    category = forms.ChoiceField(label=_("课程类别"), required=False)

    def __init__(
        self,
        request: HttpRequest,
        *,
        townships: Iterable[str],
        groups: Iterable[tuple[str, Any]],
        categories: Iterable[tuple[str, Any]],
    ) -> None:
        super().__init__(request)
        named = ((name, name) for name in townships)
        self.offer(township=named, group=groups, category=categories)


DUE = [
    ("", _("到期没有复核")),
    ("coming", _("还没到期")),
    ("done", _("已复核")),
    ("all", _("全部")),
]


class PlacementFilter(PeopleFilter):
    due = forms.ChoiceField(label=_("进度"), required=False, choices=DUE)


class FairForm(CardForm):
    title = forms.CharField(label=_("名称"), max_length=120)
    on = forms.DateField(label=_("日期"), widget=DateInput)
    starts = forms.TimeField(label=_("开始"), widget=TimeInput)
    ends = forms.TimeField(label=_("结束"), widget=TimeInput)
    place = forms.CharField(label=_("地点"), max_length=120)
    township = forms.CharField(label=_("乡镇"), max_length=64, required=False)
    note = forms.CharField(label=_("说明"), widget=Few, required=False)


class ReasonForm(CardForm):
    """Its button says what it does."""

    button_class = "btn-seal"
    reason = forms.CharField(
        label=_("原因"), max_length=200, widget=Few, help_text=_("会写进办理经过，对方看得到。")
    )

    def __init__(self, *args: Any, label: Any, **options: Any) -> None:
        self.submit_label = label  # type: ignore[misc]
        super().__init__(*args, **options)


class ResultsForm(CardForm):
    submit_label = _("登记结果")
    visitors = forms.IntegerField(
        label=_("未参训来客（人）"),
        min_value=0,
        max_value=100_000,
        help_text=_("没有参加过本项目培训的来客只数人头，不记名，不计入参加对接的学员。"),
    )
    summary = forms.CharField(label=_("对接情况"), widget=forms.Textarea(attrs={"rows": 5}))


class EmployerForm(CardForm):
    submit_label = _("登记单位")
    name = forms.CharField(label=_("单位名称"), max_length=120)
    uscc = forms.CharField(label=_("统一社会信用代码"), max_length=24)
    contact = forms.CharField(label=_("联系人"), max_length=64)
    phone = forms.CharField(label=_("联系电话"), max_length=20)


class PostForm(CardForm):
    submit_label = _("登记岗位")
    title = forms.CharField(label=_("岗位"), max_length=64)
    openings = forms.IntegerField(label=_("招聘人数"), min_value=1, max_value=10_000)
    wage_from = forms.DecimalField(label=_("月薪下限（元）"), min_value=0, max_digits=8, decimal_places=2)
    wage_to = forms.DecimalField(label=_("月薪上限（元）"), min_value=0, max_digits=8, decimal_places=2)
    place = forms.CharField(label=_("工作地点"), max_length=120)
    poor_first = forms.BooleanField(label=_("建档立卡优先"), required=False)
    requirements = forms.CharField(label=_("要求"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """Wages as 分, as the room keeps them."""
        said = super().clean() or {}
        for end in ("from", "to"):
            if (yuan := said.pop(f"wage_{end}", None)) is not None:
                said[f"wage_{end}_fen"] = int(yuan * FEN)
        return said


class StationsForm(CardForm):
    stations = forms.MultipleChoiceField(
        label=_("在门口收签到的终端"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, stations: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        named = [(str(row.pk), f"{row.name} · {row.institution.name}") for row in stations]
        self.fields["stations"].choices = named  # type: ignore[attr-defined]


class PaperForm(CardForm):
    submit_label = _("上传")
    kind = forms.ChoiceField(label=_("种类"), choices=PaperKind.choices)
    caption = forms.CharField(label=_("说明"), max_length=120, required=False)
    file = UploadField(label=_("文件（PDF 或照片）"))


class PaperListForm(CardForm):
    submit_label = _("按纸质名单登记")
    numbers = forms.CharField(
        label=_("身份证号，每行一个"),
        widget=forms.Textarea(attrs={"rows": 10, "autocomplete": "off"}),
        help_text=_("照纸上的签名逐个填；在终端上签过到的不会重复登记，没有结业的不登记，请计入未参训来客。"),
    )
    sheet = UploadField(label=_("签了名的名单（扫描件）"))


class IntentionForm(CardForm):
    submit_label = _("登记意向")
    post_id = forms.TypedChoiceField(label=_("岗位"), coerce=int)
    note = forms.CharField(label=_("说明"), max_length=200, required=False)

    def __init__(self, *args: Any, posts: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        named = [(post.pk, f"{post.employer.name} · {post.title}") for post in posts]
        self.fields["post_id"].choices = named  # type: ignore[attr-defined]


class SettleForm(CardForm):
    submit_label = _("登记结果")
    status = forms.ChoiceField(label=_("结果"), widget=forms.RadioSelect)
    hired_on = forms.DateField(
        label=_("上岗日期"),
        widget=DateInput,
        required=False,
        help_text=_("录用的填；上岗 30 天和 90 天后由跟踪服务人员复核。"),
    )
    note = forms.CharField(label=_("说明"), max_length=200, required=False)

    def __init__(self, *args: Any, open_to: Iterable[str], **options: Any) -> None:
        super().__init__(*args, **options)
        wanted = [(status.value, status.label) for status in IntentionStatus if status in set(open_to)]
        self.fields["status"].choices = wanted  # type: ignore[attr-defined]


class CheckForm(CardForm):
    submit_label = _("登记复核")
    found = forms.ChoiceField(label=_("现在怎样"), choices=Found.choices, widget=forms.RadioSelect)
    note = forms.CharField(label=_("情况"), max_length=200, required=False)
