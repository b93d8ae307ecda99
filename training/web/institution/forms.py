from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

from training.core.actor import Actor
from training.core.errors import InvalidInputError
from training.dossiers.choices import EvidenceKind
from training.dossiers.services import add_evidence
from training.enrolment.columns import COLUMNS
from training.enrolment.sheets import ColumnPreview, Layout
from training.institutions.choices import AgreementKind, LicenceKind, ProofKind
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession
from training.web.forms import WORKBOOK_TYPES, CardForm, DateInput, TimeInput, UploadField, UploadsField
from training.web.institution.queries import PlanOptions, Todo, courseware, fund_lines, teachers
from training.web.lists import FilterForm

ANY = ("", _("全部"))
CHOOSE = ("", _("请选择"))


class SessionFilter(FilterForm):
    status = forms.ChoiceField(label=_("状态"), required=False, choices=[ANY, *SessionStatus.choices])
    todo = forms.ChoiceField(label=_("待办"), required=False, choices=[ANY, *Todo.choices])


class SearchFilter(FilterForm):
    """Only words to search for."""


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

    def __init__(self, *args: Any, options: PlanOptions, revising: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("agreement_id", options.agreements),
            ("category", options.categories),
            ("class_type", options.class_types),
            ("form", options.forms),
        ):
            self.fields[name].choices = [CHOOSE, *choices]  # type: ignore[attr-defined]
        if revising:
            del self.fields["agreement_id"]
            self.helper.layout.fields.remove("agreement_id")


class LessonForm(CardForm):
    submit_label = _("添加课次")
    on = forms.DateField(label=_("日期"), widget=DateInput)
    start = forms.TimeField(label=_("开始时间"), widget=TimeInput)
    end = forms.TimeField(label=_("结束时间"), widget=TimeInput)
    topic = forms.ChoiceField(label=_("专题"))
    instructor_id = forms.TypedChoiceField(label=_("授课人"), coerce=int)
    venue_id = forms.TypedChoiceField(label=_("场地"), coerce=int)

    def __init__(self, *args: Any, session: TrainingSession, **options: Any) -> None:
        super().__init__(*args, **options)
        rules = session.rule_set.rules
        self.fields["on"].widget.attrs |= {
            "min": rules.window.starts_on.isoformat(),
            "max": rules.window.ends_on.isoformat(),
        }
        for name, choices in (
            ("topic", [(topic.name, topic.name) for topic in rules.topics(session.category)]),
            ("instructor_id", [(person.pk, _teacher(person)) for person in teachers(session)]),
            ("venue_id", [(venue.pk, venue.name) for venue in session.institution.venues.all()]),
        ):
            self.fields[name].choices = [CHOOSE, *choices]  # type: ignore[attr-defined]


def _teacher(person: Any) -> Any:
    if person.proof_count:
        return lazystr(f"{person.name}（{person.title}）")
    return _("%(name)s（%(title)s，还没有资质证明）") % {"name": person.name, "title": person.title}


