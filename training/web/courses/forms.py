from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.core.actor import Actor
from training.courses.choices import TEACHABLE, CoursewareStatus, OutlineStatus
from training.courses.rules import OutlineLine
from training.institutions.models import Institution
from training.programmes.preset import Preset
from training.scheduling.models import TrainingSession
from training.web.courses.queries import PRACTICE, THEORY, CourseState, courseware, session_topics
from training.web.forms import CHOOSE, CardForm, UploadField
from training.web.lists import FilterForm, choose

MAX_ROWS = 80
SPARE_ROWS = 3
METHODS = (_("讲授"), _("案例分析"), _("演示"), _("分组讨论"), _("手机实操"), _("上机实操"), _("现场教学"))


class _ByInstitution(FilterForm):
    """Whoever works at one institution is not asked which."""

    institution = choose(_("培训机构"), ())

    def __init__(self, request: HttpRequest, institutions: Sequence[Institution] = ()) -> None:
        super().__init__(request)
        if not institutions:
            del self.fields["institution"]
            return
        self.offer(institution=[(str(row.pk), row.name) for row in institutions])


class CourseFilter(_ByInstitution):
    category = choose(_("课程类别"), ())
    state = choose(_("大纲"), CourseState.choices)

    def __init__(self, request: HttpRequest, rules: Preset, institutions: Sequence[Institution] = ()) -> None:
        super().__init__(request, institutions)
        self.offer(category=[(entry.code, entry.name) for entry in rules.categories])


class OutlineFilter(_ByInstitution):
    status = choose(_("状态"), OutlineStatus.choices)


class CoursewareFilter(_ByInstitution):
    topic = choose(_("专题"), ())
    status = choose(_("状态"), CoursewareStatus.choices)

    def __init__(
        self, request: HttpRequest, topics: Iterable[str], institutions: Sequence[Institution] = ()
    ) -> None:
        super().__init__(request, institutions)
        self.offer(topic=[(topic, topic) for topic in topics])


class CourseForm(CardForm):
    """A course; the codes to choose from are those of the rules in force."""

    title = forms.CharField(label=_("课程名称"), max_length=120)
    category = forms.ChoiceField(label=_("课程类别"), help_text=_("决定大纲按哪一类的专题核对。"))
    objective = forms.CharField(
        label=_("培训目标"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("学完能做什么，例如：会开网店、会上架农产品、会写商品详情。"),
    )
    groups = forms.MultipleChoiceField(
        label=_("建议对象"), required=False, widget=forms.CheckboxSelectMultiple
    )
    class_types = forms.MultipleChoiceField(
        label=_("适用班型"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, rules: Preset, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, entries in (
            ("category", rules.categories),
            ("groups", rules.groups),
            ("class_types", rules.class_types),
        ):
            named = [(entry.code, entry.name) for entry in entries]
            first = [CHOOSE] if name == "category" else []
            self.fields[name].choices = [*first, *named]  # type: ignore[attr-defined]


class RowForm(forms.Form):
    """A line of an outline; without a topic it is left out."""

    topic = forms.CharField(
        label=_("专题"), max_length=64, required=False, widget=forms.TextInput(attrs={"list": "topics"})
    )
    hours = forms.DecimalField(
        label=_("学时"),
        required=False,
        min_value=Decimal("0.1"),
        max_value=Decimal(999),
        max_digits=4,
        decimal_places=1,
        widget=forms.NumberInput(attrs={"step": "0.5"}),
    )
    practical = forms.TypedChoiceField(
        label=_("理论或实操"),
        required=False,
        choices=[("", THEORY), ("yes", PRACTICE)],
        coerce=bool,
    )
    method = forms.CharField(
        label=_("教学方式"), max_length=64, required=False, widget=forms.TextInput(attrs={"list": "methods"})
    )
    aims = forms.CharField(label=_("教学目标"), required=False, widget=forms.Textarea(attrs={"rows": 1}))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("topic") and cleaned.get("hours") is None and "hours" not in self.errors:
            self.add_error("hours", _("请填学时。"))
        return cleaned


class _Rows(forms.BaseFormSet):  # type: ignore[type-arg]
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["ORDER"].label = _("顺序")
        form.fields["ORDER"].widget.attrs["class"] = "form-control"

    @property
    def written(self) -> list[OutlineLine]:
        """In the order asked for; only of valid forms."""
        rows = [form.cleaned_data for form in self.ordered_forms]
        return [
            OutlineLine(row["topic"], row["hours"], bool(row["practical"]), row["method"], row["aims"])
            for row in rows
            if row["topic"]
        ]


RowFormSet = forms.formset_factory(
    RowForm, formset=_Rows, extra=SPARE_ROWS, can_order=True, max_num=MAX_ROWS, absolute_max=MAX_ROWS
)


class OutlineForm(CardForm):
    """An outline with its rows; rendered by its own page."""

    changes = forms.CharField(
        label=_("改动说明"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("与上一版比改了什么、为什么；商务局审批时会看到。"),
    )
    file = UploadField(
        label=_("附件"),
        required=False,
        help_text=_("另有正式印发的大纲时上传，PDF、JPG 或 PNG；不传则保留原来的附件。"),
    )

    def __init__(self, *args: Any, written: Sequence[OutlineLine], **options: Any) -> None:
        super().__init__(*args, **options)
        initial = [
            {
                "topic": line.topic,
                "hours": line.hours,
                "practical": "yes" if line.practical else "",
                "method": line.method,
                "aims": line.aims,
            }
            for line in written
        ]
        self.rows: Any = RowFormSet(self.data if self.is_bound else None, initial=initial, prefix="row")

    def is_valid(self) -> bool:
        both = [super().is_valid(), self.rows.is_valid()]
        if all(both):
            self.cleaned_data["lines"] = self.rows.written
        return all(both)


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


class VersionForm(CardForm):
    """The next version of a piece of courseware."""

    submit_label = _("上传新版本")
    file = UploadField(
        label=_("课件文件"), help_text=_("PDF、JPG 或 PNG。旧版本保留，已固定旧版的期不受影响。")
    )


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
        taught = {*session.lessons.values_list("topic", flat=True), *session_topics(session)}
        pinned = set(session.courseware.values_list("pk", flat=True))
        wanted = session.rule_set.rules.planning.courseware_approval
        fit = {CoursewareStatus.APPROVED} if wanted else TEACHABLE
        rows = [
            row
            for row in courseware(actor)
            if row.pk in pinned or (row.status in fit and row.topic in taught)
        ]
        self.fields["courseware_ids"].choices = [(row.pk, _pinnable(row)) for row in rows]  # type: ignore[attr-defined]
        self.fields["courseware_ids"].initial = sorted(pinned)


def _pinnable(row: Any) -> Any:
    said = {"topic": row.topic, "piece": row}
    return _("%(topic)s · %(piece)s（有新版本）") % said if row.superseded else f"{row.topic} · {row}"


class ReturnForm(CardForm):
    submit_label = _("退回修改")
    button_class = "btn-outline-primary"
    reason = forms.CharField(
        label=_("退回原因"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("写明改什么，机构会看到。")
    )


class WithdrawForm(CardForm):
    submit_label = _("撤下")
    button_class = "btn-outline-primary"
    reason = forms.CharField(label=_("原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
