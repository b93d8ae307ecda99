from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.errors import InvalidInputError
from training.followup.choices import Conclusion, ContactMethod, ContactResult, Guidance, ReferralStatus
from training.web.followup.statistics import DIMENSIONS, UNITS
from training.web.forms import WORKBOOK_TYPES, CardForm, DateInput, UploadField
from training.web.lists import ANY, FilterForm, choose

NONE = ("", _("无"))
DUE = (
    ("", _("未完成")),
    ("overdue", _("已超期")),
    ("today", _("今天到期")),
    ("week", _("七天内到期")),
    ("later", _("以后到期")),
    ("due", _("到期的全部")),
    ("done", _("已完成")),
    ("all", _("全部")),
)
PHONES = (
    ANY,
    ("verified", _("已核实")),
    ("unverified", _("有号码，还没有核实")),
    ("none", _("没有号码，要上门")),
)
FIRST = ("q", "due", "township", "village")
HIDDEN = ("session", "class_type", "category", "group", "served", "guidance", "wants", "unit")


class FollowUpFilter(FilterForm):
    q = forms.CharField(
        label=_("姓名、拼音、证号或手机后四位"), required=False, max_length=64, widget=forms.SearchInput
    )
    due = forms.ChoiceField(label=_("进度"), required=False, choices=DUE)
    officer = forms.ChoiceField(label=_("负责人"), required=False)
    township = forms.ChoiceField(label=_("乡镇"), required=False)
    village = forms.ChoiceField(label=_("村（社区）"), required=False)
    phone = forms.ChoiceField(label=_("电话"), required=False, choices=PHONES)
    institution = forms.ChoiceField(label=_("培训机构"), required=False)
    result = choose(_("最近一次结果"), ContactResult.choices)
    conclusion = choose(_("阶段结论"), Conclusion.choices)
    session = forms.RegexField(r"^\d{1,9}$", required=False, widget=forms.HiddenInput)
    class_type = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    category = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    group = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    served = forms.ChoiceField(required=False, choices=[ANY, ("yes", "")], widget=forms.HiddenInput)
    guidance = forms.ChoiceField(required=False, choices=[ANY, *Guidance.choices], widget=forms.HiddenInput)
    wants = forms.ChoiceField(required=False, choices=[ANY, *Guidance.choices], widget=forms.HiddenInput)
    unit = forms.ChoiceField(required=False, choices=tuple(UNITS.items()), widget=forms.HiddenInput)

    def __init__(
        self,
        request: HttpRequest,
        *,
        townships: Iterable[str],
        villages: Callable[[str], Iterable[str]],
        institutions: Iterable[tuple[int, str]],
        officers: Iterable[tuple[int, str]],
    ) -> None:
        super().__init__(request)
        self.officers = list(officers)
        self.offer(
            township=[(name, name) for name in townships],
            village=[(name, name) for name in villages(request.GET.get("township", ""))],
            institution=institutions,
            officer=[("me", _("我")), ("none", _("没有分配")), *self.officers],
        )

    @property
    def first(self) -> list[forms.BoundField]:
        """What people look for every day; the villages only of a township that is chosen."""
        return [self[name] for name in FIRST if name != "village" or self["township"].value()]

    @property
    def more(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in FIRST]

    @property
    def more_chosen(self) -> bool:
        return any(field.value() for field in self.more)


class StatisticsFilter(FilterForm):
    q = None  # type: ignore[assignment]  # nobody is searched for here
    by = forms.ChoiceField(label=_("分组"), required=False, choices=tuple(DIMENSIONS.items()))
    unit = forms.ChoiceField(label=_("按什么计"), required=False, choices=tuple(UNITS.items()))
    township = forms.ChoiceField(label=_("乡镇"), required=False)

    def __init__(self, request: HttpRequest, townships: Iterable[str]) -> None:
        super().__init__(request)
        self.offer(township=((name, name) for name in townships))