class PinForm(CardForm):
    submit_label = _("固定课件")
    courseware_ids = forms.TypedMultipleChoiceField(
        label=_("本期使用的课件"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("固定的是这一版本；课件以后出新版本，不影响本期。"),
    )

    def __init__(self, *args: Any, session: TrainingSession, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        taught = set(session.lessons.values_list("topic", flat=True))
        pinned = set(session.courseware.values_list("pk", flat=True))
        rows = [row for row in courseware(actor) if row.topic in taught or row.pk in pinned]
        self.fields["courseware_ids"].choices = [(row.pk, f"{row.topic} · {row}") for row in rows]  # type: ignore[attr-defined]
        self.fields["courseware_ids"].initial = sorted(pinned)


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
        label=_("名册文件（.xlsx）"),
        accept=WORKBOOK_TYPES,
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
    caption = forms.CharField(label=_("说明"), max_length=200, help_text=_("例如：5 月 18 日上午，学员实操"))
    uploads = UploadsField(
        label=_("文件"),
        accept=".jpg,.jpeg,.png,.pdf",
        help_text=_("可以一次选多个；照片用 JPG 或 PNG，其他材料也可以用 PDF。"),
    )

    def __init__(self, *args: Any, session: TrainingSession, **options: Any) -> None:
        super().__init__(*args, **options)
        lessons = [(lesson.pk, _lesson(lesson)) for lesson in session.lessons.all()]
        demanded = session.rule_set.rules.items_for(session.class_type)
        items = [(entry.code, f"{entry.code} {entry.title}") for entry in demanded]
        self.fields["item"].choices = [CHOOSE, *items]  # type: ignore[attr-defined]
        self.fields["lesson_id"].choices = [("", _("不属于某一课次")), *lessons]  # type: ignore[attr-defined]

    def hand_in(self, session_id: int, *, actor: Actor) -> int:
        """Keep every file that is good; the others stay in the form's errors. How many were kept."""
        if not self.is_valid():
            return 0
        details = dict(self.cleaned_data)
        uploads = details.pop("uploads")
        details["kind"] = EvidenceKind(details["kind"])
        return sum(
            self._keep(partial(add_evidence, session_id, file=file, actor=actor, **details))
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


class InstructorForm(CardForm):
    submit_label = _("添加授课人")
    name = forms.CharField(label=_("姓名"), max_length=64)
    title = forms.CharField(label=_("职称"), max_length=64)
    employer = forms.CharField(label=_("工作单位"), max_length=120)
    phone = forms.RegexField(
        label=_("手机号"),
        regex=r"^1[3-9]\d{9}$",
        required=False,
        error_messages={"invalid": _("手机号应为 11 位数字、以 1 开头，请核对；没有的可以不填。")},
    )
    profile = forms.CharField(
        label=_("基本情况"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("从业经历和擅长的专题，会写进档案第三部分。"),
    )


class ProofForm(CardForm):
    submit_label = _("上传证明")
    kind = forms.TypedChoiceField(label=_("证书类型"), choices=ProofKind.choices, coerce=ProofKind)
    number = forms.CharField(label=_("证书编号"), max_length=64)
    issuer = forms.CharField(label=_("发证机关"), max_length=120)
    valid_until = forms.DateField(
        label=_("有效期止"), required=False, widget=DateInput, help_text=_("长期有效的不填。")
    )
    file = UploadField(label=_("扫描件"), help_text=_("PDF、JPG 或 PNG。"))


class LicenceForm(CardForm):
    submit_label = _("添加证照")
    kind = forms.TypedChoiceField(label=_("证照类型"), choices=LicenceKind.choices, coerce=LicenceKind)
    number = forms.CharField(label=_("证照编号"), max_length=64)
    issuer = forms.CharField(label=_("发证机关"), max_length=120)
    valid_from = forms.DateField(label=_("有效期起"), widget=DateInput)
    valid_until = forms.DateField(
        label=_("有效期止"), required=False, widget=DateInput, help_text=_("长期有效的不填。")
    )
    file = UploadField(label=_("扫描件"), help_text=_("PDF、JPG 或 PNG。"))


class AgreementForm(CardForm):
    submit_label = _("添加协议或任务文件")
    kind = forms.TypedChoiceField(label=_("文件类型"), choices=AgreementKind.choices, coerce=AgreementKind)
    number = forms.CharField(label=_("文件编号"), max_length=64)
    fund_line: Any = forms.ModelChoiceField(
        label=_("资金条线"), queryset=None, help_text=_("一期培训只走一条资金线。")
    )
    signed_on = forms.DateField(label=_("签署日期"), widget=DateInput)
    valid_from = forms.DateField(label=_("有效期起"), widget=DateInput)
    valid_until = forms.DateField(label=_("有效期止"), widget=DateInput)
    unit_price_fen = forms.DecimalField(
        label=_("每人次单价（元）"), min_value=Decimal(0), max_value=Decimal(100_000), decimal_places=2
    )
    file = UploadField(label=_("扫描件"), help_text=_("PDF、JPG 或 PNG。"))

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["fund_line"].queryset = fund_lines(actor)  # type: ignore[attr-defined]

    def clean_unit_price_fen(self) -> int:
        return int(self.cleaned_data["unit_price_fen"] * 100)


class CoursewareForm(CardForm):
    submit_label = _("上传课件")
    topic = forms.ChoiceField(label=_("专题"))
    title = forms.CharField(
        label=_("课件名称"), max_length=120, help_text=_("与已有的同名，就成为它的下一个版本；旧版本保留。")
    )
    file = UploadField(label=_("课件文件"), help_text=_("PDF、JPG 或 PNG；幻灯片请先导出为 PDF。"))

    def __init__(self, *args: Any, topics: Iterable[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["topic"].choices = [CHOOSE, *((topic, topic) for topic in topics)]  # type: ignore[attr-defined]


class VenueForm(CardForm):
    submit_label = _("添加场地")
    name = forms.CharField(label=_("场地名称"), max_length=120)
    address = forms.CharField(label=_("地址"), max_length=200)
    seats = forms.IntegerField(label=_("座位数"), min_value=1, max_value=5000)
