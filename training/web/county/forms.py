from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from training.web.lists import FilterForm


class EnrolmentFilter(FilterForm):
    """Sessions are searched, not people: not everyone who reads the figures may read names."""

    q = forms.CharField(
        label=_("期号、培训名称或机构"), required=False, max_length=64, widget=forms.SearchInput
    )
