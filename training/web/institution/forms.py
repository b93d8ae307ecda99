from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from crispy_forms.layout import HTML
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import Role
from training.core.actor import Actor
from training.core.errors import InvalidInputError
from training.dossiers.choices import EvidenceKind
from training.dossiers.collecting import add_evidence
from training.enrolment.columns import COLUMNS
from training.enrolment.sheets import ColumnPreview, Layout
from training.scheduling.choices import Delivery, SessionStatus
from training.scheduling.models import TrainingSession
from training.scheduling.services import OPTIONAL_FIELDS
from training.web.forms import CHOOSE, ROSTER_TYPES, CardForm, UploadField, UploadsField
from training.web.institution.queries import PlanOptions, Todo
from training.web.lists import FilterForm, choose
from training.web.timetable.sessions import PlannedFilter

FOLD = (
    '{% load i18n %}<details class="folded"{% if form.unfolded %} open{% endif %}>'
    '<summary>{% translate "还可以写明（可不填）" %}</summary>'
)


class SessionFilter(PlannedFilter):
    field_order = ("q", "status", "todo", "whose")
    whose = forms.ChoiceField(
        label=_("谁带的班"), required=False, choices=[("", _("我带的班")), ("all", _("全机构的班"))]
    )

    def __init__(self, request: HttpRequest, *, actor: Actor) -> None:
        super().__init__(request, actor=actor)
        if actor.role != Role.CLASS_MANAGER:
            del self.fields["whose"]

    status = choose(_("状态"), SessionStatus.choices)
    todo = choose(_("待办"), Todo.choices)


class RosterFilter(FilterForm):
    q = forms.CharField(
        label=_("姓名、拼音、证号或手机后四位，或乡镇、村"),
        required=False,
        max_length=64,
        widget=forms.SearchInput,
    )


class PlanForm(CardForm):
    """A plan (培训方案); the codes to choose from are those of the rule set."""

    agreement_id = forms.TypedChoiceField(
        label=_("协议或任务文件"),
        coerce=int,
        help_text=_("这一期挂在哪份委托培训协议或任务文件下，定了就不能改。"),
    )
    title = forms.CharField(label=_("培训名称"), max_length=120)
    category = forms.ChoiceField(label=_("课程类别"), help_text=_("决定课次可以选哪些专题。"))
    class_type = forms.ChoiceField(label=_("班型"))
    form = forms.ChoiceField(label=_("培训形式"))
    outline_id = forms.TypedChoiceField(
        label=_("培训大纲"),
        coerce=int,
        required=False,
        empty_value=None,
        help_text=_("商务局批准过的大纲，选定的是这一版；要与课程类别一致。"),
    )
    audience = forms.CharField(label=_("培训对象"), widget=forms.Textarea(attrs={"rows": 2}))
    goals = forms.CharField(label=_("培训目标"), widget=forms.Textarea(attrs={"rows": 2}))
    content = forms.CharField(label=_("培训内容"), widget=forms.Textarea(attrs={"rows": 3}))
    assessment = forms.CharField(label=_("考核方式"), widget=forms.Textarea(attrs={"rows": 2}))
    class_manager = forms.CharField(label=_("班主任"), max_length=64)
    uses_face = forms.BooleanField(
        label=_("启用人脸比对签到"),
        required=False,
        help_text=_("只对单独书面同意的学员比对，照片和特征不离开签到终端；不同意的刷身份证即可，效力相同。"),
    )
    manager_id = forms.TypedChoiceField(
        label=_("由谁带班"),
        coerce=int,
        required=False,
        empty_value=None,
        help_text=_("选一位有账号的班主任，这一期在他的列表里就是他的班。"),
    )
    delivery = forms.ChoiceField(
        label=_("授课方式"), required=False, choices=[("", _("不写明")), *Delivery.choices]
    )
    organiser_department = forms.CharField(label=_("主办单位"), required=False, max_length=120)
    township = forms.CharField(label=_("举办乡镇"), required=False, max_length=64)
    other_forms = forms.MultipleChoiceField(
        label=_("还有的形式"), required=False, widget=forms.CheckboxSelectMultiple
    )
    external_funding = forms.CharField(
        label=_("其他经费申报"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("有企业赞助、其他部门经费的，写明单位和金额；没有就留空。"),
    )
    FOLDED = OPTIONAL_FIELDS

    def __init__(self, *args: Any, options: PlanOptions, revising: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("agreement_id", options.agreements),
            ("category", options.categories),
            ("class_type", options.class_types),
            ("form", options.forms),
        ):
            self.fields[name].choices = [CHOOSE, *choices]  # type: ignore[attr-defined]
        self.fields["other_forms"].choices = options.forms  # type: ignore[attr-defined]
        self.fields["manager_id"].choices = [("", _("不指定")), *options.managers]  # type: ignore[attr-defined]
        self.fields["outline_id"].choices = [("", _("不用大纲")), *options.outlines]  # type: ignore[attr-defined]
        if revising:
            del self.fields["agreement_id"]
            self.helper.layout.fields.remove("agreement_id")
        self._fold()

    def _fold(self) -> None:
        """What may be left out lies under one line, open where something of it is said or wrong."""
        layout = self.helper.layout
        button = layout.fields.pop()
        layout.fields = [name for name in layout.fields if name not in self.FOLDED]
        layout.extend([HTML(FOLD), *self.FOLDED, HTML("</details>"), button])

    @property
    def unfolded(self) -> bool:
        return any(self[name].value() or self[name].errors for name in self.FOLDED)


class PhoneForm(CardForm):
    submit_label = _("改手机号")
    phone = forms.CharField(
        label=_("新手机号"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )


class WitnessForm(CardForm):
    submit_label = _("添加见证人")
    name = forms.CharField(label=_("姓名"), max_length=64)
    post = forms.CharField(label=_("职务"), max_length=64, help_text=_("例如：某某村党支部书记"))
    pin = forms.CharField(
        label=_("见证码"),
        max_length=12,
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "new-password"}),
        help_text=_("6 至 12 位数字，由见证人自己设、自己记；系统只存校验值，谁也看不到。"),
    )