class ReferralFilter(FilterForm):
    q = forms.CharField(label=_("姓名或证号后四位"), required=False, max_length=64, widget=forms.SearchInput)
    status = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", ReferralStatus.OPEN.label), *ReferralStatus.choices[1:], ("all", _("全部"))],
    )
    purpose = choose(_("转介事项"), Guidance.choices)
    township = forms.ChoiceField(label=_("乡镇"), required=False)

    def __init__(self, request: HttpRequest, townships: Iterable[str]) -> None:
        super().__init__(request)
        self.offer(township=((name, name) for name in townships))


class ContactForm(CardForm):
    """`key` is made with the page and comes back with it, so that a contact sent twice is one contact.

    `since` likewise: the last contact that was known then; `known` is what came back, None where nothing did.
    """

    submit_label = _("记下这次联系")
    known: int | None = None
    method = forms.ChoiceField(
        label=_("联系方式"), choices=ContactMethod.choices[:3], widget=forms.RadioSelect
    )
    result = forms.ChoiceField(label=_("结果"), choices=ContactResult.choices, widget=forms.RadioSelect)
    guidance = forms.MultipleChoiceField(
        label=_("提供的服务"),
        choices=Guidance.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    note = forms.CharField(label=_("情况记录"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    next_on = forms.DateField(
        label=_("下次联系日期"),
        widget=DateInput,
        required=False,
        help_text=_("约好了再联系的日子；不填，联系到了就不再安排。"),
    )
    conclusion = forms.ChoiceField(
        label=_("阶段结论"),
        choices=[NONE, *Conclusion.choices],
        required=False,
        help_text=_("失联要在三个不同的日子各联系一次。"),
    )
    referred_to = forms.CharField(
        label=_("转介给"), max_length=120, required=False, help_text=_("例如：县邮储银行、电商公共服务中心。")
    )
    referred_for = forms.ChoiceField(label=_("转介事项"), choices=[NONE, *Guidance.choices], required=False)
    on = forms.DateField(label=_("联系日期"), widget=DateInput, required=False, help_text=_("不填就是今天。"))
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    since = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        initial = {"key": uuid4(), "on": clock.today()} | options.pop("initial", {})
        super().__init__(*args, initial=initial, **options)
        self.fields["on"].widget.attrs["max"] = clock.today().isoformat()
        self.fields["next_on"].widget.attrs["min"] = clock.today().isoformat()

    def accept(self, act: Callable[..., Any]) -> Any:
        """A key that stands for another contact already is changed for a new one, for the next try."""

        def once(**said: Any) -> Any:
            self.known = said.pop("since")
            try:
                return act(**said)
            except InvalidInputError as refusal:
                if refusal.details.get("code") == "key_used":
                    answers: Any = self.data
                    self.data = answers.copy()
                    self.data["key"] = str(uuid4())  # type: ignore[index]
                raise

        return super().accept(once)


class ReferralForm(CardForm):
    submit_label = _("记下回音")
    helped = forms.TypedChoiceField(
        label=_("结果"),
        choices=[("yes", _("办成了")), ("no", _("没办成"))],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(label=_("情况"), max_length=200, required=False)


class HandoverForm(forms.Form):
    """`rows`: stages ticked on the page; `every`: all that the list shows."""

    rows = forms.TypedMultipleChoiceField(coerce=int, required=False)
    every = forms.BooleanField(required=False)
    to = forms.ChoiceField(label=_("交给"))
    note = forms.CharField(label=_("交接说明"), required=False, max_length=300)

    def __init__(
        self, data: Any = None, *, officers: Iterable[tuple[int, str]], rows: Iterable[str] = ()
    ) -> None:
        super().__init__(data, None, "hand-over-%s", label_suffix="")
        self.fields["to"].choices = [*officers, ("none", _("没有分配"))]  # type: ignore[attr-defined]
        self.fields["rows"].choices = [(row, row) for row in rows if row.isdecimal()]  # type: ignore[attr-defined]
        for name, css in (("to", "form-select"), ("note", "form-control")):
            self.fields[name].widget.attrs["class"] = css


class ResultsForm(CardForm):
    submit_label = _("上传")
    file = UploadField(
        label=_("填好的工作表（.xlsx）"),
        accept=WORKBOOK_TYPES,
        help_text=_("对的行直接记下，错的行标红退给您；改好后整份再传一次，不会重复。"),
    )
