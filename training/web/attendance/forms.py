from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from training.attendance.choices import CorrectionKind, CorrectionSource, CorrectionStatus
from training.attendance.services import PaperRow
from training.core.errors import InvalidInputError
from training.enrolment.models import Enrolment
from training.scheduling.models import TrainingSession
from training.web.forms import CardForm, TimeInput, UploadField
from training.web.lists import FilterForm, choose

PREFIX = {CorrectionKind.SIGN_IN: "in", CorrectionKind.SIGN_OUT: "out"}


class Waits(models.TextChoices):
    """For whom a proposal waits."""

    FOR_ME = "for_me", _("等我核准的")
    FOR_OTHERS = "for_others", _("我提出的")


class CorrectionFilter(FilterForm):
    waits = choose(_("待核准"), Waits.choices)
    status = choose(_("状态"), CorrectionStatus.choices)
    kind = choose(_("种类"), CorrectionKind.choices)
    source = choose(_("来源"), CorrectionSource.choices)


class ClashFilter(FilterForm):
    """The search word alone."""


class Trouble(models.TextChoices):
    """What the page of the chains can be narrowed to."""

    UNSAID = "unsaid", _("还没有说明的缺号")
    FOR_ME = "for_me", _("等我核准的缺号说明")


class ChainFilter(FilterForm):
    show = choose(_("只看"), Trouble.choices)


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
        choices = {
            "enrolment_id": [(row.pk, f"{row.number}　{row.trainee.name}") for row in roster],
            "lesson_id": [(lesson.pk, _lesson_name(lesson)) for lesson in self._lessons.values()],
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        lesson, at = self._lessons.get(data.get("lesson_id", 0)), data.pop("at", None)
        if lesson and at:
            data["happened_at"] = datetime.combine(lesson.on, at, timezone.get_current_timezone())
        return data


def _lesson_name(lesson: Any) -> str:
    starts, ends = timezone.localtime(lesson.starts_at), timezone.localtime(lesson.ends_at)
    return f"{lesson.sequence}　{starts:%m-%d %H:%M}–{ends:%H:%M}　{lesson.topic}"


@dataclass(frozen=True)
class PaperLine:
    """One row of the sheet as the page shows it: who, and the two cells."""

    enrolment: Enrolment
    came: forms.BoundField
    left: forms.BoundField


class PaperForm(CardForm):
    """A half-day's sheet keyed in: two times a row, empty where nothing stands on the paper."""

    submit_label = _("提交，等待核准")
    sheet = UploadField(label=_("签到表的扫描件或照片"), help_text=_("整本扫成一个 PDF，或拍一张照片。"))
    reason = forms.CharField(
        label=_("为什么用纸质签到"), max_length=200, help_text=_("例如：上午停电，终端不能用。")
    )

    def __init__(self, *args: Any, roster: Sequence[Enrolment], row: str = "", **options: Any) -> None:
        """`row` is the enrolment on whose line the cursor starts."""
        super().__init__(*args, **options)
        self._roster = roster
        for enrolment in roster:
            for prefix, label in (("in", _("签到时间")), ("out", _("签退时间"))):
                here = prefix == "in" and row == str(enrolment.pk)
                attrs = {"type": "time", "class": "form-control", **({"autofocus": True} if here else {})}
                widget = forms.TimeInput(format="%H:%M", attrs=attrs)
                self.fields[f"{prefix}-{enrolment.pk}"] = forms.TimeField(
                    label=label, required=False, widget=widget
                )

    def lines(self) -> Iterator[PaperLine]:
        for row in self._roster:
            yield PaperLine(row, self[f"in-{row.pk}"], self[f"out-{row.pk}"])

    def wrong(self) -> Iterator[tuple[Enrolment, forms.BoundField]]:
        """The cells that can't be right, in the order of the sheet."""
        for line in self.lines():
            yield from ((line.enrolment, cell) for cell in (line.came, line.left) if cell.errors)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        cells = [
            (row.pk, data.pop(f"in-{row.pk}", None), data.pop(f"out-{row.pk}", None)) for row in self._roster
        ]
        data["rows"] = [PaperRow(*cell) for cell in cells if cell[1] or cell[2]]
        return data

    def accept(self, act: Callable[..., Any]) -> Any:
        """A refusal that names cells stands at these cells."""
        return super().accept(partial(self._mark, act))

    def _mark(self, act: Callable[..., Any], **data: Any) -> Any:
        try:
            return act(**data)
        except InvalidInputError as refusal:
            cells = refusal.details.get("cells", ())
            for enrolment, kind, problem in cells:
                self.add_error(f"{PREFIX[kind]}-{enrolment}", problem)
            if not cells:
                raise
            said = ngettext(
                "有 %(n)s 个时间不对，都标在表里；什么都还没有保存。改好后请重新选一次扫描件。",
                "有 %(n)s 个时间不对，都标在表里；什么都还没有保存。改好后请重新选一次扫描件。",
                len(cells),
            )
            raise InvalidInputError(said % {"n": len(cells)}) from refusal


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

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("first_seq", 0) > data.get("last_seq", data.get("first_seq", 0)):
            self.add_error("last_seq", _("不能小于起始序号。"))
        return data
