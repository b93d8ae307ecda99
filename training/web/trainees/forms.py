from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.people.choices import (
    ConsentChannel,
    ConsentPurpose,
    Education,
    GroupEvidence,
    IdentityCheck,
    RightsChannel,
    RightsKind,
    RightsStatus,
)
from training.people.models import Trainee
from training.people.services import PARTICULARS
from training.web.forms import CardForm, DateInput, UploadField
from training.web.lists import ANY, FilterForm, choose

VERIFICATION = (
    ANY,
    ("claimed", _("有待核实的类别")),
    ("verified", _("有已核实的类别")),
    ("expired", _("核实已过有效期")),
    ("none", _("没有类别")),
)
CONSENT = (
    ANY,
    *((f"{code}-yes", _("同意：%(purpose)s") % {"purpose": label}) for code, label in ConsentPurpose.choices),
    *(
        (f"{code}-no", _("不同意：%(purpose)s") % {"purpose": label})
        for code, label in ConsentPurpose.choices
    ),
)
SESSIONS = (ANY, ("yes", _("参加过培训")), ("no", _("还没参加")))

PHONES = (ANY, ("unverified", _("还没核实")), ("verified", _("核实过")))


class TraineeFilter(FilterForm):
    """`village` can be chosen once the township is."""

    q = forms.CharField(
        label=_("姓名、拼音或证号后四位"), required=False, max_length=64, widget=forms.SearchInput
    )
    township = forms.ChoiceField(label=_("乡镇"), required=False)
    village = forms.ChoiceField(label=_("村（社区）"), required=False)
    group = forms.ChoiceField(label=_("学员类别"), required=False)
    verification = forms.ChoiceField(label=_("核实"), required=False, choices=VERIFICATION)
    consent = forms.ChoiceField(label=_("单独同意"), required=False)
    sessions = forms.ChoiceField(label=_("参训"), required=False, choices=SESSIONS)
    session = forms.CharField(label=_("名册上有的期号"), required=False, max_length=40)
    phone = forms.ChoiceField(label=_("电话"), required=False, choices=PHONES)

    def __init__(
        self,
        request: HttpRequest,
        *,
        townships: Iterable[str],
        villages: Iterable[str],
        groups: Iterable[tuple[str, str]],
    ) -> None:
        super().__init__(request)
        self.fields["consent"].choices = CONSENT  # type: ignore[attr-defined]
        self.offer(
            township=((name, name) for name in townships),
            village=((name, name) for name in villages),
            group=groups,
        )
        if not self.fields["village"].choices[1:]:  # type: ignore[attr-defined]
            del self.fields["village"]
            self.full_clean()


class GroupFilter(FilterForm):
    q = forms.CharField(
        label=_("姓名、拼音或证号后四位"), required=False, max_length=64, widget=forms.SearchInput
    )
    township = forms.ChoiceField(label=_("乡镇"), required=False)
    group = forms.ChoiceField(label=_("学员类别"), required=False)

    def __init__(
        self, request: HttpRequest, *, townships: Iterable[str], groups: Iterable[tuple[str, str]]
    ) -> None:
        super().__init__(request)
        self.offer(township=((name, name) for name in townships), group=groups)


class DecideForm(forms.Form):
    """What is decided of the rows that are ticked."""

    valid_until = forms.DateField(label=_("核实有效到（可不填）"), required=False, widget=DateInput)
    reason = forms.CharField(label=_("不符的原因"), required=False, max_length=200)

    def __init__(self, *args: Any, **options: Any) -> None:
        options |= {"auto_id": "decide-%s", "label_suffix": ""}
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