class RosterForm(CardForm):
    submit_label = _("导入名册")
    file = UploadField(
        label=_("名册文件（.xlsx 或 .csv）"),
        accept=ROSTER_TYPES,
        help_text=_("对的行先进名册，错的行会逐行列出；改好后整份再传一次，不会重复。"),
    )
    ask = forms.BooleanField(
        label=_("由我指定每一列是什么"),
        required=False,
        help_text=_("列名认得出时不用勾选；认不出时会自动来问。"),
    )


class ColumnsForm(CardForm):
    """What each column of a roster file is; rendered by its own page, beside what stands in the columns."""

    first_row = forms.IntegerField(
        label=_("学员从第几行开始"),
        min_value=1,
        help_text=_("表头下面第一个学员所在的行，按 Excel 左边的行号。"),
    )

    def __init__(self, *args: Any, columns: Sequence[ColumnPreview], layout: Layout, **options: Any) -> None:
        super().__init__(*args, **options)
        self.columns = columns
        known = {index: column for column, index in layout.columns.items()}
        self.fields["first_row"].initial = layout.first_row
        for column in columns:
            self.fields[f"column-{column.index}"] = forms.ChoiceField(
                label=_("%(letter)s 列导入为") % {"letter": column.letter},
                choices=[("", _("不导入")), *zip(COLUMNS, COLUMNS, strict=True)],
                required=False,
                initial=known.get(column.index, ""),
            )

    @property
    def rows(self) -> list[tuple[ColumnPreview, Any]]:
        """Each column with its field."""
        return [(column, self[f"column-{column.index}"]) for column in self.columns]

    @property
    def chosen(self) -> dict[str, int]:
        """Our column names to indexes."""
        said = {column.index: self.cleaned_data.get(f"column-{column.index}") for column in self.columns}
        return {name: index for index, name in said.items() if name}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        named = [name for field, name in cleaned.items() if field.startswith("column-") and name]
        if twice := [name for name in COLUMNS if named.count(name) > 1]:
            raise forms.ValidationError(_("“%(column)s”选了两列，只能选一列。"), params={"column": twice[0]})
        return cleaned


class ReasonForm(CardForm):
    submit_label = _("确定")
    button_class = "btn-outline-primary"
    reason = forms.CharField(label=_("原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class PhotoForm(CardForm):
    """What DA/T 50-2014 wants under an archive photo, as far as the system does not know it."""

    submit_label = _("记下说明")
    caption = forms.CharField(label=_("题名"), max_length=200, help_text=_("例如：学员在实操网店注册"))
    persons = forms.CharField(
        label=_("人物"), max_length=120, required=False, help_text=_("例如：授课人罗明远和全体学员")
    )
    background = forms.CharField(
        label=_("背景"), max_length=120, required=False, help_text=_("例如：横幅、项目标识、场地")
    )
    photographer = forms.CharField(label=_("摄影者"), max_length=64, required=False)


class EvidenceForm(CardForm):
    """Several files for one archive item; each is judged by itself."""

    submit_label = _("上传材料")
    item = forms.ChoiceField(label=_("档案项"))
    kind = forms.ChoiceField(label=_("种类"), choices=EvidenceKind.choices)
    lesson_id = forms.TypedChoiceField(
        label=_("课次"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("照片必须选它拍的是哪一课次。"),
    )
    caption = forms.CharField(
        label=_("说明"),
        max_length=200,
        help_text=_("例如：5 月 18 日上午，学员实操。每半天至少一张带横幅或项目标识的全景。"),
    )
    uploads = UploadsField(
        label=_("文件"),
        accept=".jpg,.jpeg,.png,.heic,.pdf,.xlsx",
        help_text=_("可以一次选多个；照片用 JPG、PNG 或 HEIC，其他材料也可以用 PDF 或 Excel。"),
    )

    def __init__(self, *args: Any, session: TrainingSession, **options: Any) -> None:
        super().__init__(*args, **options)
        lessons = [(lesson.pk, _lesson(lesson)) for lesson in session.lessons.all()]
        demanded = session.rule_set.rules.items_for(session.class_type)
        dossier = getattr(session, "dossier", None)
        items = [
            (entry.code, f"{entry.code} {entry.title}")
            for entry in demanded
            if not (dossier and dossier.spares(entry.code))
        ]
        self.fields["item"].choices = [CHOOSE, *items]  # type: ignore[attr-defined]
        self.fields["lesson_id"].choices = [("", _("不属于某一课次")), *lessons]  # type: ignore[attr-defined]

    def hand_in(self, session_id: int, *, device: str, actor: Actor) -> int:
        """Keep every file that is good; the others stay in the form's errors. How many were kept."""
        if not self.is_valid():
            return 0
        details = dict(self.cleaned_data)
        uploads = details.pop("uploads")
        details["kind"] = EvidenceKind(details["kind"])
        return sum(
            self._keep(partial(add_evidence, session_id, file=file, device=device, actor=actor, **details))
            for file in uploads
        )

    def _keep(self, add: Any) -> bool:
        try:
            add()
        except InvalidInputError as refusal:
            self.add_error(None, str(refusal))
            return False
        return True


def _lesson(lesson: Any) -> Any:
    return _("第 %(number)s 课次 · %(on)s · %(topic)s") % {
        "number": lesson.sequence,
        "on": lesson.on.isoformat(),
        "topic": lesson.topic,
    }
