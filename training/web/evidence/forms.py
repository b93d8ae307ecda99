from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from training.core.errors import InvalidInputError
from training.uploads.choices import Likeness, ReuseStatus
from training.uploads.scans import Destination
from training.web.evidence.queries import HalfDayPlace, suggested
from training.web.forms import CardForm, UploadsField
from training.web.lists import ANY, FilterForm, choose

SCAN_TYPES = ".pdf,.jpg,.jpeg,.png,.heic"


class ReuseFilter(FilterForm):
    status = choose(_("状态"), ReuseStatus.choices)
    likeness = choose(_("相同之处"), Likeness.choices)
    across = forms.ChoiceField(
        label=_("范围"),
        required=False,
        choices=[ANY, ("within", _("同一机构")), ("across", _("不同机构之间"))],
    )


class ReuseForm(CardForm):
    submit_label = _("记下结论")
    status = forms.ChoiceField(
        label=_("结论"),
        choices=[(status.value, status.label) for status in ReuseStatus if status != ReuseStatus.OPEN],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label=_("理由"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class ScanForm(CardForm):
    submit_label = _("上传扫描件")
    uploads = UploadsField(
        label=_("扫描件或照片"),
        accept=SCAN_TYPES,
        help_text=_("可以一次选多个；一个 PDF 里可以有几期、几个半天的签到表，系统按页上的二维码分开。"),
    )


def places_of(data: Any, pages: list[Any], known: list[HalfDayPlace]) -> dict[int, Destination]:
    """Page id -> where it goes, for the pages that were ticked. Raises InvalidInputError for none."""
    values = {place.value: place for place in known}
    ticked = {str(pk) for pk in data.getlist("page")}
    chosen = {
        page.pk: values.get(data.get(f"place-{page.pk}") or suggested(page))
        for page in pages
        if str(page.pk) in ticked
    }
    if not chosen:
        raise InvalidInputError(_("请勾选要归档的页。"))
    if lost := [page.number for page in pages if page.pk in chosen and chosen[page.pk] is None]:
        raise InvalidInputError(_("第 %(page)s 页还没有选属于哪一期、哪个半天。") % {"page": lost[0]})
    return {pk: _destination(place) for pk, place in chosen.items() if place}


def _destination(place: HalfDayPlace) -> Destination:
    on: date = place.on
    return Destination(place.session.pk, on, place.half_day)
