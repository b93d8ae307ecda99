from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.reporting.choices import Dimension, SliceKind
from training.reporting.stated import Kind
from training.web.forms import CardForm, DateInput, UploadField
from training.web.lists import ANY, FilterForm
from training.web.reporting.words import DEPTH_NAMES

PARTS = ("numerator", "denominator", "not_yet")
PEOPLE = "people"
SEARCH = gettext_lazy("期号、培训名称或机构")


class SessionSearch(FilterForm):
    """Sessions are searched, not people: not everyone who reads the figures may read names."""

    q = forms.CharField(label=SEARCH, required=False, max_length=64, widget=forms.SearchInput)
    counted = forms.ChoiceField(
        required=False, choices=[(PEOPLE, PEOPLE)], widget=forms.HiddenInput
    )  # each person once, as 人数 counts them


class PartFilter(SessionSearch):
    """Which part of a rate; a count has only the first. `declared`: with those whose group nobody verified."""

    part = forms.ChoiceField(
        required=False, choices=[(part, part) for part in PARTS], widget=forms.HiddenInput
    )

    declared = forms.BooleanField(required=False, widget=forms.HiddenInput)
    village = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @property
    def asked(self) -> dict[str, Any]:
        return {"part": self.value("part") or PARTS[0], "declared": bool(self.value("declared"))}


class VillageFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("村或乡镇"), required=False, max_length=64, widget=forms.SearchInput
    )
    state = forms.ChoiceField(
        label=gettext_lazy("哪些村"),
        required=False,
        choices=(
            ANY,
            ("reached", gettext_lazy("有人结业的")),
            ("unreached", gettext_lazy("还没有人结业的")),
        ),
    )


class FigureFilter(SessionSearch):
    """Which figure the rows are of. The address of a list is that of its figure."""

    depth = forms.ChoiceField(
        label=gettext_lazy("口径"), required=False, choices=lambda: list(DEPTH_NAMES.items())
    )
    slice = forms.ChoiceField(required=False, choices=SliceKind.choices, widget=forms.HiddenInput)
    slice_key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    dimension = forms.ChoiceField(
        required=False,
        choices=[it for it in Dimension.choices if it[0] != Dimension.FIRST_MONTH],
        widget=forms.HiddenInput,
    )
    key = forms.CharField(required=False, max_length=130, widget=forms.HiddenInput)

    @property
    def figure(self) -> dict[str, str]:
        """Arguments of `figures.rows_behind`; what makes no sense is the county's total of 结业."""
        return {
            "slice_kind": self.value("slice") or SliceKind.PROGRAMME.value,
            "slice_key": self.value("slice_key"),
            "dimension": self.value("dimension") or Dimension.TOTAL.value,
            "key": self.value("key"),
            "depth": self.value("depth") or "completed",
        }


class SliceFilter(FilterForm):
    """Whose dashboard: `of` is a slice's kind and key, joined by a colon."""

    q = None  # type: ignore[assignment]  # nothing is searched here
    of = forms.ChoiceField(label=gettext_lazy("看哪一部分"), required=False)

    def __init__(self, request: HttpRequest, slices: Iterable[tuple[str, str]]) -> None:
        super().__init__(request)
        self.fields["of"].choices = list(slices)  # type: ignore[attr-defined]
        self.full_clean()


class StatedForm(CardForm):
    submit_label = gettext_lazy("保存")
    code = forms.ChoiceField(label=gettext_lazy("哪一项"))
    region: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None,
        label=gettext_lazy("村"),
        required=False,
        help_text=gettext_lazy("只有按村填的项目要选。一次填很多村的，用“导入”。"),
    )
    value = forms.DecimalField(label=gettext_lazy("数值"), min_value=0, max_digits=12, decimal_places=2)
    source = forms.CharField(
        label=gettext_lazy("来源"), max_length=200, help_text=gettext_lazy("哪个部门、哪份文件。")
    )
    as_of = forms.DateField(label=gettext_lazy("数据截至"), widget=DateInput)

    def __init__(self, *args: Any, kinds: Iterable[Kind], villages: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["code"].choices = [  # type: ignore[attr-defined]
            (kind.code, _("%(name)s（按村）") % {"name": kind.name} if kind.per_village else kind.name)
            for kind in kinds
        ]
        self.fields["region"].queryset = villages  # type: ignore[attr-defined]


class StatedFileForm(CardForm):
    submit_label = gettext_lazy("导入")
    file = UploadField(label=gettext_lazy("各村的数（CSV）"), accept=".csv,.txt")
    source = forms.CharField(
        label=gettext_lazy("来源"), max_length=200, help_text=gettext_lazy("哪个部门、哪份文件。")
    )
    as_of = forms.DateField(label=gettext_lazy("数据截至"), widget=DateInput)


class ReportMonthForm(CardForm):
    submit_label = gettext_lazy("报送并锁定")
    button_class = "btn-seal"
    month = forms.ChoiceField(label=gettext_lazy("月份"))

    def __init__(self, *args: Any, months: Iterable[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["month"].choices = [(month, month) for month in months]  # type: ignore[attr-defined]


class SupplementForm(CardForm):
    submit_label = gettext_lazy("补报")
    reason = forms.CharField(
        label=gettext_lazy("原因"),
        max_length=200,
        help_text=gettext_lazy("原来报的数不变，补报的数和原因另记一份。"),
    )