class GroupForm(CardForm):
    submit_label = _("登记，交别人核实")
    code = forms.ChoiceField(label=_("学员类别"))
    evidence = forms.ChoiceField(label=_("依据"), choices=GroupEvidence.choices, initial=GroupEvidence.LIST)
    source = forms.CharField(
        label=_("来源"),
        max_length=120,
        help_text=_("哪个单位的什么名单、什么证，例如：农业农村局 2021 年名单"),
    )
    as_of = forms.DateField(label=_("数据截至"), widget=DateInput)
    valid_from = forms.DateField(label=_("有效期起"), required=False, widget=DateInput)
    valid_until = forms.DateField(label=_("有效期止"), required=False, widget=DateInput)
    file = UploadField(
        label=_("证明材料"), required=False, help_text=_("PDF、JPG 或 PNG。不要上传身份证照片。")
    )

    def __init__(self, *args: Any, groups: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["code"].choices = list(groups)  # type: ignore[attr-defined]
        self.fields["as_of"].initial = clock.today()


class RevealForm(CardForm):
    submit_label = _("查看完整号码")
    button_class = "btn-seal"
    reason = forms.CharField(
        label=_("为哪件事查看"),
        max_length=200,
        help_text=_("例如期号、疑点或申诉。写进操作记录，本人可以查到。"),
    )


class ContactForm(CardForm):
    reason = forms.CharField(label=_("本人是怎么说的"), max_length=200)


class StopContactForm(ContactForm):
    submit_label = _("不再联系")
    button_class = "btn-seal"


class AllowContactForm(ContactForm):
    submit_label = _("恢复联系")


class ConsentForm(forms.Form):
    """One answer to one question: `purpose` takes a single word, so nobody can agree to all at once."""

    purpose = forms.ChoiceField(choices=ConsentPurpose.choices)
    answer = forms.ChoiceField(choices=[("yes", ""), ("no", ""), ("withdraw", "")])
    channel = forms.ChoiceField(choices=ConsentChannel.choices, required=False)
    witness = forms.CharField(max_length=64, required=False)


class ConsentTextForm(CardForm):
    submit_label = _("发布新版本")
    purpose = forms.ChoiceField(label=_("用途"), choices=ConsentPurpose.choices)
    version = forms.CharField(label=_("版本"), max_length=16, help_text=_("例如 2026-01"))
    valid_from = forms.DateField(label=_("启用日期"), widget=DateInput)
    body_zh = forms.CharField(label=_("中文"), widget=forms.Textarea(attrs={"rows": 8}))
    body_en = forms.CharField(label=_("英文"), widget=forms.Textarea(attrs={"rows": 8}))


class RightsFilter(FilterForm):
    q = forms.CharField(
        label=_("姓名、拼音或证号后四位"), required=False, max_length=64, widget=forms.SearchInput
    )
    kind = choose(_("请求"), RightsKind.choices)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("未答复")), ("overdue", _("已超期")), *RightsStatus.choices, ("all", _("全部"))],
    )


BY_STAFF = [choice for choice in RightsChannel.choices if choice[0] != RightsChannel.ONLINE]
"""What comes from the person's own page nobody writes down."""


class ReceiveForm(CardForm):
    submit_label = _("登记请求")
    kind = forms.ChoiceField(label=_("要求什么"), choices=RightsKind.choices)
    channel = forms.ChoiceField(label=_("来访方式"), choices=BY_STAFF)
    received_on = forms.DateField(label=_("收到日期"), widget=DateInput)
    asked = forms.CharField(
        label=_("本人的要求"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_("照原话记。"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["received_on"].initial = clock.today()
        self.fields["received_on"].widget.attrs["max"] = clock.today().isoformat()


class IdentityForm(CardForm):
    submit_label = _("是本人，开始办理")
    identity = forms.ChoiceField(
        label=_("怎么核对的"), choices=IdentityCheck.choices, widget=forms.RadioSelect
    )


class AnswerForm(CardForm):
    submit_label = _("答复本人")
    answer = forms.CharField(label=_("答复"), widget=forms.Textarea(attrs={"rows": 4}))


class CorrectForm(AnswerForm):
    submit_label = _("更正并答复")
    name = forms.CharField(label=_("姓名"), max_length=64)
    phone = forms.CharField(label=_("手机号"), max_length=32, required=False)
    township = forms.CharField(label=_("乡镇"), max_length=64, required=False)
    village = forms.CharField(label=_("村（社区）"), max_length=64, required=False)
    education = forms.ChoiceField(
        label=_("文化程度"), choices=[("", "—"), *Education.choices], required=False
    )
    employer = forms.CharField(label=_("工作单位（站点、企业）"), max_length=120, required=False)
    employer_uscc = forms.CharField(label=_("单位统一社会信用代码"), max_length=18, required=False)
    field_order = [*PARTICULARS, "answer"]

    def __init__(self, *args: Any, trainee: Trainee, **options: Any) -> None:
        initial = {field: getattr(trainee, field) for field in PARTICULARS}
        super().__init__(*args, initial=initial, **options)


class DeleteForm(AnswerForm):
    submit_label = _("删除并答复")
    button_class = "btn-seal"


class RestrictForm(AnswerForm):
    submit_label = _("限制处理并答复")
    button_class = "btn-seal"


class RefuseForm(CardForm):
    submit_label = _("不予办理")
    button_class = "btn-seal"
    reason = forms.CharField(
        label=_("理由"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("要告诉本人，本人可以依法起诉。"),
    )


class TakeBackForm(CardForm):
    submit_label = _("本人撤回")
    reason = forms.CharField(label=_("本人是怎么说的"), max_length=200)
