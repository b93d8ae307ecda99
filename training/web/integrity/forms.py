from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from training.integrity.choices import Part
from training.web.lists import ANY, FilterForm, choose


class RunFilter(FilterForm):
    q = None  # type: ignore[assignment]  # there is nothing to search
    found = forms.ChoiceField(label=_("结果"), required=False, choices=[ANY, ("yes", _("有对不上的"))])


class FindingFilter(FilterForm):
    part = choose(_("种类"), Part.choices)
