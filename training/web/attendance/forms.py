from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from training.attendance.choices import CorrectionKind, CorrectionSource, CorrectionStatus
from training.attendance.services import PaperRow
from training.enrolment.models import Enrolment
from training.scheduling.models import TrainingSession
from training.web.forms import CardForm, TimeInput, UploadField
from training.web.lists import FilterForm

ANY = [("", _("全部"))]


class CorrectionFilter(FilterForm):
    status = forms.ChoiceField(label=_("状态"), required=False, choices=[*ANY, *CorrectionStatus.choices])
    kind = forms.ChoiceField(label=_("种类"), required=False, choices=[*ANY, *CorrectionKind.choices])
    source = forms.ChoiceField(label=_("来源"), required=False, choices=[*ANY, *CorrectionSource.choices])


class ReasonForm(CardForm):
    submit_label = _("确定")
    reason = forms.CharField(label=_("原因"), max_length=200)


class DeclineForm(ReasonForm):
    submit_label = _("不予核准")
    button_class = "btn-seal"


class VoidForm(ReasonForm):
    submit_label = _("提出作废")
    button_class = "btn-seal"
    evidence = UploadField(label=_("证明材料（可不传）"), required=False)


class CorrectionForm(CardForm):
    """补签: who, in which lesson, what, when and why. The day is the lesson's."""

    submit_label = _("提交，等待核准")
    enrolment_id = forms.TypedChoiceField(label=_("学员"), coerce=int)
    lesson_id = forms.TypedChoiceField(label=_("课次"), coerce=int)
    kind = forms.ChoiceField(
        label=_("补什么"), choices=[(k.value, k.label) for k in CorrectionKind if k != CorrectionKind.VOID]
    )
    at = forms.TimeField(label=_("时间"), widget=TimeInput)
    reason = forms.CharField(
        label=_("原因"), max_length=200, help_text=_("例如：到课时读卡器故障，班主任当场登记。")
    )
    evidence = UploadField(label=_("证明材料（可不传）"), required=False)

    def __init__(
        self, *args: Any, session: TrainingSession, roster: Iterable[Enrolment], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._lessons = {lesson.pk: lesson for lesson in session.lessons.all()}
        self.fields["enrolment_id"].choices = [
            (row.pk, f"{row.number}　{row.trainee.name}") for row in roster
        ]  # type: ignore[attr-defined]
        self.fields["lesson_id"].choices = [(pk, str(lesson)) for pk, lesson in self._lessons.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        lesson, at = self._lessons.get(data.get("lesson_id", 0)), data.pop("at", None)
        if lesson and at:
            data["happened_at"] = datetime.combine(lesson.on, at, timezone.get_current_timezone())
        return data


class PaperForm(CardForm):
    """A half-day's sheet keyed in: two times a row, empty where nothing stands on the paper."""

    submit_label = _("提交，等待核准")
    sheet = UploadField(label=_("签到册的扫描件或照片"))
    reason = forms.CharField(
        label=_("为什么用纸质签到"), max_length=200, help_text=_("例如：上午停电，终端不能用。")
    )

    def __init__(self, *args: Any, roster: Sequence[Enrolment], **options: Any) -> None:
        super().__init__(*args, **options)
        self._roster = roster
        for row in roster:
            for prefix, label in (("in", _("签到")), ("out", _("签退"))):
                name = f"{prefix}-{row.pk}"
                widget = forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "form-control"})
                self.fields[name] = forms.TimeField(
                    label=f"{row.number} {row.trainee.name} {label}", required=False, widget=widget
                )

    def lines(self) -> Iterator[tuple[Enrolment, forms.BoundField, forms.BoundField]]:
        """For the page: who, and the two cells."""
        for row in self._roster:
            yield row, self[f"in-{row.pk}"], self[f"out-{row.pk}"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        cells = [
            (row.pk, data.pop(f"in-{row.pk}", None), data.pop(f"out-{row.pk}", None)) for row in self._roster
        ]
        data["rows"] = [PaperRow(*cell) for cell in cells if cell[1] or cell[2]]
        return data


class LostForm(CardForm):
    submit_label = _("提出缺号说明")
    first_seq = forms.IntegerField(label=_("从序号"), min_value=1)
    last_seq = forms.IntegerField(label=_("到序号"), min_value=1)
    reason = forms.CharField(
        label=_("原因"),
        max_length=200,
        help_text=_("为什么这些记录再也传不上来，例如：终端硬盘损坏，已送修确认。"),
    )
    evidence = UploadField(label=_("证明材料（可不传）"), required=False)
